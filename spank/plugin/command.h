/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SPANK_PLUGIN_COMMAND_H
#define SPANK_PLUGIN_COMMAND_H

#include "spank/plugin/io/report.h"

/* A longer PATH is not searched. */
#define COMMAND_PATH_SIZE 8192

/*
 * Inside the container, in the step's working directory: if Slurm will not find
 * the command, note where it was looked for.  Slurm's own message, "execve():
 * NAME: No such file or directory", does not mention the image.  `path` is the
 * container's PATH.
 */
void command_check(const char *command, const char *path,
	struct report *report);

#endif
