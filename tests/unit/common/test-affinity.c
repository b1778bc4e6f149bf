/* SPDX-License-Identifier: BSD-3-Clause */
/* A thread is pinned to a CPU, and gets back the CPUs that it had. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "common/affinity.h"

static cpu_set_t allowed(void)
{
	cpu_set_t set;

	assert_int_equal(sched_getaffinity(0, sizeof(set), &set), 0);
	return set;
}

static int last_cpu(const cpu_set_t *set)
{
	int cpu = CPU_SETSIZE - 1;

	while (cpu >= 0 && !CPU_ISSET(cpu, set))
		cpu--;
	return cpu;
}

static void a_pinned_thread_stays(void **state)
{
	struct affinity affinity = { .is_changed = false };
	cpu_set_t before = allowed(), now;
	int cpu = affinity_pin(&affinity);

	(void)state;
	assert_true(cpu >= 0);
	assert_true(CPU_ISSET(cpu, &before));
	now = allowed();
	assert_int_equal(CPU_COUNT(&now), 1);
	assert_true(CPU_ISSET(cpu, &now));
	assert_int_equal(sched_getcpu(), cpu);
	affinity_restore(&affinity);
	now = allowed();
	assert_true(CPU_EQUAL(&now, &before));
}

static void a_moved_thread_is_there(void **state)
{
	struct affinity affinity = { .is_changed = false };
	cpu_set_t before = allowed(), now;
	int cpu = last_cpu(&before);

	(void)state;
	affinity_move(&affinity, cpu);
	assert_int_equal(sched_getcpu(), cpu);
	/* The second move must not become what is restored. */
	affinity_move(&affinity, cpu);
	affinity_restore(&affinity);
	affinity_restore(&affinity);
	now = allowed();
	assert_true(CPU_EQUAL(&now, &before));
}

static void other_cpus_are_refused(void **state)
{
	struct affinity affinity = { .is_changed = false };
	cpu_set_t before = allowed(), now;
	int numbers[] = { -1, CPU_SETSIZE, last_cpu(&before) + 1 };
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(numbers) / sizeof(*numbers); i++) {
		affinity_move(&affinity, numbers[i]);
		assert_false(affinity.is_changed);
		now = allowed();
		assert_true(CPU_EQUAL(&now, &before));
	}
}

static void the_allowed_cpus_are_counted(void **state)
{
	struct affinity affinity = { .is_changed = false };
	cpu_set_t before = allowed(), cpus;
	int cpu;

	(void)state;
	assert_int_equal(affinity_cpus(&cpus), CPU_COUNT(&before));
	assert_true(CPU_EQUAL(&cpus, &before));
	cpu = affinity_pin(&affinity);
	assert_int_equal(affinity_cpus(&cpus), 1);
	assert_true(CPU_ISSET(cpu, &cpus));
	affinity_restore(&affinity);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_pinned_thread_stays),
		cmocka_unit_test(a_moved_thread_is_there),
		cmocka_unit_test(other_cpus_are_refused),
		cmocka_unit_test(the_allowed_cpus_are_counted),
	};

	return cmocka_run_group_tests_name("affinity", tests, NULL, NULL);
}
