/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SPANK_PLUGIN_SETTINGS_ENVP_H
#define SPANK_PLUGIN_SETTINGS_ENVP_H

/*
 * The value of `name` in a list of NAME=VALUE strings that ends with NULL, as
 * execve(2) takes it; NULL if it is not there.  The list may be NULL. Borrowed.
 */
const char *envp_get(char *const *envp, const char *name);

#endif
