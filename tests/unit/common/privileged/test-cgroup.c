/* SPDX-License-Identifier: BSD-3-Clause */
/* Lines of /proc/PID/cgroup, and the files that they mean. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "common/privileged/cgroup.h"

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

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(lines_of_both_versions_are_understood),
		cmocka_unit_test(other_lines_are_refused),
		cmocka_unit_test(a_line_that_is_too_long_is_refused),
	};

	return cmocka_run_group_tests_name("cgroup", tests, NULL, NULL);
}
