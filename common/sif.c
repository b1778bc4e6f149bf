/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Finds the file system in an image file:
 *
 *   1. is it a regular file?
 *   2. is it a SIF, or a bare squashfs?
 *   3. of a SIF: the header, the table of descriptors, the descriptor of the
 *      wanted partition, the file system type and architecture that it names
 *   4. of both: the squashfs superblock (sif_superblock.c)
 *
 * Each malformation has its own sentence.  Overlay partitions are counted, so
 * that the user can be told about them.  Deliberately not here: signatures
 * (nothing is claimed to be verified), and the rest of squashfs (see
 * spank/server/squashfs/squash.c).
 *
 * Layout: github.com/sylabs/sif, pkg/sif/sif.go and descriptor.go, format 01.
 * It is little-endian and packed, so fields are read by their offset.
 */
#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/little_endian.h"
#include "common/sif.h"
#include "common/sif_foreign.h"
#include "common/sif_superblock.h"

#define HEADER_SIZE               128
#define HEADER_MAGIC              32
#define HEADER_VERSION            42
#define HEADER_UUID               48
#define HEADER_DESCRIPTORS_TOTAL  88
#define HEADER_DESCRIPTORS_OFFSET 96

#define DESCRIPTOR_SIZE           585
#define DESCRIPTOR_DATA_TYPE      0
#define DESCRIPTOR_USED           4
#define DESCRIPTOR_GROUP          9
#define DESCRIPTOR_OFFSET         17
#define DESCRIPTOR_DATA_SIZE      25
#define DESCRIPTOR_FS_TYPE        201
#define DESCRIPTOR_PARTITION_TYPE 205
#define DESCRIPTOR_ARCH           209
/* The reference library writes 48; a table of 4096 has 2.3 MiB. */
#define DESCRIPTORS_MAX 4096

#define DATA_PARTITION           0x4004
#define DATA_OCI_ROOT_INDEX      0x400A
#define PARTITION_SYSTEM         1
#define PARTITION_PRIMARY_SYSTEM 2
#define PARTITION_DATA           3
#define PARTITION_OVERLAY        4

static const char sif_magic[] = "SIF_MAGIC"; /* including its NUL */

/* The best partition so far, as its descriptor describes it. */
struct chosen {
	int rank; /* 0: none yet; the highest wins */
	uint32_t group;
	uint32_t fs_type;
	char arch[3];
	struct sif_partition partition;
};

static int truncated(struct error *err, const char *part)
{
	return error_set(err, 0,
		"it is truncated: %s end past the end of the file; copy or "
		"download it again",
		part);
}

int sif_read_at(int fd, void *buffer, size_t size, uint64_t offset,
	const char *part, struct error *err)
{
	size_t done = 0;
	ssize_t got;

	while (done < size) {
		got = pread(fd, (char *)buffer + done, size - done,
			offset + done);
		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return error_set(err, errno, "it cannot be read");
		if (got == 0)
			return truncated(err, part);
		done += got;
	}
	return 0;
}

static bool ends_within(uint64_t offset, uint64_t size, uint64_t limit)
{
	uint64_t end;

	return !__builtin_add_overflow(offset, size, &end) && end <= limit;
}

static const char *arch_name(const char arch[3])
{
	static const char *const names[] = { "unknown", "386", "amd64", "arm",
		"arm64", "ppc64", "ppc64le", "mips", "mipsle", "mips64",
		"mips64le", "s390x", "riscv64", "loong64" };
	unsigned int tens = (unsigned char)arch[0] - '0';
	unsigned int ones = (unsigned char)arch[1] - '0';
	unsigned int code = tens * 10 + ones;

	if (tens > 9 || ones > 9 || arch[2] != '\0' ||
		code >= sizeof(names) / sizeof(names[0]))
		return NULL;
	return names[code];
}

static int check_arch(const char arch[3], const char *machine,
	struct error *err)
{
	const char *name = arch_name(arch);

	if (!name)
		return error_set(err, 0,
			"it is damaged: its architecture is not one that SIF "
			"has; build it again");
	if (!strcmp(arch, "00") || !strcmp(machine, "00") ||
		!strcmp(arch, machine))
		return 0;
	if (!strcmp(arch, "01") && !strcmp(machine, "02"))
		return 0; /* amd64 runs 386 programs */
	return error_set(err, 0,
		"it is for %s and this node is %s; use an image that was built "
		"for %s",
		name, arch_name(machine), arch_name(machine));
}

static int check_fs_type(uint32_t fs_type, struct error *err)
{
	static const char *const kinds[] = { [2] = "ext3",
		[3] = "an archive",
		[4] = "raw data",
		[5] = "encrypted",
		[6] = "encrypted (gocryptfs)" };

	if (fs_type == 1)
		return 0;
	if (fs_type == 5 || fs_type == 6)
		return error_set(err, 0,
			"its root file system is %s, which is not supported; "
			"build it without encryption",
			kinds[fs_type]);
	if (fs_type >= 2 && fs_type <= 4)
		return error_set(err, 0,
			"its root file system is %s, and only squashfs is "
			"supported; build it again with squashfs",
			kinds[fs_type]);
	return error_set(err, 0,
		"its root file system is of the unknown type %u, and only "
		"squashfs is supported; build it again with squashfs",
		fs_type);
}

/* How well a partition suits the purpose; 0: not at all. */
static int rank_of(uint32_t partition_type, enum sif_purpose purpose)
{
	if (partition_type == PARTITION_PRIMARY_SYSTEM)
		return 3;
	if (purpose == SIF_ROOT)
		return 0;
	return partition_type == PARTITION_DATA     ? 2
	       : partition_type == PARTITION_SYSTEM ? 1
						    : 0;
}

/* Make this descriptor the chosen one if it is the best so far. */
static int consider_descriptor(const unsigned char *descriptor,
	enum sif_purpose purpose, struct chosen *chosen, struct error *err)
{
	uint32_t type = le32_at(descriptor + DESCRIPTOR_DATA_TYPE);
	int rank;

	if (!descriptor[DESCRIPTOR_USED])
		return 0;
	if (type == DATA_OCI_ROOT_INDEX)
		return error_set(err, 0,
			"it is an OCI-SIF image, which is not supported; pull "
			"or build it without '--oci'");
	if (type != DATA_PARTITION)
		return 0;
	rank = rank_of(le32_at(descriptor + DESCRIPTOR_PARTITION_TYPE),
		purpose);
	if (rank == rank_of(PARTITION_PRIMARY_SYSTEM, purpose) &&
		rank == chosen->rank)
		return error_set(err, 0,
			"it is damaged: it has two primary system partitions; "
			"build it again");
	if (rank <= chosen->rank)
		return 0;
	chosen->rank = rank;
	chosen->group = le32_at(descriptor + DESCRIPTOR_GROUP);
	chosen->fs_type = le32_at(descriptor + DESCRIPTOR_FS_TYPE);
	memcpy(chosen->arch, descriptor + DESCRIPTOR_ARCH, 3);
	chosen->partition.offset = le64_at(descriptor + DESCRIPTOR_OFFSET);
	chosen->partition.size = le64_at(descriptor + DESCRIPTOR_DATA_SIZE);
	return 0;
}

/* Apptainer mounts the overlays of the primary partition's group over it. */
static bool is_overlay_of(const unsigned char *descriptor, uint32_t group)
{
	return descriptor[DESCRIPTOR_USED] &&
	       le32_at(descriptor + DESCRIPTOR_DATA_TYPE) == DATA_PARTITION &&
	       le32_at(descriptor + DESCRIPTOR_PARTITION_TYPE) ==
		       PARTITION_OVERLAY &&
	       le32_at(descriptor + DESCRIPTOR_GROUP) == group;
}

/* The table of descriptors; checked to lie within the file. */
struct table {
	int fd;
	uint64_t offset;
	uint64_t count;
};

static int read_descriptor(const struct table *table, uint64_t i,
	unsigned char descriptor[DESCRIPTOR_SIZE], struct error *err)
{
	return sif_read_at(table->fd, descriptor, DESCRIPTOR_SIZE,
		table->offset + i * DESCRIPTOR_SIZE, "its descriptors", err);
}

/* A second pass: the last descriptor may be the one that decides the group. */
static int count_overlays(const struct table *table, struct chosen *chosen,
	struct error *err)
{
	unsigned char descriptor[DESCRIPTOR_SIZE];
	uint64_t i;

	for (i = 0; i < table->count; i++) {
		if (read_descriptor(table, i, descriptor, err) < 0)
			return -1;
		if (is_overlay_of(descriptor, chosen->group))
			chosen->partition.overlays++;
	}
	return 0;
}

static int load_table(int fd, const unsigned char *header, uint64_t file_size,
	struct table *ret_table, struct error *err)
{
	const struct table table = {
		.fd = fd,
		.offset = le64_at(header + HEADER_DESCRIPTORS_OFFSET),
		.count = le64_at(header + HEADER_DESCRIPTORS_TOTAL),
	};

	if (table.count > DESCRIPTORS_MAX)
		return error_set(err, 0,
			"it is damaged: it claims %llu descriptors, more than "
			"the %d that are allowed; copy or build it again",
			(unsigned long long)table.count, DESCRIPTORS_MAX);
	if (!ends_within(table.offset, table.count * DESCRIPTOR_SIZE,
		    file_size))
		return truncated(err, "its descriptors");
	*ret_table = table;
	return 0;
}

static int choose_partition(const struct table *table, enum sif_purpose purpose,
	struct chosen *ret_chosen, struct error *err)
{
	unsigned char descriptor[DESCRIPTOR_SIZE];
	uint64_t i;

	for (i = 0; i < table->count; i++)
		if (read_descriptor(table, i, descriptor, err) < 0 ||
			consider_descriptor(descriptor, purpose, ret_chosen,
				err) < 0)
			return -1;
	if (ret_chosen->rank > 0)
		return purpose == SIF_ROOT
			       ? count_overlays(table, ret_chosen, err)
			       : 0;
	if (purpose == SIF_DATA)
		return error_set(err, 0,
			"it has no partition with a file system; build it "
			"again");
	return error_set(err, 0,
		"it has no primary system partition, so there is no root file "
		"system in it; build it again");
}

static int find_in_sif(int fd, enum sif_purpose purpose, const char *machine,
	uint64_t file_size, struct sif_partition *ret_partition,
	struct error *err)
{
	unsigned char header[HEADER_SIZE];
	struct chosen chosen = { .rank = 0 };
	struct table table = { .fd = fd };
	const char *version = (const char *)header + HEADER_VERSION;

	if (sif_read_at(fd, header, sizeof(header), 0,
		    "the bytes of its SIF header", err) < 0)
		return -1;
	if (memcmp(version, "01", 3) != 0)
		return error_set(err, 0,
			"its SIF version is not 01, the only one that is "
			"supported; build it again with a current Singularity "
			"or Apptainer");
	if (load_table(fd, header, file_size, &table, err) < 0 ||
		choose_partition(&table, purpose, &chosen, err) < 0 ||
		check_fs_type(chosen.fs_type, err) < 0 ||
		(purpose == SIF_ROOT &&
			check_arch(chosen.arch, machine, err) < 0))
		return -1;
	if (!ends_within(chosen.partition.offset, chosen.partition.size,
		    file_size))
		return truncated(err, "the bytes of its root file system");
	*ret_partition = chosen.partition;
	return 0;
}

static int check_file(int fd, uint64_t *ret_size, struct error *err)
{
	struct stat st;

	if (fstat(fd, &st) < 0)
		return error_set(err, errno, "it cannot be examined");
	if (S_ISDIR(st.st_mode))
		return error_set(err, 0,
			"it is a directory, and only SIF and squashfs files "
			"can be used; if it is a sandbox, build one from it "
			"with 'apptainer build new.sif DIRECTORY'");
	if (!S_ISREG(st.st_mode))
		return error_set(err, 0,
			"it is not a regular file; give the path of a SIF or "
			"squashfs file");
	if (st.st_size == 0)
		return error_set(err, 0,
			"it is empty; copy, download or build it again");
	*ret_size = st.st_size;
	return 0;
}

int sif_find(int fd, enum sif_purpose purpose, const char *machine,
	struct sif_partition *ret_partition, struct error *err)
{
	unsigned char start[HEADER_MAGIC + sizeof(sif_magic)] = { 0 };
	struct sif_partition partition = { .offset = 0 };
	uint64_t size = 0;

	if (check_file(fd, &size, err) < 0)
		return -1;
	if (sif_read_at(fd, start, size < sizeof(start) ? size : sizeof(start),
		    0, "its first bytes", err) < 0)
		return -1;
	if (!memcmp(start + HEADER_MAGIC, sif_magic, sizeof(sif_magic))) {
		if (find_in_sif(fd, purpose, machine, size, &partition, err) <
			0)
			return -1;
	} else if (!memcmp(start, SIF_SQUASHFS_MAGIC,
			   strlen(SIF_SQUASHFS_MAGIC))) {
		partition.size = size;
	} else {
		return sif_foreign_describe(fd, err);
	}
	if (sif_check_superblock(fd, &partition, err) < 0)
		return -1;
	*ret_partition = partition;
	return 0;
}

void sif_read_uuid(int fd, char ret_uuid[SIF_UUID_SIZE])
{
	static const unsigned char none[16];
	unsigned char header[HEADER_SIZE], *uuid = header + HEADER_UUID;
	struct error ignored;
	size_t i;
	char *to = ret_uuid;

	*to = '\0';
	if (sif_read_at(fd, header, sizeof(header), 0, "", &ignored) < 0 ||
		memcmp(header + HEADER_MAGIC, sif_magic, sizeof(sif_magic)) ||
		!memcmp(uuid, none, sizeof(none)))
		return;
	for (i = 0; i < sizeof(none); i++)
		to += sprintf(to, "%s%02x",
			i == 4 || i == 6 || i == 8 || i == 10 ? "-" : "",
			uuid[i]);
}

const char *sif_machine(void)
{
#if defined(__x86_64__)
	return "02";
#elif defined(__i386__)
	return "01";
#elif defined(__aarch64__)
	return "04";
#elif defined(__arm__)
	return "03";
#elif defined(__powerpc64__) && __BYTE_ORDER == __LITTLE_ENDIAN
	return "06";
#elif defined(__powerpc64__)
	return "05";
#elif defined(__s390x__)
	return "11";
#elif defined(__riscv) && __riscv_xlen == 64
	return "12";
#elif defined(__loongarch64)
	return "13";
#else
	return "00";
#endif
}
