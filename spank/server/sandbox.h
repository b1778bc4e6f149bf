/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SPANK_SERVER_SANDBOX_H
#define SPANK_SERVER_SANDBOX_H

#include "common/error.h"

/*
 * Give up, for good, all that this process does not need: to be traced, files
 * and limits (see sandbox.c), and all system calls but those of the control
 * protocol and of serving.  A forbidden call kills the process; opening a file
 * fails with EACCES.  To be called before a byte of the image is read, by a
 * process with one thread.
 *
 * Also sets no_new_privs.  -1 if any of it cannot be had or is found not to be
 * in force; only a kernel without Landlock is tolerated.
 */
int sandbox_enter(struct error *err);

/*
 * Give up the system calls of the control protocol, too, those that start
 * threads and those that narrow the sandbox.  Afterwards the process, with all
 * its threads, can serve, and nothing else.
 */
int sandbox_narrow(struct error *err);

#endif
