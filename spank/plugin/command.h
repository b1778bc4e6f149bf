/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SPANK_PLUGIN_COMMAND_H
#define SPANK_PLUGIN_COMMAND_H

#include "spank/plugin/io/report.h"

/* Of a longer PATH nothing is said. */
#define COMMAND_PATH_SIZE 8192

/*
 * Inside the container, in the step's working directory: if Slurm will not find
 * the command there, note where it was looked for.  Slurm's own sentence,
 * "execve(): NAME: No such file or directory", does not say that it means the
 * image.  `path` is the PATH of the container.
 */
void command_check(const char *command, const char *path,
	struct report *report);

#endif
