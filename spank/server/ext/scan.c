/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The entries of a directory, in the order in which they lie there.  It is a
 * file of blocks, each filled with entries; one without an inode is unused.  A
 * block of a directory's index (htree) looks like one unused entry, and its
 * root like "." and "..", so that the index (htree.c) need not be known here.
 * A small directory can lie in its inode, in two parts: behind the number of
 * its parent, and in an attribute.
 *
 * A crafted directory can be as long as the file system.  One request therefore
 * reads at most SCAN_MAX of it.
 */
#include "spank/server/ext/internal.h"

/* Two million entries, read in 0.1 s. */
#define SCAN_MAX (64 * 1024 * 1024)

void ext_scan_release(struct ext_scan *scan)
{
	ext_metadata_put(scan->ext, scan->held);
	scan->held = NULL;
	scan->bytes = NULL;
}

static bool is_inline(const struct ext_scan *scan)
{
	return scan->inode->flags & EXT_FLAG_INLINE_DATA;
}

void ext_scan_open(struct ext_scan *scan, struct ext *ext,
	struct read_context *context, const struct ext_inode *directory,
	uint64_t position)
{
	*scan = (struct ext_scan){
		.ext = ext,
		.context = context,
		.inode = directory,
		.size = directory->size,
	};
	if (!is_inline(scan))
		scan->position = position - position % ext->super.block_size;
	else if (position >= EXT_INODE_BLOCK_SIZE)
		scan->position = EXT_INODE_BLOCK_SIZE;
	else
		scan->position = EXT_INLINE_PARENT_SIZE;
}

/* The part of the inode that has the position. */
static int hold_inline(struct ext_scan *scan)
{
	struct ext_value rest;

	if (scan->position < EXT_INODE_BLOCK_SIZE) {
		scan->bytes = scan->inode->block;
		scan->start = 0;
		scan->end = EXT_INODE_BLOCK_SIZE;
	} else {
		if (ext_inline_value(scan->ext, scan->context, scan->inode,
			    &rest) < 0)
			return -1;
		scan->held = rest.held;
		scan->bytes = rest.bytes;
		scan->start = EXT_INODE_BLOCK_SIZE;
		scan->end = scan->start + rest.size;
	}
	if (scan->end > scan->size)
		scan->end = scan->size;
	return scan->position < scan->end ? 0 : ext_corrupt();
}

/* The block that has the position.  A directory has no holes. */
static int hold_block(struct ext_scan *scan)
{
	uint32_t size = scan->ext->super.block_size;
	uint64_t logical = scan->position / size;
	struct ext_run run;

	if (scan->size % size != 0)
		return ext_corrupt();
	if (ext_map(scan->ext, scan->context, scan->inode, logical, 1, &run) <
		0)
		return -1;
	scan->held = ext_metadata_get(scan->ext, scan->context, run.physical);
	if (!scan->held)
		return -1;
	scan->bytes = scan->held->data;
	scan->start = logical * size;
	scan->end = scan->start + size;
	return 0;
}

static int hold(struct ext_scan *scan)
{
	if (scan->bytes && scan->position < scan->end)
		return 0;
	if (scan->bytes)
		scan->scanned += scan->end - scan->start;
	ext_scan_release(scan);
	if (scan->scanned > SCAN_MAX)
		return ext_corrupt();
	return is_inline(scan) ? hold_inline(scan) : hold_block(scan);
}

/* The length of an entry: 65536 does not fit. */
static uint32_t entry_size(const struct ext_scan *scan,
	const unsigned char *entry)
{
	uint32_t size = le16_at(entry + 4);

	if (scan->ext->super.block_size < EXT_BLOCK_MAX)
		return size;
	return size == 65535 || size == 0 ? 65536
					  : (size & 65532) | (size & 3) << 16;
}

static bool is_dots(const struct ext_dirent *entry)
{
	return entry->name[0] == '.' &&
	       (entry->length == 1 ||
		       (entry->length == 2 && entry->name[1] == '.'));
}

/* 1 with the entry, 0 if it is unused, "." or "..", or -1. */
static int parse_entry(const struct ext_scan *scan, const unsigned char *bytes,
	uint32_t size, struct ext_dirent *entry)
{
	const struct ext_super *super = &scan->ext->super;

	entry->number = le32_at(bytes);
	if (entry->number == 0)
		return 0;
	entry->name = (const char *)bytes + EXT_DIRENT_SIZE;
	entry->length = bytes[6];
	/* Without the feature this is the length's high byte: 0. */
	entry->type = bytes[7];
	if (entry->length == 0 || entry->length > size - EXT_DIRENT_SIZE ||
		entry->number > super->inodes ||
		memchr(entry->name, '/', entry->length) ||
		memchr(entry->name, '\0', entry->length))
		return ext_corrupt();
	return !is_dots(entry);
}

/* Take one entry, used or not: as parse_entry(). */
static int take_entry(struct ext_scan *scan, struct ext_dirent *entry)
{
	uint64_t left = scan->end - scan->position;
	const unsigned char *bytes =
		scan->bytes + (scan->position - scan->start);
	uint32_t size;

	if (left < EXT_DIRENT_SIZE)
		return ext_corrupt();
	size = entry_size(scan, bytes);
	if (size < EXT_DIRENT_SIZE || size % 4 != 0 || size > left)
		return ext_corrupt();
	scan->position += size;
	return parse_entry(scan, bytes, size, entry);
}

int ext_scan_next(struct ext_scan *scan, struct ext_dirent *ret_entry)
{
	int rc = 0;

	while (rc == 0 && scan->position < scan->size) {
		rc = hold(scan);
		if (rc == 0)
			rc = take_entry(scan, ret_entry);
	}
	if (rc < 0)
		ext_fail_at(scan->ext, scan->inode->at_block);
	return rc;
}
