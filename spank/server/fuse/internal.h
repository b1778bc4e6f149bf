/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SPANK_SERVER_FUSE_INTERNAL_H
#define SPANK_SERVER_FUSE_INTERNAL_H

/* What the files of this folder share; for them only. */

#include <linux/fuse.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>
#include <sys/uio.h>

#include "spank/server/fuse/readahead.h"
#include "spank/server/fuse/session.h"
#include "spank/server/fuse/splice.h"
#include "spank/server/fuse/tree.h"

/* The kernel wants room for the longest request, of 4096 bytes to write. */
#define REQUEST_SIZE (32 * 1024)

/* Of Linux 6.9; headers may be older. */
#define NOTIFY_RESEND 7
#define HAS_RESEND    (1U << 7) /* in flags2: FUSE_HAS_RESEND >> 32 */

/* Of Linux 6.14. */
#define OVER_IO_URING (1U << 9) /* in flags2: FUSE_OVER_IO_URING >> 32 */

struct request;

/* One thread's memory; only what is used of it is ever touched. */
struct worker {
	struct session *session;
	unsigned char *request; /* REQUEST_SIZE */
	unsigned char *reply;   /* SQUASH_READ_MAX */
	/* How an answer gets to the kernel; -1 with errno if it does not. */
	int (*send)(const struct request *request, int error, const void *bytes,
		size_t size);
	int failures; /* of reading a request, in a row */
	struct read_context context;
	struct splice_pipe *pipe; /* of who leads; NULL of all others */
	bool is_put_off;          /* the request: it would have taken long */
};

struct session {
	int fd;
	bool can_resend;
	struct tree tree;
	struct worker control;     /* session_serve_one()'s */
	struct readahead *helpers; /* NULL until there are threads */
	struct threads *threads;
	struct rings *rings; /* NULL if there are none */
	bool over_rings;     /* and they are used */
	/* The threads of rings are there from the beginning: until
	 * `is_concurrent` they answer one at a time. */
	pthread_mutex_t turn;
	atomic_bool is_concurrent;
	atomic_size_t late; /* requests that are being answered MAY_BLOCK */
};

/* A request that is being answered. */
struct request {
	struct worker *worker;
	struct tree *tree;
	struct read_context *context; /* the worker's */
	const struct fuse_in_header *header;
	const void *argument; /* what follows the header */
	size_t size;          /* of the argument */
};

/* Of reading a request, in a row, and of sending an answer: what fails has cost
 * that request its answer at most, and others wait. */
#define REPLY_TRIES 3

/*
 * What read(2) of a request has returned: 1 for a request, 2 for none, try
 * again; 0 and -1 as of session_serve_one().
 */
int worker_check_read(struct worker *worker, ssize_t got);

/*
 * Answer the worker's request of `size` bytes.  False, and no answer, if its
 * context says READ_NOWAIT and it would take long.
 */
bool worker_answer(struct worker *worker, size_t size);

/* The same, by a thread that is there before the tree is sealed. */
void worker_answer_in_turn(struct worker *worker, size_t size);

/* worker.send of /dev/fuse. */
int request_send(const struct request *request, int error, const void *bytes,
	size_t size);

/* Answer with `size` bytes, or with an error (a positive errno). */
void request_reply(const struct request *request, const void *bytes,
	size_t size);
void request_fail(const struct request *request, int error);
/* The same of an errno of tree.h's, of which EIO is told the user at the end.
 */
void request_fail_counted(const struct request *request, int error);

/* What the kernel keeps of a node; tree_stat() as it wants it. */
int request_fill_attributes(const struct request *request, uint64_t node,
	struct fuse_attr *ret_attributes);
int request_fill_entry(const struct request *request, uint64_t node,
	struct fuse_entry_out *ret_entry);

/* FUSE_READDIR and FUSE_READDIRPLUS: readdir.c. */
void request_readdir(const struct request *request);

#endif
