/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * spank-sif-userns: makes a user namespace for the first task of a step, with
 * privilege=userns.  The task cannot do that itself: it is a child of root's
 * slurmstepd that changed its ids, so that the kernel keeps it from writing its
 * own maps; and making it dumpable would open slurmstepd's memory, of which it
 * has a copy, to its user.  This program has nothing of that to tell.
 *
 * Standard input is a socket (common/message.h) over which the namespace goes
 * to the task; it lives on in the descriptor.  What goes wrong is printed.
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
