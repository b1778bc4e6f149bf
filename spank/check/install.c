/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The installed files, and the release of Slurm that they are for.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include <slurm/slurm.h>

#include "common/cleanup.h"
#include "spank/check/check.h"
#include "spank/plugin/release_mark.h"

static const struct {
	const char *name;
	mode_t mode; /* 0711: users cannot read it, and so cannot trace it */
	bool for_squashfuse; /* only with reader=squashfuse */
} programs[] = {
	{ .name = "spank-sif-server", .mode = 0711 },
	{ .name = "spank-sif-server-squashfuse",
		.mode = 0711,
		.for_squashfuse = true },
	{ .name = "spank-sif-keeper", .mode = 0711 },
	{ .name = "spank-sif-userns", .mode = 0755 },
	{ .name = "spank-sif-inspect", .mode = 0755 },
	{ .name = "spank-sif-gpus", .mode = 0755 },
};

/* What is wrong with a file that root's processes load or start; NULL: nothing.
 */
static const char *wrong_with(const char *path, mode_t mode)
{
	struct stat status;

	if (stat(path, &status) < 0)
		return strerror(errno);
	if (status.st_uid != 0)
		return "it does not belong to root";
	if (status.st_mode & 022)
		return "others than root may write to it";
	if (mode && (status.st_mode & 0777) != mode)
		return mode == 0711 ? "it must have the mode 0711"
				    : "it must have the mode 0755";
	return NULL;
}

void check_plugin(const struct check_context *context,
	struct check_finding *finding)
{
	const char *wrong = wrong_with(PLUGIN_PATH, 0);

	(void)context;
	if (wrong)
		check_set(finding, CHECK_FAILURE,
			"cannot use '%s': %s; install the package again",
			PLUGIN_PATH, wrong);
	else
		check_set(finding, CHECK_OK, "%s", PLUGIN_PATH);
}

void check_programs(const struct check_context *context,
	struct check_finding *finding)
{
	size_t i, count = 0;

	for (i = 0; i < sizeof(programs) / sizeof(*programs); i++) {
		char path[4096];
		const char *wrong;

		if (programs[i].for_squashfuse && !context->args.use_squashfuse)
			continue;
		snprintf(path, sizeof(path), "%s/%s", PROGRAMS_PATH,
			programs[i].name);
		wrong = wrong_with(path, programs[i].mode);
		if (wrong) {
			check_set(finding, CHECK_FAILURE,
				"cannot use '%s': %s; install the package "
				"again",
				path, wrong);
			return;
		}
		count++;
	}
	check_set(finding, CHECK_OK, "%zu in %s", count, PROGRAMS_PATH);
}

bool check_read_line_of(const char *command, char *line, size_t size)
{
	FILE *pipe = popen(command, "re");
	bool got = pipe && fgets(line, size, pipe);

	if (pipe)
		pclose(pipe);
	if (got)
		line[strcspn(line, "\n")] = '\0';
	return got;
}

/* The release of Slurm that the plugin's file is built for, as a number; 0: it
 * cannot be read, or is not the plugin. */
static uint32_t release_of_plugin(void)
{
	CLEANUP_FD int fd = open(PLUGIN_PATH, O_RDONLY | O_CLOEXEC);
	struct release_mark mark = { .slurm = 0 };
	const char *bytes, *found;
	struct stat status;

	if (fd < 0 || fstat(fd, &status) < 0)
		return 0;
	bytes = mmap(NULL, status.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
	if (bytes == MAP_FAILED)
		return 0;
	found = memmem(bytes, status.st_size, RELEASE_MARK,
		sizeof(RELEASE_MARK));
	if (found && bytes + status.st_size - found >= (ssize_t)sizeof(mark))
		memcpy(&mark, found, sizeof(mark));
	munmap((void *)bytes, status.st_size);
	return mark.slurm;
}

void check_release(const struct check_context *context,
	struct check_finding *finding)
{
	const uint32_t number = release_of_plugin();
	char built[16], running[128];

	(void)context;
	snprintf(built, sizeof(built), "%d.%02d", SLURM_VERSION_MAJOR(number),
		SLURM_VERSION_MINOR(number));
	if (!check_read_line_of("{ slurmd -V || srun -V; } 2>/dev/null",
		    running, sizeof(running)))
		check_set(finding, CHECK_FAILURE,
			"neither slurmd nor srun can be run to ask for the "
			"release of Slurm: install them, or build the plugin "
			"with --with-slurm=PREFIX");
	else if (number == 0)
		check_set(finding, CHECK_FAILURE,
			"cannot tell which release of Slurm '%s' is built for: "
			"install the package again",
			PLUGIN_PATH);
	else if (!strstr(running, built))
		check_set(finding, CHECK_FAILURE,
			"the plugin is built for Slurm %s, and this is '%s': "
			"install the package for that release",
			built, running);
	else
		check_set(finding, CHECK_OK, "%s", running);
}

void check_fusermount(const struct check_context *context,
	struct check_finding *finding)
{
	struct stat status;

	if (!context->mounts_on_host)
		check_set(finding, CHECK_SKIPPED, "only mount=host needs it");
	else if (stat(FUSERMOUNT_PATH, &status) < 0)
		check_set(finding, CHECK_FAILURE,
			"cannot find '%s', which mount=host needs: %s; install "
			"the package fuse3",
			FUSERMOUNT_PATH, strerror(errno));
	else if (!(status.st_mode & S_ISUID))
		check_set(finding, CHECK_FAILURE,
			"'%s' is not setuid, and users cannot mount with it: "
			"chmod 4755",
			FUSERMOUNT_PATH);
	else
		check_set(finding, CHECK_OK, "%s", FUSERMOUNT_PATH);
}
