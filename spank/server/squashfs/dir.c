/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Directories.  A directory is a list of headers, each followed by up to 256
 * entries that share a block of inodes, sorted by name.  A large directory has
 * an index of some of its headers, by name and by offset.  A cookie is the
 * offset of an entry in the list.
 *
 * A crafted list can be 4 GiB long, of metadata blocks that the image has only
 * once.  One request therefore reads at most SCAN_MAX of it, counted from where
 * the index leads.
 */
#include "spank/server/squashfs/internal.h"

/*
 * Half a million entries, read in 0.2 s.  Only a list without an index is that
 * long to search: mksquashfs indexes each 8 KiB.
 */
#define SCAN_MAX (16 * 1024 * 1024)

/* A position in the list of one directory. */
struct listing {
	struct squash_stream stream;
	uint64_t offset;
	uint64_t total;
	size_t scanned;
	/* From the last header. */
	uint32_t left; /* entries that follow it */
	uint32_t block;
	uint32_t number;
};

/* An entry of the index. */
struct dir_index {
	uint32_t offset; /* of the header in the list */
	uint32_t block;  /* that has the header, relative to the table */
	char name[NAME_MAX + 1];
};

static void close_listing(struct listing *listing)
{
	squash_stream_close(&listing->stream);
}
#define LISTING_CLEANUP __attribute__((cleanup(close_listing)))

static bool name_is_sane(const char *name, size_t size)
{
	return !memchr(name, '/', size) && !memchr(name, '\0', size) &&
	       !(size == 1 && name[0] == '.') &&
	       !(size == 2 && name[0] == '.' && name[1] == '.');
}

/* The next bytes of the list, which is as long as the inode says. */
static int read_list(struct listing *listing, void *buffer, size_t size)
{
	if (size > listing->total - listing->offset)
		return squash_corrupt();
	listing->offset += size;
	listing->scanned += size;
	if (listing->scanned > SCAN_MAX)
		return squash_corrupt();
	return squash_stream_read(&listing->stream, buffer, size);
}

static int next_header(struct listing *listing)
{
	unsigned char raw[SQUASH_DIR_HEADER_SIZE];

	if (read_list(listing, raw, sizeof(raw)) < 0)
		return -1;
	listing->left = le32_at(raw);
	if (listing->left >= SQUASH_DIR_ENTRIES_MAX)
		return squash_corrupt();
	listing->left++;
	listing->block = le32_at(raw + 4);
	listing->number = le32_at(raw + 8);
	return 0;
}

/* Returns 1 with the next entry, 0 at the end, -1 with errno. */
static int next_entry(struct listing *listing, struct fs_entry *entry)
{
	unsigned char raw[SQUASH_DIR_ENTRY_SIZE];
	size_t size;

	if (listing->offset == listing->total)
		return listing->left ? squash_corrupt() : 0;
	if ((listing->left == 0 && next_header(listing) < 0) ||
		read_list(listing, raw, sizeof(raw)) < 0)
		return -1;
	listing->left--;
	size = (size_t)le16_at(raw + 6) + 1;
	if (size > NAME_MAX)
		return squash_corrupt();
	if (read_list(listing, entry->name, size) < 0)
		return -1;
	if (!name_is_sane(entry->name, size))
		return squash_corrupt();
	entry->name[size] = '\0';
	entry->ref = (uint64_t)listing->block << 16 | le16_at(raw);
	entry->number = (uint32_t)(listing->number + (int16_t)le16_at(raw + 2));
	entry->type = squash_mode_of(le16_at(raw + 4));
	if (!entry->type)
		return squash_corrupt();
	entry->next = listing->offset;
	return 1;
}

static int next_index(struct squash_stream *stream, struct dir_index *index)
{
	unsigned char raw[SQUASH_DIR_INDEX_SIZE];
	uint32_t size;

	if (squash_stream_read(stream, raw, sizeof(raw)) < 0)
		return -1;
	index->offset = le32_at(raw);
	index->block = le32_at(raw + 4);
	size = le32_at(raw + 8);
	if (size >= NAME_MAX)
		return squash_corrupt();
	if (squash_stream_read(stream, index->name, size + 1) < 0)
		return -1;
	index->name[size + 1] = '\0';
	return 0;
}

static int jump_to_index(struct listing *listing,
	const struct squash_inode *inode, const struct dir_index *index)
{
	if (index->offset > listing->total)
		return squash_corrupt();
	listing->offset = index->offset;
	listing->stream.at.block =
		listing->stream.squash->super.directory_table + index->block;
	listing->stream.at.offset =
		(inode->entries.offset + index->offset) % SQUASH_METADATA_SIZE;
	return 0;
}

/*
 * Jump to the last header in the index that is not past the name, or not past
 * the cookie if the name is NULL.
 */
static int seek_index(struct listing *listing, const struct squash_inode *inode,
	const char *name, uint64_t cookie)
{
	struct squash_stream stream SQUASH_STREAM_CLEANUP = {
		.squash = listing->stream.squash,
		.context = listing->stream.context,
		.at = inode->next,
	};
	struct dir_index index;
	unsigned int i;

	for (i = 0; i < inode->indexes; i++) {
		if (next_index(&stream, &index) < 0)
			return squash_fail_at(stream.squash, stream.at.block);
		if (name ? strcmp(index.name, name) > 0 : index.offset > cookie)
			break;
		if (jump_to_index(listing, inode, &index) < 0)
			return squash_fail_at(stream.squash, stream.at.block);
	}
	return 0;
}

static int open_listing(struct squash *squash, struct read_context *context,
	uint64_t ref, const char *name, uint64_t cookie,
	struct listing *listing)
{
	struct squash_inode inode;

	if (squash_inode_get(squash, context, ref, &inode) < 0)
		return -1;
	if (!S_ISDIR(inode.mode)) {
		errno = ENOTDIR;
		return -1;
	}
	squash_stream_open(&listing->stream, squash, context, inode.entries);
	if (inode.size > SQUASH_DIR_SIZE_OF_DOTS)
		listing->total = inode.size - SQUASH_DIR_SIZE_OF_DOTS;
	return seek_index(listing, &inode, name, cookie);
}

int squash_lookup(struct filesystem *fs, struct read_context *context,
	uint64_t directory, const char *name, uint64_t *ret_ref)
{
	struct squash *squash = squash_of(fs);
	struct listing listing LISTING_CLEANUP = { .stream.squash = squash };
	struct fs_entry entry;
	int more, order = -1;

	if (open_listing(squash, context, directory, name, 0, &listing) < 0)
		return -1;
	do {
		more = next_entry(&listing, &entry);
		if (more > 0)
			order = strcmp(entry.name, name);
	} while (more > 0 && order < 0);
	if (more < 0)
		return squash_fail_at(squash, listing.stream.at.block);
	if (order != 0) {
		errno = ENOENT;
		return -1;
	}
	*ret_ref = entry.ref;
	return 0;
}

int squash_list(struct filesystem *fs, struct read_context *context,
	uint64_t directory, uint64_t cookie, fs_visit *visit, void *arg)
{
	struct squash *squash = squash_of(fs);
	struct listing listing LISTING_CLEANUP = { .stream.squash = squash };
	struct fs_entry entry;
	int more = 1;

	if (open_listing(squash, context, directory, NULL, cookie, &listing) <
		0)
		return -1;
	while (more > 0 && listing.offset < cookie)
		more = next_entry(&listing, &entry);
	while (more > 0) {
		more = next_entry(&listing, &entry);
		if (more > 0 && !visit(&entry, arg))
			return 0;
	}
	return more < 0 ? squash_fail_at(squash, listing.stream.at.block) : 0;
}

int squash_parent_number(struct filesystem *fs, struct read_context *context,
	uint64_t directory, ino_t *ret_number)
{
	struct squash *squash = squash_of(fs);
	struct squash_inode inode;

	if (squash_inode_get(squash, context, directory, &inode) < 0)
		return -1;
	if (!S_ISDIR(inode.mode)) {
		errno = ENOTDIR;
		return -1;
	}
	*ret_number =
		directory == squash->super.root ? inode.number : inode.parent;
	return 0;
}
