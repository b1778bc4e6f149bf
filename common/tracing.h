/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef COMMON_TRACING_H
#define COMMON_TRACING_H

#include "common/error.h"

/*
 * Keep the other processes of this user from tracing this one and from reading
 * its memory.  The first call of main() in a program that slurmstepd starts:
 * until the step's tasks exist it is in slurmstepd's cgroups, and whatever it
 * were made to fork there would outlive the job.
 *
 * -1 if they could have done so until now.  The plugin executes such a program
 * only if its user cannot read it, and the kernel then executes it untraceable
 * (PR_SET_DUMPABLE(2const)), unless fs.suid_dumpable is 1.  A process of root's
 * is let pass: root reads every file and traces every process.
 */
int tracing_forbid(struct error *err);

#endif
