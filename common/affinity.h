/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef COMMON_AFFINITY_H
#define COMMON_AFFINITY_H

#include <sched.h>
#include <stdbool.h>

/*
 * Two processes that exchange short requests and answers are faster on the same
 * CPU: waking an idle CPU takes longer than the answer itself.
 */
struct affinity {
	cpu_set_t before;
	bool is_changed;
};

/* Pin the caller to its current CPU.  Returns the CPU's number, -1 on failure.
 */
int affinity_pin(struct affinity *affinity);

/* Move the caller to that CPU and pin it there, if its affinity allows that. */
void affinity_move(struct affinity *affinity, int cpu);

/* The CPUs that the caller may run on, and their number; 0 if a set cannot hold
 * them. */
int affinity_cpus(cpu_set_t *ret_cpus);

/* Restore the affinity that the caller had before.  Safe to call twice. */
void affinity_restore(struct affinity *affinity);

#endif
