/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SPANK_SERVER_FS_H
#define SPANK_SERVER_FS_H

#include "common/error.h"
#include "spank/server/squash.h"

/*
 * Answers the kernel's requests for a mounted image, one at a time.  Until it
 * is sealed, mkdir, mknod (of regular files) and unlink on the mount are
 * accepted and kept in memory, so that mount points can be made.
 */
struct fs;

/*
 * Begin to serve `image` (borrowed until fs_close()) on *fuse_fd, a /dev/fuse
 * that is mounted already.  Nothing is read from it yet.  The descriptor is
 * given away: on success fs_close() closes it, and *fuse_fd is -1.
 */
int fs_open(struct squash *image, int *fuse_fd, struct fs **ret_fs,
	struct error *err);

/* For poll(2): readable when there is a request, or the mount is gone. */
int fs_fd(const struct fs *fs);

/*
 * Answer one request, if there is one: never waits.  1: go on; 0: the mount is
 * gone; -1 with errno: the descriptor cannot be read.
 */
int fs_serve_one(struct fs *fs);

/* Serve until the mount is gone (0), or as above (-1).  The last call. */
int fs_serve(struct fs *fs);

/*
 * Show every file and directory as the user's, whoever owns it in the image:
 * what lies under a writable layer has to belong to who writes.
 */
void fs_own(struct fs *fs);

/* From now on the mount cannot be changed (EROFS). */
void fs_seal(struct fs *fs);

/* NULL-safe. */
void fs_close(struct fs *fs);

#endif
