/* SPDX-License-Identifier: BSD-3-Clause */
/* The memory limit of a process; a directory plays /sys/fs/cgroup. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "spank/plugin/container/cgroup_memory.h"
#include "tests/unit/scratch.h"

static void the_smallest_memory_limit_counts(void **state)
{
	static const struct {
		const char *membership;
		uint64_t limit;
	} cases[] = {
		/* Version 2: all groups above count, and no others. */
		{ "0::/all/job/step/task\n", 3000 },
		{ "0::/all/job/step\n", 3000 },
		{ "0::/all/job\n", 4000 },
		{ "0::/all\n", 5000 },
		{ "0::/high\n", 1000 },
		{ "0::/\n", UINT64_MAX },
		{ "0::/nonesuch\n", UINT64_MAX },
		/* Version 1: one file has the smallest. */
		{ "9:cpu:/job\n4:memory:/job\n0::/\n", 2000 },
		{ "4:cpu,memory:/job\n", 1500 },
		{ "4:memory:/free\n", 9223372036854771712u },
		{ "9:cpu:/job\n4:memories:/job\n", UINT64_MAX },
		{ "", UINT64_MAX },
	};
	size_t i;

	(void)state;
	scratch_write("all/memory.max", "5000\n");
	scratch_write("all/job/memory.max", "4000\n");
	scratch_write("all/job/step/memory.max", "max\n");
	scratch_write("all/job/step/memory.high", "3000\n");
	scratch_write("all/job/step/task/memory.max", "max\n");
	scratch_write("all/other/memory.max", "1\n");
	scratch_write("high/memory.max", "max\n");
	scratch_write("high/memory.high", "1000\n");
	scratch_write("memory/job/memory.stat",
		"cache 1\nhierarchical_memory_limit 2000\ntotal_cache 2\n");
	scratch_write("cpu,memory/job/memory.stat",
		"cache 1\nhierarchical_memory_limit 1500\n");
	scratch_write("memory/free/memory.stat",
		"cache 1\nhierarchical_memory_limit 9223372036854771712\n");
	for (i = 0; i < sizeof(cases) / sizeof(*cases); i++)
		if (cgroup_memory_limit_of(scratch_directory(),
			    cases[i].membership) != cases[i].limit)
			fail_msg("%s", cases[i].membership);
}

static void the_node_has_a_limit_too(void **state)
{
	(void)state;
	assert_true(cgroup_memory_limit() > 0);
	assert_true(cgroup_memory_limit() < UINT64_MAX);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_smallest_memory_limit_counts),
		cmocka_unit_test(the_node_has_a_limit_too),
	};

	return cmocka_run_group_tests_name("cgroup memory", tests, scratch_make,
		scratch_remove);
}
