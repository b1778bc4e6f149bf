/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SPANK_SERVER_FUSE_THREAD_H
#define SPANK_SERVER_FUSE_THREAD_H

#include <semaphore.h>

/*
 * Start a detached thread with a small stack, and wait until it is in `run`:
 * the narrowed sandbox forbids the system calls with which a thread starts.  -1
 * with errno.
 */
int thread_start(void *(*run)(void *), void *arg);

/* sem_wait(3), repeated if a signal interrupts it. */
void thread_wait(sem_t *semaphore);

#endif
