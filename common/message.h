/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef COMMON_MESSAGE_H
#define COMMON_MESSAGE_H

#include "common/deadline.h"
#include "common/error.h"

/*
 * The control protocol between the tasks of a step and its image server.  One
 * message is one SOCK_SEQPACKET packet.  The messages in the order of a step,
 * with the sender and the descriptor that travels along:
 *
 *   HELLO    task    socket   a task is here; answer on this socket
 *   BUILD    server           build the container; text: when the server became
 *                             ready, in microseconds of CLOCK_MONOTONIC
 *   LAYER    task    file     a layer over the root, an open file; the lowest
 *                             comes first
 *   IMAGE    task    image    the open image file; text: see image_use.h
 *   READY    server           the image can be served; text: its properties,
 *                             see image_info.h
 *   MOUNT    task    fuse     /dev/fuse, already mounted: serve it; text: the
 *                             CPU that the task stays on until SEALED, or -1
 *            keeper  fuse     the same with mount=host, before READY; the task
 *                             then sends MOUNT without a descriptor
 *   SEALED   task             all mount points are made; not sent for further
 *                             images, in which none are made
 *   PREFETCH server           text: files that the step is likely to read
 *                             first, one a line
 *   SHARED   task    memfd    what the other tasks need to know
 *   BUILT    task    mnt ns   the container is complete
 *   SHARED   server  memfd    the same, to each of the other tasks
 *   ENTER    server  mnt ns   the container is complete: enter it
 *   FAILED   server           text, never empty: why there is no container; the
 *            keeper           receiver tells the user
 *   TOLD     both             there is no container, and a task tells the user
 *                             why: the builder, if it sends this, or another
 *                             than the one that receives it
 *
 * FAILED in answer to IMAGE begins with "layer N: " if the Nth LAYER, counted
 * from 1, is at fault.
 *
 * A step has a server for each of its images.  Only the builder talks to the
 * servers of further images.
 */
enum message_type {
	MESSAGE_HELLO = 1,
	MESSAGE_BUILD,
	MESSAGE_LAYER,
	MESSAGE_IMAGE,
	MESSAGE_READY,
	MESSAGE_MOUNT,
	MESSAGE_SEALED,
	MESSAGE_PREFETCH,
	MESSAGE_SHARED,
	MESSAGE_BUILT,
	MESSAGE_ENTER,
	MESSAGE_FAILED,
	MESSAGE_TOLD,
	MESSAGE_LAST = MESSAGE_TOLD,
};

/* The size of a packet's text, the longest of which is a sentence of struct
 * error. */
#define MESSAGE_TEXT_SIZE ERROR_TEXT_SIZE

struct message {
	enum message_type type;
	char text[MESSAGE_TEXT_SIZE]; /* NUL-terminated */
};

/*
 * Send one message, with a copy of descriptor `fd` unless it is -1.  `text`
 * may be NULL.  Never raises SIGPIPE, and never blocks: a peer that does not
 * read is a failure (EAGAIN).  -1 with errno on failure.
 */
int message_send(int socket, enum message_type type, const char *text, int fd);

/*
 * Receive one message by the deadline.  The descriptor that came with it, or
 * -1, is stored in *ret_fd: owned by the caller, close-on-exec.  Returns 1; 0
 * at end of file (the peer is gone); -1 with errno on failure: ETIMEDOUT, or
 * EPROTO for anything that is not exactly one well-formed message.
 */
int message_receive(int socket, struct deadline deadline,
	struct message *ret_message, int *ret_fd);

#endif
