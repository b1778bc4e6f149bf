/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SPANK_PLUGIN_SETTINGS_ENVP_H
#define SPANK_PLUGIN_SETTINGS_ENVP_H

/*
 * The value of `name` in a NULL-terminated list of NAME=VALUE strings, as for
 * execve(2); borrowed.  NULL if it is not in the list.  The list may be NULL.
 */
const char *envp_get(char *const *envp, const char *name);

#endif
