/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SPANK_PLUGIN_DEPUTY_H
#define SPANK_PLUGIN_DEPUTY_H

#include <pthread.h>
#include <semaphore.h>
#include <stdbool.h>
#include <stdint.h>

#include "spank/plugin/step.h"

/*
 * A thread of slurmstepd that does the work of hooks which Slurm calls in
 * another process (contain_spank, see step_is_contained()).  That process
 * shares slurmstepd's memory but has descriptors, children and a mount
 * namespace of its own.  The thread has slurmstepd's.
 */
struct deputy {
	pthread_t thread;
	bool is_running;
	sem_t asked;    /* there is work, or the thread is to end */
	sem_t finished; /* a wake-up: the counts below tell */
	bool is_ending;
	uint32_t asked_count;    /* written by hooks, one at a time */
	uint32_t finished_count; /* written by the thread */
	/* The work; a copy, as a hook may be killed while the thread is at
	 * it. */
	void (*work)(struct step *step, const struct task_event *event);
	struct step *step;
	struct task_event event;
};

/* In slurmstepd itself.  Without the thread deputy_do() does nothing. */
void deputy_start(struct deputy *deputy);

/*
 * Do the work: here in slurmstepd, otherwise in the thread.  Returns when it is
 * done, or after a deadline that only a hung file system or a busy node makes
 * it miss.
 */
void deputy_do(struct deputy *deputy,
	void (*work)(struct step *step, const struct task_event *event),
	struct step *step, const struct task_event *event);

/* End the thread, after the work that it has begun. */
void deputy_stop(struct deputy *deputy);

#endif
