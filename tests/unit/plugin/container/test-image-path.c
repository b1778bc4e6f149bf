/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Paths in an image that tries to lead out of it.  A directory in /tmp plays
 * the image; no privilege is needed.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "spank/plugin/container/image_path.h"

struct image {
	char outside[64]; /* a directory; the image is "root" in it */
	int outside_fd;
	int root_fd;
};

static int make_image(void **state)
{
	struct image *image = calloc(1, sizeof(*image));

	snprintf(image->outside, sizeof(image->outside), "/tmp/inside.XXXXXX");
	if (!mkdtemp(image->outside))
		return -1;
	image->outside_fd = open(image->outside, O_PATH | O_DIRECTORY);
	mkdirat(image->outside_fd, "root", 0755);
	image->root_fd = openat(image->outside_fd, "root", O_PATH);
	*state = image;
	return image->root_fd < 0 ? -1 : 0;
}

static int remove_image(void **state)
{
	struct image *image = *state;
	char command[128];

	close(image->root_fd);
	close(image->outside_fd);
	snprintf(command, sizeof(command), "rm -rf '%s'", image->outside);
	free(image);
	return system(command);
}

static bool exists(int dir, const char *path)
{
	struct stat status;

	return fstatat(dir, path, &status, AT_SYMLINK_NOFOLLOW) == 0;
}

static void names_are_compared_by_component(void **state)
{
	(void)state;
	assert_true(path_is_below("/tmp", "/tmp"));
	assert_true(path_is_below("/tmp", "/tmp/x"));
	assert_false(path_is_below("/tmp", "/tmpx"));
	assert_false(path_is_below("/tmp/x", "/tmp"));
}

static void missing_directories_are_created(void **state)
{
	struct image *image = *state;
	struct error err = { 0 };

	assert_int_equal(image_path_make(image->root_fd, "/a/b/c", true, &err),
		0);
	assert_int_equal(image_path_make(image->root_fd, "/a/b/f", false, &err),
		0);
	assert_int_equal(image_path_make(image->root_fd, "/a/b/c", true, &err),
		0);
	assert_true(exists(image->root_fd, "a/b/c"));
	assert_true(exists(image->root_fd, "a/b/f"));
}

static void the_wrong_type_is_refused(void **state)
{
	struct image *image = *state;
	struct error err = { 0 };

	assert_int_equal(image_path_make(image->root_fd, "/f", false, &err), 0);
	assert_int_equal(image_path_make(image->root_fd, "/f", true, &err), -1);
	assert_non_null(strstr(err.text, "'/f'"));
	assert_int_equal(image_path_make(image->root_fd, "/f/x", true, &err),
		-1);
}

static void symlinks_do_not_lead_out(void **state)
{
	struct image *image = *state;
	struct error err = { 0 };

	assert_int_equal(symlinkat("../../../../../..", image->root_fd, "up"),
		0);
	assert_int_equal(symlinkat("/proc/self/root", image->root_fd, "magic"),
		0);
	assert_int_equal(symlinkat("..", image->root_fd, "parent"), 0);
	image_path_make(image->root_fd, "/up/made", true, &err);
	image_path_make(image->root_fd, "/magic/made", true, &err);
	image_path_make(image->root_fd, "/parent/made", true, &err);
	image_path_make(image->root_fd, "/../made", true, &err);
	assert_true(exists(image->root_fd, "made"));
	assert_true(exists(image->root_fd, "proc/self/root/made"));
	assert_false(exists(image->outside_fd, "made"));
	assert_false(exists(AT_FDCWD, "/made"));
}

static void a_dangling_symlink_is_followed_inside(void **state)
{
	struct image *image = *state;
	struct error err = { 0 };

	assert_int_equal(symlinkat("../run/resolve", image->root_fd, "link"),
		0);
	assert_int_equal(image_path_make(image->root_fd, "/link", false, &err),
		0);
	assert_true(exists(image->root_fd, "run/resolve"));
}

static void a_symlink_loop_is_refused(void **state)
{
	struct image *image = *state;
	struct error err = { 0 };

	assert_int_equal(symlinkat("b", image->root_fd, "a"), 0);
	assert_int_equal(symlinkat("a", image->root_fd, "b"), 0);
	assert_int_equal(symlinkat("c/c/c", image->root_fd, "c"), 0);
	assert_int_equal(image_path_make(image->root_fd, "/a", true, &err), -1);
	assert_int_equal(image_path_make(image->root_fd, "/c/x", true, &err),
		-1);
}

/* The stack that the look-up needs does not grow with the path. */
static void the_deepest_path_is_created(void **state)
{
	struct image *image = *state;
	struct rlimit small, before;
	struct error err = { 0 };
	char path[PATH_MAX] = "";
	size_t i;

	getrlimit(RLIMIT_STACK, &before);
	small = before;
	small.rlim_cur = 256 * 1024;
	setrlimit(RLIMIT_STACK, &small);
	for (i = 0; i + 3 < sizeof(path); i += 2)
		memcpy(path + i, "/a", 3);
	assert_int_equal(image_path_make(image->root_fd, path, true, &err), 0);
	assert_true(exists(image->root_fd, path + 1));
	setrlimit(RLIMIT_STACK, &before);
}

static void a_symlink_at_the_path_is_replaced(void **state)
{
	struct image *image = *state;
	struct error err = { 0 };
	struct stat status;

	assert_int_equal(image_path_make(image->root_fd, "/zone", false, &err),
		0);
	assert_int_equal(symlinkat("zone", image->root_fd, "localtime"), 0);
	assert_int_equal(
		image_path_replace(image->root_fd, "/localtime", false, &err),
		0);
	assert_int_equal(fstatat(image->root_fd, "localtime", &status,
				 AT_SYMLINK_NOFOLLOW),
		0);
	assert_true(S_ISREG(status.st_mode));
	assert_true(exists(image->root_fd, "zone"));
}

/* A process that keeps renaming a file outside of the image. */
static pid_t start_renaming(const struct image *image)
{
	pid_t pid;

	mknodat(image->outside_fd, "a", S_IFREG | 0644, 0);
	pid = fork();
	if (pid != 0)
		return pid;
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	for (;;) {
		renameat(image->outside_fd, "a", image->outside_fd, "b");
		renameat(image->outside_fd, "b", image->outside_fd, "a");
	}
}

/* The kernel then refuses "..": any user who can rename a file could keep the
 * steps of others from starting. */
static void renames_elsewhere_do_not_fail_a_look_up(void **state)
{
	struct image *image = *state;
	int i, fd, failures = 0;
	pid_t pid;

	mkdirat(image->root_fd, "d", 0755);
	pid = start_renaming(image);
	assert_true(pid > 0);
	for (i = 0; i < 20000; i++) {
		fd = image_path_open(image->root_fd,
			"/d/../d/../d/../d/../d/../d/../d", O_PATH);
		failures += fd < 0;
		close(fd);
	}
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	assert_int_equal(failures, 0);
}

#define IN_IMAGE(test) \
	cmocka_unit_test_setup_teardown(test, make_image, remove_image)

static void other_mounts_are_not_opened(void **state)
{
	int root_fd = open("/", O_PATH | O_CLOEXEC), fd;

	(void)state;
	fd = image_path_open(root_fd, "/proc/version", O_RDONLY);
	assert_true(fd >= 0);
	close(fd);
	assert_int_equal(
		image_path_open_no_xdev(root_fd, "/proc/version", O_RDONLY),
		-1);
	assert_int_equal(errno, EXDEV);
	fd = image_path_open_no_xdev(root_fd, "/", O_PATH);
	assert_true(fd >= 0);
	close(fd);
	close(root_fd);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(names_are_compared_by_component),
		cmocka_unit_test(other_mounts_are_not_opened),
		IN_IMAGE(missing_directories_are_created),
		IN_IMAGE(the_wrong_type_is_refused),
		IN_IMAGE(symlinks_do_not_lead_out),
		IN_IMAGE(a_dangling_symlink_is_followed_inside),
		IN_IMAGE(a_symlink_loop_is_refused),
		IN_IMAGE(the_deepest_path_is_created),
		IN_IMAGE(a_symlink_at_the_path_is_replaced),
		IN_IMAGE(renames_elsewhere_do_not_fail_a_look_up),
	};

	return cmocka_run_group_tests_name("inside", tests, NULL, NULL);
}
