/* SPDX-License-Identifier: BSD-3-Clause */
#include "common/affinity.h"

void affinity_move(struct affinity *affinity, int cpu)
{
	cpu_set_t one;

	if (affinity->is_changed || cpu < 0 || cpu >= CPU_SETSIZE ||
		sched_getaffinity(0, sizeof(affinity->before),
			&affinity->before) < 0 ||
		!CPU_ISSET(cpu, &affinity->before))
		return;
	CPU_ZERO(&one);
	CPU_SET(cpu, &one);
	affinity->is_changed = sched_setaffinity(0, sizeof(one), &one) == 0;
}

int affinity_pin(struct affinity *affinity)
{
	int cpu = sched_getcpu();

	affinity_move(affinity, cpu);
	return affinity->is_changed ? cpu : -1;
}

int affinity_cpus(cpu_set_t *ret_cpus)
{
	if (sched_getaffinity(0, sizeof(*ret_cpus), ret_cpus) < 0)
		return 0;
	return CPU_COUNT(ret_cpus);
}

void affinity_restore(struct affinity *affinity)
{
	if (affinity->is_changed)
		sched_setaffinity(0, sizeof(affinity->before),
			&affinity->before);
	affinity->is_changed = false;
}
