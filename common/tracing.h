/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef COMMON_TRACING_H
#define COMMON_TRACING_H

#include "common/error.h"

/*
 * Keep other processes of this user from tracing this one and from reading its
 * memory.  This is the first call of main() in a program that slurmstepd
 * starts: until the step's tasks exist the program is in slurmstepd's cgroups,
 * and a process that a tracer made it fork there would outlive the job.
 *
 * Fails if the process was traceable until now.  The plugin executes such a
 * program only if its user cannot read the file, so that the kernel makes it
 * untraceable from the start (PR_SET_DUMPABLE(2const)), unless fs.suid_dumpable
 * is 1.  Never fails for root, who can read every file and trace every process
 * anyway.
 */
int tracing_forbid(struct error *err);

#endif
