/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef COMMON_CLEANUP_H
#define COMMON_CLEANUP_H

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

/*
 * Cleanup attributes for locals: the descriptor is closed, the memory freed,
 * on every way out of the scope, and errno survives.  Take a value out with
 * fd_take() or pointer_take() to return or store it.
 */
#define CLEANUP_FD   __attribute__((cleanup(cleanup_fd)))
#define CLEANUP_FREE __attribute__((cleanup(cleanup_free)))

/* Close *fd if it is one, and make it -1.  Keeps errno. */
static inline void cleanup_fd(int *fd)
{
	int saved = errno;

	if (*fd >= 0)
		close(*fd);
	*fd = -1;
	errno = saved;
}

/* free() what the pointer that lies at `memory` points to.  Keeps errno. */
static inline void cleanup_free(void *memory)
{
	int saved = errno;

	free(*(void **)memory);
	errno = saved;
}

/* Move the descriptor out of *fd: the caller owns the result. */
static inline int fd_take(int *fd)
{
	int taken = *fd;

	*fd = -1;
	return taken;
}

/* Move the pointer out of *memory, which becomes NULL. */
static inline void *pointer_take(void *memory)
{
	void *taken = *(void **)memory;

	*(void **)memory = NULL;
	return taken;
}

#endif
