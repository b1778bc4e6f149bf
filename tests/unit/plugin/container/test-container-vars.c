/* SPDX-License-Identifier: BSD-3-Clause */
/* The variables that tell a program which container it is in. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "spank/plugin/container/container_vars.h"

static void assert_vars(char **vars, const char *const *expected)
{
	size_t i;

	for (i = 0; expected[i]; i++) {
		assert_non_null(vars[i]);
		assert_string_equal(vars[i], expected[i]);
	}
	assert_null(vars[i]);
}

static void an_image_has_its_variables(void **state)
{
	static const char *const expected[] = { "HOME=/home/a",
		"SIF_UUID=11-22", "SIF_IMAGE=/data/a b.sif", "SIF_NAME=a b.sif",
		"SIF_PARTITION=4096:1234", "SINGULARITY_NAME=a b.sif",
		"SINGULARITY_CONTAINER=/data/a b.sif", "APPTAINER_NAME=a b.sif",
		"APPTAINER_CONTAINER=/data/a b.sif", NULL };
	const struct image_info info = { .offset = 4096,
		.size = 1234,
		.uuid = "11-22" };
	char *vars[CONTAINER_VARS_MAX + 1] = { NULL };
	struct error err = { 0 };

	(void)state;
	assert_int_equal(container_vars_add(vars, &err, "HOME=%s", "/home/a"),
		0);
	assert_int_equal(
		container_vars_add_image("/data/a b.sif", &info, vars, &err),
		0);
	assert_vars(vars, expected);
	container_vars_free(vars);
	assert_null(vars[0]);
}

static void a_bare_squashfs_has_no_uuid(void **state)
{
	static const char *const expected[] = { "SIF_IMAGE=a.sif",
		"SIF_NAME=a.sif", "SIF_PARTITION=0:1", "SINGULARITY_NAME=a.sif",
		"SINGULARITY_CONTAINER=a.sif", "APPTAINER_NAME=a.sif",
		"APPTAINER_CONTAINER=a.sif", NULL };
	const struct image_info info = { .size = 1 };
	char *vars[CONTAINER_VARS_MAX + 1] = { NULL };
	struct error err = { 0 };

	(void)state;
	assert_int_equal(container_vars_add_image("a.sif", &info, vars, &err),
		0);
	assert_vars(vars, expected);
	container_vars_free(vars);
}

static void a_full_list_is_a_failure(void **state)
{
	char *vars[CONTAINER_VARS_MAX + 1] = { NULL };
	struct error err = { 0 };
	int i;

	(void)state;
	for (i = 0; i < CONTAINER_VARS_MAX; i++)
		assert_int_equal(container_vars_add(vars, &err, "A%d=", i), 0);
	assert_int_equal(container_vars_add(vars, &err, "B="), -1);
	assert_non_null(strstr(err.text, "more than 63 variables"));
	assert_null(vars[CONTAINER_VARS_MAX]);
	container_vars_free(vars);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_image_has_its_variables),
		cmocka_unit_test(a_bare_squashfs_has_no_uuid),
		cmocka_unit_test(a_full_list_is_a_failure),
	};

	return cmocka_run_group_tests_name("container variables", tests, NULL,
		NULL);
}
