/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What the command's execve will read, page by page and each time waiting for
 * the server, is asked for at once.  The kernel then has it, or at least on its
 * way, when Slurm comes to the execve.
 */
#include <fcntl.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "spank/plugin/container/image_path.h"
#include "spank/plugin/kernel_readahead.h"

/* The kernel takes no more at a time. */
#define STEP      (128 * 1024)
#define FILE_MAX  (2 * 1024 * 1024)
#define BYTES_MAX (4 * 1024 * 1024)

/* Returns how much of it has been asked for. */
static off_t read_file_ahead(const char *path, off_t most)
{
	CLEANUP_FD int root_fd = open("/", O_PATH | O_CLOEXEC);
	/* In the image, not in what is bound there. */
	CLEANUP_FD int fd = image_path_open_no_xdev(root_fd, path,
		O_RDONLY | O_NONBLOCK | O_NOCTTY);
	struct stat status;
	off_t offset;

	if (fd < 0 || fstat(fd, &status) < 0 || !S_ISREG(status.st_mode))
		return 0;
	if (most > status.st_size)
		most = status.st_size;
	for (offset = 0; offset < most; offset += STEP)
		posix_fadvise(fd, offset, STEP, POSIX_FADV_WILLNEED);
	return most;
}

int kernel_readahead(const char *paths)
{
	off_t left = BYTES_MAX, asked;
	char path[4096];
	size_t length;
	int count = 0;

	for (; *paths && left > 0; paths += length + (paths[length] == '\n')) {
		length = strcspn(paths, "\n");
		snprintf(path, sizeof(path), "%.*s", (int)length, paths);
		asked = read_file_ahead(path,
			left < FILE_MAX ? left : FILE_MAX);
		count += asked > 0;
		left -= asked;
	}
	return count;
}
