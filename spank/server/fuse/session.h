/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SPANK_SERVER_FUSE_SESSION_H
#define SPANK_SERVER_FUSE_SESSION_H

#include <stdbool.h>

#include "common/error.h"
#include "spank/server/fuse/rings.h"
#include "spank/server/squashfs/squash.h"

/*
 * Answers the kernel's requests for a mounted image.  Until it is sealed,
 * mkdir, mknod (of regular files) and unlink on the mount are accepted and
 * kept in memory, so that mount points can be made.
 *
 * First one request at a time, session_serve_one(); then session_start() and
 * session_serve(), by several threads.
 */
struct session;

/*
 * Begin to serve `image` (borrowed until session_close()) on *fuse_fd, a
 * /dev/fuse that is mounted already.  Nothing is read from it yet.  The
 * descriptor is given away: on success session_close() closes it, and *fuse_fd
 * is -1.  So are the rings, or NULL, which are used if the kernel says that it
 * can.
 */
int session_open(struct squash *image, int *fuse_fd, struct rings **rings,
	struct session **ret_session, struct error *err);

/*
 * Whether requests come by rings, once the first has been answered.  Then
 * there are threads which need `session` and the image until the mount is gone,
 * and this process alone can serve it.  NULL-safe.
 */
bool session_has_rings(const struct session *session);

/* For poll(2): readable when there is a request, or the mount is gone. */
int session_fd(const struct session *session);

/*
 * Answer one request, if there is one: never waits.  1: go on; 0: the mount is
 * gone; -1 with errno: the descriptor cannot be read.
 */
int session_serve_one(struct session *session);

struct session_options {
	size_t cache_bytes; /* of decompressed data that is kept */
	int threads;        /* that answer; 0: by the CPUs there are */
};

/*
 * squash_open() with a cache of data that is as large as it is to be: what is
 * in there before session_start() is not lost.
 */
int session_open_image(int *image_fd, const struct sif_partition *partition,
	const struct session_options *options, struct squash **ret_image,
	struct error *err);

/*
 * Make the cache and the threads that session_serve() needs; they do nothing
 * yet. Afterwards no more system calls are needed but those of serving.
 */
int session_start(struct session *session,
	const struct session_options *options, struct error *err);

/*
 * Whether the kernel (6.9 and later) can give the requests that a server has
 * left unanswered to another one; and have it do so.  -1 with errno.
 */
bool session_can_resend(const struct session *session);
int session_resend(struct session *session);

/*
 * Serve until the mount is gone (0), or as above (-1).  The last call: the
 * process has to end, and must not call session_close().
 */
int session_serve(struct session *session);

/*
 * Show every file and directory as the user's, whoever owns it in the image:
 * what lies under a writable layer has to belong to who writes.
 */
void session_set_owner(struct session *session);

/* From now on the mount cannot be changed (EROFS). */
void session_seal(struct session *session);

/* Another process serves: give back what is cached. */
void session_drop_cache(struct session *session);

/* NULL-safe.  Not after session_start() in this process, nor if
 * session_has_rings(). */
void session_close(struct session *session);

#endif
