/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SPANK_PLUGIN_ENVIRONMENT_DOCKER_SCRIPT_H
#define SPANK_PLUGIN_ENVIRONMENT_DOCKER_SCRIPT_H

#include <stdbool.h>
#include <stddef.h>

/* Is this the script in which image builders keep a Docker image's Env? */
bool docker_script_is(const char *name);

/*
 * Change the text of that script, in place, so that every shell reads the
 * values that the runtimes' own shell does.  Returns its length, which is
 * smaller if anything was changed.
 */
size_t docker_script_unescape(char *text, size_t length);

#endif
