/* SPDX-License-Identifier: BSD-3-Clause */
/* Lines of /proc/PID/cgroup, the files that they mean, and memory limits. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <cmocka.h>

#include "common/privileged/cgroup.h"
#include "spank/plugin/container/cgroup_memory.h"

static void lines_of_both_versions_are_understood(void **state)
{
	static const char *const cases[][2] = {
		{ "0::/system.slice/step\n",
			"/sys/fs/cgroup/system.slice/step/cgroup.procs" },
		{ "6:freezer:/slurm/uid_1/job_2/step_0\n",
			"/sys/fs/cgroup/freezer/slurm/uid_1/job_2/step_0/"
			"cgroup.procs" },
		{ "4:cpu,cpuacct:/\n",
			"/sys/fs/cgroup/cpu,cpuacct//cgroup.procs" },
		{ "1:name=systemd:/a:b\n",
			"/sys/fs/cgroup/systemd/a:b/cgroup.procs" },
	};
	char path[PATH_MAX];
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		assert_int_equal(priv_cgroup_procs(cases[i][0], path), 0);
		assert_string_equal(path, cases[i][1]);
	}
}

static void other_lines_are_refused(void **state)
{
	static const char *const cases[] = { "", "\n", "0", "0:cpu",
		"0:cpu:", "0:cpu:relative" };
	char path[PATH_MAX];
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(*cases); i++)
		assert_int_equal(priv_cgroup_procs(cases[i], path), -1);
}

static void a_line_that_is_too_long_is_refused(void **state)
{
	char line[2 * PATH_MAX], path[PATH_MAX];

	(void)state;
	memset(line, 'x', sizeof(line));
	memcpy(line, "0::/", 4);
	line[sizeof(line) - 1] = '\0';
	assert_int_equal(priv_cgroup_procs(line, path), -1);
}

/* Below a directory that stands for /sys/fs/cgroup. */
static void put(const char *mount, const char *name, const char *text)
{
	char path[PATH_MAX], *slash;
	FILE *file;

	snprintf(path, sizeof(path), "%s/%s", mount, name);
	for (slash = path + strlen(mount) + 1; (slash = strchr(slash, '/'));
		slash++) {
		*slash = '\0';
		mkdir(path, 0700);
		*slash = '/';
	}
	file = fopen(path, "w");
	assert_non_null(file);
	assert_true(fputs(text, file) >= 0);
	assert_int_equal(fclose(file), 0);
}

static void remove_tree(const char *path)
{
	char command[PATH_MAX + 16];

	snprintf(command, sizeof(command), "rm -r '%s'", path);
	assert_int_equal(system(command), 0);
}

static void the_smallest_memory_limit_counts(void **state)
{
	static const struct {
		const char *membership;
		uint64_t limit;
	} cases[] = {
		/* Of all groups of version 2, and not of others' */
		{ "0::/all/job/step/task\n", 3000 },
		{ "0::/all/job/step\n", 3000 },
		{ "0::/all/job\n", 4000 },
		{ "0::/all\n", 5000 },
		{ "0::/high\n", 1000 },
		{ "0::/\n", UINT64_MAX },
		{ "0::/nonesuch\n", UINT64_MAX },
		/* Version 1 has summed it up already. */
		{ "9:cpu:/job\n4:memory:/job\n0::/\n", 2000 },
		{ "4:cpu,memory:/job\n", 1500 },
		{ "4:memory:/free\n", 9223372036854771712u },
		{ "9:cpu:/job\n4:memories:/job\n", UINT64_MAX },
		{ "", UINT64_MAX },
	};
	char mount[] = "/tmp/test-cgroup.XXXXXX";
	size_t i;

	(void)state;
	assert_non_null(mkdtemp(mount));
	put(mount, "all/memory.max", "5000\n");
	put(mount, "all/job/memory.max", "4000\n");
	put(mount, "all/job/step/memory.max", "max\n");
	put(mount, "all/job/step/memory.high", "3000\n");
	put(mount, "all/job/step/task/memory.max", "max\n");
	put(mount, "all/other/memory.max", "1\n");
	put(mount, "high/memory.max", "max\n");
	put(mount, "high/memory.high", "1000\n");
	put(mount, "memory/job/memory.stat",
		"cache 1\nhierarchical_memory_limit 2000\ntotal_cache 2\n");
	put(mount, "cpu,memory/job/memory.stat",
		"cache 1\nhierarchical_memory_limit 1500\n");
	put(mount, "memory/free/memory.stat",
		"cache 1\nhierarchical_memory_limit 9223372036854771712\n");
	for (i = 0; i < sizeof(cases) / sizeof(*cases); i++)
		if (cgroup_memory_limit_of(mount, cases[i].membership) !=
			cases[i].limit)
			fail_msg("%s", cases[i].membership);
	remove_tree(mount);
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
		cmocka_unit_test(lines_of_both_versions_are_understood),
		cmocka_unit_test(other_lines_are_refused),
		cmocka_unit_test(a_line_that_is_too_long_is_refused),
		cmocka_unit_test(the_smallest_memory_limit_counts),
		cmocka_unit_test(the_node_has_a_limit_too),
	};

	return cmocka_run_group_tests_name("cgroup", tests, NULL, NULL);
}
