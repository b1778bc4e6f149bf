/* SPDX-License-Identifier: BSD-3-Clause */
/* Which script has changed a variable last. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "common/cleanup.h"
#include "spank/plugin/environment/setters.h"

static void put(struct environment *list, const char *name, const char *value)
{
	struct error err = { 0 };

	assert_int_equal(
		environment_set(list, name, value, ENVIRONMENT_IMAGE, &err), 0);
}

static void assert_setter(const struct environment *setters, const char *name,
	const char *script)
{
	const char *found = environment_value(setters, name);

	if (script)
		assert_string_equal(found, script);
	else
		assert_null(found);
}

/* --- scripts that are read ------------------------------------------------ */

static void the_last_change_counts(void **state)
{
	CLEANUP_ENVIRONMENT struct environment exported = { .count = 0 };
	CLEANUP_ENVIRONMENT struct environment seen = { .count = 0 };
	CLEANUP_ENVIRONMENT struct environment setters = { .count = 0 };
	struct error err = { 0 };

	(void)state;
	put(&exported, "PATH", "/bin");
	assert_int_equal(
		image_setters_note(&exported, NULL, &seen, &setters, &err), 0);
	put(&exported, "A", "1");
	put(&exported, "B", "1");
	assert_int_equal(
		image_setters_note(&exported, "10.sh", &seen, &setters, &err),
		0);
	put(&exported, "A", "2");
	put(&exported, "B", "1");
	put(&exported, "C", "");
	assert_int_equal(
		image_setters_note(&exported, "20.sh", &seen, &setters, &err),
		0);
	assert_setter(&setters, "A", "20.sh");
	assert_setter(&setters, "B", "10.sh");
	assert_setter(&setters, "C", "20.sh");
	assert_setter(&setters, "PATH", NULL);
}

/* --- scripts that a shell runs -------------------------------------------- */

/* Snapshots as a shell exports them: before and after 2 scripts, and at the
 * end.
 */
static void put_snapshots(struct environment *image, const char *const *texts)
{
	char name[32];
	size_t i;

	for (i = 0; i <= 3; i++) {
		snprintf(name, sizeof(name), "__sif_exported_%zu", i);
		put(image, name, texts[i]);
	}
}

static void read_snapshots(const char *const *texts,
	struct environment *ret_image, struct environment *ret_setters)
{
	char *names[] = { "10.sh", "20.sh" };
	struct error err = { 0 };

	put(ret_image, "A", "");
	put(ret_image, "AB", "");
	put(ret_image, "PATH", "");
	put_snapshots(ret_image, texts);
	assert_int_equal(image_setters_read_snapshots(ret_image, names, 2,
				 ret_setters, &err),
		0);
	/* The snapshots themselves are removed. */
	assert_int_equal(ret_image->count, 3);
}

static void snapshots_of_each_shell_are_compared(void **state)
{
	static const char *const dash[] = { "export PATH='/bin'\n",
		"export A='1'\nexport PATH='/bin'\n",
		"export A='1\n2'\nexport AB='1'\nexport PATH='/bin'\n", "" };
	static const char *const bash[] = { "declare -x PATH=\"/bin\"\n",
		"declare -x A=\"1\"\ndeclare -x PATH=\"/bin\"\n",
		("declare -x A=\"1\n2\"\ndeclare -x AB=\"1\"\n"
		 "declare -x PATH=\"/bin\"\n"),
		"" };
	const char *const *const all[] = { dash, bash };
	size_t i;

	(void)state;
	for (i = 0; i < 2; i++) {
		CLEANUP_ENVIRONMENT struct environment image = { .count = 0 };
		CLEANUP_ENVIRONMENT struct environment setters = { .count = 0 };

		read_snapshots(all[i], &image, &setters);
		assert_setter(&setters, "A", "20.sh");
		assert_setter(&setters, "AB", "20.sh");
		assert_setter(&setters, "PATH", NULL);
	}
}

/* `exit 0` in a script: the snapshot at the end is its own. */
static void an_exit_ends_with_the_last_snapshot(void **state)
{
	static const char *const texts[] = { "export PATH='/bin'\n", "", "",
		"export A='1'\nexport PATH='/bin'\n" };
	CLEANUP_ENVIRONMENT struct environment image = { .count = 0 };
	CLEANUP_ENVIRONMENT struct environment setters = { .count = 0 };

	(void)state;
	read_snapshots(texts, &image, &setters);
	assert_setter(&setters, "A", "10.sh");
	assert_setter(&setters, "PATH", NULL);
}

static void snapshots_may_be_anything(void **state)
{
	static const char *const texts[] = { "", "\n\n", "export ",
		"export A\ndeclare -x" };
	CLEANUP_ENVIRONMENT struct environment image = { .count = 0 };
	CLEANUP_ENVIRONMENT struct environment setters = { .count = 0 };

	(void)state;
	read_snapshots(texts, &image, &setters);
	assert_setter(&setters, "PATH", NULL);
}

/* A program of three snapshots, run by this machine's shell. */
static void a_shell_hands_its_snapshots_on(void **state)
{
	CLEANUP_FREE char *program = NULL;
	char line[256] = "";
	size_t size;
	FILE *out = open_memstream(&program, &size), *shell;

	(void)state;
	/* The text of the program must not be in the snapshots. */
	fputs("unset PROGRAM; export A=1\n", out);
	image_setters_print_snapshot(out, 0);
	fputs("export A=2\n", out);
	image_setters_print_snapshot(out, 1);
	image_setters_print_export(out, 1);
	fputs("env | grep -c '^__sif_exported_[0-2]='\n", out);
	assert_int_equal(fclose(out), 0);
	assert_int_equal(setenv("PROGRAM", program, 1), 0);
	shell = popen("sh -c \"$PROGRAM\"", "r");
	assert_non_null(shell);
	assert_non_null(fgets(line, sizeof(line), shell));
	assert_int_equal(pclose(shell), 0);
	assert_string_equal(line, "3\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_last_change_counts),
		cmocka_unit_test(snapshots_of_each_shell_are_compared),
		cmocka_unit_test(an_exit_ends_with_the_last_snapshot),
		cmocka_unit_test(snapshots_may_be_anything),
		cmocka_unit_test(a_shell_hands_its_snapshots_on),
	};

	return cmocka_run_group_tests_name("setters", tests, NULL, NULL);
}
