/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The memory limit of a process.  In cgroup v1 one file of its group has the
 * smallest limit of all groups above it (hierarchical_memory_limit); in v2 each
 * group has to be read.  Slurm sets limits for the job and the step, and the
 * site may set one for all jobs.
 */
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/sysinfo.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "common/privileged/cgroup.h"
#include "spank/plugin/container/cgroup_memory.h"

/* Kernel files are read in one call.  The text is NUL-terminated. */
static bool read_text(const char *path, char *text, size_t size)
{
	CLEANUP_FD int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t length = fd < 0 ? -1 : read(fd, text, size - 1);

	text[length < 0 ? 0 : length] = '\0';
	return length > 0;
}

static uint64_t smaller(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

/* "max" means no limit. */
static uint64_t parse_limit(const char *text)
{
	return *text >= '0' && *text <= '9' ? strtoull(text, NULL, 10)
					    : UINT64_MAX;
}

static uint64_t limit_v1(const char *directory)
{
	static const char key[] = "\nhierarchical_memory_limit ";
	char path[PATH_MAX], text[8192];
	const char *found;

	if (snprintf(path, sizeof(path), "%s/memory.stat", directory) >=
			(int)sizeof(path) ||
		!read_text(path, text, sizeof(text)))
		return UINT64_MAX;
	found = strstr(text, key);
	return found ? parse_limit(found + strlen(key)) : UINT64_MAX;
}

/* Above memory.high a process is not killed, but throttled almost to a halt. */
static uint64_t limit_v2(const char *mount, char *directory)
{
	static const char *const files[] = { "memory.max", "memory.high" };
	char path[PATH_MAX], text[64];
	uint64_t limit = UINT64_MAX;
	size_t i;

	for (; strlen(directory) > strlen(mount);
		*strrchr(directory, '/') = '\0')
		for (i = 0; i < sizeof(files) / sizeof(*files); i++)
			if (snprintf(path, sizeof(path), "%s/%s", directory,
				    files[i]) < (int)sizeof(path) &&
				read_text(path, text, sizeof(text)))
				limit = smaller(limit, parse_limit(text));
	return limit;
}

/* Does a line of /proc/PID/cgroup, "hierarchy:controllers:path", name this
 * controller? */
static bool has_controller(const char *line, const char *name)
{
	const char *next = strchr(line, ':');
	size_t length;

	while (next && (*next == ':' || *next == ',')) {
		length = strcspn(++next, ",:\n");
		if (length == strlen(name) && strncmp(next, name, length) == 0)
			return true;
		next = next[length] == ',' ? next + length : NULL;
	}
	return false;
}

static uint64_t limit_of_line(const char *mount, const char *line)
{
	char procs[PATH_MAX], directory[PATH_MAX];
	bool is_v2 = strncmp(line, "0::", 3) == 0;

	if ((!is_v2 && !has_controller(line, "memory")) ||
		priv_cgroup_procs(line, procs) < 0 ||
		snprintf(directory, sizeof(directory), "%s%s", mount,
			procs + strlen(PRIV_CGROUP_MOUNT)) >=
			(int)sizeof(directory))
		return UINT64_MAX;
	*strrchr(directory, '/') = '\0';
	return is_v2 ? limit_v2(mount, directory) : limit_v1(directory);
}

uint64_t cgroup_memory_limit_of(const char *mount, const char *membership)
{
	const char *line = membership;
	uint64_t limit = UINT64_MAX;

	for (; *line; line += strcspn(line, "\n"), line += *line == '\n')
		limit = smaller(limit, limit_of_line(mount, line));
	return limit;
}

uint64_t cgroup_memory_limit(void)
{
	struct sysinfo node = { 0 };
	char membership[16384];
	uint64_t limit = UINT64_MAX;

	if (read_text("/proc/self/cgroup", membership, sizeof(membership)))
		limit = cgroup_memory_limit_of(PRIV_CGROUP_MOUNT, membership);
	sysinfo(&node);
	return smaller(limit, (uint64_t)node.totalram * node.mem_unit);
}
