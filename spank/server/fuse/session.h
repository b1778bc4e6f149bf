/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SPANK_SERVER_FUSE_SESSION_H
#define SPANK_SERVER_FUSE_SESSION_H

#include <stdbool.h>

#include "common/error.h"
#include "common/oci_config.h"
#include "common/sif.h"
#include "spank/server/fuse/rings.h"
#include "spank/server/filesystem/filesystem.h"

/*
 * Answers the kernel's requests for a mounted image.  Until the session is
 * sealed it accepts mkdir, mknod (of regular files) and unlink, and keeps the
 * changes in memory: that is how mount points are made.
 *
 * session_serve_one() answers one request at a time.  After session_start(),
 * session_serve() answers with several threads.
 */
struct session;

/*
 * Begin to serve `image` (borrowed until session_close()) on *fuse_fd, a
 * /dev/fuse that is mounted already.  Reads nothing from it yet.  The
 * descriptor is given away: on success session_close() closes it, and *fuse_fd
 * is -1.  The rings, which may be NULL, are given away, too; they are used if
 * the kernel offers requests over io_uring.
 */
int session_open(struct filesystem *image, int *fuse_fd, struct rings **rings,
	struct session **ret_session, struct error *err);

/*
 * Whether requests come by rings.  Known once the first request is answered.
 * If so, threads need the session and the image until the mount is gone, and
 * no other process can serve it.  NULL-safe.
 */
bool session_has_rings(const struct session *session);

/* For poll(2): readable when there is a request or the mount is gone. */
int session_fd(const struct session *session);

/*
 * Answer one request if there is one.  Never waits.  1: go on; 0: the mount is
 * gone; -1 with errno: the descriptor cannot be read.
 */
int session_serve_one(struct session *session);

struct session_options {
	size_t cache_bytes; /* of decompressed data to keep */
	int threads;        /* that answer; 0: one for each CPU */
};

/*
 * Put `count` file systems over that image, from the bottom to the top: see
 * filesystem/stack.h.  The cache has its final size, so that session_start()
 * keeps what is in it.  All of them are given away, even if it fails.
 */
int session_stack_layers(struct filesystem *image,
	struct filesystem *const *layers, size_t count,
	const struct session_options *options, struct filesystem **ret_image,
	struct error *err);

/*
 * Create the cache and the threads that session_serve() needs.  Afterwards the
 * process needs no system calls but those of serving.
 */
int session_start(struct session *session,
	const struct session_options *options, struct error *err);

/*
 * Whether the kernel (6.9 and later) can send requests again that another
 * process read and did not answer; and ask it to.  -1 with errno.
 */
bool session_can_resend(const struct session *session);
int session_resend(struct session *session);

/*
 * Serve until the mount is gone (0), or the descriptor cannot be read (-1 with
 * errno).  The last call: the process must end without session_close().
 */
int session_serve(struct session *session);

/*
 * Show every file and directory as owned by the user, whoever owns it in the
 * image: files under a writable layer must belong to the user who writes.
 */
void session_set_owner(struct session *session);

/*
 * Show what the config of an OCI image says, see config_files.h.  Before the
 * first request is answered.  The texts are borrowed until session_close().
 */
int session_add_config(struct session *session, const struct oci_config *config,
	struct error *err);

/* Changes are refused from now on (EROFS). */
void session_seal(struct session *session);

/* Another process serves: free the cache. */
void session_drop_cache(struct session *session);

/* NULL-safe.  Not in a process that called session_start(), and not if
 * session_has_rings(). */
void session_close(struct session *session);

#endif
