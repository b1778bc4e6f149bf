/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "spank/plugin/working_directory.h"

static char top[] = "/tmp/test-working-directory-XXXXXX";
static char real[64], link_path[64];
static char pwd[PATH_MAX], now[PATH_MAX];
static struct error err;
static int moved;

static int make_tree(void **state)
{
	(void)state;
	if (!mkdtemp(top))
		return -1;
	snprintf(real, sizeof(real), "%s/real", top);
	snprintf(link_path, sizeof(link_path), "%s/link", top);
	return mkdir(real, 0700) || symlink(real, link_path);
}

static int remove_tree(void **state)
{
	(void)state;
	return chdir("/") || unlink(link_path) || rmdir(real) || rmdir(top);
}

static int begin(void **state)
{
	(void)state;
	moved = -1;
	memset(&err, 0, sizeof(err));
	return chdir("/usr");
}

static void assert_is_at(const char *directory)
{
	assert_non_null(getcwd(now, sizeof(now)));
	assert_string_equal(now, directory);
}

static void a_task_stays_where_it_was(void **state)
{
	(void)state;
	assert_int_equal(
		working_directory_change(NULL, real, NULL, pwd, &moved, &err),
		0);
	assert_int_equal(moved, 0);
	assert_string_equal(pwd, real);
	assert_is_at(real);
}

static void the_jobs_name_for_it_is_kept(void **state)
{
	char text[128];
	char *job[] = { text, NULL };

	(void)state;
	snprintf(text, sizeof(text), "PWD=%s", link_path);
	assert_int_equal(
		working_directory_change(NULL, real, job, pwd, &moved, &err),
		0);
	assert_string_equal(pwd, link_path);
	assert_is_at(real);
}

static void a_name_for_another_directory_is_not_kept(void **state)
{
	char *job[] = { "PWD=/usr", NULL };

	(void)state;
	assert_int_equal(
		working_directory_change(NULL, real, job, pwd, &moved, &err),
		0);
	assert_string_equal(pwd, real);
}

static void what_the_image_lacks_is_replaced_by_the_root(void **state)
{
	char *job[] = { "PWD=/no/such", NULL };

	(void)state;
	assert_int_equal(working_directory_change(NULL, "/no/such", job, pwd,
				 &moved, &err),
		0);
	assert_int_equal(moved, ENOENT);
	assert_string_equal(pwd, "/");
	assert_is_at("/");
}

static void a_directory_without_a_name_is_replaced_by_the_root(void **state)
{
	(void)state;
	assert_int_equal(
		working_directory_change(NULL, "", NULL, pwd, &moved, &err), 0);
	assert_int_equal(moved, ENOENT);
	assert_is_at("/");
}

static void the_directory_that_was_asked_for_is_taken(void **state)
{
	char text[128];
	char *job[] = { text, NULL };

	(void)state;
	/* Its own name, even where $PWD has another for it. */
	snprintf(text, sizeof(text), "PWD=%s", link_path);
	assert_int_equal(
		working_directory_change(real, "/", job, pwd, &moved, &err), 0);
	assert_int_equal(moved, 0);
	assert_string_equal(pwd, real);
	assert_is_at(real);
}

static void a_missing_one_that_was_asked_for_is_an_error(void **state)
{
	(void)state;
	assert_int_equal(working_directory_change("/no/such", real, NULL, pwd,
				 &moved, &err),
		-1);
	assert_string_equal(err.text,
		"cannot start in '/no/such' in the image (--sif-workdir): No "
		"such file or directory");
	assert_is_at("/usr");
}

#define TEST(function) cmocka_unit_test_setup(function, begin)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_task_stays_where_it_was),
		TEST(the_jobs_name_for_it_is_kept),
		TEST(a_name_for_another_directory_is_not_kept),
		TEST(what_the_image_lacks_is_replaced_by_the_root),
		TEST(a_directory_without_a_name_is_replaced_by_the_root),
		TEST(the_directory_that_was_asked_for_is_taken),
		TEST(a_missing_one_that_was_asked_for_is_an_error),
	};

	return cmocka_run_group_tests_name("working_directory", tests,
		make_tree, remove_tree);
}
