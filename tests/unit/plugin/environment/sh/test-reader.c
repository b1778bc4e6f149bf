/* SPDX-License-Identifier: BSD-3-Clause */
/* Scripts that are read without running a shell. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "spank/plugin/environment/sh/reader.h"

/* The script starts with PATH=/bin and SET=set. */
static struct environment_reader read_text(const char *text, size_t length)
{
	struct environment_reader reader = { .skipped = 0 };
	struct error err = { 0 };

	environment_add(&reader.exported, "PATH=/bin", ENVIRONMENT_JOB, &err);
	environment_add(&reader.exported, "SET=set", ENVIRONMENT_JOB, &err);
	assert_int_equal(environment_reader_read(&reader, text, length, &err),
		0);
	return reader;
}

static void assert_reads(const char *text, const char *name, const char *value)
{
	struct environment_reader reader = read_text(text, strlen(text));
	const char *found = environment_value(&reader.exported, name);

	if (reader.skipped)
		fail_msg("skipped: %s", text);
	if (!found)
		fail_msg("not set by: %s", text);
	assert_string_equal(found, value);
	environment_reader_free(&reader);
}

static void assert_skips(const char *text)
{
	struct environment_reader reader = read_text(text, strlen(text));

	if (!reader.skipped)
		fail_msg("not skipped: %s", text);
	if (environment_value(&reader.exported, "A"))
		fail_msg("set by: %s", text);
	environment_reader_free(&reader);
}

/* The fourth is how apptainer build writes the ENV of a Docker image. */
static void scripts_of_image_builders_are_read(void **state)
{
	(void)state;
	assert_reads("#!/bin/sh\n# x\n\n  export A=\"b c\" # y\n", "A", "b c");
	assert_reads("export PATH=\"/usr/bin:/sbin\"", "PATH",
		"/usr/bin:/sbin");
	assert_reads("export A=\"${A:-}\"\n", "A", "");
	assert_reads("export A=\"${A:-\"a 'b' \\\"c\\\" \\$d \\`e\\` \\\\f\n"
		     "second } line\"}\"\n",
		"A", "a 'b' \"c\" $d `e` \\f\nsecond } line");
	assert_reads("export SET=\"${SET:-\"other\"}\"", "SET", "set");
	assert_reads("export A=\"${A:-\"{\\\"k\\\": [1]}\"}\"", "A",
		"{\"k\": [1]}");
}

static void quotes_are_removed_as_in_a_shell(void **state)
{
	(void)state;
	assert_reads("export A='b $c \"d\" \\'", "A", "b $c \"d\" \\");
	assert_reads("export A=b\\ c'd e'\"f g\"h", "A", "b cd ef gh");
	assert_reads("export A='it'\\''s'", "A", "it's");
	assert_reads("export A=\"a\\z \\\nb\"", "A", "a\\z b");
	assert_reads("export A=\"costs 5$\"", "A", "costs 5$");
	assert_reads("export A=", "A", "");
	assert_reads("export A=#b", "A", "#b");
	assert_reads("export A=b;", "A", "b");
	assert_reads("export \\\n  A=b \\\n  B=c", "B", "c");
}

static void parameters_are_expanded(void **state)
{
	(void)state;
	assert_reads("export PATH=/opt/bin:$PATH", "PATH", "/opt/bin:/bin");
	assert_reads("PATH=\"${PATH}:/x\"", "PATH", "/bin:/x");
	assert_reads("export A=\"$NONE${NONE}x\"", "A", "x");
	assert_reads("export A=\"${NONE:+$NONE:}/lib\"", "A", "/lib");
	assert_reads("export A=\"${SET:+$SET:}/lib\"", "A", "set:/lib");
	assert_reads("E=; export A=${E-x}y${E:-z}", "A", "yz");
	assert_reads("export A=\"${N1:-${N2:-\"deep\"}}\"", "A", "deep");
	assert_reads("export A='$SET'\"$SET\"", "A", "$SETset");
	assert_reads("export A=\"${A:-\\}\\a}\"", "A", "}\\a");
	assert_reads("export SET=new A=$SET", "A", "set");
}

static void assignment_and_export_can_be_separate(void **state)
{
	(void)state;
	assert_reads("A=b\nexport A\n", "A", "b");
	assert_reads("A=b; B=\"$A c\"; export A B", "B", "b c");
	assert_reads("export A\nA=1\n", "A", "1");
}

static void unexported_variables_are_not_in_the_result(void **state)
{
	static const char text[] = "A=b\nexport SET=1\nunset SET\nSET=2\n";
	struct environment_reader reader = read_text(text, strlen(text));

	(void)state;
	assert_int_equal(reader.skipped, 0);
	assert_null(environment_value(&reader.exported, "A"));
	assert_null(environment_value(&reader.exported, "SET"));
	environment_reader_free(&reader);
}

static void other_commands_are_skipped(void **state)
{
	static const char *const texts[] = { "export A=$(id)", "export A=`id`",
		"export A=\"$(id)\"", "export A=\"`id`\"", "export A=$((1+1))",
		"export A=$1", "export A=\"$@\"", "export A=\"$?\"",
		"export A=$'x'", "export A=*.so", "export A=~/x",
		"export A=b && true", "export A=b | c", "export A=b&&true",
		"export A=b|c", "export A=b>c", "A=b command", "A=b B=c",
		"A-=b; export A+b=c", "export -n A=b", "readonly A=b",
		"export A=\"${A%x}\"", "export A=\"${#PATH}\"",
		"export A=\"${A:?x}\"", "export A=\"${A:=x}\"",
		"export A=\"open", "export A='open", "export A=\"${A:-open",
		"export A=\"${", "export A=\"$", "export A=\\", "export A-B=c",
		". /other.sh", "export A=${SET:-b c}", "export A=b;;" };
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(texts) / sizeof(*texts); i++)
		assert_skips(texts[i]);
}

static void unknown_conditions_are_skipped(void **state)
{
	static const char *const texts[] = { "if true; then\nexport A=b\nfi",
		"if x; then\nif y; then\nz\nfi\nexport A=b\nelse\nA=c\nfi",
		"case x in\ny)\nexport A=b\n;;\nesac",
		"for i in 1 2; do\nexport A=b\ndone",
		"while false\ndo\nexport A=b\ndone", "f() {\nexport A=b\n}",
		"function f {\nexport A=b\n}", "test -d /x && {\nexport A=b\n}",
		"cat <<EOF\nexport A=b\nEOF\n", "echo 'x\nexport A=b\n'",
		"echo \"x\nexport A=b\n\"", "echo x \\\nexport A=b",
		"! if x; then\nexport A=b\nfi" };
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(texts) / sizeof(*texts); i++)
		assert_skips(texts[i]);
}

static void the_text_after_a_block_is_read(void **state)
{
	static const char text[] =
		"if [ -z \"${X:-}\" ]; then\n  X=1 # done\nelse\n  X=2\nfi\n"
		"echo done fi\n"
		"if a; then b; fi\n"
		"export A=1\nreturn\nexport A=2\n";
	struct environment_reader reader = read_text(text, strlen(text));

	(void)state;
	assert_int_equal(reader.skipped, 2);
	assert_string_equal(environment_value(&reader.exported, "A"), "1");
	assert_false(environment_reader_is_certain(&reader));
	environment_reader_free(&reader);
}

static void the_branch_that_is_taken_is_read(void **state)
{
	static const char text[] =
		"if [ -n \"$SET\" ]; then\n  export A=1\n  echo x\n"
		"  export B=2\nelif [ -r / ]; then\n  A=3\nelse\n  A=4\nfi\n"
		"if [ -z \"$SET\" ]; then\n  A=5\nelif [ -r / ]; then\n"
		"  A=6\nfi\n";
	struct environment_reader reader = read_text(text, strlen(text));

	(void)state;
	assert_reads("if [ -z \"$X\" ]; then A=1; fi; export A\n", "A", "1");
	assert_reads("A=1\nif test \"$A\" != 1; then\nfalse\nelse export A\nfi",
		"A", "1");
	/* "echo x", and all of the second. */
	assert_int_equal(reader.skipped, 1 + 5);
	assert_string_equal(environment_value(&reader.exported, "A"), "1");
	assert_string_equal(environment_value(&reader.exported, "B"), "2");
	environment_reader_free(&reader);
}

static void certain_bash_constructs_are_read(void **state)
{
	(void)state;
	assert_reads("A=a; A+=\"b c\"; export A", "A", "ab c");
	assert_reads("export SET+=:$SET NEW+=x", "SET", "set:set");
	assert_reads("export NEW+=x", "NEW", "x");
	assert_reads("declare -x A=1", "A", "1");
	assert_reads("A=2; typeset -x A", "A", "2");
	assert_reads("if [[ $SET == set ]]; then export A=1; fi", "A", "1");
	assert_reads("if [[ -z $NEW ]]; then export A=1; fi", "A", "1");
	assert_reads("if [[ ! \"$SET\" != x ]]; then A=0; else\nA=1; fi; "
		     "export A",
		"A", "1");
	assert_skips("if [[ $SET == s* ]]; then export A=b; fi");
	assert_skips("if [[ $SET == $SET ]]; then export A=b; fi");
	assert_skips("if [[ -n $SET && -d / ]]; then export A=b; fi");
	assert_skips("if [[ $SET =~ s ]]; then export A=b; fi");
	assert_skips("declare -rx A=b");
	assert_skips("declare A=b");
	assert_skips("A+=(b); export A");
}

static void file_tests_look_files_up(void **state)
{
	(void)state;
	assert_reads("if [ -d / ]; then export A=1; fi", "A", "1");
	assert_reads("if [ ! -f / ]; then export A=1; fi", "A", "1");
	assert_reads("if [[ -e /nonesuch ]]; then A=0; else A=1; fi; export A",
		"A", "1");
	assert_reads("if [ -L /proc/self ]; then export A=1; fi", "A", "1");
	assert_reads("if [ -s /proc/self/exe ]; then export A=1; fi", "A", "1");
	assert_skips("if [ -d . ]; then export A=b; fi");
	assert_skips("if [ -r / ]; then export A=b; fi");
}

static void a_nul_byte_is_ambiguous(void **state)
{
	static const char text[] =
		"export A=\"b\0c\"\nexport B\0=1\nexport C=1";
	struct environment_reader reader = read_text(text, sizeof(text) - 1);

	(void)state;
	assert_null(environment_value(&reader.exported, "A"));
	assert_null(environment_value(&reader.exported, "B"));
	assert_string_equal(environment_value(&reader.exported, "C"), "1");
	environment_reader_free(&reader);
}

/* It would have 2^64 bytes without a limit. */
static void a_doubling_value_is_limited(void **state)
{
	char text[64 * 16 + 32];
	struct environment_reader reader;
	int i, length = sprintf(text, "export A=0123456789\n");

	(void)state;
	for (i = 0; i < 64; i++)
		length += sprintf(text + length, "A=\"$A$A\"\n");
	reader = read_text(text, length);
	assert_true(reader.skipped > 0);
	assert_true(
		strlen(environment_value(&reader.exported, "A")) <= 128 << 10);
	environment_reader_free(&reader);
}

static void the_sum_of_all_values_is_limited(void **state)
{
	static char text[200 * 128 + (64 << 10)];
	struct environment_reader reader;
	int i, length = 0;

	(void)state;
	length += sprintf(text, "export A=");
	memset(text + length, 'x', 60000);
	length += 60000;
	for (i = 0; i < 200; i++)
		length += sprintf(text + length, "\nexport V%d=$A$A", i);
	reader = read_text(text, length);
	assert_true(reader.skipped > 0);
	assert_true(reader.written <= ENVIRONMENT_SIZE_MAX);
	environment_reader_free(&reader);
}

static void braces_do_not_exhaust_the_stack(void **state)
{
	static char text[200000];
	struct environment_reader reader;
	int i, length = sprintf(text, "export A=");

	(void)state;
	for (i = 0; i < 30000; i++)
		length += sprintf(text + length, "${A:-");
	reader = read_text(text, length);
	assert_int_equal(reader.skipped, 1);
	environment_reader_free(&reader);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(scripts_of_image_builders_are_read),
		cmocka_unit_test(quotes_are_removed_as_in_a_shell),
		cmocka_unit_test(parameters_are_expanded),
		cmocka_unit_test(assignment_and_export_can_be_separate),
		cmocka_unit_test(unexported_variables_are_not_in_the_result),
		cmocka_unit_test(other_commands_are_skipped),
		cmocka_unit_test(unknown_conditions_are_skipped),
		cmocka_unit_test(the_text_after_a_block_is_read),
		cmocka_unit_test(the_branch_that_is_taken_is_read),
		cmocka_unit_test(certain_bash_constructs_are_read),
		cmocka_unit_test(file_tests_look_files_up),
		cmocka_unit_test(a_nul_byte_is_ambiguous),
		cmocka_unit_test(a_doubling_value_is_limited),
		cmocka_unit_test(the_sum_of_all_values_is_limited),
		cmocka_unit_test(braces_do_not_exhaust_the_stack),
	};

	return cmocka_run_group_tests_name("environment_reader", tests, NULL,
		NULL);
}
