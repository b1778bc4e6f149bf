/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SPANK_PLUGIN_CONTAINER_IMAGE_PATH_H
#define SPANK_PLUGIN_CONTAINER_IMAGE_PATH_H

#include <stdbool.h>

#include "common/error.h"

/*
 * Paths inside an image.  They are resolved as if the image's root, an open
 * directory, were '/' (openat2(2) with RESOLVE_IN_ROOT), so that neither
 * symlinks nor '..' in a hostile image lead out of it.  Called with the user's
 * ids; needs no privilege.
 */

/*
 * Is `path` the directory itself, or below it?  /tmp/x is below /tmp, /tmpx is
 * not.  Compares names only; both must be absolute and without "..".
 */
bool path_is_below(const char *directory, const char *path);

/*
 * Does this errno mean that the path cannot be used: it does not exist, this
 * user cannot reach it, or it has the wrong type?  Any other errno, such as
 * ENOMEM, says nothing about the path.
 */
bool image_path_is_missing(int num);

/*
 * Open `path`, with flags as for open(2) and O_CLOEXEC.  Returns a descriptor,
 * owned by the caller; -1 with errno on failure.
 */
int image_path_open(int root_fd, const char *path, int flags);

/* The same, but fails if any component is a symlink. */
int image_path_open_no_symlinks(int root_fd, const char *path, int flags);

/* The same, but fails if the path leaves the mount of root_fd. */
int image_path_open_no_xdev(int root_fd, const char *path, int flags);

/*
 * Make sure that `path` exists, and is a directory, or if not `directory`
 * anything else.  What is missing is created, including parent directories; the
 * image server keeps such entries in memory.  Must be called before anything is
 * attached in the image, so that nothing is ever created in a directory of the
 * host.
 */
int image_path_make(int root_fd, const char *path, bool directory,
	struct error *err);

/*
 * The same, but if `path` is a symlink, it is removed first instead of being
 * followed.
 */
int image_path_replace(int root_fd, const char *path, bool directory,
	struct error *err);

#endif
