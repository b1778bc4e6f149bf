/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef COMMON_SIF_TABLE_H
#define COMMON_SIF_TABLE_H

#include <stdbool.h>
#include <stdint.h>

#include "common/error.h"

/* The types of data that are read here. */
#define SIF_DATA_PARTITION      0x4004
#define SIF_DATA_OCI_ROOT_INDEX 0x400A
#define SIF_DATA_OCI_BLOB       0x400B

/* What a descriptor says depending on its type. */
#define SIF_EXTRA_SIZE 384

/* The table of descriptors of a SIF; checked to lie within the file. */
struct sif_table {
	int fd; /* borrowed */
	uint64_t file_size;
	uint64_t offset;
	uint64_t count;
};

/* One of them.  Where its data lies is not checked. */
struct sif_descriptor {
	uint32_t type; /* 0: the descriptor is not used */
	uint32_t group;
	uint64_t offset;
	uint64_t size;
	unsigned char extra[SIF_EXTRA_SIZE];
};

/* Is the file a SIF?  `start` are its first SIF_START_SIZE bytes, or zeros. */
#define SIF_START_SIZE 42
bool sif_table_is_of(const unsigned char start[SIF_START_SIZE]);

/* Read the header of a SIF, and find its table.  err: as sif_find_image(). */
int sif_table_load(int fd, uint64_t file_size, struct sif_table *ret_table,
	struct error *err);

int sif_table_read(const struct sif_table *table, uint64_t i,
	struct sif_descriptor *ret_descriptor, struct error *err);

/* Fails if the data end past the end of the file; `part` names them. */
int sif_table_check_data(const struct sif_table *table,
	const struct sif_descriptor *descriptor, const char *part,
	struct error *err);

/* The UUID of a SIF as text; "" for another file, or a SIF without one. */
#define SIF_UUID_SIZE 37 /* "xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx", NUL */
void sif_read_uuid(int fd, char ret_uuid[SIF_UUID_SIZE]);

/*
 * Read exactly `size` bytes.  If the file ends before them, the sentence says
 * that `part` ("its descriptors") lies past its end.
 */
int sif_read_at(int fd, void *buffer, size_t size, uint64_t offset,
	const char *part, struct error *err);

#endif
