/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Memory: of the machine, and what the caller's cgroups allow.  If the caller
 * is a prolog or slurmd's health check, these are slurmd's, as in a container.
 */
#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "common/cleanup.h"
#include "spank/check/check.h"

/* What a server with the default cache needs beside it, and a margin. */
#define MEMORY_MIN_MIB 256

#define CGROUPS "/sys/fs/cgroup"

static long available_mib(void)
{
	FILE *file = fopen("/proc/meminfo", "re");
	char line[256];
	long kib = -1;

	while (file && kib < 0 && fgets(line, sizeof(line), file))
		sscanf(line, "MemAvailable: %ld", &kib);
	if (file)
		fclose(file);
	return kib / 1024;
}

/* The limit in `file` of a cgroup; none: LONG_MAX. */
static long limit_mib(const char *cgroup, const char *name)
{
	long long bytes = -1;
	char path[8192];
	FILE *file;

	snprintf(path, sizeof(path), "%s/%s", cgroup, name);
	file = fopen(path, "re");
	if (file) {
		if (fscanf(file, "%lld", &bytes) != 1)
			bytes = -1;
		fclose(file);
	}
	return bytes < 0 ? LONG_MAX : bytes >> 20;
}

/* The smallest limit of the cgroup and of those above it, up to `root`. */
static long smallest_limit_mib(char *cgroup, const char *root, const char *name)
{
	long smallest = LONG_MAX, limit;
	char *slash;

	while (strlen(cgroup) > strlen(root)) {
		limit = limit_mib(cgroup, name);
		if (limit < smallest)
			smallest = limit;
		slash = strrchr(cgroup, '/');
		*slash = '\0';
	}
	return smallest;
}

/* A line of /proc/self/cgroup, NUMBER:CONTROLLERS:PATH; without controllers it
 * is version 2. */
static long limit_of_line(char *line)
{
	char *controllers = strchr(line, ':');
	char *path = controllers ? strchr(controllers + 1, ':') : NULL;
	char cgroup[4096 + 64];

	if (!path)
		return LONG_MAX;
	*path++ = '\0';
	path[strcspn(path, "\n")] = '\0';
	if (strcmp(controllers, ":") == 0) {
		snprintf(cgroup, sizeof(cgroup), CGROUPS "%s", path);
		return smallest_limit_mib(cgroup, CGROUPS, "memory.max");
	}
	if (!strstr(controllers, "memory"))
		return LONG_MAX;
	snprintf(cgroup, sizeof(cgroup), CGROUPS "/memory%s", path);
	return smallest_limit_mib(cgroup, CGROUPS "/memory",
		"memory.limit_in_bytes");
}

static long cgroup_limit_mib(void)
{
	CLEANUP_FREE char *line = NULL;
	FILE *file = fopen("/proc/self/cgroup", "re");
	long smallest = LONG_MAX, limit;
	size_t size = 0;

	while (file && getline(&line, &size, file) > 0) {
		limit = limit_of_line(line);
		if (limit < smallest)
			smallest = limit;
	}
	if (file)
		fclose(file);
	return smallest;
}

void check_memory(const struct check_context *context,
	struct check_finding *finding)
{
	long mib = available_mib(), limit = cgroup_limit_mib();

	(void)context;
	if (mib < MEMORY_MIN_MIB)
		check_set(finding, CHECK_WARNING,
			"%ld MiB are available: an image server needs 20 MiB "
			"and its cache (cache= in plugstack.conf)",
			mib);
	else if (limit < MEMORY_MIN_MIB)
		check_set(finding, CHECK_WARNING,
			"the cgroup of this process allows %ld MiB: if it is "
			"that of slurmd, raise its limit; an image server "
			"needs 20 MiB and its cache",
			limit);
	else
		check_set(finding, CHECK_OK, "%ld MiB are available", mib);
}
