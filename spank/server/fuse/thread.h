/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SPANK_SERVER_FUSE_THREAD_H
#define SPANK_SERVER_FUSE_THREAD_H

#include <semaphore.h>

/*
 * Start a thread with a small stack, which runs until the process ends, and
 * wait until it is in `run`: what the C library asks of the kernel before, the
 * narrowed sandbox does not allow.  -1 with errno.
 */
int thread_start(void *(*run)(void *), void *arg);

/* As sem_wait(3), whatever signals come. */
void thread_wait(sem_t *semaphore);

#endif
