/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * spank-sif-userns: creates a user namespace for the first task of a step, with
 * privilege=userns.  The task cannot do that itself: it is a child of
 * slurmstepd that has changed its ids, so it is non-dumpable, and cannot write
 * its own maps.  Making it dumpable would expose its copy of slurmstepd's
 * memory to the user.  This program has no such copy.
 *
 * Standard input is a socket (common/message.h) over which the namespace is
 * sent to the task; the descriptor keeps it alive.  Errors are printed.
 *
 * Usage: spank-sif-userns
 */
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "common/message.h"
#include "common/privileged/userns.h"
#include "common/version.h"

int main(int argc, char *argv[])
{
	struct error err = { 0 };
	CLEANUP_FD int fd = -1;

	if (version_asked(argc, argv, "spank-sif-userns"))
		return EXIT_SUCCESS;
	fd = priv_userns_make(&err);
	if (fd >= 0 && message_send(STDIN_FILENO, MESSAGE_ENTER, NULL, fd) == 0)
		return EXIT_SUCCESS;
	fputs(error_is_set(&err) ? err.text : "the task is gone", stdout);
	return EXIT_FAILURE;
}
