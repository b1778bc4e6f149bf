/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The server knows early which path is likely to be the image, but only a task
 * can say which file that is.  So the file is opened by its path, and the
 * prefetch begins.  When a task brings the image, device, inode, size and times
 * decide whether it is the same file.
 */
#include <unistd.h>

#include "common/cleanup.h"
#include "common/image_file.h"
#include "common/sif.h"
#include "spank/server/prefetch/preopen.h"
#include "spank/server/readers/layers.h"

/*
 * The path was meant for the job's mount namespace, but was opened in
 * slurmstepd's.  The file found there may belong to another user, and this user
 * may not have meant it.
 */
static bool is_trusted(const struct stat *status)
{
	return status->st_uid == 0 || status->st_uid == getuid();
}

/* NULL if the file is not an image that can be served. */
static struct filesystem *open_layers(int fd,
	const struct session_options *options)
{
	struct layers layers = { .count = 0 };
	struct filesystem *image = NULL;
	struct sif_image found;
	struct error ignored;

	if (sif_find_image(fd, SIF_ROOT, sif_machine(), &found, &ignored) < 0)
		return NULL;
	sif_free_image(&found);
	if (layers_add(&layers, fd, &found.layers, &ignored) < 0) {
		layers_close(&layers);
		return NULL;
	}
	session_stack_layers(layers.list[0], layers.list + 1, layers.count - 1,
		options, &image, &ignored);
	return image;
}

void preopen_start(struct preopen *preopen, int *image_fd, const char *command,
	const struct session_options *options)
{
	CLEANUP_FD int fd = fd_take(image_fd);

	if (fd < 0 || fstat(fd, &preopen->status) < 0 ||
		!is_trusted(&preopen->status))
		return;
	preopen->image = open_layers(fd, options);
	preopen->command = command;
	preopen->bytes = options->cache_bytes / 2;
	preopen_restart(preopen, preopen->image);
}

static bool is_same(const struct stat *a, const struct stat *b)
{
	return a->st_dev == b->st_dev && a->st_ino == b->st_ino &&
	       a->st_size == b->st_size &&
	       image_file_is_same_time(a->st_mtim, b->st_mtim) &&
	       image_file_is_same_time(a->st_ctim, b->st_ctim);
}

struct filesystem *preopen_take(struct preopen *preopen, int image_fd)
{
	struct filesystem *image = preopen->image;
	struct stat status;

	if (!image || fstat(image_fd, &status) < 0 ||
		!is_same(&status, &preopen->status))
		return NULL;
	preopen->image = NULL;
	return image;
}

void preopen_restart(struct preopen *preopen, struct filesystem *image)
{
	prefetch_close(preopen->prefetch);
	preopen->prefetch = NULL;
	preopen->files[0] = '\0';
	if (image && preopen->bytes > 0)
		preopen->prefetch =
			prefetch_open(image, preopen->command, preopen->bytes);
}

void preopen_step(struct preopen *preopen)
{
	if (preopen->prefetch && !prefetch_step(preopen->prefetch))
		preopen_finish(preopen);
}

void preopen_finish(struct preopen *preopen)
{
	if (preopen->prefetch)
		prefetch_list(preopen->prefetch, preopen->files,
			sizeof(preopen->files));
	prefetch_close(preopen->prefetch);
	preopen->prefetch = NULL;
}

void preopen_discard(struct preopen *preopen)
{
	prefetch_close(preopen->prefetch);
	fs_close(preopen->image);
	*preopen = (struct preopen){ .image = NULL };
}
