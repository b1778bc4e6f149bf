/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Extended attributes, behind the fields of an inode and in a block of their
 * own.  Only two are read: the mark of an opaque directory, and the rest of a
 * file that lies in its inode.  Values that have an inode of their own
 * (EXT_INCOMPAT_EA_INODE) are longer than either, and ignored.
 */
#include "spank/server/ext/internal.h"
#include "spank/server/filesystem/opaque.h"

/* An attribute in memory. */
struct attribute {
	unsigned int index; /* of the name's prefix */
	const char *name;
	size_t name_size;
	const unsigned char *value;
	size_t size;
};

/* Whether this is the attribute that is looked for. */
typedef bool is_wanted(const struct attribute *attribute);

static bool is_inline_data(const struct attribute *attribute)
{
	return attribute->index == EXT_XATTR_INDEX_SYSTEM &&
	       attribute->name_size == 4 &&
	       memcmp(attribute->name, "data", 4) == 0;
}

static bool is_set_mark(const struct attribute *attribute)
{
	return (attribute->index == EXT_XATTR_INDEX_TRUSTED ||
		       attribute->index == EXT_XATTR_INDEX_USER) &&
	       opaque_is_mark(attribute->name, attribute->name_size) &&
	       opaque_is_set((const char *)attribute->value, attribute->size);
}

/* Attributes in memory: entries from `first` on; values by their offset from
 * `values`. */
struct area {
	const unsigned char *bytes;
	size_t size;
	size_t first;
	size_t values;
};

/* The size of the entry at `at`, or -1. */
static ssize_t parse_entry(const struct area *area, size_t at,
	struct attribute *attribute)
{
	const unsigned char *entry = area->bytes + at;
	size_t left = area->size - at, value, size;

	if (left < EXT_XATTR_ENTRY_SIZE)
		return ext_corrupt();
	size = (EXT_XATTR_ENTRY_SIZE + entry[0] + 3) / 4 * 4;
	value = area->values + le16_at(entry + 2);
	*attribute = (struct attribute){
		.index = entry[1],
		.name = (const char *)entry + EXT_XATTR_ENTRY_SIZE,
		.name_size = entry[0],
		.size = le32_at(entry + 8),
	};
	if (left < size)
		return ext_corrupt();
	if (le32_at(entry + 4) != 0) { /* in another inode */
		attribute->index = 0;
		return size;
	}
	if (value > area->size || attribute->size > area->size - value)
		return ext_corrupt();
	attribute->value = area->bytes + value;
	return size;
}

/* ENODATA if it is not there.  Four zeros end the entries. */
static int find_in_area(const struct area *area, is_wanted *wanted,
	struct ext_value *ret_value)
{
	struct attribute attribute;
	size_t at = area->first;
	ssize_t size;

	while (at + 4 <= area->size && le32_at(area->bytes + at) != 0) {
		size = parse_entry(area, at, &attribute);
		if (size < 0)
			return -1;
		if (wanted(&attribute)) {
			ret_value->bytes = attribute.value;
			ret_value->size = attribute.size;
			return 0;
		}
		at += size;
	}
	errno = ENODATA;
	return -1;
}

static int find_in_inode(struct ext *ext, const struct ext_inode *inode,
	const struct cache_block *block, is_wanted *wanted,
	struct ext_value *ret_value)
{
	const struct area area = {
		.bytes = block->data + inode->at_offset + inode->fields_size,
		.size = ext->super.inode_size - inode->fields_size,
		.first = EXT_XATTR_INODE_HEADER,
		.values = EXT_XATTR_INODE_HEADER,
	};

	if (area.size >= EXT_XATTR_INODE_HEADER &&
		le32_at(area.bytes) == EXT_XATTR_MAGIC)
		return find_in_area(&area, wanted, ret_value);
	errno = ENODATA;
	return -1;
}

static int find_in_block(struct ext *ext, const struct cache_block *block,
	is_wanted *wanted, struct ext_value *ret_value)
{
	const struct area area = {
		.bytes = block->data,
		.size = ext->super.block_size,
		.first = EXT_XATTR_BLOCK_HEADER,
	};

	if (le32_at(area.bytes) != EXT_XATTR_MAGIC)
		return ext_corrupt();
	return find_in_area(&area, wanted, ret_value);
}

/* Hold the block that the value lies in. */
static int get_in_inode(struct ext *ext, struct read_context *context,
	const struct ext_inode *inode, is_wanted *wanted,
	struct ext_value *ret_value)
{
	struct ext_value value = {
		.held = ext_metadata_get(ext, context, inode->at_block),
	};

	if (!value.held)
		return -1;
	if (find_in_inode(ext, inode, value.held, wanted, &value) < 0) {
		ext_metadata_put(ext, value.held);
		return -1;
	}
	*ret_value = value;
	return 0;
}

static int get_in_block(struct ext *ext, struct read_context *context,
	const struct ext_inode *inode, is_wanted *wanted,
	struct ext_value *ret_value)
{
	struct ext_value value = {
		.held = ext_metadata_get(ext, context, inode->xattrs),
	};

	if (!value.held)
		return -1;
	if (find_in_block(ext, value.held, wanted, &value) < 0) {
		ext_metadata_put(ext, value.held);
		return -1;
	}
	*ret_value = value;
	return 0;
}

int ext_inline_value(struct ext *ext, struct read_context *context,
	const struct ext_inode *inode, struct ext_value *ret_value)
{
	return get_in_inode(ext, context, inode, is_inline_data, ret_value);
}

int ext_is_opaque(struct filesystem *fs, struct read_context *context,
	uint64_t directory)
{
	struct ext *ext = ext_of(fs);
	struct ext_value value;
	struct ext_inode inode;
	int rc;

	if (ext_inode_get_directory(ext, context, directory, &inode) < 0)
		return -1;
	rc = get_in_inode(ext, context, &inode, is_set_mark, &value);
	if (rc < 0 && errno == ENODATA && inode.xattrs)
		rc = get_in_block(ext, context, &inode, is_set_mark, &value);
	if (rc < 0)
		return errno == ENODATA ? 0 : ext_fail_at(ext, inode.at_block);
	ext_metadata_put(ext, value.held);
	return 1;
}
