/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The header of a SIF and its table of descriptors.
 *
 * Layout: github.com/sylabs/sif, pkg/sif/sif.go and descriptor.go, format 01.
 * It is little-endian and packed, so fields are read by their offset.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "common/little_endian.h"
#include "common/sif_table.h"

#define HEADER_SIZE               128
#define HEADER_MAGIC              32
#define HEADER_VERSION            42
#define HEADER_UUID               48
#define HEADER_DESCRIPTORS_TOTAL  88
#define HEADER_DESCRIPTORS_OFFSET 96

#define DESCRIPTOR_SIZE      585
#define DESCRIPTOR_DATA_TYPE 0
#define DESCRIPTOR_USED      4
#define DESCRIPTOR_GROUP     9
#define DESCRIPTOR_OFFSET    17
#define DESCRIPTOR_DATA_SIZE 25
#define DESCRIPTOR_EXTRA     201
/* The reference library writes 48; a table of 4096 has 2.3 MiB. */
#define DESCRIPTORS_MAX 4096

static const char magic[] = "SIF_MAGIC"; /* including its NUL */

_Static_assert(HEADER_MAGIC + sizeof(magic) == SIF_START_SIZE, "magic");

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

bool sif_table_is_of(const unsigned char start[SIF_START_SIZE])
{
	return memcmp(start + HEADER_MAGIC, magic, sizeof(magic)) == 0;
}

int sif_table_load(int fd, uint64_t file_size, struct sif_table *ret_table,
	struct error *err)
{
	unsigned char header[HEADER_SIZE];
	struct sif_table table = { .fd = fd, .file_size = file_size };

	if (sif_read_at(fd, header, sizeof(header), 0,
		    "the bytes of its SIF header", err) < 0)
		return -1;
	if (memcmp(header + HEADER_VERSION, "01", 3) != 0)
		return error_set(err, 0,
			"its SIF version is not 01, the only one that is "
			"supported; build it again with a current Singularity "
			"or Apptainer");
	table.offset = le64_at(header + HEADER_DESCRIPTORS_OFFSET);
	table.count = le64_at(header + HEADER_DESCRIPTORS_TOTAL);
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

int sif_table_read(const struct sif_table *table, uint64_t i,
	struct sif_descriptor *ret_descriptor, struct error *err)
{
	unsigned char raw[DESCRIPTOR_SIZE];

	if (sif_read_at(table->fd, raw, sizeof(raw),
		    table->offset + i * DESCRIPTOR_SIZE, "its descriptors",
		    err) < 0)
		return -1;
	*ret_descriptor = (struct sif_descriptor){
		.type = raw[DESCRIPTOR_USED]
				? le32_at(raw + DESCRIPTOR_DATA_TYPE)
				: 0,
		.group = le32_at(raw + DESCRIPTOR_GROUP),
		.offset = le64_at(raw + DESCRIPTOR_OFFSET),
		.size = le64_at(raw + DESCRIPTOR_DATA_SIZE),
	};
	memcpy(ret_descriptor->extra, raw + DESCRIPTOR_EXTRA, SIF_EXTRA_SIZE);
	return 0;
}

int sif_table_check_data(const struct sif_table *table,
	const struct sif_descriptor *descriptor, const char *part,
	struct error *err)
{
	if (ends_within(descriptor->offset, descriptor->size, table->file_size))
		return 0;
	return truncated(err, part);
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
		!sif_table_is_of(header) || !memcmp(uuid, none, sizeof(none)))
		return;
	for (i = 0; i < sizeof(none); i++)
		to += sprintf(to, "%s%02x",
			i == 4 || i == 6 || i == 8 || i == 10 ? "-" : "",
			uuid[i]);
}
