/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SPANK_PLUGIN_CONTAINER_CGROUP_MEMORY_H
#define SPANK_PLUGIN_CONTAINER_CGROUP_MEMORY_H

#include <stdint.h>

/*
 * The memory, in bytes, that the calling process and the others in its cgroups
 * may use: the smallest limit of its cgroups and those above them, but at most
 * the node's memory.  A file that cannot be read sets no limit.  Needs no
 * privilege.
 */
uint64_t cgroup_memory_limit(void);

/*
 * The smallest cgroup limit, UINT64_MAX if there is none, for a process whose
 * /proc/PID/cgroup has the text `membership`.  `mount` is where cgroups are
 * mounted: /sys/fs/cgroup, except in tests.
 */
uint64_t cgroup_memory_limit_of(const char *mount, const char *membership);

#endif
