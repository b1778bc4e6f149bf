/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/mman.h>
#include <sys/uio.h>
#include <unistd.h>

#include <cmocka.h>

#include "spank/server/filesystem/read_context.h"

static void count(void *arg)
{
	++*(int *)arg;
	errno = ENOENT;
}

static void before_wait_is_called_once_and_keeps_errno(void **state)
{
	int done = 0;
	struct read_context context = { READ_MAY_BLOCK, count, &done };

	(void)state;
	errno = EAGAIN;
	read_context_wait(&context);
	assert_int_equal(errno, EAGAIN);
	read_context_wait(&context);
	assert_int_equal(done, 1);
	read_context_wait(NULL); /* does nothing */
}

static void unknown_pages_count_as_not_cached(void **state)
{
	int file = memfd_create("test", MFD_CLOEXEC), done = 0;
	struct read_context context = { READ_MAY_BLOCK, NULL, &done };

	(void)state;
	assert_int_equal(ftruncate(file, 8192), 0);
	/* The kernel cannot tell for tmpfs. */
	read_context_wait_for_file(NULL, file, 0, 8192);
	read_context_wait_for_file(&context, file, 0, 8192);
	assert_int_equal(done, 0);
	context.before_wait = count;
	read_context_wait_for_file(&context, file, 0, 8192);
	assert_int_equal(done, 1);
	close(file);
}

static void pages_that_were_read_are_cached(void **state)
{
	int file = open("/proc/self/exe", O_RDONLY | O_CLOEXEC), done = 0;
	struct read_context context = { READ_MAY_BLOCK, count, &done };
	char byte;
	struct iovec part = { &byte, 1 };
	bool can_tell;

	(void)state;
	assert_int_equal(pread(file, &byte, 1, 0), 1);
	/* Most file systems can tell; this one may not. */
	can_tell = preadv2(file, &part, 1, 0, RWF_NOWAIT) == 1;
	assert_int_equal(page_cache_has(file, 0, 1), can_tell);
	read_context_wait_for_file(&context, file, 0, 1);
	assert_int_equal(done, can_tell ? 0 : 1);
	/* Nothing is cached behind the end. */
	assert_false(page_cache_has(file, 1LL << 40, 1));
	read_context_wait_for_file(&context, file, 1LL << 40, 1);
	assert_int_equal(done, 1);
	close(file);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(before_wait_is_called_once_and_keeps_errno),
		cmocka_unit_test(unknown_pages_count_as_not_cached),
		cmocka_unit_test(pages_that_were_read_are_cached),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
