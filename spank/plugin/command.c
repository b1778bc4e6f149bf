/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Is the step's command in the image?  It is looked up as slurmstepd does after
 * the last hook: in PATH, or else from the working directory.
 */
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "spank/plugin/command.h"

static bool is_in_directory(const char *directory, size_t length,
	const char *command)
{
	char path[PATH_MAX];

	return length > 0 &&
	       snprintf(path, sizeof(path), "%.*s/%s", (int)length, directory,
		       command) < (int)sizeof(path) &&
	       access(path, F_OK) == 0;
}

static bool is_in_path(const char *path, const char *command)
{
	size_t length;

	for (;; path += length + 1) {
		length = strcspn(path, ":");
		if (is_in_directory(path, length, command))
			return true;
		if (!path[length])
			return false;
	}
}

void command_check(const char *command, const char *path, struct report *report)
{
	/* A directory for --bcast, to which Slurm appends a name. */
	if (!*command || command[strlen(command) - 1] == '/')
		return;
	if (access(command, F_OK) == 0 ||
		(command[0] != '/' && is_in_path(path, command)))
		return;
	if (strchr(command, '/'))
		report_note(report, "there is no '%s' inside the image",
			command);
	else
		report_note(report,
			"there is no '%s' inside the image, where it was "
			"looked for in PATH=%s",
			command, path);
}
