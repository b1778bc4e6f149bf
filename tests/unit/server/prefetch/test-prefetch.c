/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What a step is likely to read first: which files are found for a command, in
 * which order, and where it stops.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "spank/server/prefetch/prefetch.h"
#include "tests/unit/server/squashfs/fixture.h"

#define BLOCK 4096
#define CHAIN 60 /* scripts; more than are followed */
#define FILES 48 /* that are followed, passwd and group among them */
#define ALL   (64 * 1024 * 1024)

/* A program of this machine, with its loader and libraries. */
static void make_tree(const struct fixture *fixture)
{
	char line[200];
	int i;

	fixture_run(fixture,
		"mkdir -p etc bin usr/bin chain && echo x >etc/passwd && "
		"cp etc/passwd etc/group && cp /bin/true usr/bin/true && "
		"for f in $(ldd /bin/true | grep -o '/[^ ]*'); do "
		"mkdir -p .${f%/*} && cp -L $f .$f; done");
	fixture_run(fixture, "ln -s ../usr/bin/true bin/linked && "
			     "ln -s round bin/round && "
			     "echo '#! /bin/linked -e' >usr/bin/script && "
			     "echo '#!/usr/bin/script' >usr/bin/outer && "
			     "printf '#!/nowhere' >usr/bin/lost && "
			     "printf '#!relative' >usr/bin/relative && "
			     "echo >'usr/bin/two\nlines'");
	fixture_file(fixture, "usr/bin/large", 100 * BLOCK);
	for (i = 0; i < CHAIN; i++) {
		snprintf(line, sizeof(line), "echo '#!/chain/%d' >chain/%d",
			i + 1, i);
		fixture_run(fixture, line);
	}
}

static struct filesystem *image;

static int setup(void **state)
{
	if (fixture_make(state) < 0)
		return -1;
	make_tree(*state);
	fixture_pack(*state, "-b 4096 -no-fragments");
	image = fixture_open(*state);
	return fs_set_cache(image, ALL, 1);
}

static int teardown(void **state)
{
	fs_close(image);
	return fixture_remove(state);
}

/* The files that are found for a command; returns how many steps that took. */
static int prefetch(const char *command, size_t bytes, char *list, size_t size)
{
	struct prefetch *prefetch = prefetch_open(image, command, bytes);
	int steps = 0;

	assert_non_null(prefetch);
	while (prefetch_step(prefetch))
		steps++;
	prefetch_list(prefetch, list, size);
	prefetch_close(prefetch);
	return steps;
}

/* Where `line` begins; NULL if it is no line of the list. */
static const char *find_line(const char *list, const char *line)
{
	size_t length = strlen(line);
	const char *found = list;

	while ((found = strstr(found, line))) {
		if ((found == list || found[-1] == '\n') &&
			found[length] == '\n')
			return found;
		found++;
	}
	return NULL;
}

static void assert_list(const char *command, const char *expected)
{
	char list[4096];

	prefetch(command, ALL, list, sizeof(list));
	assert_string_equal(list, expected);
}

static void a_program_needs_its_loader_and_libraries(void **state)
{
	char list[4096];

	(void)state;
	prefetch("/usr/bin/true", ALL, list, sizeof(list));
	assert_true(find_line(list, "/usr/bin/true") == list);
	assert_non_null(strstr(list, "/ld-"));
	assert_non_null(strstr(list, "/libc.so"));
	/* Read as well, but for the plugin, which has them by then. */
	assert_null(strstr(list, "/etc/"));
}

static void a_name_is_looked_for_where_commands_are(void **state)
{
	char by_path[4096], by_name[4096];

	(void)state;
	prefetch("/usr/bin/true", ALL, by_path, sizeof(by_path));
	prefetch("true", ALL, by_name, sizeof(by_name));
	assert_string_equal(by_name, by_path);
	/* Named as the file that a symlink leads to. */
	prefetch("linked", ALL, by_name, sizeof(by_name));
	assert_string_equal(by_name, by_path);
}

static void a_script_needs_its_interpreter(void **state)
{
	char list[4096];
	const char *script, *program;

	(void)state;
	prefetch("outer", ALL, list, sizeof(list));
	assert_true(find_line(list, "/usr/bin/outer") == list);
	script = find_line(list, "/usr/bin/script");
	program = find_line(list, "/usr/bin/true");
	assert_non_null(script);
	assert_non_null(program);
	assert_true(script < program);
	assert_non_null(strstr(program, "/libc.so"));
	assert_list("lost", "/usr/bin/lost\n");
	assert_list("relative", "/usr/bin/relative\n");
}

static void other_commands_have_nothing_that_is_likely(void **state)
{
	static const char *const commands[] = { "nonesuch", "", "/", "..",
		"/..", "./true", "bin/true", "/nowhere/true", "/usr/bin",
		"round", "/usr/bin/true/x" };
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(commands) / sizeof(*commands); i++)
		assert_list(commands[i], "");
	assert_list(NULL, "");
}

static void a_path_that_is_two_lines_is_left_out(void **state)
{
	(void)state;
	assert_list("/usr/bin/two\nlines", "");
}

static void no_more_files_are_followed_than_are_allowed(void **state)
{
	char list[4096];
	int lines = 0, i;

	(void)state;
	prefetch("/chain/0", ALL, list, sizeof(list));
	for (i = 0; list[i]; i++)
		lines += list[i] == '\n';
	assert_int_equal(lines, FILES - 2);
	assert_non_null(find_line(list, "/chain/45"));
	assert_null(find_line(list, "/chain/46"));
}

/* Two blocks are charged for passwd and group, one for each that follows. */
static void no_more_is_read_than_is_allowed(void **state)
{
	char list[4096];
	int few, more;

	(void)state;
	few = prefetch("/usr/bin/large", 10 * BLOCK, list, sizeof(list));
	more = prefetch("/usr/bin/large", 20 * BLOCK, list, sizeof(list));
	assert_int_equal(more - few, 10);
	assert_string_equal(list, "/usr/bin/large\n");
	assert_int_equal(
		prefetch("/usr/bin/large", BLOCK - 1, list, sizeof(list)), 0);
}

static void a_list_without_room_has_whole_lines(void **state)
{
	char all[4096], list[4096];
	size_t size, used;

	(void)state;
	prefetch("outer", ALL, all, sizeof(all));
	for (size = 1; size <= strlen(all) + 1; size += 7) {
		memset(list, '?', sizeof(list));
		prefetch("outer", ALL, list, size);
		used = strlen(list);
		assert_true(used < size);
		assert_true(used == 0 || list[used - 1] == '\n');
		assert_int_equal(list[size], '?');
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_program_needs_its_loader_and_libraries),
		cmocka_unit_test(a_name_is_looked_for_where_commands_are),
		cmocka_unit_test(a_script_needs_its_interpreter),
		cmocka_unit_test(other_commands_have_nothing_that_is_likely),
		cmocka_unit_test(a_path_that_is_two_lines_is_left_out),
		cmocka_unit_test(no_more_files_are_followed_than_are_allowed),
		cmocka_unit_test(no_more_is_read_than_is_allowed),
		cmocka_unit_test(a_list_without_room_has_whole_lines),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
