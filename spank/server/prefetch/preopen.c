/* SPDX-License-Identifier: BSD-3-Clause */
#include <unistd.h>

#include "common/cleanup.h"
#include "common/sif.h"
#include "spank/server/prefetch/preopen.h"

/*
 * The path is that of the job's mount namespace, and led here in slurmstepd's.
 * What lies there may be a file of another user's, that this one did not ask
 * for.
 */
static bool is_trusted(const struct stat *status)
{
	return status->st_uid == 0 || status->st_uid == getuid();
}

void early_open(struct early *early, int *image_fd, const char *command,
	const struct fs_options *options)
{
	CLEANUP_FD int fd = fd_take(image_fd);
	struct sif_partition partition;
	struct error ignored;

	if (fd < 0 || fstat(fd, &early->status) < 0 ||
		!is_trusted(&early->status) ||
		sif_find(fd, SIF_ROOT, sif_machine(), &partition, &ignored) <
			0 ||
		fs_open_image(&fd, &partition, options, &early->image,
			&ignored) < 0)
		return;
	early->foresight =
		foresight_open(early->image, command, options->cache_bytes / 2);
}

static bool is_same_time(struct timespec a, struct timespec b)
{
	return a.tv_sec == b.tv_sec && a.tv_nsec == b.tv_nsec;
}

static bool is_same(const struct stat *a, const struct stat *b)
{
	return a->st_dev == b->st_dev && a->st_ino == b->st_ino &&
	       a->st_size == b->st_size &&
	       is_same_time(a->st_mtim, b->st_mtim) &&
	       is_same_time(a->st_ctim, b->st_ctim);
}

struct squash *early_take(struct early *early, int image_fd)
{
	struct squash *image = early->image;
	struct stat status;

	if (!image || fstat(image_fd, &status) < 0 ||
		!is_same(&status, &early->status))
		return NULL;
	early->image = NULL;
	return image;
}

void early_step(struct early *early)
{
	if (early->foresight && !foresight_step(early->foresight))
		early_end(early);
}

void early_end(struct early *early)
{
	if (early->foresight)
		foresight_list(early->foresight, early->ahead,
			sizeof(early->ahead));
	foresight_close(early->foresight);
	early->foresight = NULL;
}

void early_forget(struct early *early)
{
	foresight_close(early->foresight);
	squash_close(early->image);
	*early = (struct early){ .image = NULL };
}
