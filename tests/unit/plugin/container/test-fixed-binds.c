/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Fixed binds, after all is mounted: a directory in /tmp is the image, and a
 * file has the list of mounts that the kernel would show.  Every file below the
 * directory is on one mount, whose number stands for a bind of our choice.
 */
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "spank/plugin/container/binds.h"
#include "spank/plugin/container/fixed_binds.h"
#include "spank/plugin/container/mounts.h"

/* No mount has such numbers here. */
#define OTHER 4000000001
#define INNER 4000000002

/* As nobody, to whom the rules apply: root is kept from nothing. */
#define NOBODY 65534

struct image {
	char path[64];
	int root_fd;
	uint64_t mount; /* of all that is in the directory */
	struct binds binds;
	struct error err;
};

static int make_image(void **state)
{
	struct image *image = calloc(1, sizeof(*image));

	snprintf(image->path, sizeof(image->path), "/tmp/fixed.XXXXXX");
	if (!mkdtemp(image->path) || chmod(image->path, 0755) < 0)
		return -1;
	image->root_fd = open(image->path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (mkdirat(image->root_fd, "site", 0755) < 0)
		return -1;
	image->mount = mounts_id_of(image->root_fd);
	image->binds = BINDS_NONE;
	*state = image;
	return image->mount ? 0 : -1;
}

static int remove_image(void **state)
{
	struct image *image = *state;
	char command[128];

	binds_free(&image->binds);
	close(image->root_fd);
	snprintf(command, sizeof(command), "rm -rf '%s'", image->path);
	free(image);
	return system(command);
}

static void add(struct image *image, const char *source, const char *target,
	int flags, uint64_t mount)
{
	size_t i;

	binds_add(&image->binds, source, target, flags,
		flags & BIND_USER ? "--sif-bind" : "site");
	for (i = 0; strcmp(image->binds.list[i].target, target) != 0; i++)
		;
	image->binds.list[i].mount_id = mount;
}

/* The kernel's list: NUMBER PARENT, a line for each mount. */
static void list_mounts(struct image *image, const char *lines)
{
	image->binds.mounts_fd = memfd_create("mountinfo", MFD_CLOEXEC);
	assert_true(image->binds.mounts_fd >= 0);
	assert_int_equal(write(image->binds.mounts_fd, lines, strlen(lines)),
		strlen(lines));
}

static int check(struct image *image)
{
	bool is_root = geteuid() == 0;
	int checked;

	if (is_root)
		assert_int_equal(seteuid(NOBODY), 0);
	checked = fixed_binds_check(&image->binds, image->root_fd, &image->err);
	if (is_root)
		assert_int_equal(seteuid(0), 0);
	return checked;
}

static void a_bind_that_shows_is_good(void **state)
{
	struct image *image = *state;

	add(image, "/x", "/site", BIND_FIXED, image->mount);
	/* Left out: there is nothing to find. */
	add(image, "/y", "/none", BIND_FIXED | BIND_OPTIONAL, 0);
	/* Not fixed. */
	add(image, "/z", "/other", 0, OTHER);
	assert_int_equal(check(image), 0);
}

static void a_name_that_leads_elsewhere_is_refused(void **state)
{
	struct image *image = *state;

	add(image, "/x", "/site", BIND_FIXED, OTHER);
	assert_int_equal(check(image), -1);
	assert_string_equal(image->err.text,
		"'/site' cannot be left out or covered: it belongs to every "
		"container of this site");
}

static void a_name_that_is_gone_is_refused(void **state)
{
	struct image *image = *state;

	add(image, "/x", "/site/gone", BIND_FIXED, image->mount);
	assert_int_equal(check(image), -1);
}

/* A symlink of the image may lead a user's bind into it. */
static void a_users_mount_in_an_exclusive_one_is_refused(void **state)
{
	struct image *image = *state;
	char lines[128];

	snprintf(lines, sizeof(lines), "%ju 1\n%ju %ju\n%ju %ju\n",
		(uintmax_t)image->mount, (uintmax_t)OTHER,
		(uintmax_t)image->mount, (uintmax_t)INNER, (uintmax_t)OTHER);
	list_mounts(image, lines);
	add(image, "/x", "/site", BIND_FIXED | BIND_EXCLUSIVE, image->mount);
	add(image, "/mine", "/link/x", BIND_USER, INNER);
	assert_int_equal(check(image), -1);
	assert_ptr_equal(strstr(image->err.text, "--sif-bind: '/site' cannot"),
		image->err.text);
}

static void a_users_mount_elsewhere_is_good(void **state)
{
	struct image *image = *state;
	char lines[128];

	snprintf(lines, sizeof(lines), "%ju 1\n%ju 1\n",
		(uintmax_t)image->mount, (uintmax_t)OTHER);
	list_mounts(image, lines);
	add(image, "/x", "/site", BIND_FIXED | BIND_EXCLUSIVE, image->mount);
	add(image, "/mine", "/free", BIND_USER, OTHER);
	assert_int_equal(check(image), 0);
}

/* The whole image is a directory that a user has bound, and can rename. */
static void a_way_that_a_user_can_change_is_refused(void **state)
{
	struct image *image = *state;
	char lines[128];

	if (geteuid() == 0)
		assert_int_equal(chown(image->path, NOBODY, NOBODY), 0);
	snprintf(lines, sizeof(lines), "%ju 1\n", (uintmax_t)image->mount);
	list_mounts(image, lines);
	add(image, "/x", "/site", BIND_FIXED, image->mount);
	add(image, "/mine", "/data", BIND_USER, image->mount);
	assert_int_equal(check(image), -1);
	assert_string_equal(image->err.text,
		"--sif-bind: '/mine' cannot be bound at '/data': '/site', "
		"which belongs to every container of this site, would lie in a "
		"directory that others than root can change; choose another "
		"destination");
}

static void an_exclusive_bind_is_found_by_name(void **state)
{
	struct image *image = *state;

	add(image, "/x", "/site", BIND_FIXED | BIND_EXCLUSIVE, 0);
	add(image, "/y", "/fixed", BIND_FIXED, 0);
	assert_non_null(fixed_binds_find_above(&image->binds, "/site"));
	assert_non_null(fixed_binds_find_above(&image->binds, "/site/a"));
	assert_null(fixed_binds_find_above(&image->binds, "/sitea"));
	assert_null(fixed_binds_find_above(&image->binds, "/fixed/a"));
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, make_image, remove_image)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_bind_that_shows_is_good),
		TEST(a_name_that_leads_elsewhere_is_refused),
		TEST(a_name_that_is_gone_is_refused),
		TEST(a_users_mount_in_an_exclusive_one_is_refused),
		TEST(a_users_mount_elsewhere_is_good),
		TEST(a_way_that_a_user_can_change_is_refused),
		TEST(an_exclusive_bind_is_found_by_name),
	};

	return cmocka_run_group_tests_name("fixed_binds", tests, NULL, NULL);
}
