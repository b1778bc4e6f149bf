/* SPDX-License-Identifier: BSD-3-Clause */
/* The list of variables, and its bytes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "spank/plugin/environment/variables/environment.h"
#include "tests/unit/plugin/environment/edits.h"

static void each_name_has_one_entry(void **state)
{
	CLEANUP_ENVIRONMENT struct environment list = { .count = 0 };
	struct error err = { 0 };

	(void)state;
	environment_set(&list, "A", "1", ENVIRONMENT_JOB, &err);
	environment_set(&list, "B", "", ENVIRONMENT_JOB, &err);
	environment_add(&list, "A=2=3", ENVIRONMENT_IMAGE, &err);
	environment_add(&list, "C", ENVIRONMENT_IMAGE, &err);
	assert_int_equal(list.count, 3);
	assert_string_equal(environment_value(&list, "A"), "2=3");
	assert_string_equal(environment_value(&list, "B"), "");
	assert_null(environment_value(&list, "C"));
	assert_non_null(environment_entry(&list, "C"));
	assert_null(environment_entry(&list, "D"));
	environment_remove(&list, "A");
	environment_remove(&list, "D");
	assert_int_equal(list.count, 2);
	assert_string_equal(environment_value(&list, "B"), "");
	environment_remove(&list, "C");
	environment_remove(&list, "B");
	environment_remove(&list, "B");
	assert_int_equal(list.count, 0);
}

static void a_value_can_be_set_to_itself(void **state)
{
	CLEANUP_ENVIRONMENT struct environment list = { .count = 0 };
	struct error err = { 0 };

	(void)state;
	environment_set(&list, "A", "value", ENVIRONMENT_JOB, &err);
	environment_set(&list, "A", environment_value(&list, "A"),
		ENVIRONMENT_JOB, &err);
	assert_string_equal(environment_value(&list, "A"), "value");
}

static void too_many_names_are_refused(void **state)
{
	CLEANUP_ENVIRONMENT struct environment list = { .count = 0 };
	struct error err = { 0 };
	char name[16];
	int i;

	(void)state;
	for (i = 0; i < ENVIRONMENT_ENTRIES_MAX; i++) {
		snprintf(name, sizeof(name), "N%d", i);
		assert_int_equal(
			environment_set(&list, name, "", ENVIRONMENT_JOB, &err),
			0);
	}
	assert_int_equal(
		environment_set(&list, "N0", "1", ENVIRONMENT_JOB, &err), 0);
	assert_int_equal(environment_set(&list, "X", "", ENVIRONMENT_JOB, &err),
		-1);
	assert_non_null(strstr(err.text, "4096"));
}

static void unpacking_restores_the_list(void **state)
{
	static const char *const texts[] = { "A=1", "EMPTY=", "GONE",
		"NASTY=\"'$(id)`x`\\\n\t=;\xff\x01", "BASH_FUNC_f%%=() { :\n}",
		NULL };
	CLEANUP_ENVIRONMENT struct environment list = { .count = 0 };
	CLEANUP_ENVIRONMENT struct environment back = { .count = 0 };
	struct error err = { 0 };
	char *bytes = NULL;
	size_t i, size;

	(void)state;
	for (i = 0; texts[i]; i++)
		environment_add(&list, texts[i], ENVIRONMENT_IMAGE, &err);
	assert_int_equal(environment_pack(&list, &bytes, &size, &err), 0);
	assert_int_equal(environment_unpack(bytes, size, ENVIRONMENT_OPTION,
				 &back, &err),
		0);
	free(bytes);
	assert_int_equal(back.count, list.count);
	for (i = 0; i < list.count; i++)
		assert_edit(&back, list.entries[i].name, list.entries[i].value,
			ENVIRONMENT_OPTION);
}

static void an_empty_list_packs_to_no_bytes(void **state)
{
	CLEANUP_ENVIRONMENT struct environment list = { .count = 0 };
	struct error err = { 0 };
	char *bytes = NULL;
	size_t size = 1;

	(void)state;
	assert_int_equal(environment_pack(&list, &bytes, &size, &err), 0);
	assert_int_equal(size, 0);
	assert_int_equal(
		environment_unpack(bytes, 0, ENVIRONMENT_JOB, &list, &err), 0);
	assert_int_equal(list.count, 0);
	free(bytes);
}

static void malformed_bytes_are_refused(void **state)
{
	static const struct {
		const char *bytes;
		size_t size;
	} bad[] = {
		{ "A=1", 3 },        /* cut-short */
		{ "A=1\0B", 5 },     /* cut-short-second */
		{ "\0", 1 },         /* empty-entry */
		{ "A=1\0\0B=2", 8 }, /* empty-entry-between */
		{ "=1", 3 },         /* no-name */
	};
	struct environment list = { .count = 0 };
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		struct error err = { 0 };

		assert_int_equal(environment_unpack(bad[i].bytes, bad[i].size,
					 ENVIRONMENT_JOB, &list, &err),
			-1);
		assert_int_not_equal(err.text[0], '\0');
		assert_int_equal(list.count, 0);
	}
}

static void too_many_bytes_are_refused(void **state)
{
	struct environment list = { .count = 0 };
	struct error err = { 0 };

	(void)state;
	assert_int_equal(
		environment_unpack("", SIZE_MAX, ENVIRONMENT_JOB, &list, &err),
		-1);
	assert_int_equal(environment_unpack("", ENVIRONMENT_SIZE_MAX + 1,
				 ENVIRONMENT_JOB, &list, &err),
		-1);
}

static void envp_has_only_variables_with_values(void **state)
{
	CLEANUP_ENVIRONMENT struct environment list = { .count = 0 };
	struct error err = { 0 };
	char **envp;

	(void)state;
	environment_add(&list, "A=1", ENVIRONMENT_JOB, &err);
	environment_add(&list, "GONE", ENVIRONMENT_JOB, &err);
	environment_add(&list, "B=", ENVIRONMENT_JOB, &err);
	envp = environment_to_envp(&list);
	assert_string_equal(envp[0], "A=1");
	assert_string_equal(envp[1], "B=");
	assert_null(envp[2]);
	free(envp);
}

static void unset_names_are_described_by_source(void **state)
{
	CLEANUP_ENVIRONMENT struct environment list = { .count = 0 };
	struct error err = { 0 };
	char text[12];

	(void)state;
	environment_add(&list, "A=1", ENVIRONMENT_IMAGE, &err);
	environment_add(&list, "B", ENVIRONMENT_OPTION, &err);
	environment_add(&list, "GONE", ENVIRONMENT_IMAGE, &err);
	assert_int_equal(environment_describe_absent(&list, ENVIRONMENT_IMAGE,
				 text, sizeof(text)),
		1);
	assert_string_equal(text, "GONE");
	environment_add(&list, "LONGER", ENVIRONMENT_IMAGE, &err);
	environment_add(&list, "MORE", ENVIRONMENT_IMAGE, &err);
	assert_int_equal(environment_describe_absent(&list, ENVIRONMENT_IMAGE,
				 text, sizeof(text)),
		3);
	assert_string_equal(text, "GONE LON...");
	assert_int_equal(environment_describe_absent(&list,
				 ENVIRONMENT_CONTAINER, text, sizeof(text)),
		0);
	assert_string_equal(text, "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_name_has_one_entry),
		cmocka_unit_test(a_value_can_be_set_to_itself),
		cmocka_unit_test(too_many_names_are_refused),
		cmocka_unit_test(unpacking_restores_the_list),
		cmocka_unit_test(an_empty_list_packs_to_no_bytes),
		cmocka_unit_test(malformed_bytes_are_refused),
		cmocka_unit_test(too_many_bytes_are_refused),
		cmocka_unit_test(envp_has_only_variables_with_values),
		cmocka_unit_test(unset_names_are_described_by_source),
	};

	return cmocka_run_group_tests_name("environment list", tests, NULL,
		NULL);
}
