/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * passwd and group of a container.  A directory plays the image; the entries
 * are those of the user who runs this test.
 */
#include <fcntl.h>
#include <grp.h>
#include <pwd.h>
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

#include "common/cleanup.h"
#include "spank/plugin/container/accounts.h"
#include "tests/unit/scratch.h"

#define COPY_MAX (1 << 20)

static struct accounts load(const char *home, const struct node_conf *conf)
{
	struct accounts accounts;
	struct report report = { .debug = false };
	struct error err = { 0 };

	assert_int_equal(accounts_load(home, conf, &accounts, &report, &err),
		0);
	report_free(&report);
	return accounts;
}

static void the_user_comes_first(void **state)
{
	const struct node_conf conf = { .slurm_uid = 0 };
	const struct passwd *entry = getpwuid(getuid());
	struct accounts accounts = load(NULL, &conf);
	char expected[4096] = "";

	(void)state;
	if (entry)
		snprintf(expected, sizeof(expected), "%s:x:%d:%d:%s:%s:%s\n",
			entry->pw_name, (int)entry->pw_uid, (int)entry->pw_gid,
			entry->pw_gecos, entry->pw_dir, entry->pw_shell);
	assert_string_equal(accounts.passwd, expected);
	if (entry)
		assert_string_equal(accounts.home, entry->pw_dir);
	accounts_free(&accounts);
	assert_null(accounts.passwd);
	accounts_free(&accounts);
}

static void a_private_home_is_in_the_line_alone(void **state)
{
	const struct node_conf conf = { .slurm_uid = 0 };
	const struct passwd *entry = getpwuid(getuid());
	struct accounts accounts = load("/private", &conf);

	(void)state;
	if (entry) {
		assert_non_null(strstr(accounts.passwd, ":/private:"));
		assert_string_equal(accounts.home, entry->pw_dir);
	}
	accounts_free(&accounts);
}

static void slurm_user_has_a_line(void **state)
{
	const struct node_conf by_name = { .slurm_user = "daemon" };
	const struct passwd *daemon = getpwnam("daemon");
	struct node_conf by_id = { .slurm_uid = daemon ? daemon->pw_uid : 0 };
	const struct node_conf unknown = { .slurm_user = "no such user" };
	struct accounts accounts;

	(void)state;
	if (!daemon || getuid() == daemon->pw_uid)
		return; /* every system has one; the test needs another user */
	accounts = load(NULL, &by_name);
	assert_non_null(strstr(accounts.passwd, "daemon:x:"));
	accounts_free(&accounts);
	accounts = load(NULL, &by_id);
	assert_non_null(strstr(accounts.passwd, "daemon:x:"));
	accounts_free(&accounts);
	accounts = load(NULL, &unknown);
	assert_null(strstr(accounts.passwd, "no such user"));
	accounts_free(&accounts);
}

static void the_group_is_there(void **state)
{
	const struct node_conf conf = { .slurm_uid = 0 };
	const struct group *entry = getgrgid(getgid());
	const struct passwd *user = getpwuid(getuid());
	struct accounts accounts = load(NULL, &conf);
	char expected[4096];

	(void)state;
	if (entry) {
		snprintf(expected, sizeof(expected), "%s:x:%d:%s\n",
			entry->gr_name, (int)entry->gr_gid,
			user ? user->pw_name : "");
		assert_memory_equal(accounts.group, expected, strlen(expected));
	}
	accounts_free(&accounts);
}

/* The file that accounts_write() makes; the caller frees it. */
static char *write_accounts(const char *path)
{
	CLEANUP_FD int to_fd = open(scratch_path("out"), O_RDONLY);
	CLEANUP_FD int root_fd = open(scratch_path("root"), O_PATH);
	CLEANUP_FD int fd = -1;
	char *text = calloc(1, 2 * COPY_MAX);
	struct error err = { 0 };
	struct stat status;

	assert_non_null(text);
	umask(077);
	assert_int_equal(
		accounts_write(to_fd, "made", "first\n", root_fd, path, &err),
		0);
	fd = openat(to_fd, "made", O_RDONLY);
	assert_int_equal(fstat(fd, &status), 0);
	assert_int_equal(status.st_mode & 07777, 0644);
	assert_true(status.st_size < 2 * COPY_MAX);
	assert_int_equal(read(fd, text, 2 * COPY_MAX - 1), status.st_size);
	return text;
}

static int make_image(void **state)
{
	if (scratch_clear(state) < 0)
		return -1;
	scratch_mkdir("out");
	scratch_mkdir("root/etc");
	return 0;
}

static void assert_written(const char *path, const char *expected)
{
	CLEANUP_FREE char *text = write_accounts(path);

	assert_string_equal(text, expected);
}

static void the_images_entries_follow(void **state)
{
	(void)state;
	scratch_write("root/etc/passwd", "image:x:1:1::/:/bin/sh\n");
	assert_written("/etc/passwd", "first\nimage:x:1:1::/:/bin/sh\n");
}

static void without_a_file_the_nodes_is_taken(void **state)
{
	(void)state;
	scratch_write("node", "node:x:2:2::/:/bin/sh\n");
	assert_written(scratch_path("node"), "first\nnode:x:2:2::/:/bin/sh\n");
}

/* "/../../PATH" would be the node's file, outside of the image. */
static void a_symlink_stays_in_the_image(void **state)
{
	(void)state;
	scratch_write("root/etc/real", "inside\n");
	scratch_symlink("root/etc/passwd", "/../../../etc/real");
	assert_written("/etc/passwd", "first\ninside\n");
}

static void other_types_are_left_out(void **state)
{
	(void)state;
	assert_int_equal(mkfifo(scratch_path("root/etc/fifo"), 0600), 0);
	alarm(20);
	assert_written("/etc/fifo", "first\n");
	alarm(0);
	assert_int_equal(unlink(scratch_path("out/made")), 0);
	scratch_mkdir("root/etc/directory");
	assert_written("/etc/directory", "first\n");
	assert_int_equal(unlink(scratch_path("out/made")), 0);
	scratch_symlink("root/etc/loop", "loop");
	assert_written("/etc/loop", "first\n");
}

static void a_large_file_is_cut(void **state)
{
	CLEANUP_FREE char *large = malloc(COPY_MAX + 100);
	CLEANUP_FREE char *text = NULL;

	(void)state;
	assert_non_null(large);
	memset(large, 'x', COPY_MAX + 99);
	large[COPY_MAX + 99] = '\0';
	scratch_write("root/etc/passwd", large);
	text = write_accounts("/etc/passwd");
	assert_int_equal(strlen(text), strlen("first\n") + COPY_MAX);
}

static void a_file_is_never_overwritten(void **state)
{
	CLEANUP_FD int to_fd = open(scratch_path("out"), O_RDONLY);
	CLEANUP_FD int root_fd = open(scratch_path("root"), O_PATH);
	struct error err = { 0 };

	(void)state;
	scratch_write("out/made", "old");
	assert_int_equal(
		accounts_write(to_fd, "made", "", root_fd, "/etc/passwd", &err),
		-1);
	assert_string_equal(err.text,
		"cannot write '/etc/passwd': File exists");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_user_comes_first),
		cmocka_unit_test(a_private_home_is_in_the_line_alone),
		cmocka_unit_test(slurm_user_has_a_line),
		cmocka_unit_test(the_group_is_there),
		cmocka_unit_test_setup(the_images_entries_follow, make_image),
		cmocka_unit_test_setup(without_a_file_the_nodes_is_taken,
			make_image),
		cmocka_unit_test_setup(a_symlink_stays_in_the_image,
			make_image),
		cmocka_unit_test_setup(other_types_are_left_out, make_image),
		cmocka_unit_test_setup(a_large_file_is_cut, make_image),
		cmocka_unit_test_setup(a_file_is_never_overwritten, make_image),
	};

	return cmocka_run_group_tests_name("accounts", tests, scratch_make,
		scratch_remove);
}
