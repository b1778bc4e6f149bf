/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef COMMON_CLEANUP_H
#define COMMON_CLEANUP_H

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

/*
 * Cleanup attributes for locals: on every way out of the scope the descriptor
 * is closed or the memory freed, and errno is preserved.  To return or store a
 * value, take it out with fd_take() or pointer_take().
 */
#define CLEANUP_FD   __attribute__((cleanup(cleanup_fd)))
#define CLEANUP_FREE __attribute__((cleanup(cleanup_free)))

/* Close *fd unless it is negative, and set it to -1.  Preserves errno. */
static inline void cleanup_fd(int *fd)
{
	int saved = errno;

	if (*fd >= 0)
		close(*fd);
	*fd = -1;
	errno = saved;
}

/* `memory` is the address of a pointer: free() that pointer.  Preserves errno.
 */
static inline void cleanup_free(void *memory)
{
	int saved = errno;

	free(*(void **)memory);
	errno = saved;
}

/* Move the descriptor out of *fd, which becomes -1.  The caller owns it. */
static inline int fd_take(int *fd)
{
	int taken = *fd;

	*fd = -1;
	return taken;
}

/* Move the pointer out of *memory, which becomes NULL.  The caller owns it. */
static inline void *pointer_take(void *memory)
{
	void *taken = *(void **)memory;

	*(void **)memory = NULL;
	return taken;
}

#endif
