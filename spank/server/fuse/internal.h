/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SPANK_SERVER_FUSE_INTERNAL_H
#define SPANK_SERVER_FUSE_INTERNAL_H

/* What the files of this folder share; for them only. */

#define FUSE_USE_VERSION 31

#include <fuse_lowlevel.h>
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

/* The kernel wants room for the longest request, a write of max_write bytes.
 * None ever comes; see the init operation in requests.c. */
#define REQUEST_SIZE (SQUASH_READ_MAX + 4096)

/* One thread's memory; only what is used of it is ever touched. */
struct worker {
	struct session *session;
	unsigned char *request; /* REQUEST_SIZE */
	unsigned char *reply;   /* SQUASH_READ_MAX */
	/* Send a reply to the kernel: header and data.  -1 with errno. */
	int (*send)(struct worker *worker, const struct iovec *parts,
		int count);
	int failures; /* of reading a request, in a row */
	struct read_context context;
	bool leads; /* this thread reads the next request: leader.c */
};

struct session {
	struct fuse_session *fuse;
	int fd;
	bool can_resend;
	bool init_pending;   /* the reply to INIT is still to be sent */
	uint32_t init_flags; /* that libfuse does not put into it, */
	uint32_t init_flags2;
	struct tree tree;
	struct worker control;       /* session_serve_one()'s */
	struct readahead *readahead; /* NULL until there are threads */
	struct threads *threads;
	struct rings *rings; /* NULL if there are none */
	bool over_rings;     /* and they are used */
	/* The threads of rings are there from the beginning: until
	 * `is_concurrent` they answer one at a time. */
	pthread_mutex_t turn;
	atomic_bool is_concurrent;
	atomic_size_t late; /* reads that are being answered MAY_BLOCK */
};

/* The operations of the session, whose user data is the struct session. */
extern const struct fuse_lowlevel_ops requests_ops;

/* Whether rings are possible; see worker_take_replies(). */
bool session_can_have_rings(void);

/* The kernel has sent INIT: note what libfuse does not know, and start the
 * rings; and, once it is answered, let them begin. */
void session_begin_init(struct session *session, const struct fuse_init_in *in,
	size_t size);
void session_end_init(struct session *session);

int worker_open(struct worker *worker, struct session *session);
void worker_close(struct worker *worker);

/*
 * Have libfuse's replies sent by the worker whose request it is.  False if this
 * libfuse cannot do that, and will send them itself: before 3.14, and from 3.18
 * on unless it was built with it.
 */
bool worker_take_replies(struct fuse_session *fuse, int fd);

/* Give the session its descriptor, so or so; -1. */
int worker_connect_session(struct session *session);

/* What a fuse_reply_*() has returned: whoever gets no reply would wait forever,
 * and gets EIO. */
void worker_check_sent(int sent);

/* The calling thread's, in an operation of the session. */
struct worker *worker_current(void);

/*
 * What read(2) of a request has returned: 1 for a request, 2 for none, try
 * again; 0 and -1 as of session_serve_one().
 */
int worker_check_read(struct worker *worker, ssize_t got);

/* Answer the worker's request of `size` bytes. */
void worker_answer(struct worker *worker, size_t size);

/* The same, by a thread that is there before the tree is sealed. */
void worker_answer_in_turn(struct worker *worker, size_t size);

/* Where flags2 is in fuse_init_in and fuse_init_out; headers may be older. */
#define INIT_IN_FLAGS2  16
#define INIT_OUT_FLAGS2 32

/* The threads of session_start() and session_serve(); -1 with errno. */
int leader_start(struct session *session,
	const struct session_options *options);
int leader_serve(struct session *session);
int leader_count_threads(const struct session_options *options);
int leader_start_readahead(struct session *session, int cpus);

/*
 * Answer the current request with data that is stored as it is in the image's
 * file.  False, and no answer, if that is not possible.
 */
bool leader_splice(struct worker *worker, off_t offset, size_t size);

/* What libfuse passes to the kernel about a node, which may keep it.  -1 with
 * errno, and *ret_entry undefined. */
int request_fill_entry(const struct tree *tree, struct read_context *context,
	uint64_t node, struct fuse_entry_param *ret_entry);

/* Fail with an errno of tree.h's; EIO is reported to the user at the end. */
void request_fail(fuse_req_t request, int error);

/* The operations readdir and readdirplus: readdir.c. */
void request_readdir(fuse_req_t request, fuse_ino_t directory, size_t size,
	off_t cookie, struct fuse_file_info *file);
void request_readdirplus(fuse_req_t request, fuse_ino_t directory, size_t size,
	off_t cookie, struct fuse_file_info *file);

#endif
