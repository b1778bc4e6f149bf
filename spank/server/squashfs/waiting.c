/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <sys/uio.h>

#include "spank/server/squashfs/waiting.h"

static _Thread_local struct {
	void (*act)(void *arg);
	void *arg;
} prepared;

void waiting_prepare(void (*act)(void *arg), void *arg)
{
	prepared.act = act;
	prepared.arg = arg;
}

void waiting_begin(void)
{
	void (*act)(void *arg) = prepared.act;
	int saved = errno;

	prepared.act = NULL;
	if (act)
		act(prepared.arg);
	errno = saved;
}

static bool has_byte(int file, off_t offset)
{
	char byte;
	struct iovec part = { &byte, 1 };

	return preadv2(file, &part, 1, offset, RWF_NOWAIT) == 1;
}

bool waiting_has_at_hand(int file, off_t offset, size_t size)
{
	return has_byte(file, offset) && has_byte(file, offset + size - 1);
}

void waiting_begin_unless_at_hand(int file, off_t offset, size_t size)
{
	if (prepared.act && !waiting_has_at_hand(file, offset, size))
		waiting_begin();
}
