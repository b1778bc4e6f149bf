/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef COMMON_AFFINITY_H
#define COMMON_AFFINITY_H

#include <sched.h>
#include <stdbool.h>

/*
 * Two processes that wait for each other's short answers are faster on one CPU:
 * to wake one that idles takes longer than the answer.
 */
struct affinity {
	cpu_set_t before;
	bool is_changed;
};

/* Stay on the CPU where the caller is.  Returns its number; -1 if it cannot. */
int affinity_pin(struct affinity *affinity);

/* Go to that CPU, if the caller may use it. */
void affinity_move(struct affinity *affinity, int cpu);

/* All that the caller might use before, again.  Safe to call twice. */
void affinity_restore(struct affinity *affinity);

#endif
