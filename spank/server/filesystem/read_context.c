/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <sys/uio.h>

#include "spank/server/filesystem/read_context.h"

void read_context_wait(struct read_context *context)
{
	void (*before_wait)(void *arg);
	int saved = errno;

	if (!context || !context->before_wait)
		return;
	before_wait = context->before_wait;
	context->before_wait = NULL;
	before_wait(context->arg);
	errno = saved;
}

static bool has_byte(int file, off_t offset)
{
	char byte;
	struct iovec part = { &byte, 1 };

	return preadv2(file, &part, 1, offset, RWF_NOWAIT) == 1;
}

bool page_cache_has(int file, off_t offset, size_t size)
{
	return has_byte(file, offset) && has_byte(file, offset + size - 1);
}

void read_context_wait_for_file(struct read_context *context, int file,
	off_t offset, size_t size)
{
	if (context && context->before_wait &&
		!page_cache_has(file, offset, size))
		read_context_wait(context);
}
