/* SPDX-License-Identifier: BSD-3-Clause */
/* The superblock of a partition, at the limits of what is accepted. */
#include <endian.h>
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cmocka.h>

#include "common/sif_superblock.h"
#include "common/sif_table.h"

#define OFFSET 512
#define SIZE   4096

static unsigned char bytes[OFFSET + SIZE];

static void put(size_t offset, uint64_t value, size_t size)
{
	value = htole64(value);
	memcpy(bytes + OFFSET + offset, &value, size);
}

static int make_superblock(void **state)
{
	(void)state;
	memset(bytes, 0, sizeof(bytes));
	memcpy(bytes + OFFSET, SIF_SQUASHFS_MAGIC, 4);
	put(20, 6, 2);
	put(28, 4, 2);
	put(40, SIZE, 8);
	return 0;
}

static int check(uint64_t size, struct sif_partition *ret_partition,
	struct error *err)
{
	struct sif_partition partition = { .offset = OFFSET, .size = size };
	int fd = memfd_create("image", MFD_CLOEXEC), rc;

	assert_int_equal(write(fd, bytes, sizeof(bytes)), sizeof(bytes));
	rc = sif_check_superblock(fd, &partition, err);
	close(fd);
	*ret_partition = partition;
	return rc;
}

static void assert_refused(uint64_t size, const char *part)
{
	struct sif_partition partition;
	struct error err = { 0 };

	assert_int_equal(check(size, &partition, &err), -1);
	if (!strstr(err.text, part))
		fail_msg("'%s' is not in '%s'", part, err.text);
}

static void the_compression_is_found(void **state)
{
	struct sif_partition partition;
	struct error err = { 0 };

	(void)state;
	assert_int_equal(check(SIZE, &partition, &err), 0);
	assert_int_equal(partition.compression, 6);
	assert_int_equal(partition.offset, OFFSET);
	assert_int_equal(partition.size, SIZE);
}

static void compressions_have_names(void **state)
{
	static const char *const names[] = { NULL, "gzip", "lzma", "lzo", "xz",
		"lz4", "zstd", NULL, NULL };
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(names) / sizeof(*names); i++)
		if (names[i])
			assert_string_equal(sif_compression_name(i), names[i]);
		else
			assert_null(sif_compression_name(i));
	assert_null(sif_compression_name(UINT16_MAX));
}

static void bytes_used_has_limits(void **state)
{
	struct sif_partition partition;
	struct error err = { 0 };

	(void)state;
	put(40, SIZE + 1, 8);
	assert_refused(SIZE, "its squashfs claims 4097 bytes where there are "
			     "4096");
	put(40, UINT64_MAX, 8);
	assert_refused(SIZE, "it is truncated or damaged");
	put(40, 95, 8); /* less than the superblock itself */
	assert_refused(SIZE, "it is truncated or damaged");
	put(40, 96, 8);
	assert_int_equal(check(SIZE, &partition, &err), 0);
}

static void a_partition_has_room_for_a_superblock(void **state)
{
	struct sif_partition partition;
	struct error err = { 0 };

	(void)state;
	put(40, 96, 8);
	assert_refused(95, "too small to be squashfs");
	assert_refused(0, "too small to be squashfs");
	assert_int_equal(check(96, &partition, &err), 0);
}

static void a_file_that_ends_early_is_truncated(void **state)
{
	int fd = memfd_create("image", MFD_CLOEXEC);
	struct error err = { 0 };
	char buffer[8];

	(void)state;
	assert_int_equal(write(fd, "1234567", 7), 7);
	assert_int_equal(sif_read_at(fd, buffer, 7, 0, "its bytes", &err), 0);
	assert_memory_equal(buffer, "1234567", 7);
	assert_int_equal(sif_read_at(fd, buffer, 2, 5, "its bytes", &err), 0);
	assert_memory_equal(buffer, "67", 2);
	assert_int_equal(sif_read_at(fd, buffer, 8, 0, "its bytes", &err), -1);
	assert_string_equal(err.text,
		"it is truncated: its bytes end past the end of the file; copy "
		"or download it again");
	close(fd);
	assert_int_equal(sif_read_at(-1, buffer, 1, 0, "its bytes", &err), -1);
	assert_int_equal(err.num, EBADF);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(the_compression_is_found,
			make_superblock),
		cmocka_unit_test(compressions_have_names),
		cmocka_unit_test_setup(bytes_used_has_limits, make_superblock),
		cmocka_unit_test_setup(a_partition_has_room_for_a_superblock,
			make_superblock),
		cmocka_unit_test(a_file_that_ends_early_is_truncated),
	};

	return cmocka_run_group_tests_name("superblock", tests, NULL, NULL);
}
