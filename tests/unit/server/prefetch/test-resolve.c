/* SPDX-License-Identifier: BSD-3-Clause */
/* Paths in an image that is not mounted. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "spank/server/prefetch/resolve.h"
#include "tests/unit/server/squashfs/fixture.h"

static struct filesystem *image;

static int setup(void **state)
{
	if (fixture_make(state) < 0)
		return -1;
	fixture_run(*state,
		"mkdir -p a/b links && echo x >a/b/file && mkfifo a/fifo && "
		"ln -s ../a/b links/relative && ln -s /a/b/file links/absolute "
		"&& ln -s ../../../a links/above && ln -s loop links/loop && "
		"ln -s / links/root && "
		"for i in $(seq 41); do ln -s $((i + 1)) links/$i; done && "
		"ln -s ../a links/42 && mkdir 'a/two words'");
	fixture_pack(*state, "-b 4096");
	image = fixture_open(*state);
	return 0;
}

static int teardown(void **state)
{
	fs_close(image);
	return fixture_remove(state);
}

static void assert_found(const char *path, mode_t type, const char *real)
{
	struct resolved found;

	if (resolve_node(image, path, deadline_in_ms(10000), &found) < 0)
		fail_msg("'%s': %s", path, strerror(errno));
	assert_int_equal(found.type, type);
	assert_string_equal(found.path, real);
	free(found.path);
}

static void assert_not_found(const char *path, int error)
{
	struct resolved found;

	if (resolve_node(image, path, deadline_in_ms(10000), &found) == 0)
		fail_msg("'%s' was found", path);
	assert_int_equal(errno, error);
}

static void what_a_path_leads_to(void **state)
{
	(void)state;
	assert_found("/", S_IFDIR, "");
	assert_found("//a/./b/../b/", S_IFDIR, "/a/b");
	assert_found("/a/b/file", S_IFREG, "/a/b/file");
	assert_found("/a/fifo", S_IFIFO, "/a/fifo");
	assert_found("/a/two words", S_IFDIR, "/a/two words");
}

static void symlinks_stay_inside(void **state)
{
	(void)state;
	assert_found("/links/relative/file", S_IFREG, "/a/b/file");
	assert_found("/links/absolute", S_IFREG, "/a/b/file");
	assert_found("/links/above/b", S_IFDIR, "/a/b");
	assert_found("/links/root/../../a", S_IFDIR, "/a");
	/* 40 of them may be followed. */
	assert_found("/links/3", S_IFDIR, "/a");
	assert_not_found("/links/2", ELOOP);
	assert_not_found("/links/loop", ELOOP);
}

static void what_there_is_not(void **state)
{
	char path[PATH_MAX + 1];
	struct resolved found;

	(void)state;
	assert_not_found("/none", ENOENT);
	assert_not_found("/a/b/file/x", ENOTDIR);
	memset(path, 'a', PATH_MAX);
	path[0] = '/';
	path[PATH_MAX] = '\0';
	assert_not_found(path, ENAMETOOLONG);
	path[NAME_MAX + 2] = '\0';
	assert_not_found(path, ENAMETOOLONG);
	assert_int_equal(resolve_node(image, "/a", deadline_in_ms(0), &found),
		-1);
	assert_int_equal(errno, ETIMEDOUT);
}

static void only_regular_files_are_files(void **state)
{
	struct resolved found;

	(void)state;
	assert_int_equal(
		resolve_file(image, "/a", deadline_in_ms(10000), &found), -1);
	assert_int_equal(resolve_file(image, "/links/absolute",
				 deadline_in_ms(10000), &found),
		0);
	assert_int_equal(found.size, 2);
	free(found.path);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_a_path_leads_to),
		cmocka_unit_test(symlinks_stay_inside),
		cmocka_unit_test(what_there_is_not),
		cmocka_unit_test(only_regular_files_are_files),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
