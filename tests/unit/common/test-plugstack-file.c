/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * plugstack.conf and what it includes, as Slurm reads them.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "common/plugstack_file.h"
#include "tests/unit/scratch.h"

/* "FILE:LINE KIND OBJECT [ARGUMENTS]" for each line, one after the other. */
static char seen[1024];

static void note(const struct plugstack_line *line, void *arg)
{
	size_t used = strlen(seen);
	const char *path = line->path + strlen(scratch_directory()) + 1;

	assert_string_equal(arg, "arg");
	snprintf(seen + used, sizeof(seen) - used, "%s:%d %s %s [%s]\n", path,
		line->number, line->kind, line->object, line->arguments);
}

static const char *visit(const char *name)
{
	seen[0] = '\0';
	plugstack_file_visit(scratch_path(name), note, "arg");
	return seen;
}

static void each_line_is_visited(void **state)
{
	(void)state;
	scratch_write("plain",
		"# a comment\n"
		"\n"
		"required spank_sif.so timeout=30 home=no\n"
		"\toptional\t/usr/lib/slurm/other.so # another comment\n"
		"required\n"
		"required last.so");
	assert_string_equal(visit("plain"),
		"plain:3 required spank_sif.so [timeout=30 home=no\n]\n"
		"plain:4 optional other.so []\n"
		"plain:6 required last.so []\n");
}

static void includes_are_visited_in_place(void **state)
{
	char text[2 * PATH_MAX];

	(void)state;
	scratch_write("d/b.conf", "required b.so\n");
	scratch_write("d/a.conf", "required a.so\ninclude ../more\n");
	scratch_write("more", "required more.so\n");
	snprintf(text, sizeof(text),
		"required first.so\ninclude d/*.conf\ninclude %s\n"
		"include none*\nrequired last.so\n",
		scratch_path("more"));
	scratch_write("top", text);
	assert_string_equal(visit("top"), "top:1 required first.so []\n"
					  "d/a.conf:1 required a.so []\n"
					  "d/../more:1 required more.so []\n"
					  "d/b.conf:1 required b.so []\n"
					  "more:1 required more.so []\n"
					  "top:5 required last.so []\n");
}

static void an_include_of_itself_ends(void **state)
{
	(void)state;
	scratch_write("self", "include self\nrequired a.so\n");
	assert_non_null(strstr(visit("self"), "self:2 required a.so []\n"));
}

static void a_missing_file_has_no_lines(void **state)
{
	(void)state;
	assert_string_equal(visit("missing"), "");
}

static void a_name_is_relative_to_the_file(void **state)
{
	char path[32];

	(void)state;
	plugstack_file_resolve("b", "/etc/slurm/a", path, sizeof(path));
	assert_string_equal(path, "/etc/slurm/b");
	plugstack_file_resolve("/b", "/etc/slurm/a", path, sizeof(path));
	assert_string_equal(path, "/b");
	plugstack_file_resolve("b", "a", path, sizeof(path));
	assert_string_equal(path, "b");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_line_is_visited),
		cmocka_unit_test(includes_are_visited_in_place),
		cmocka_unit_test(an_include_of_itself_ends),
		cmocka_unit_test(a_missing_file_has_no_lines),
		cmocka_unit_test(a_name_is_relative_to_the_file),
	};

	return cmocka_run_group_tests(tests, scratch_make, scratch_remove);
}
