/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SPANK_SERVER_FUSE_INTERNAL_H
#define SPANK_SERVER_FUSE_INTERNAL_H

/* Shared by the files of this folder; not for others. */

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

/* The kernel refuses a read into a buffer that is too small for a write of
 * max_write bytes, although nothing is written; see answer_init(). */
#define REQUEST_SIZE (FS_READ_MAX + 4096)

/* One thread's memory.  Pages that are not used are never touched. */
struct worker {
	struct session *session;
	unsigned char *request; /* REQUEST_SIZE */
	unsigned char *reply;   /* FS_READ_MAX */
	/* Send a reply to the kernel: header and data.  -1 with errno. */
	int (*send)(struct worker *worker, const struct iovec *parts,
		int count);
	int failures; /* to read a request, in a row */
	struct read_context context;
	bool leads; /* it will read the next request: leader.c */
};

struct session {
	struct fuse_session *fuse;
	int fd;
	bool can_resend;
	bool has_init;       /* INIT has come */
	bool init_pending;   /* its reply is still to be sent, and */
	uint32_t init_flags; /* these flags are to be added to it */
	uint32_t init_flags2;
	struct tree tree;
	struct worker control;       /* for session_serve_one() */
	struct readahead *readahead; /* NULL until there are threads */
	struct threads *threads;
	struct rings *rings; /* NULL if there are none */
	bool over_rings;     /* they are used */
	/* The threads of rings exist from the beginning.  Until `is_concurrent`
	 * they answer one at a time. */
	pthread_mutex_t turn;
	atomic_bool is_concurrent;
	atomic_size_t late; /* reads that are being answered MAY_BLOCK */
};

/* The operations of the session.  Its user data is the struct session. */
extern const struct fuse_lowlevel_ops requests_ops;

/* Whether rings are possible; see worker_take_replies(). */
bool session_can_have_rings(void);

/* The kernel sent INIT: store what libfuse does not know, and start the rings.
 * After the reply: let the rings begin. */
void session_begin_init(struct session *session, const struct fuse_init_in *in,
	size_t size);
void session_end_init(struct session *session);

int worker_open(struct worker *worker, struct session *session);
void worker_close(struct worker *worker);

/*
 * Have workers send libfuse's replies.  False if this libfuse cannot do that
 * and will write them itself: releases before 3.14, and 3.18 and later unless
 * configured with enable-custom-io.
 */
bool worker_take_replies(struct fuse_session *fuse, int fd);

/* Give the session its descriptor.  0 on success. */
int worker_connect_session(struct session *session);

/* Takes the result of fuse_reply_*().  If the reply was not sent, the request
 * is answered with EIO instead of never. */
void worker_check_sent(int sent);

/* The calling thread's worker, in an operation of the session. */
struct worker *worker_current(void);

/* What read(2) of /dev/fuse returned. */
enum request_state {
	REQUEST_COMPLETE,
	REQUEST_NONE,   /* read again */
	REQUEST_END,    /* the mount is gone */
	REQUEST_FAILED, /* errno */
};
enum request_state worker_check_read(struct worker *worker, ssize_t got);

/* Answer the worker's request of `size` bytes. */
void worker_answer(struct worker *worker, size_t size);

/* The same, by a thread that exists before the tree is sealed. */
void worker_answer_in_turn(struct worker *worker, size_t size);

/* Offsets of flags2 in fuse_init_in and fuse_init_out; headers may be older. */
#define INIT_IN_FLAGS2  16
#define INIT_OUT_FLAGS2 32

/* The threads of session_start() and session_serve(); -1 with errno. */
int leader_start(struct session *session,
	const struct session_options *options);
int leader_serve(struct session *session);
int leader_count_threads(const struct session_options *options);
int leader_start_readahead(struct session *session, int cpus);

/*
 * Answer the current request with stored data of the image's file.  False, and
 * no answer, if that is not possible.
 */
bool leader_splice(struct worker *worker, const struct fs_data *data);

/* What the kernel is told about a node.  -1 with errno, and *ret_entry
 * undefined. */
int request_fill_entry(const struct tree *tree, struct read_context *context,
	uint64_t node, struct fuse_entry_param *ret_entry);

/* Answer with an errno of tree.h.  EIO is reported to the user at the end. */
void request_fail(fuse_req_t request, int error);

/* The operations readdir and readdirplus: readdir.c. */
void request_readdir(fuse_req_t request, fuse_ino_t directory, size_t size,
	off_t cookie, struct fuse_file_info *file);
void request_readdirplus(fuse_req_t request, fuse_ino_t directory, size_t size,
	off_t cookie, struct fuse_file_info *file);

#endif
