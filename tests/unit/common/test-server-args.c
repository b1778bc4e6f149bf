/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The image server's arguments: what the plugin prints the server parses, and
 * everything else is refused with a sentence that names the argument.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "common/server_args.h"

#define PROGRAM "spank-sif-server"

static const struct server_args usual = {
	.timeout_s = 30,
	.tasks = 4,
	.cache_mib = 32,
	.uring = 1,
	.image = "/shared/image.sif",
};

static void assert_round_trip(const struct server_args *args)
{
	struct server_args parsed;
	struct server_argv argv;
	struct error err;

	server_args_print(args, PROGRAM, &argv);
	assert_string_equal(argv.words[0], PROGRAM);
	assert_null(argv.words[1 + SERVER_ARGS_COUNT]);
	assert_int_equal(server_args_parse(argv.words, &parsed, &err), 0);
	assert_int_equal(parsed.timeout_s, args->timeout_s);
	assert_int_equal(parsed.tasks, args->tasks);
	assert_int_equal(parsed.cache_mib, args->cache_mib);
	assert_int_equal(parsed.threads, args->threads);
	assert_int_equal(parsed.uring, args->uring);
	assert_int_equal(parsed.host_mount, args->host_mount);
	assert_string_equal(parsed.image, args->image);
}

static void what_is_printed_is_parsed(void **state)
{
	static const struct server_args least = { 1, 1, 1, 0, 0, 0, "" };
	static const struct server_args most = { INT_MAX / 1000, UINT32_MAX,
		1 << 20, 1 << 16, 1, 1, "a = b, tasks=7 \n\xff" };

	(void)state;
	assert_round_trip(&usual);
	assert_round_trip(&least);
	assert_round_trip(&most);
}

static void ps_shows_names_and_values(void **state)
{
	struct server_args args = usual;
	struct server_argv argv;
	char line[256] = "";
	size_t i;

	(void)state;
	args.host_mount = 1;
	server_args_print(&args, PROGRAM, &argv);
	for (i = 0; argv.words[i]; i++) {
		strcat(line, argv.words[i]);
		strcat(line, " ");
	}
	assert_string_equal(line,
		PROGRAM " timeout=30 tasks=4 cache=32 threads=0 uring=auto "
			"mount=host image=/shared/image.sif ");
}

static void a_long_name_is_cut(void **state)
{
	struct server_args args = usual, parsed;
	struct server_argv argv;
	char name[2 * PATH_MAX];
	struct error err;

	(void)state;
	memset(name, 'x', sizeof(name) - 1);
	name[sizeof(name) - 1] = '\0';
	args.image = name;
	server_args_print(&args, PROGRAM, &argv);
	assert_int_equal(server_args_parse(argv.words, &parsed, &err), 0);
	assert_true(strlen(parsed.image) >= PATH_MAX - 1);
	assert_memory_equal(parsed.image, name, strlen(parsed.image));
}

static void order_does_not_matter(void **state)
{
	struct server_args parsed;
	struct server_argv argv;
	char *turned[SERVER_ARGS_COUNT + 2] = { PROGRAM };
	struct error err;
	size_t i;

	(void)state;
	server_args_print(&usual, PROGRAM, &argv);
	for (i = 1; i <= SERVER_ARGS_COUNT; i++)
		turned[i] = argv.words[1 + SERVER_ARGS_COUNT - i];
	assert_int_equal(server_args_parse(turned, &parsed, &err), 0);
	assert_int_equal(parsed.tasks, usual.tasks);
	assert_string_equal(parsed.image, usual.image);
}

/* The usual arguments, with `word` in place of number `at`, or one more. */
static void assert_refused(size_t at, char *word, const char *sentence)
{
	struct server_args parsed = { .tasks = 99 };
	struct server_argv argv;
	char *words[SERVER_ARGS_COUNT + 3] = { NULL };
	struct error err;

	server_args_print(&usual, PROGRAM, &argv);
	memcpy(words, argv.words, sizeof(argv.words));
	words[at] = word;
	assert_int_equal(server_args_parse(words, &parsed, &err), -1);
	assert_string_equal(err.text, sentence);
	assert_int_equal(parsed.tasks, 99);
}

static void a_missing_argument_is_named(void **state)
{
	static const char *const names[] = { "timeout", "tasks", "cache",
		"threads", "uring", "mount", "image" };
	char sentence[100], *words[SERVER_ARGS_COUNT + 1];
	struct server_args parsed;
	struct server_argv argv;
	struct error err;
	size_t missing, i, count;

	(void)state;
	server_args_print(&usual, PROGRAM, &argv);
	for (missing = 1; missing <= SERVER_ARGS_COUNT; missing++) {
		for (i = count = 0; i <= SERVER_ARGS_COUNT; i++)
			if (i != missing)
				words[count++] = argv.words[i];
		words[count] = NULL;
		assert_int_equal(server_args_parse(words, &parsed, &err), -1);
		snprintf(sentence, sizeof(sentence),
			"the argument '%s=' is missing", names[missing - 1]);
		assert_string_equal(err.text, sentence);
	}
	words[0] = NULL;
	assert_int_equal(server_args_parse(words, &parsed, &err), -1);
}

static void an_unknown_argument_is_named(void **state)
{
	(void)state;
	assert_refused(8, "rings=2", "there is no argument 'rings=2'");
	assert_refused(8, "tasks", "there is no argument 'tasks'");
	assert_refused(8, "", "there is no argument ''");
	assert_refused(2, "4", "there is no argument '4'");
	assert_refused(2, "task=4", "there is no argument 'task=4'");
	assert_refused(2, "Tasks=4", "there is no argument 'Tasks=4'");
}

static void a_second_argument_is_named(void **state)
{
	(void)state;
	assert_refused(8, "tasks=4", "the argument 'tasks=4' is given twice");
	assert_refused(8, "image=x", "the argument 'image=x' is given twice");
	/* Whatever its value is. */
	assert_refused(8, "tasks=", "the argument 'tasks=' is given twice");
}

static void a_wrong_value_is_named(void **state)
{
	static const struct {
		size_t at;
		char *word;
	} wrong[] = {
		{ 1, "timeout=" },
		{ 1, "timeout=0" },
		{ 1, "timeout=-1" },
		{ 1, "timeout=+1" },
		{ 1, "timeout= 1" },
		{ 1, "timeout=1 " },
		{ 1, "timeout=1s" },
		{ 1, "timeout=0x10" },
		{ 1, "timeout=1.5" },
		{ 1, "timeout=2147484" },
		{ 1, "timeout=18446744073709551617" },
		{ 2, "tasks=0" },
		{ 2, "tasks=4294967296" },
		{ 3, "cache=0" },
		{ 3, "cache=1048577" },
		{ 4, "threads=-1" },
		{ 4, "threads=65537" },
		{ 4, "threads=auto" },
		{ 5, "uring=" },
		{ 5, "uring=1" },
		{ 5, "uring=autos" },
		{ 6, "mount=" },
		{ 6, "mount=Host" },
		{ 6, "mount=userns" },
	};
	char sentence[200];
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(wrong) / sizeof(*wrong); i++) {
		snprintf(sentence, sizeof(sentence),
			"the argument '%s' has a value that is not allowed",
			wrong[i].word);
		assert_refused(wrong[i].at, wrong[i].word, sentence);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_printed_is_parsed),
		cmocka_unit_test(ps_shows_names_and_values),
		cmocka_unit_test(a_long_name_is_cut),
		cmocka_unit_test(order_does_not_matter),
		cmocka_unit_test(a_missing_argument_is_named),
		cmocka_unit_test(an_unknown_argument_is_named),
		cmocka_unit_test(a_second_argument_is_named),
		cmocka_unit_test(a_wrong_value_is_named),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
