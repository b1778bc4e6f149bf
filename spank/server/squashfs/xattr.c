/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Extended attributes, of which both readers look for one mark only: see
 * opaque.h.  An attribute is a type, which stands for the prefix of its name;
 * the rest of the name; and its value, or a reference to a value that others
 * share.
 *
 * A crafted directory can have 2^32 attributes.  At most SCAN_MAX bytes of them
 * are read.
 */
#include <errno.h>
#include <stdbool.h>

#include "common/little_endian.h"
#include "spank/server/filesystem/opaque.h"
#include "spank/server/squashfs/xattr.h"

/* The kernel lists no more than 64 KiB of names, and makes no longer values. */
#define SCAN_MAX (1024 * 1024)

enum prefix {
	PREFIX_USER,
	PREFIX_TRUSTED,
};
#define PREFIX_MASK 0xff
/* The value is a reference. */
#define VALUE_SHARED 0x100
#define VALUE_SIZE   4
#define REF_SIZE     8

struct scan {
	const struct xattr_source *source;
	size_t scanned;
};

static int read_next(struct scan *scan, void *buffer, size_t size)
{
	scan->scanned += size;
	if (scan->scanned > SCAN_MAX) {
		errno = EIO;
		return -1;
	}
	return scan->source->read(scan->source->arg, buffer, size);
}

static int skip(struct scan *scan, uint32_t size)
{
	char bytes[256];
	size_t part;

	for (; size > 0; size -= part) {
		part = size < sizeof(bytes) ? size : sizeof(bytes);
		if (read_next(scan, bytes, part) < 0)
			return -1;
	}
	return 0;
}

/* Read the name of an attribute, and whether it is the mark. */
static int read_name(struct scan *scan, bool *ret_is_shared, bool *ret_is_mark)
{
	unsigned char raw[4];
	char name[OPAQUE_NAME_MAX];
	unsigned int type, prefix;
	size_t size;

	if (read_next(scan, raw, sizeof(raw)) < 0)
		return -1;
	type = le16_at(raw);
	size = le16_at(raw + 2);
	prefix = type & PREFIX_MASK;
	*ret_is_shared = type & VALUE_SHARED;
	*ret_is_mark = false;
	if (size > sizeof(name))
		return skip(scan, size);
	if (read_next(scan, name, size) < 0)
		return -1;
	*ret_is_mark = (prefix == PREFIX_USER || prefix == PREFIX_TRUSTED) &&
		       opaque_is_mark(name, size);
	return 0;
}

static int read_size(struct scan *scan, uint32_t *ret_size)
{
	unsigned char raw[VALUE_SIZE];

	if (read_next(scan, raw, sizeof(raw)) < 0)
		return -1;
	*ret_size = le32_at(raw);
	return 0;
}

static int follow(struct scan *scan, uint32_t size)
{
	unsigned char raw[REF_SIZE];

	if (size != sizeof(raw)) {
		errno = EIO;
		return -1;
	}
	if (read_next(scan, raw, sizeof(raw)) < 0)
		return -1;
	return scan->source->jump(scan->source->arg, le64_at(raw));
}

/* The value of the mark. */
static int read_mark(struct scan *scan, bool is_shared)
{
	uint32_t size;
	char value;

	if (read_size(scan, &size) < 0 ||
		(is_shared &&
			(follow(scan, size) < 0 || read_size(scan, &size) < 0)))
		return -1;
	if (size != sizeof(value))
		return skip(scan, size);
	if (read_next(scan, &value, sizeof(value)) < 0)
		return -1;
	return opaque_is_set(&value, sizeof(value));
}

int xattr_find_opaque(const struct xattr_source *source, uint32_t count)
{
	struct scan scan = { .source = source };
	bool is_shared, is_mark;
	uint32_t size;
	int found;

	for (; count > 0; count--) {
		if (read_name(&scan, &is_shared, &is_mark) < 0)
			return -1;
		if (is_mark) {
			found = read_mark(&scan, is_shared);
			if (found != 0 || is_shared)
				return found;
		} else if (read_size(&scan, &size) < 0 ||
			   skip(&scan, size) < 0) {
			return -1;
		}
	}
	return 0;
}
