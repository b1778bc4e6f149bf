/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SPANK_PLUGIN_CONTAINER_IMAGE_PATH_H
#define SPANK_PLUGIN_CONTAINER_IMAGE_PATH_H

#include <stdbool.h>

#include "common/error.h"

/*
 * Paths inside an image.  Each is resolved as if the image's root, an open
 * directory, were '/' (openat2(2) with RESOLVE_IN_ROOT): neither a symlink nor
 * '..' of a hostile image leads out of it.  Called with the user's ids; needs
 * no privilege.
 */

/*
 * Is `path` the directory, or below it?  By component: /tmp/x is in /tmp, and
 * /tmpx is not.  Compares names; both must be absolute and without "..".
 */
bool path_is_below(const char *directory, const char *path);

/*
 * Is this errno why a path names nothing that can be used: there is no such
 * thing, it is not for this user, or it is of another kind?  What else may
 * fail, such as want of memory, says nothing of the path.
 */
bool image_path_is_missing(int num);

/*
 * Open `path`, with flags as for open(2); O_CLOEXEC is added.  -1 with errno
 * on failure.
 */
int image_path_open(int root_fd, const char *path, int flags);

/* The same, where no symlink is on the way, nor at its end. */
int image_path_open_no_symlinks(int root_fd, const char *path, int flags);

/* The same, where nothing lies over the file system of root_fd. */
int image_path_open_no_xdev(int root_fd, const char *path, int flags);

/*
 * Make sure that `path` exists and is a directory, or else a file; what is
 * missing of it is made, directories above included.  The image's server keeps
 * such entries in memory.  Must be called before anything is attached in the
 * image, so that nothing is ever made in a directory of the host.
 */
int image_path_make(int root_fd, const char *path, bool directory,
	struct error *err);

/*
 * The same for what shall lie at `path` itself: a symlink in its place is taken
 * away first.
 */
int image_path_replace(int root_fd, const char *path, bool directory,
	struct error *err);

#endif
