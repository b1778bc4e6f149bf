/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Files that an image's scripts source.  They may be outside of the image, in a
 * bound directory, so only regular files are read.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "spank/plugin/environment/sh/source.h"

#define DEPTH_MAX 4

static int open_file(const char *path, size_t *ret_size)
{
	CLEANUP_FD int fd = -1;
	struct stat status;

	if (path[0] != '/')
		return -1;
	fd = open(path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	if (fd < 0 || fstat(fd, &status) < 0 || !S_ISREG(status.st_mode) ||
		status.st_size > ENVIRONMENT_READER_FILE_MAX)
		return -1;
	*ret_size = status.st_size;
	return fd_take(&fd);
}

static int read_text(struct environment_reader *reader, const char *text,
	size_t size, struct error *err)
{
	int result;

	reader->depth++;
	result = reader->read(reader, text, size, err);
	reader->depth--;
	/* `return` in the sourced file ends only that file. */
	reader->has_ended = false;
	return result < 0 ? -1 : 1;
}

int environment_source_read(struct environment_reader *reader, const char *path,
	struct error *err)
{
	CLEANUP_FREE char *text = NULL;
	CLEANUP_FD int fd = -1;
	size_t size = 0;

	if (reader->depth == DEPTH_MAX ||
		reader->length > ENVIRONMENT_READER_FILE_MAX)
		return 0;
	fd = open_file(path, &size);
	/* The limit is for all files together, so that files that source each
	 * other cannot take more time. */
	if (fd < 0 || size > ENVIRONMENT_READER_FILE_MAX - reader->length)
		return 0;
	text = malloc(size + 1);
	if (!text)
		return error_set(err, ENOMEM, "cannot make the environment");
	if (pread(fd, text, size, 0) != (ssize_t)size)
		return 0;
	return read_text(reader, text, size, err);
}
