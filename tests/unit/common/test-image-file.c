/* SPDX-License-Identifier: BSD-3-Clause */
/* Opening an image file: what is refused, with what hint, and what never waits.
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
#include <unistd.h>

#include <cmocka.h>

#include "common/image_file.h"
#include "tests/unit/scratch.h"

static void assert_refused(const char *path, int num, const char *part)
{
	struct error err = { 0 };

	assert_int_equal(image_file_open(path, &err), -1);
	assert_int_equal(err.num, num);
	if (!strstr(err.text, path) || !strstr(err.text, part))
		fail_msg("'%s' and '%s' are not in '%s'", path, part, err.text);
}

static void a_file_is_open_for_reading_alone(void **state)
{
	struct error err = { 0 };
	char bytes[4];
	int fd;

	(void)state;
	scratch_write("a.sif", "sif");
	fd = image_file_open(scratch_path("a.sif"), &err);
	assert_true(fd >= 0);
	assert_int_equal(read(fd, bytes, sizeof(bytes)), 3);
	assert_int_equal(fcntl(fd, F_GETFL) & (O_ACCMODE | O_NONBLOCK),
		O_RDONLY);
	assert_int_equal(fcntl(fd, F_GETFD), FD_CLOEXEC);
	close(fd);
}

static void a_missing_file_has_a_hint(void **state)
{
	(void)state;
	scratch_write("file", "");
	assert_refused(scratch_path("none.sif"), ENOENT,
		"; is it on a file system that this node mounts?");
	assert_refused(scratch_path("file/a.sif"), ENOTDIR,
		"; is it on a file system that this node mounts?");
}

static void an_unreadable_file_has_a_hint(void **state)
{
	(void)state;
	if (geteuid() == 0)
		return; /* root reads everything */
	scratch_write("secret.sif", "");
	assert_int_equal(chmod(scratch_path("secret.sif"), 0), 0);
	assert_refused(scratch_path("secret.sif"), EACCES,
		"; you must be able to read it on this node");
}

/* The server refuses it by its type; opening it must not wait for a writer. */
static void a_fifo_does_not_block(void **state)
{
	struct error err = { 0 };
	int fd;

	(void)state;
	assert_int_equal(mkfifo(scratch_path("fifo"), 0600), 0);
	alarm(20);
	fd = image_file_open(scratch_path("fifo"), &err);
	alarm(0);
	assert_true(fd >= 0);
	close(fd);
}

static void files_of_proc_are_refused(void **state)
{
	(void)state;
	assert_refused("/proc/self/maps", 0, "it is not a regular file");
	assert_refused("/proc/version", 0, "it is not a regular file");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(a_file_is_open_for_reading_alone,
			scratch_clear),
		cmocka_unit_test_setup(a_missing_file_has_a_hint,
			scratch_clear),
		cmocka_unit_test_setup(an_unreadable_file_has_a_hint,
			scratch_clear),
		cmocka_unit_test_setup(a_fifo_does_not_block, scratch_clear),
		cmocka_unit_test(files_of_proc_are_refused),
	};

	return cmocka_run_group_tests_name("image file", tests, scratch_make,
		scratch_remove);
}
