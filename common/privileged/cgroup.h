/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef COMMON_PRIVILEGED_CGROUP_H
#define COMMON_PRIVILEGED_CGROUP_H

#include <limits.h>
#include <sys/types.h>

#include "common/error.h"

/* Where systemd and Slurm mount cgroups. */
#define PRIV_CGROUP_MOUNT "/sys/fs/cgroup"

/*
 * Move process `pid` into the cgroups of process `like` in each hierarchy where
 * they differ, so that it is limited, charged and killed together with `like`.
 * Requires uid 0.  Both must be unreaped children of the caller, so that their
 * pids cannot have been reused.  After a failure `pid` may be in some of the
 * cgroups.
 */
int priv_cgroup_join(pid_t pid, pid_t like, struct error *err);

/*
 * The path of cgroup.procs for a line of /proc/PID/cgroup, see proc(5): for
 * "2:cpu,cpuacct:/slurm/step" it is
 * /sys/fs/cgroup/cpu,cpuacct/slurm/step/cgroup.procs.  -1 if the line is
 * malformed, or the path too long.
 */
int priv_cgroup_procs(const char *line, char ret_path[PATH_MAX]);

#endif
