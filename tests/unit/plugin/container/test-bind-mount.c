/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Mount points for binds: which are made in the image, and which binds are left
 * out.  A directory in /tmp is the image, and a descriptor of it stands for
 * each cloned mount, so that no right is needed.
 */
#include <errno.h>
#include <fcntl.h>
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

#include "spank/plugin/container/bind_mount.h"

struct image {
	char path[64];
	int root_fd;
	struct binds binds;
	struct report report;
	struct error err;
};

static int make_image(void **state)
{
	struct image *image = calloc(1, sizeof(*image));

	snprintf(image->path, sizeof(image->path), "/tmp/points.XXXXXX");
	if (!mkdtemp(image->path))
		return -1;
	image->root_fd = open(image->path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	image->binds = BINDS_NONE;
	*state = image;
	return image->root_fd < 0 ? -1 : 0;
}

static int remove_image(void **state)
{
	struct image *image = *state;
	char command[128];

	binds_free(&image->binds);
	report_free(&image->report);
	close(image->root_fd);
	snprintf(command, sizeof(command), "rm -rf '%s'", image->path);
	free(image);
	return system(command);
}

/* A bind whose source has been cloned: of a directory, or of a file. */
static void add(struct image *image, const char *target, bool is_directory,
	int flags)
{
	struct bind *bind;
	size_t i;

	binds_add(&image->binds, "/source", target, flags, "test");
	for (i = 0; strcmp(image->binds.list[i].target, target) != 0; i++)
		;
	bind = &image->binds.list[i];
	bind->is_directory = is_directory;
	bind->mount_fd = fcntl(image->root_fd, F_DUPFD_CLOEXEC, 0);
	assert_true(bind->mount_fd >= 0);
}

static int make_points(struct image *image)
{
	return bind_mount_make_points(&image->binds, image->root_fd,
		&image->report, &image->err);
}

static bool has(const struct image *image, const char *path, mode_t type)
{
	struct stat status;

	return fstatat(image->root_fd, path, &status, AT_SYMLINK_NOFOLLOW) ==
		       0 &&
	       (status.st_mode & S_IFMT) == type;
}

/* Will the bind be mounted? */
static bool is_kept(const struct image *image, const char *target)
{
	size_t i;

	for (i = 0; i < image->binds.count; i++)
		if (strcmp(image->binds.list[i].target, target) == 0)
			return image->binds.list[i].mount_fd >= 0;
	return false;
}

static void missing_points_are_made(void **state)
{
	struct image *image = *state;

	add(image, "/a/b/c", true, 0);
	add(image, "/d/file", false, 0);
	assert_int_equal(make_points(image), 0);
	assert_true(has(image, "a/b/c", S_IFDIR));
	assert_true(has(image, "d/file", S_IFREG));
	assert_true(is_kept(image, "/a/b/c"));
	assert_true(image->binds.list[0].point_fd >= 0);
}

static void a_source_that_is_left_out_makes_no_point(void **state)
{
	struct image *image = *state;

	binds_add(&image->binds, "/source", "/a", BIND_OPTIONAL, "test");
	assert_int_equal(make_points(image), 0);
	assert_false(has(image, "a", S_IFDIR));
}

static void some_binds_depend_on_the_image(void **state)
{
	struct image *image = *state;

	assert_int_equal(mkdirat(image->root_fd, "has", 0755), 0);
	add(image, "/has", true, BIND_IF_MISSING | BIND_OPTIONAL);
	add(image, "/lacks", true, BIND_IF_MISSING | BIND_OPTIONAL);
	add(image, "/has/x", true, BIND_IF_PARENT | BIND_OPTIONAL);
	add(image, "/none/x", true, BIND_IF_PARENT | BIND_OPTIONAL);
	assert_int_equal(make_points(image), 0);
	assert_false(is_kept(image, "/has"));
	assert_true(is_kept(image, "/lacks"));
	assert_true(has(image, "lacks", S_IFDIR));
	assert_true(is_kept(image, "/has/x"));
	assert_false(is_kept(image, "/none/x"));
	assert_false(has(image, "none", S_IFDIR));
}

static void a_symlink_is_followed_inside_or_replaced(void **state)
{
	struct image *image = *state;

	assert_int_equal(symlinkat("/run/resolv", image->root_fd, "link"), 0);
	assert_int_equal(symlinkat("/../../up", image->root_fd, "out"), 0);
	assert_int_equal(mkdirat(image->root_fd, "up", 0755), 0);
	add(image, "/link", false, BIND_REPLACE);
	add(image, "/out/x", true, 0);
	assert_int_equal(make_points(image), 0);
	assert_true(has(image, "link", S_IFREG));
	assert_true(has(image, "up/x", S_IFDIR));
}

static void a_wrong_kind_fails_unless_it_is_optional(void **state)
{
	struct image *image = *state;

	assert_int_equal(mkdirat(image->root_fd, "d", 0755), 0);
	add(image, "/d", false, BIND_OPTIONAL);
	assert_int_equal(make_points(image), 0);
	assert_false(is_kept(image, "/d"));
	add(image, "/d", false, 0);
	assert_int_equal(make_points(image), -1);
	assert_non_null(strstr(image->err.text, "/d"));
}

static void an_error_of_a_users_bind_says_where_it_was_asked_for(void **state)
{
	struct image *image = *state;

	assert_int_equal(mkdirat(image->root_fd, "d", 0755), 0);
	add(image, "/d", false, BIND_USER);
	image->binds.list[0].origin = "--sif-bind";
	assert_int_equal(make_points(image), -1);
	assert_ptr_equal(strstr(image->err.text, "--sif-bind: "),
		image->err.text);
}

/* '?' is about the source: an image cannot get rid of a fixed bind. */
static void an_exclusive_bind_is_never_left_out_for_its_target(void **state)
{
	struct image *image = *state;

	assert_int_equal(mkdirat(image->root_fd, "site", 0755), 0);
	add(image, "/site", false, BIND_OPTIONAL | BIND_FIXED | BIND_EXCLUSIVE);
	assert_int_equal(make_points(image), -1);
}

/* What is mounted in an empty directory of ours needs its point there, too. */
static void points_in_an_empty_directory_are_made_in_both(void **state)
{
	char path[] = "/tmp/empty.XXXXXX", command[128];
	struct image *image = *state;

	assert_non_null(mkdtemp(path));
	add(image, "/tmp", true, BIND_EMPTY);
	close(image->binds.list[0].mount_fd);
	image->binds.list[0].mount_fd =
		open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	add(image, "/tmp/a/b", true, 0);
	assert_int_equal(make_points(image), 0);
	assert_true(has(image, "tmp/a/b", S_IFDIR));
	snprintf(command, sizeof(command), "rmdir %s/a/b %s/a %s", path, path,
		path);
	assert_int_equal(system(command), 0);
}

static void a_list_that_lacks_memory_is_not_mounted(void **state)
{
	struct image *image = *state;

	image->binds.lacks_memory = true;
	assert_int_equal(
		bind_mount_clone(&image->binds, &image->report, &image->err),
		-1);
	assert_int_equal(image->err.num, ENOMEM);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, make_image, remove_image)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(missing_points_are_made),
		TEST(a_source_that_is_left_out_makes_no_point),
		TEST(some_binds_depend_on_the_image),
		TEST(a_symlink_is_followed_inside_or_replaced),
		TEST(a_wrong_kind_fails_unless_it_is_optional),
		TEST(an_error_of_a_users_bind_says_where_it_was_asked_for),
		TEST(an_exclusive_bind_is_never_left_out_for_its_target),
		TEST(points_in_an_empty_directory_are_made_in_both),
		TEST(a_list_that_lacks_memory_is_not_mounted),
	};

	return cmocka_run_group_tests_name("bind_mount", tests, NULL, NULL);
}
