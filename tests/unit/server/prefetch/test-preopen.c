/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * An image that is opened before a task brings it: it is used only if the task
 * brings the same file, unchanged.
 */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "spank/server/prefetch/preopen.h"
#include "tests/unit/server/squashfs/fixture.h"

static const struct session_options options = { .cache_bytes = 1 << 22,
	.threads = 1 };

static int setup(void **state)
{
	if (fixture_make(state) < 0)
		return -1;
	fixture_run(*state,
		"mkdir -p bin && echo '#!/bin/other' >bin/script && "
		"cp bin/script bin/other");
	fixture_pack(*state, "");
	return 0;
}

static int open_image(const struct fixture *fixture)
{
	int fd = open(fixture->image, O_RDONLY | O_CLOEXEC);

	assert_true(fd >= 0);
	return fd;
}

static struct preopen start(const struct fixture *fixture, const char *command)
{
	struct preopen preopen = { .image = NULL };
	int fd = open_image(fixture);

	preopen_start(&preopen, &fd, command, &options);
	/* Given away, whatever becomes of it. */
	assert_int_equal(fd, -1);
	return preopen;
}

static void the_same_file_is_taken_once(void **state)
{
	struct preopen preopen = start(*state, "/bin/script");
	CLEANUP_FD int fd = open_image(*state);
	struct filesystem *image;

	assert_non_null(preopen.image);
	image = preopen_take(&preopen, fd);
	assert_non_null(image);
	assert_null(preopen_take(&preopen, fd));
	/* The prefetch goes on in what was taken. */
	assert_non_null(preopen.prefetch);
	while (preopen.prefetch)
		preopen_step(&preopen);
	assert_string_equal(preopen.files, "/bin/script\n/bin/other\n");
	preopen_discard(&preopen);
	fs_close(image);
}

static void assert_not_taken(const struct fixture *fixture,
	struct preopen *preopen)
{
	CLEANUP_FD int fd = open_image(fixture);

	assert_non_null(preopen->image);
	assert_null(preopen_take(preopen, fd));
	assert_non_null(preopen->image);
	preopen_discard(preopen);
	assert_null(preopen->image);
	assert_null(preopen->prefetch);
}

static void a_copy_in_its_place_is_not_taken(void **state)
{
	struct preopen preopen = start(*state, NULL);

	fixture_run(*state, "cp -p ../image ../copy && mv ../copy ../image");
	assert_not_taken(*state, &preopen);
}

static void a_file_that_was_changed_is_not_taken(void **state)
{
	struct preopen preopen = start(*state, NULL);

	fixture_run(*state, "echo >>../image");
	assert_not_taken(*state, &preopen);
	preopen = start(*state, NULL);
	/* Only its times tell. */
	fixture_run(*state, "touch -d @1 ../image");
	assert_not_taken(*state, &preopen);
}

static void a_file_that_is_no_image_is_left_alone(void **state)
{
	struct preopen preopen;
	int none = -1;

	fixture_run(*state, "echo no image >../image");
	preopen = start(*state, "/bin/script");
	assert_null(preopen.image);
	assert_null(preopen.prefetch);
	fixture_run(*state, ": >../image");
	preopen = start(*state, NULL);
	assert_null(preopen.image);
	preopen_start(&preopen, &none, NULL, &options);
	assert_null(preopen.image);
	/* All of this is safe then. */
	preopen_step(&preopen);
	preopen_finish(&preopen);
	preopen_discard(&preopen);
	assert_string_equal(preopen.files, "");
}

/* The path is the user's, and may lead elsewhere here: see preopen.c.  Only
 * root can try that. */
static void another_users_file_is_not_looked_at(void **state)
{
	const struct fixture *fixture = *state;
	struct preopen preopen;

	if (chown(fixture->image, 4711, 4711) < 0)
		return;
	preopen = start(fixture, NULL);
	assert_null(preopen.image);
}

static void a_prefetch_that_is_cut_short_tells_what_it_has(void **state)
{
	struct preopen preopen = start(*state, "/bin/script");

	preopen_finish(&preopen);
	assert_null(preopen.prefetch);
	assert_string_equal(preopen.files, "/bin/script\n");
	/* Safe to call again. */
	preopen_finish(&preopen);
	preopen_step(&preopen);
	assert_string_equal(preopen.files, "/bin/script\n");
	preopen_discard(&preopen);
	assert_string_equal(preopen.files, "");
}

static void a_prefetch_begins_again_in_what_is_made_of_the_image(void **state)
{
	struct preopen preopen = start(*state, "/bin/script");
	CLEANUP_FD int fd = open_image(*state);
	struct filesystem *image = preopen_take(&preopen, fd);

	while (preopen.prefetch)
		preopen_step(&preopen);
	preopen_restart(&preopen, NULL);
	assert_null(preopen.prefetch);
	assert_string_equal(preopen.files, "");
	preopen_restart(&preopen, image);
	while (preopen.prefetch)
		preopen_step(&preopen);
	assert_string_equal(preopen.files, "/bin/script\n/bin/other\n");
	preopen_discard(&preopen);
	/* What was never opened early is not prefetched. */
	preopen_restart(&preopen, image);
	assert_null(preopen.prefetch);
	fs_close(image);
}

#define TEST(function) \
	cmocka_unit_test_setup_teardown(function, setup, fixture_remove)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(the_same_file_is_taken_once),
		TEST(a_copy_in_its_place_is_not_taken),
		TEST(a_file_that_was_changed_is_not_taken),
		TEST(a_file_that_is_no_image_is_left_alone),
		TEST(another_users_file_is_not_looked_at),
		TEST(a_prefetch_that_is_cut_short_tells_what_it_has),
		TEST(a_prefetch_begins_again_in_what_is_made_of_the_image),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
