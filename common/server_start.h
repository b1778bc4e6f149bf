/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef COMMON_SERVER_START_H
#define COMMON_SERVER_START_H

/* What the image server is started with, besides the arguments of
 * server_args.h, and how it ends. */

/* Its descriptors, besides /dev/null as 0 to 2. */
#define SERVER_CONTROL_FD  3 /* the socket on which tasks say HELLO */
#define SERVER_LIFELINE_FD 4 /* a pipe from slurmstepd, see image_server.h */
#define SERVER_EXTRA_FD    5 /* mount=host: see below; or closed */
#define SERVER_DAMAGE_FD   6 /* memory for struct damage; the server's alone */
/* SERVER_EXTRA_FD is the server's socket to the host mounter, and the keeper's
 * pipe for the reason of a failure. */

/*
 * Its environment, which other users cannot read: the path that is likely to
 * lead to the image, and the first word of the step's command.  Both are
 * optional.
 */
#define SERVER_IMAGE_VARIABLE   "IMAGE"
#define SERVER_COMMAND_VARIABLE "COMMAND"

/* Its exit statuses, besides 0. */
#define SERVER_EXIT_USAGE   1  /* its arguments, see server_args.h */
#define SERVER_EXIT_SANDBOX 10 /* the sandbox could not be narrowed */
#define SERVER_EXIT_CONTROL 11 /* it could not talk to the tasks */
#define SERVER_EXIT_SERVE   12 /* it could not read requests */

/* It served to the end, but was replaced n times: its status is this + n. */
#define SERVER_EXIT_REPLACED     32
#define SERVER_EXIT_REPLACED_MAX (SERVER_EXIT_REPLACED + 10)

/*
 * The host mounter of mount=host (spank/keeper) has the same descriptors, with
 * two differences: the first is its end of the socket to the server, and it
 * writes to the third why it could not unmount.  It has one more exit status.
 */
#define HOST_MOUNTER_EXIT_UNMOUNT 20 /* it could not unmount the image */

/* The child could not execute the program; 127 as in a shell. */
#define SERVER_EXIT_PROCESSES   123 /* the user has as many as allowed */
#define SERVER_EXIT_DESCRIPTORS 124
#define SERVER_EXIT_IDENTITY    125
#define SERVER_EXIT_PRIVILEGES  126
#define SERVER_EXIT_PROGRAM     127

#endif
