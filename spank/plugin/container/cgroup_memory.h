/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SPANK_PLUGIN_CONTAINER_CGROUP_MEMORY_H
#define SPANK_PLUGIN_CONTAINER_CGROUP_MEMORY_H

#include <stdint.h>

/*
 * How much memory, in bytes, the calling process and what shares its cgroups
 * may use: the smallest limit of its cgroups and those above them, or else all
 * of the node's memory.  Needs no privilege.  What cannot be read is no limit.
 */
uint64_t cgroup_memory_limit(void);

/*
 * The limit alone, UINT64_MAX if there is none, of a process whose
 * /proc/PID/cgroup has the text `membership`, where cgroups are mounted at
 * `mount` (which is /sys/fs/cgroup).
 */
uint64_t cgroup_memory_limit_of(const char *mount, const char *membership);

#endif
