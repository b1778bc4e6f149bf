/* SPDX-License-Identifier: BSD-3-Clause */
/* What a file is that is no image, and how to make one from it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cmocka.h>

#include "common/sif_foreign.h"

#define LAUNCHER "#!/usr/bin/env run-singularity\n"

/* `size` bytes of zero, with `bytes` at an offset. */
struct file {
	unsigned char bytes[4096];
	size_t size;
};

static void put(struct file *file, size_t offset, const char *bytes,
	size_t length)
{
	memcpy(file->bytes + offset, bytes, length);
	if (file->size < offset + length)
		file->size = offset + length;
}

static void assert_described(const struct file *file, const char *begin,
	const char *cure)
{
	int fd = memfd_create("file", MFD_CLOEXEC);
	struct error err = { 0 };

	assert_int_equal(write(fd, file->bytes, file->size), file->size);
	assert_int_equal(sif_foreign_describe(fd, &err), -1);
	close(fd);
	if (strncmp(err.text, begin, strlen(begin)) != 0 ||
		!strstr(err.text, cure))
		fail_msg("'%s ... %s' is not '%s'", begin, cure, err.text);
}

static void tar_archives(void **state)
{
	struct file tar = { .size = 512 };

	(void)state;
	put(&tar, 257, "ustar", 5);
	assert_described(&tar, "it is a tar archive", "docker-archive:FILE");
}

static void anything_else(void **state)
{
	struct file empty = { .size = 0 };
	struct file launcher_alone = { .size = 0 };
	struct file half_a_magic = { .size = 0 };

	(void)state;
	put(&launcher_alone, 0, LAUNCHER, strlen(LAUNCHER));
	/* The file ends within the magic number. */
	put(&half_a_magic, 257, "ust", 3);
	assert_described(&empty, "it is neither a SIF nor a squashfs file",
		"apptainer build");
	assert_described(&launcher_alone,
		"it is neither a SIF nor a squashfs file", "apptainer build");
	assert_described(&half_a_magic,
		"it is neither a SIF nor a squashfs file", "apptainer build");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(tar_archives),
		cmocka_unit_test(anything_else),
	};

	return cmocka_run_group_tests_name("foreign files", tests, NULL, NULL);
}
