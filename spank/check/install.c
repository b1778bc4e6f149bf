/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The installed files, and the release of Slurm that they are for.
 */
#include <errno.h>
#include <fcntl.h>
#include <link.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <slurm/slurm.h>

#include "common/cleanup.h"
#include "spank/check/check.h"

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

/* Could others than root, with one of these bits, put another file there? */
static bool is_in_folder_of_others(const char *path, mode_t bits)
{
	char folder[4096];
	struct stat status;
	char *slash;

	snprintf(folder, sizeof(folder), "%s", path);
	while ((slash = strrchr(folder, '/'))) {
		slash[slash == folder] = '\0';
		if (stat(folder, &status) < 0 || status.st_uid != 0 ||
			status.st_mode & bits)
			return true;
		if (slash == folder)
			break;
	}
	return false;
}

/* What is wrong with a file that root's processes load or start; NULL: nothing.
 */
static const char *wrong_with(const char *path, mode_t mode)
{
	struct statvfs system;
	struct stat status;

	if (stat(path, &status) < 0)
		return strerror(errno);
	if (status.st_uid != 0)
		return "it does not belong to root";
	if (status.st_mode & 022)
		return "others than root may write to it";
	if (mode && (status.st_mode & 07777) != mode)
		return mode == 0711 ? "it must have the mode 0711"
				    : "it must have the mode 0755";
	/* The plugin does not start a program in a group's folder. */
	if (is_in_folder_of_others(path, mode ? S_IWGRP | S_IWOTH : S_IWOTH))
		return "others than root may write to a folder above it";
	if (statvfs(path, &system) == 0 && system.f_flag & ST_NOEXEC)
		return "it is on a file system that is mounted noexec";
	return NULL;
}

static int is_unreadable(const void *path)
{
	return access(path, R_OK) < 0;
}

static bool is_same_file(const char *one, const char *other)
{
	struct stat a, b;

	return stat(one, &a) == 0 && stat(other, &b) == 0 &&
	       a.st_dev == b.st_dev && a.st_ino == b.st_ino;
}

void check_plugin(const struct check_context *context,
	struct check_finding *finding)
{
	const char *path = context->plugin[0] ? context->plugin : PLUGIN_PATH;
	const char *wrong = wrong_with(path, 0);

	if (wrong)
		check_set(finding, CHECK_FAILURE,
			"cannot use '%.700s': %s; install the package again",
			path, wrong);
	else if (!context->plugin[0])
		check_set(finding, CHECK_FAILURE,
			"Slurm does not find '%s' in PluginDir=%.300s: add its "
			"folder to that line of slurm.conf, or write its path "
			"in full in plugstack.conf",
			PLUGIN_PATH, context->plugin_dir);
	else if (check_as_user(is_unreadable, path))
		check_set(finding, CHECK_FAILURE,
			"users cannot read '%.700s', and their srun fails: "
			"chmod 0644, and 0755 for the folders above it",
			path);
	else if (access(PLUGIN_PATH, F_OK) == 0 &&
		 !is_same_file(path, PLUGIN_PATH))
		check_set(finding, CHECK_WARNING,
			"Slurm loads '%.400s', but '%s' is the one that was "
			"installed with this program: remove one of the two",
			path, PLUGIN_PATH);
	else
		check_set(finding, CHECK_OK, "%.900s", path);
}

/* Start the program for its version, which fails if a library is missing. False
 * with the reason in `answer` if it is not the one of this version. */
static bool program_starts(const char *path, char *answer, size_t size)
{
	CLEANUP_FREE char *command = NULL;
	const char *version;

	answer[0] = '\0';
	if (asprintf(&command, "'%s' --version 2>&1", path) < 0)
		return false;
	if (!check_read_line_of(command, answer, size))
		snprintf(answer, size, "it prints nothing");
	version = strrchr(answer, ' ');
	return version && strcmp(version + 1, PACKAGE_VERSION) == 0;
}

void check_programs(const struct check_context *context,
	struct check_finding *finding)
{
	size_t i, count = 0;

	for (i = 0; i < sizeof(programs) / sizeof(*programs); i++) {
		char path[4096], answer[512];
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
		if (!program_starts(path, answer, sizeof(answer))) {
			check_set(finding, CHECK_FAILURE,
				"'%s' does not start, or is not of version %s "
				"(%s): install the package again, with the "
				"libraries that it needs",
				path, PACKAGE_VERSION, answer);
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

/* An ELF file ends with the table of its sections, of this machine's kind. */
static bool is_whole(const char *bytes, size_t size)
{
	const ElfW(Ehdr) *header = (const void *)bytes;

	return size > sizeof(*header) &&
	       memcmp(header->e_ident, ELFMAG, SELFMAG) == 0 &&
	       header->e_shoff +
			       (size_t)header->e_shnum * header->e_shentsize <=
		       size;
}

struct release_mark check_release_of(const char *path)
{
	CLEANUP_FD int fd = open(path, O_RDONLY | O_CLOEXEC);
	struct release_mark mark = { .slurm = 0 };
	const char *bytes, *found;
	struct stat status;

	if (fd < 0 || fstat(fd, &status) < 0)
		return mark;
	bytes = mmap(NULL, status.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
	if (bytes == MAP_FAILED)
		return mark;
	found = memmem(bytes, status.st_size, RELEASE_MARK,
		sizeof(RELEASE_MARK));
	if (found && is_whole(bytes, status.st_size) &&
		bytes + status.st_size - found >= (ssize_t)sizeof(mark))
		memcpy(&mark, found, sizeof(mark));
	munmap((void *)bytes, status.st_size);
	mark.version[sizeof(mark.version) - 1] = '\0';
	return mark;
}

/* slurmd's file has been replaced since it was started. */
static bool is_slurmd_stale(void)
{
	char exe[256];

	return check_read_line_of("for p in $(pgrep -x slurmd); do "
				  "readlink /proc/$p/exe; done 2>/dev/null | "
				  "grep ' (deleted)$'",
		exe, sizeof(exe));
}

void check_release(const struct check_context *context,
	struct check_finding *finding)
{
	const char *path = context->plugin[0] ? context->plugin : PLUGIN_PATH;
	const struct release_mark mark = check_release_of(path);
	const uint32_t number = mark.slurm;
	char built[16], running[128];

	snprintf(built, sizeof(built), " %d.%02d", SLURM_VERSION_MAJOR(number),
		SLURM_VERSION_MINOR(number));
	if (!check_read_line_of("{ slurmd -V || srun -V; } 2>/dev/null",
		    running, sizeof(running)))
		check_set(finding, CHECK_FAILURE,
			"neither slurmd nor srun tells the release of Slurm: "
			"install them (srun needs a slurm.conf), or build the "
			"plugin with --with-slurm=PREFIX");
	else if (number == 0)
		check_set(finding, CHECK_FAILURE,
			"cannot tell which release of Slurm '%.700s' is built "
			"for: install the package again",
			path);
	else if (!strstr(running, built))
		check_set(finding, CHECK_FAILURE,
			"the plugin is built for Slurm %d.%02d, and this is "
			"'%s': install the package for that release",
			SLURM_VERSION_MAJOR(number),
			SLURM_VERSION_MINOR(number), running);
	else if (strcmp(mark.version, PACKAGE_VERSION) != 0)
		check_set(finding, CHECK_FAILURE,
			"'%.700s' is of spank-sif %s, and the programs are of "
			"%s: install the package again",
			path, mark.version, PACKAGE_VERSION);
	else if (is_slurmd_stale())
		check_set(finding, CHECK_WARNING,
			"%s is installed, but the running slurmd is older: "
			"restart it",
			running);
	else
		check_set(finding, CHECK_OK, "%s", running);
}
