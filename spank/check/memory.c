/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Memory: of the machine, and what the caller's cgroups allow.  If the caller
 * is a prolog or slurmd's health check, these are slurmd's, as in a container.
 */
#include <stdio.h>

#include "spank/check/check.h"
#include "spank/plugin/container/cgroup_memory.h"

/* What a server with the default cache needs beside it, and a margin. */
#define MEMORY_MIN_MIB 256

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

void check_memory(const struct check_context *context,
	struct check_finding *finding)
{
	const long mib = available_mib();
	const uint64_t limit = cgroup_memory_limit() >> 20;

	(void)context;
	if (mib < MEMORY_MIN_MIB)
		check_set(finding, CHECK_WARNING,
			"%ld MiB are available: an image server needs 20 MiB "
			"and its cache (cache= in plugstack.conf)",
			mib);
	else if (limit < MEMORY_MIN_MIB)
		check_set(finding, CHECK_WARNING,
			"the cgroup of this process allows %llu MiB: if it is "
			"that of slurmd, raise its limit; an image server "
			"needs 20 MiB and its cache",
			(unsigned long long)limit);
	else
		check_set(finding, CHECK_OK, "%ld MiB are available", mib);
}
