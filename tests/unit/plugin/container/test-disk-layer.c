/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The directory of a writable layer: what is made in it, what it must not be,
 * and who uses it.  Mounts are tested with live steps.
 */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cmocka.h>

#include "spank/plugin/container/disk_layer.h"
#include "tests/unit/scratch.h"

static uint32_t magic; /* of all file systems, unless it is 0 */

int fstatfs(int fd, struct statfs *ret_status)
{
	int got = syscall(SYS_fstatfs, fd, ret_status);

	if (magic)
		ret_status->f_type = magic;
	return got;
}

static int open_layer(const char *path, struct error *err)
{
	struct report report = { .debug = false };
	int fd = disk_layer_open(path, &report, err);

	report_free(&report);
	return fd;
}

static mode_t mode_of(const char *name)
{
	struct stat status = { 0 };

	assert_int_equal(lstat(scratch_path(name), &status), 0);
	return status.st_mode;
}

static void upper_and_work_are_made_once(void **state)
{
	struct error err = { 0 };

	(void)state;
	scratch_mkdir("d");
	close(open_layer(scratch_path("d"), &err));
	assert_int_equal(mode_of("d/upper"), S_IFDIR | 0755);
	assert_int_equal(mode_of("d/work"), S_IFDIR | 0700);
	scratch_write("d/upper/kept", "");
	chmod(scratch_path("d/upper"), 0711);
	chmod(scratch_path("d/work"), 02770);
	close(open_layer(scratch_path("d"), &err));
	assert_false(error_is_set(&err));
	assert_int_equal(mode_of("d/upper"), S_IFDIR | 0711);
	assert_int_equal(mode_of("d/work"), S_IFDIR | 0700);
	mode_of("d/upper/kept");
}

static void links_and_files_are_no_layers(void **state)
{
	struct error err = { 0 };

	(void)state;
	scratch_mkdir("elsewhere");
	scratch_mkdir("d");
	scratch_symlink("d/upper", scratch_path("elsewhere"));
	assert_int_equal(open_layer(scratch_path("d"), &err), -1);
	assert_non_null(strstr(err.text, "d/upper'"));
	scratch_mkdir("e");
	scratch_write("e/work", "");
	assert_int_equal(open_layer(scratch_path("e"), &err), -1);
	assert_non_null(strstr(err.text, "e/work'"));
	assert_int_equal(open_layer(scratch_path("e/work"), &err), -1);
}

static void file_systems_of_a_network_are_refused(void **state)
{
	static const struct {
		uint32_t magic;
		const char *name;
	} cases[] = { { 0x6969, "NFS" }, { 0x0bd00bd0, "Lustre" },
		{ 0x47504653, "GPFS" }, { 0x19830326, "BeeGFS" },
		{ 0x00c36400, "CephFS" }, { 0x65735546, "FUSE" },
		{ 0x794c7630, "another overlay" }, { 0xff534d42, "SMB" } };
	struct error err = { 0 };
	char text[64];
	size_t i;

	(void)state;
	scratch_mkdir("d");
	for (i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		magic = cases[i].magic;
		assert_int_equal(open_layer(scratch_path("d"), &err), -1);
		snprintf(text, sizeof(text), "' is on %s, which cannot carry",
			cases[i].name);
		assert_non_null(strstr(err.text, text));
		assert_non_null(strstr(err.text, "--sif-writable-tmpfs"));
	}
	magic = 0;
	assert_int_equal(access(scratch_path("d/upper"), F_OK), -1);
}

static void busy(int dir_fd, const char *expected)
{
	struct error err = { .num = EBUSY };

	disk_layer_explain("/d", dir_fd, &err);
	assert_memory_equal(err.text, expected, strlen(expected));
}

static void the_step_that_uses_it_is_named(void **state)
{
	struct error err = { 0 };
	int fd;

	(void)state;
	scratch_mkdir("d");
	fd = open_layer(scratch_path("d"), &err);
	busy(fd, "'/d' is in use by another step, and");
	disk_layer_note_step(fd, "7.1");
	busy(fd, "'/d' is in use by step 7.1, and");
	/* Anybody who can write there can write anything. */
	scratch_write("d/used-by", "\033[1m\nsecond");
	busy(fd, "'/d' is in use by step \\033[1m, and");
	unlink(scratch_path("d/used-by"));
	mkfifo(scratch_path("d/used-by"), 0600);
	busy(fd, "'/d' is in use by another step, and");
	close(fd);
}

static void a_link_is_not_written_through(void **state)
{
	struct error err = { 0 };
	struct stat status;
	int fd;

	(void)state;
	scratch_mkdir("d");
	scratch_write("precious", "text");
	fd = open_layer(scratch_path("d"), &err);
	assert_int_equal(
		link(scratch_path("precious"), scratch_path("d/used-by")), 0);
	disk_layer_note_step(fd, "7.1");
	assert_int_equal(unlink(scratch_path("d/used-by")), 0);
	scratch_symlink("d/used-by", scratch_path("precious"));
	disk_layer_note_step(fd, "7.1");
	assert_true(S_ISREG(mode_of("d/used-by")));
	assert_int_equal(stat(scratch_path("precious"), &status), 0);
	assert_int_equal(status.st_size, 4);
	close(fd);
}

static void other_failures_stay(void **state)
{
	struct error err = { .num = ENOSPC, .text = "no space" };

	(void)state;
	disk_layer_explain("/d", -1, &err);
	assert_string_equal(err.text, "no space");
	err.num = EINVAL;
	disk_layer_explain("/d", -1, &err);
	assert_non_null(strstr(err.text, "cannot write a layer to '/d'"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(upper_and_work_are_made_once,
			scratch_clear),
		cmocka_unit_test_teardown(links_and_files_are_no_layers,
			scratch_clear),
		cmocka_unit_test_teardown(file_systems_of_a_network_are_refused,
			scratch_clear),
		cmocka_unit_test_teardown(the_step_that_uses_it_is_named,
			scratch_clear),
		cmocka_unit_test_teardown(a_link_is_not_written_through,
			scratch_clear),
		cmocka_unit_test(other_failures_stay),
	};

	return cmocka_run_group_tests_name("disk layer", tests, scratch_make,
		scratch_remove);
}
