/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Threads that run before their starter goes on: a semaphore, on the starter's
 * stack, is posted by the new thread.
 */
#include <errno.h>
#include <limits.h>
#include <pthread.h>
#include <semaphore.h>

#include "spank/server/fuse/thread.h"

#define STACK_SIZE (256 * 1024)

struct start {
	void *(*run)(void *);
	void *arg;
	sem_t running;
};

static void *run_thread(void *arg)
{
	struct start *start = arg;
	void *(*run)(void *) = start->run;
	void *run_arg = start->arg;

	sem_post(&start->running); /* from now on *start is gone */
	return run(run_arg);
}

void thread_wait(sem_t *semaphore)
{
	while (sem_wait(semaphore) < 0)
		;
}

int thread_start(void *(*run)(void *), void *arg)
{
	struct start start = { run, arg, { { 0 } } };
	pthread_attr_t attributes;
	pthread_t thread;
	int failed;

	sem_init(&start.running, 0, 0);
	pthread_attr_init(&attributes);
	pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
	pthread_attr_setstacksize(&attributes, STACK_SIZE);
	failed = pthread_create(&thread, &attributes, run_thread, &start);
	pthread_attr_destroy(&attributes);
	if (failed) {
		errno = failed;
		return -1;
	}
	thread_wait(&start.running);
	return 0;
}
