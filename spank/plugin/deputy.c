/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The thread is started before the tasks are forked, since no later hook before
 * exit is called in slurmstepd itself when it matters.  It waits until it is
 * asked, and blocks all signals.
 *
 * The process of a hook may be killed at any moment: Slurm counts it among the
 * processes of the step.  So no lock is held across processes, and a hook waits
 * until the work of the one before is done.  Semaphores work between processes
 * that share their memory.
 */
#include <errno.h>
#include <signal.h>
#include <time.h>

#include "spank/plugin/deputy.h"

/* The longest work is the end of a mount on the host: at most 5 s. */
#define WORK_TIMEOUT_S 10

static bool is_idle(const struct deputy *deputy)
{
	return __atomic_load_n(&deputy->finished_count, __ATOMIC_ACQUIRE) ==
	       __atomic_load_n(&deputy->asked_count, __ATOMIC_ACQUIRE);
}

static void *work_when_asked(void *argument)
{
	struct deputy *deputy = argument;

	for (;;) {
		while (sem_wait(&deputy->asked) < 0 && errno == EINTR)
			;
		if (__atomic_load_n(&deputy->is_ending, __ATOMIC_ACQUIRE))
			return NULL;
		if (is_idle(deputy))
			continue;
		deputy->work(deputy->step, &deputy->event);
		__atomic_add_fetch(&deputy->finished_count, 1,
			__ATOMIC_RELEASE);
		sem_post(&deputy->finished);
	}
}

void deputy_start(struct deputy *deputy)
{
	sigset_t all, before;

	if (sem_init(&deputy->asked, 0, 0) < 0 ||
		sem_init(&deputy->finished, 0, 0) < 0)
		return;
	/* Signals are for Slurm's own threads. */
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	deputy->is_running = pthread_create(&deputy->thread, NULL,
				     work_when_asked, deputy) == 0;
	if (deputy->is_running)
		pthread_setname_np(deputy->thread, "spank-sif-hooks");
	pthread_sigmask(SIG_SETMASK, &before, NULL);
}

/* Returns false if the thread is still at work when the deadline passes. */
static bool wait_until_idle(struct deputy *deputy)
{
	struct timespec end;

	if (is_idle(deputy))
		return true;
	/* Also for a hook that was killed before it did this. */
	sem_post(&deputy->asked);
	clock_gettime(CLOCK_MONOTONIC, &end);
	end.tv_sec += WORK_TIMEOUT_S;
	while (!is_idle(deputy))
		if (sem_clockwait(&deputy->finished, CLOCK_MONOTONIC, &end) <
				0 &&
			errno != EINTR)
			return false;
	return true;
}

void deputy_do(struct deputy *deputy,
	void (*work)(struct step *step, const struct task_event *event),
	struct step *step, const struct task_event *event)
{
	if (!step_is_contained(step)) {
		work(step, event);
		return;
	}
	if (!deputy->is_running || !wait_until_idle(deputy))
		return;
	deputy->work = work;
	deputy->step = step;
	deputy->event = *event;
	__atomic_add_fetch(&deputy->asked_count, 1, __ATOMIC_RELEASE);
	wait_until_idle(deputy);
}

void deputy_stop(struct deputy *deputy)
{
	if (!deputy->is_running)
		return;
	__atomic_store_n(&deputy->is_ending, true, __ATOMIC_RELEASE);
	sem_post(&deputy->asked);
	pthread_join(deputy->thread, NULL);
	deputy->is_running = false;
}
