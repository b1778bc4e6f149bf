/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The parser of image files, on images that are built here: a valid one, and
 * for each test one with a defect, after which the test is named.
 */
#include <endian.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cmocka.h>

#include "tests/lib/sif-find.h"

#define TABLE         4096
#define SLOTS         48
#define SLOT(n)       (TABLE + (n)*585)
#define PRIMARY       SLOT(1) /* slot 0 is a definition file */
#define PARTITION     65536
#define PARTITION_END (PARTITION + 4096)

static unsigned char image[PARTITION_END];

static void put(size_t offset, uint64_t value, size_t size)
{
	value = htole64(value);
	memcpy(image + offset, &value, size);
}

static void put_superblock(size_t offset)
{
	memcpy(image + offset, "hsqs", 4);
	put(offset + 20, 1, 2);
	put(offset + 28, 4, 2);
	put(offset + 40, 4000, 8);
}

static void put_descriptor(size_t at, uint32_t type)
{
	put(at, type, 4);
	image[at + 4] = 1;
	put(at + 17, PARTITION, 8);
	put(at + 25, 4096, 8);
}

static int build(void **state)
{
	(void)state;
	memset(image, 0, sizeof(image));
	memcpy(image, "#!/usr/bin/env run-singularity\n", 31);
	memcpy(image + 32,
		"SIF_MAGIC\0"
		"01\0"
		"02\0",
		16);
	put(88, SLOTS, 8);
	put(96, TABLE, 8);
	put_descriptor(SLOT(0), 0x4001);
	put_descriptor(PRIMARY, 0x4004);
	put(PRIMARY + 201, 1, 4);
	put(PRIMARY + 205, 2, 4);
	memcpy(image + PRIMARY + 209, "02", 3);
	put_superblock(PARTITION);
	return 0;
}

static int make_file(size_t size)
{
	int fd = memfd_create("image", MFD_CLOEXEC);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, image, size), size);
	return fd;
}

static int find_for(enum sif_purpose purpose, size_t size, const char *machine,
	struct sif_partition *partition, struct error *err)
{
	int fd = make_file(size);
	int rc = sif_find(fd, purpose, machine, partition, err);

	close(fd);
	return rc;
}

static int find(size_t size, const char *machine,
	struct sif_partition *partition, struct error *err)
{
	return find_for(SIF_ROOT, size, machine, partition, err);
}

static void assert_found(size_t size, const char *machine, uint64_t offset)
{
	struct sif_partition partition = { 0 };
	struct error err = { 0 };

	assert_int_equal(find(size, machine, &partition, &err), 0);
	assert_string_equal(err.text, "");
	assert_int_equal(partition.offset, offset);
}

/* `part` is what the sentence has to contain. */
static void assert_refused_at(size_t size, const char *part)
{
	const struct sif_partition untouched = { .offset = 7, .size = 7 };
	struct sif_partition partition = untouched;
	struct error err = { 0 };

	assert_int_equal(find(size, "02", &partition, &err), -1);
	if (!strstr(err.text, part))
		fail_msg("'%s' is not in '%s'", part, err.text);
	assert_int_equal(partition.offset, untouched.offset);
	assert_int_equal(partition.size, untouched.size);
	/* What went wrong; what to do next. */
	assert_non_null(strchr(err.text, ';'));
	assert_memory_equal(err.text, "it", 2);
}

static void assert_refused(const char *part)
{
	assert_refused_at(sizeof(image), part);
}

static void a_valid_sif_is_found(void **state)
{
	struct sif_partition partition;
	struct error err = { 0 };

	(void)state;
	assert_int_equal(find(sizeof(image), "02", &partition, &err), 0);
	assert_int_equal(partition.offset, PARTITION);
	assert_int_equal(partition.size, 4096);
	assert_int_equal(partition.compression, 1);
}

static void a_bare_squashfs_is_found(void **state)
{
	(void)state;
	memset(image, 0, sizeof(image));
	put_superblock(0);
	assert_found(sizeof(image), "02", 0);
	assert_found(4000, "04", 0);
}

static void matching_architectures_are_accepted(void **state)
{
	(void)state;
	assert_found(sizeof(image), "00", PARTITION);
	memcpy(image + PRIMARY + 209, "01", 3);
	assert_found(sizeof(image), "02", PARTITION);
	memcpy(image + PRIMARY + 209, "00", 3);
	assert_found(sizeof(image), "02", PARTITION);
}

static void unused_descriptors_are_skipped(void **state)
{
	(void)state;
	put_descriptor(SLOT(2), 0x400A);
	image[SLOT(2) + 4] = 0;
	assert_found(sizeof(image), "02", PARTITION);
}

static void put_overlay(size_t at, uint32_t group)
{
	put_descriptor(at, 0x4004);
	put(at + 9, group, 4);
	put(at + 201, 1, 4);
	put(at + 205, 4, 4);
}

static void find_layers(enum sif_purpose purpose, struct sif_image *found)
{
	struct error err = { 0 };
	int fd = make_file(sizeof(image));

	if (sif_find_image(fd, purpose, "02", found, &err) < 0)
		fail_msg("%s", err.text);
	close(fd);
}

/* An ext3 file system at the end of the partition, where a slot says so. */
static void put_ext3(size_t slot)
{
	put(slot + 17, PARTITION + 1024, 8);
	put(slot + 25, 2048, 8);
	put(slot + 201, 2, 4);
	put(PARTITION + 1024 + 1080, 0xEF53, 2);
	put(PARTITION + 1024 + 1082, 1, 2); /* clean */
}

/* Two of the root's group, squashfs and ext3; one of another group; one that is
 * not in use. */
static void put_overlays(void)
{
	put(PRIMARY + 9, 0xf0000001, 4);
	put_overlay(SLOT(0), 0xf0000001); /* before the primary partition */
	put_overlay(SLOT(2), 0xf0000001);
	put_ext3(SLOT(2));
	put_overlay(SLOT(3), 0xf0000002);
	put_overlay(SLOT(4), 0xf0000001);
	image[SLOT(4) + 4] = 0;
}

static void overlays_of_the_same_group_are_layers(void **state)
{
	struct sif_image found;

	(void)state;
	find_layers(SIF_ROOT, &found);
	assert_int_equal(found.layers.count, 1);
	assert_int_equal(found.layers.partitions[0].overlays, 0);
	put_overlays();
	find_layers(SIF_ROOT, &found);
	assert_int_equal(found.layers.count, 3);
	assert_int_equal(found.layers.partitions[0].overlays, 2);
	assert_int_equal(found.layers.partitions[1].kind, SIF_SQUASHFS);
	assert_int_equal(found.layers.partitions[2].kind, SIF_EXT);
	assert_int_equal(found.layers.partitions[2].offset, PARTITION + 1024);
	find_layers(SIF_ROOT_ALONE, &found);
	assert_int_equal(found.layers.count, 1);
	assert_int_equal(found.layers.partitions[0].overlays, 2);
	/* All belong to a root that is in no group. */
	put(PRIMARY + 9, 0xf0000000, 4);
	find_layers(SIF_ROOT, &found);
	assert_int_equal(found.layers.count, 4);
	put(PRIMARY + 9, 0xf0000001, 4);
	/* They do not apply to data. */
	find_layers(SIF_DATA, &found);
	assert_int_equal(found.layers.count, 1);
	assert_int_equal(found.layers.partitions[0].overlays, 0);
}

static void a_layer_is_overlays_or_data_or_the_root(void **state)
{
	struct sif_image found;

	(void)state;
	put_overlays();
	find_layers(SIF_LAYER, &found);
	assert_int_equal(found.layers.count, 2);
	/* All of them, if there is no root. */
	image[PRIMARY + 4] = 0;
	find_layers(SIF_LAYER, &found);
	assert_int_equal(found.layers.count, 3);
	assert_int_equal(found.layers.partitions[0].overlays, 0);
	assert_int_equal(found.layers.partitions[0].kind, SIF_SQUASHFS);
	assert_int_equal(found.layers.partitions[1].kind, SIF_EXT);
	image[PRIMARY + 4] = 1;
	image[SLOT(0) + 4] = image[SLOT(2) + 4] = image[SLOT(3) + 4] = 0;
	find_layers(SIF_LAYER, &found);
	assert_int_equal(found.layers.count, 1);
	assert_int_equal(found.layers.partitions[0].offset, PARTITION);
	put_overlay(SLOT(0), 0xf0000001);
	put(SLOT(0) + 205, 3, 4); /* data */
	put_ext3(SLOT(0));
	find_layers(SIF_LAYER, &found);
	assert_int_equal(found.layers.partitions[0].offset, PARTITION + 1024);
	find_layers(SIF_DATA, &found);
	assert_int_equal(found.layers.partitions[0].offset, PARTITION);
}

static void an_ext3_partition_can_be_data_and_root(void **state)
{
	struct sif_image found;

	(void)state;
	put_ext3(PRIMARY);
	find_layers(SIF_DATA, &found);
	assert_int_equal(found.layers.partitions[0].kind, SIF_EXT);
	assert_int_equal(found.layers.partitions[0].offset, PARTITION + 1024);
	find_layers(SIF_ROOT, &found);
	assert_int_equal(found.layers.partitions[0].kind, SIF_EXT);
}

static void overlays_are_checked(void **state)
{
	struct sif_image found;
	unsigned int i;

	(void)state;
	put_overlay(SLOT(2), 0);
	put(SLOT(2) + 201, 3, 4);
	assert_refused("its overlay partition is neither squashfs nor ext3");
	find_layers(SIF_ROOT_ALONE, &found);
	assert_int_equal(found.layers.partitions[0].overlays, 1);
	put(SLOT(2) + 201, 1, 4);
	put(SLOT(2) + 17, PARTITION_END, 8);
	assert_refused("it is truncated: the bytes of its overlay partition");
	put(SLOT(2) + 17, PARTITION + 512, 8);
	put(SLOT(2) + 25, 1024, 8);
	assert_refused("its layer 2: it is damaged: its root file system");
	put(88, 70, 8);
	for (i = 2; i < 66; i++)
		put_overlay(SLOT(i), 0);
	assert_refused("it has more than 63 overlay partitions");
}

static void empty(void **state)
{
	(void)state;
	assert_refused_at(0, "empty");
}

static void a_bare_ext_is_an_image(void **state)
{
	struct sif_partition partition;
	struct error err = { 0 };

	(void)state;
	memset(image, 0, sizeof(image));
	put(1080, 0xEF53, 2);
	put(1082, 1, 2); /* clean */
	assert_int_equal(
		find_for(SIF_DATA, sizeof(image), "02", &partition, &err), 0);
	assert_int_equal(partition.kind, SIF_EXT);
	assert_int_equal(
		find_for(SIF_LAYER, sizeof(image), "02", &partition, &err), 0);
	assert_int_equal(partition.kind, SIF_EXT);
	assert_int_equal(partition.offset, 0);
	assert_int_equal(partition.size, sizeof(image));
	assert_string_equal(sif_compression_of(&partition), "none");
	assert_int_equal(
		find_for(SIF_ROOT, sizeof(image), "02", &partition, &err), 0);
	assert_int_equal(partition.kind, SIF_EXT);
	assert_int_equal(find_for(SIF_DATA, 2047, "02", &partition, &err), -1);
	put(1082, 0, 2);
	assert_int_equal(
		find_for(SIF_DATA, sizeof(image), "02", &partition, &err), -1);
	assert_non_null(strstr(err.text, "run 'e2fsck -f' on it"));
	/* The magic number of squashfs comes first. */
	put_superblock(0);
	assert_int_equal(
		find_for(SIF_DATA, sizeof(image), "02", &partition, &err), 0);
	assert_int_equal(partition.kind, SIF_SQUASHFS);
}

static void an_image_of_singularity_2_is_found(void **state)
{
	struct sif_partition partition;
	struct error err = { 0 };

	(void)state;
	memset(image, 0, sizeof(image));
	put(31 + 1080, 0xEF53, 2);
	put(31 + 1082, 1, 2);
	assert_refused("neither a SIF nor a squashfs");
	memcpy(image, "#!/usr/bin/env run-singularity\n", 31);
	assert_int_equal(
		find_for(SIF_ROOT, sizeof(image), "02", &partition, &err), 0);
	assert_int_equal(partition.kind, SIF_EXT);
	assert_int_equal(partition.offset, 31);
	assert_int_equal(partition.size, sizeof(image) - 31);
	assert_refused_at(31 + 2047, "neither a SIF nor a squashfs");
	assert_refused_at(30, "neither a SIF nor a squashfs");
}

static void other_formats_are_named(void **state)
{
	(void)state;
	memset(image, 0, sizeof(image));
	memcpy(image + 257, "ustar", 5);
	assert_refused("tar archive");
	assert_refused_at(261, "neither a SIF nor a squashfs");
}

static void not_an_image(void **state)
{
	(void)state;
	assert_refused_at(1, "neither a SIF nor a squashfs");
	assert_refused_at(40, "neither a SIF nor a squashfs");
	image[41] = 'x'; /* the NUL of the magic */
	assert_refused("neither a SIF nor a squashfs");
}

static void not_a_regular_file(void **state)
{
	struct sif_partition partition;
	struct error err = { 0 };
	int fds[2];

	(void)state;
	assert_int_equal(pipe(fds), 0);
	assert_int_equal(sif_find(fds[0], SIF_ROOT, "02", &partition, &err),
		-1);
	assert_non_null(strstr(err.text, "not a regular file"));
	close(fds[0]);
	close(fds[1]);
	fds[0] = open("/", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	assert_int_equal(sif_find(fds[0], SIF_ROOT, "02", &partition, &err),
		-1);
	assert_non_null(strstr(err.text, "a directory"));
	close(fds[0]);
}

static void header_truncated(void **state)
{
	(void)state;
	assert_refused_at(41, "truncated");
	assert_refused_at(127, "truncated");
}

static void version_02(void **state)
{
	(void)state;
	memcpy(image + 42, "02", 3);
	assert_refused("version is not 01");
}

static void descriptors_truncated(void **state)
{
	(void)state;
	assert_refused_at(TABLE + 585 * SLOTS - 1, "its descriptors");
}

static void descriptors_past_the_end(void **state)
{
	(void)state;
	put(96, sizeof(image), 8);
	assert_refused("its descriptors");
}

static void descriptors_offset_overflows(void **state)
{
	(void)state;
	put(96, UINT64_MAX - 100, 8);
	assert_refused("its descriptors");
}

static void descriptors_too_many(void **state)
{
	(void)state;
	put(88, 4097, 8);
	assert_refused("4097 descriptors");
	put(88, UINT64_MAX, 8);
	assert_refused("descriptors");
	/* times 585 this is 571 modulo 2^64 */
	put(88, 0x7007007007007007, 8);
	assert_refused("descriptors");
}

static void descriptors_none(void **state)
{
	(void)state;
	put(88, 0, 8);
	assert_refused("no primary system partition");
}

static void primary_missing(void **state)
{
	(void)state;
	put(PRIMARY + 205, 3, 4);
	assert_refused("no primary system partition");
}

static void primary_twice(void **state)
{
	(void)state;
	memcpy(image + SLOT(2), image + PRIMARY, 585);
	assert_refused("two primary system partitions");
}

static void oci_sif(void **state)
{
	(void)state;
	put_descriptor(SLOT(2), 0x400A);
	assert_refused("its OCI image index does not have its digest");
}

static void fs_types(void **state)
{
	static const char *const parts[] = { "unknown type 0", NULL, NULL,
		"archive", "raw", "encrypted", "gocryptfs", "unknown type 7" };
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
		put(PRIMARY + 201, i, 4);
		if (parts[i])
			assert_refused(parts[i]);
	}
	put(PRIMARY + 201, UINT32_MAX, 4);
	assert_refused("unknown type");
}

static void arch_of_another_machine(void **state)
{
	struct sif_partition partition;
	struct error err = { 0 };

	(void)state;
	memcpy(image + PRIMARY + 209, "04", 3);
	assert_refused("it is for arm64 and this node is amd64");
	/* A root is one as a layer, too; data have no architecture. */
	assert_int_equal(
		find_for(SIF_LAYER, sizeof(image), "02", &partition, &err), -1);
	assert_non_null(strstr(err.text, "it is for arm64 and this node"));
	assert_int_equal(
		find_for(SIF_DATA, sizeof(image), "02", &partition, &err), 0);
	put(PRIMARY + 205, 3, 4);
	assert_int_equal(
		find_for(SIF_LAYER, sizeof(image), "02", &partition, &err), 0);
}

static void arch_garbage(void **state)
{
	static const char *const codes[] = { "99", "14", "x2", "\xff\xff", "0",
		"021" };
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(codes) / sizeof(codes[0]); i++) {
		memcpy(image + PRIMARY + 209, "\0\0", 3);
		memcpy(image + PRIMARY + 209, codes[i], strlen(codes[i]));
		assert_refused("architecture");
	}
}

static void partition_truncated(void **state)
{
	(void)state;
	assert_refused_at(sizeof(image) - 1, "truncated");
}

static void partition_past_the_end(void **state)
{
	(void)state;
	put(PRIMARY + 17, sizeof(image) + 1, 8);
	put(PRIMARY + 25, 0, 8);
	assert_refused("truncated");
}

static void partition_end_overflows(void **state)
{
	(void)state;
	put(PRIMARY + 25, UINT64_MAX, 8);
	assert_refused("truncated");
	put(PRIMARY + 17, UINT64_MAX - 50, 8);
	put(PRIMARY + 25, 100, 8);
	assert_refused("truncated");
}

static void partition_too_small(void **state)
{
	(void)state;
	put(PRIMARY + 25, 95, 8);
	assert_refused("too small");
}

static void squashfs_bad_magic(void **state)
{
	(void)state;
	memcpy(image + PARTITION, "sqsh", 4);
	assert_refused("does not begin like squashfs");
}

static void squashfs_truncated(void **state)
{
	(void)state;
	memset(image, 0, sizeof(image));
	put_superblock(0);
	assert_refused_at(3999, "truncated");
	assert_refused_at(95, "too small");
	assert_refused_at(4, "too small");
}

static void squashfs_version_3(void **state)
{
	(void)state;
	put(PARTITION + 28, 3, 2);
	put(PARTITION + 30, 1, 2);
	assert_refused("version is 3.1");
}

static void squashfs_unknown_compression(void **state)
{
	(void)state;
	put(PARTITION + 20, 7, 2);
	assert_refused("unknown method 7");
	put(PARTITION + 20, 0, 2);
	assert_refused("unknown method 0");
}

static void squashfs_larger_than_partition(void **state)
{
	(void)state;
	put(PARTITION + 40, 4097, 8);
	assert_refused("claims 4097 bytes");
	put(PARTITION + 40, UINT64_MAX, 8);
	assert_refused("claims");
	put(PARTITION + 40, 95, 8);
	assert_refused("claims 95 bytes");
}

/* One partition of each kind, with different sizes. */
static void put_partition(size_t at, uint32_t kind, uint64_t size)
{
	put_descriptor(at, 0x4004);
	put(at + 25, size, 8);
	put(at + 201, 1, 4);
	put(at + 205, kind, 4);
	memcpy(image + at + 209, "04", 3);
}

static void assert_data_size(uint64_t size)
{
	struct sif_partition partition = { 0 };
	struct error err = { 0 };

	assert_int_equal(
		find_for(SIF_DATA, sizeof(image), "02", &partition, &err), 0);
	assert_int_equal(partition.size, size);
}

/* Primary before data before system, in any order, for any architecture. */
static void data_is_the_best_partition(void **state)
{
	struct sif_partition partition;
	struct error err = { 0 };

	(void)state;
	put_partition(PRIMARY, 1, 4001);
	assert_data_size(4001);
	put_partition(SLOT(2), 3, 4002);
	assert_data_size(4002);
	put_partition(SLOT(3), 1, 4003);
	put_partition(SLOT(4), 3, 4004);
	assert_data_size(4002);
	put_partition(SLOT(5), 2, 4005);
	assert_data_size(4005);
	put_partition(SLOT(6), 2, 4006);
	assert_int_equal(
		find_for(SIF_DATA, sizeof(image), "02", &partition, &err), -1);
	assert_non_null(strstr(err.text, "two primary system partitions"));
}

static void data_without_a_partition(void **state)
{
	struct sif_partition partition;
	struct error err = { 0 };

	(void)state;
	put(PRIMARY + 205, 4, 4); /* an overlay */
	assert_int_equal(
		find_for(SIF_DATA, sizeof(image), "02", &partition, &err), -1);
	assert_non_null(strstr(err.text, "no partition with a file system"));
	assert_memory_equal(err.text, "it", 2);
}

static void data_is_no_root(void **state)
{
	(void)state;
	put(PRIMARY + 205, 3, 4);
	assert_data_size(4096);
	assert_refused("no primary system partition");
}

static void assert_uuid(size_t size, const char *wanted)
{
	char uuid[SIF_UUID_SIZE] = "untouched";
	int fd = make_file(size);

	sif_read_uuid(fd, uuid);
	close(fd);
	assert_string_equal(uuid, wanted);
}

static void uuids(void **state)
{
	size_t i;

	(void)state;
	assert_uuid(sizeof(image), "");
	for (i = 0; i < 16; i++)
		image[48 + i] = 0xf0 + i;
	assert_uuid(sizeof(image), "f0f1f2f3-f4f5-f6f7-f8f9-fafbfcfdfeff");
	assert_uuid(128, "f0f1f2f3-f4f5-f6f7-f8f9-fafbfcfdfeff");
	assert_uuid(100, "");
	assert_uuid(0, "");
	image[32] = 'x';
	assert_uuid(sizeof(image), "");
}

static void machine_is_known(void **state)
{
	(void)state;
	assert_int_equal(strlen(sif_machine()), 2);
	assert_string_equal(sif_compression_name(6), "zstd");
	assert_null(sif_compression_name(0));
	assert_null(sif_compression_name(UINT16_MAX));
}

#define TEST(f) cmocka_unit_test_setup(f, build)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_valid_sif_is_found),
		TEST(a_bare_squashfs_is_found),
		TEST(matching_architectures_are_accepted),
		TEST(unused_descriptors_are_skipped),
		TEST(empty),
		TEST(not_an_image),
		TEST(a_bare_ext_is_an_image),
		TEST(an_image_of_singularity_2_is_found),
		TEST(other_formats_are_named),
		TEST(overlays_of_the_same_group_are_layers),
		TEST(a_layer_is_overlays_or_data_or_the_root),
		TEST(an_ext3_partition_can_be_data_and_root),
		TEST(overlays_are_checked),
		TEST(not_a_regular_file),
		TEST(header_truncated),
		TEST(version_02),
		TEST(descriptors_truncated),
		TEST(descriptors_past_the_end),
		TEST(descriptors_offset_overflows),
		TEST(descriptors_too_many),
		TEST(descriptors_none),
		TEST(primary_missing),
		TEST(primary_twice),
		TEST(oci_sif),
		TEST(fs_types),
		TEST(arch_of_another_machine),
		TEST(arch_garbage),
		TEST(partition_truncated),
		TEST(partition_past_the_end),
		TEST(partition_end_overflows),
		TEST(partition_too_small),
		TEST(squashfs_bad_magic),
		TEST(squashfs_truncated),
		TEST(squashfs_version_3),
		TEST(squashfs_unknown_compression),
		TEST(squashfs_larger_than_partition),
		TEST(data_is_the_best_partition),
		TEST(data_without_a_partition),
		TEST(data_is_no_root),
		TEST(uuids),
		TEST(machine_is_known),
	};

	return cmocka_run_group_tests_name("sif", tests, NULL, NULL);
}
