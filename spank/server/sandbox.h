/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SPANK_SERVER_SANDBOX_H
#define SPANK_SERVER_SANDBOX_H

#include "common/error.h"

/*
 * Irrevocably give up everything that this process does not need: being traced,
 * files and memory beyond its limits (see sandbox.c), and every system call
 * that neither the control protocol nor serving needs.  A forbidden call kills
 * the process; opening a file fails with EACCES.  Call it with one thread,
 * before a byte of the image is read.
 *
 * It also sets no_new_privs.  -1 if a part cannot be set up, or is found not to
 * be in force afterwards; only a kernel without Landlock is tolerated.
 */
int sandbox_enter(struct error *err);

/*
 * Give up the system calls of the control protocol too, and those that start
 * threads or narrow the sandbox.  Afterwards the process, with all its threads,
 * can serve, and nothing else.
 */
int sandbox_narrow(struct error *err);

#endif
