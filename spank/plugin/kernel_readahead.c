/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The execve of the command reads its files page by page, and waits for the
 * server each time.  Here those files are requested all at once, so that the
 * kernel has them, or has at least asked for them, when Slurm calls execve.
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

/* The kernel reads no more for one posix_fadvise(). */
#define STEP      (128 * 1024)
#define FILE_MAX  (2 * 1024 * 1024)
#define BYTES_MAX (4 * 1024 * 1024)

/* Returns the number of bytes that were requested. */
static off_t read_file_ahead(const char *path, off_t most)
{
	CLEANUP_FD int root_fd = open("/", O_PATH | O_CLOEXEC);
	/* Only in the image, not in what is bound there. */
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
