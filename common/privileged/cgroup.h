/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef COMMON_PRIVILEGED_CGROUP_H
#define COMMON_PRIVILEGED_CGROUP_H

#include <limits.h>
#include <sys/types.h>

#include "common/error.h"

/* Where systemd, Slurm and nearly everybody mounts cgroups. */
#define PRIV_CGROUP_MOUNT "/sys/fs/cgroup"

/*
 * Move process `pid` into the cgroups of process `like`, wherever they differ:
 * it is then limited, charged and killed with it.  Requires uid 0.  Both must
 * be children of the caller that it has not reaped, so that the numbers are
 * theirs.  Failure leaves `pid` where it was, or in some of the groups.
 */
int priv_cgroup_join(pid_t pid, pid_t like, struct error *err);

/*
 * The file to write to for a line of /proc/PID/cgroup, as proc(5) has it:
 * "2:cpu,cpuacct:/slurm/step" is /sys/fs/cgroup/cpu,cpuacct/slurm/step and
 * cgroup.procs in it.  -1 if it is no such line, or too long.
 */
int priv_cgroup_procs(const char *line, char ret_path[PATH_MAX]);

#endif
