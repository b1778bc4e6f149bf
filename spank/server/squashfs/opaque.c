/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The mark of an opaque directory.  An inode names an entry of the table of
 * attributes, which says where they begin and how many there are.  The table is
 * read only where a directory has attributes: no other part of the reader needs
 * it, and an image may have a damaged one.
 */
#include "spank/server/squashfs/internal.h"

#define TABLE_HEADER_SIZE 16

/* Where the attributes of an inode are. */
struct position {
	uint64_t start; /* of all attributes */
	uint64_t ref;   /* relative to that */
	uint32_t count;
};

static int find_attributes(struct squash *squash, struct read_context *context,
	uint32_t index, struct position *ret_position)
{
	unsigned char header[TABLE_HEADER_SIZE], raw[SQUASH_XATTR_ID_SIZE];
	struct squash_table table = { .index = NULL };

	if (squash_pread(squash, header, sizeof(header),
		    squash->super.xattr_table) < 0)
		return -1;
	table.start = squash->super.xattr_table + sizeof(header);
	ret_position->start = le64_at(header);
	if (index >= le32_at(header + 8) ||
		ret_position->start > squash->window.size)
		return squash_corrupt();
	if (squash_table_read(squash, context, &table, sizeof(raw), index,
		    raw) < 0)
		return -1;
	ret_position->ref = le64_at(raw);
	ret_position->count = le32_at(raw + 8);
	return 0;
}

static int read_stream(void *arg, void *buffer, size_t size)
{
	return squash_stream_read(arg, buffer, size);
}

struct jumping_stream {
	struct squash_stream stream; /* first: see read_stream() */
	uint64_t start;
};

static int jump(void *arg, uint64_t ref)
{
	struct jumping_stream *jumping = arg;
	struct squash_stream *stream = &jumping->stream;

	if (ref >> SQUASH_REFERENCE_BITS)
		return squash_corrupt();
	squash_stream_close(stream);
	squash_stream_open(stream, stream->squash, stream->context,
		(struct squash_cursor){ jumping->start + (ref >> 16),
			ref & 0xffff });
	return 0;
}

static int read_attributes(struct squash *squash, struct read_context *context,
	const struct position *position)
{
	struct jumping_stream jumping = {
		.stream = { .squash = squash, .context = context },
		.start = position->start,
	};
	const struct xattr_source source = { read_stream, jump, &jumping };
	int found = jump(&jumping, position->ref);

	if (found == 0)
		found = xattr_find_opaque(&source, position->count);
	squash_stream_close(&jumping.stream);
	return found;
}

int squash_is_opaque(struct filesystem *fs, struct read_context *context,
	uint64_t directory)
{
	struct squash *squash = squash_of(fs);
	struct squash_inode inode;
	struct position position;
	int found;

	if (squash_inode_get(squash, context, directory, &inode) < 0)
		return -1;
	if (!S_ISDIR(inode.mode)) {
		errno = ENOTDIR;
		return -1;
	}
	if (inode.xattrs == SQUASH_NO_XATTRS ||
		squash->super.xattr_table == SQUASH_NO_TABLE)
		return 0;
	found = find_attributes(squash, context, inode.xattrs, &position);
	if (found == 0)
		found = read_attributes(squash, context, &position);
	return found < 0 ? squash_fail_at(squash, squash->super.xattr_table)
			 : found;
}
