/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A narrow, checked way into libsquashfuse.  Here: reading from the partition,
 * and opening.  In squash_inode.c: inodes and tables, in squash_dir.c:
 * directories, in squash_file.c: contents of files.
 *
 * The library believes what an image says.  So, before it is asked: the
 * superblock's numbers are checked, every read is clamped to the partition,
 * every cursor, table index and length that comes from the image is compared
 * with what is there.  Of the library remain superblock, inodes, metadata
 * blocks with their cache, the steps through a directory, and decompression.
 * Never called: xattrs (they overflow the heap), its block index, its look-up
 * of names and its tables (they do not check).  The sandbox is there for what
 * was overlooked.
 *
 * Layout: the kernel's fs/squashfs/squashfs_fs.h.
 */
#include <endian.h>
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "spank/server/squash_internal.h"

#define BLOCK_SIZE_MIN  4096
#define BLOCK_SIZE_MAX  (1024 * 1024)
#define METADATA_BLOCKS 64 /* kept; the library's own 8 thrash on a walk */
#define NO_TABLE        UINT64_MAX

/* sqfs_pread() has no parameter that could carry it. */
static struct sif_partition window;

/*
 * Replaces the library's function of this name, which is a member of its own
 * in the static library: all that the library reads goes through here, and
 * nothing outside the partition can be read.  All of `size` bytes, or -1.
 */
ssize_t sqfs_pread(sqfs_fd_t fd, void *buffer, size_t size, sqfs_off_t offset);

ssize_t sqfs_pread(sqfs_fd_t fd, void *buffer, size_t size, sqfs_off_t offset)
{
	size_t done = 0;
	ssize_t got;

	if (offset < 0 || (uint64_t)offset > window.size ||
		size > window.size - (uint64_t)offset) {
		errno = EIO;
		return -1;
	}
	while (done < size) {
		got = pread(fd, (char *)buffer + done, size - done,
			window.offset + offset + done);
		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0)
			return -1;
		done += got;
	}
	return done;
}

static bool table_is_within(uint64_t start, uint64_t count, size_t each,
	uint64_t end)
{
	uint64_t blocks = sqfs_divceil(count * each, SQUASHFS_METADATA_SIZE);

	return count == 0 ||
	       (start >= sizeof(struct squashfs_super_block) && start < end &&
		       blocks * sizeof(uint64_t) <= end - start);
}

/* What the kernel, too, demands of a superblock before it looks further. */
static bool superblock_is_sane(const struct squashfs_super_block *sb)
{
	uint32_t block_size = le32toh(sb->block_size);
	uint64_t end = le64toh(sb->bytes_used);
	uint64_t lookup = le64toh(sb->lookup_table_start);
	uint64_t inodes = le64toh(sb->inode_table_start);
	uint64_t directories = le64toh(sb->directory_table_start);

	return le32toh(sb->s_magic) == SQUASHFS_MAGIC &&
	       block_size >= BLOCK_SIZE_MIN && block_size <= BLOCK_SIZE_MAX &&
	       le16toh(sb->block_log) <= SQUASHFS_FILE_MAX_LOG &&
	       block_size == 1U << le16toh(sb->block_log) &&
	       end <= window.size && le16toh(sb->no_ids) > 0 &&
	       inodes >= sizeof(*sb) && inodes < directories &&
	       directories < end &&
	       table_is_within(le64toh(sb->id_table_start), le16toh(sb->no_ids),
		       sizeof(uint32_t), end) &&
	       table_is_within(le64toh(sb->fragment_table_start),
		       le32toh(sb->fragments),
		       sizeof(struct squashfs_fragment_entry), end) &&
	       (lookup == NO_TABLE ||
		       table_is_within(lookup, le32toh(sb->inodes),
			       sizeof(uint64_t), end));
}

static int damaged(struct error *err)
{
	return error_set(err, 0,
		"it is damaged: its squashfs does not make sense; copy or "
		"build it again");
}

/* A failure leaves the library's own, smaller cache. */
static void enlarge_metadata_cache(sqfs *fs)
{
	sqfs_cache larger;

	if (sqfs_block_cache_init(&larger, METADATA_BLOCKS) != SQFS_OK)
		return;
	sqfs_cache_destroy(&fs->md_cache);
	fs->md_cache = larger;
}

static int check_root(struct squash *squash, struct error *err)
{
	struct squash_inode root;

	if (squash_inode_get(squash, squash_root(squash), &root) < 0 ||
		!S_ISDIR(root.inode.base.mode))
		return error_set(err, 0,
			"it is damaged: the root of its file system cannot be "
			"read; copy or build it again");
	return 0;
}

static void free_all(struct squash *squash)
{
	squash_file_free(squash);
	sqfs_table_destroy(&squash->fs.xattr_table); /* the library forgets */
	sqfs_destroy(&squash->fs);
	free(squash);
}

int squash_open(int *fd, const struct sif_partition *partition,
	struct squash **ret_squash, struct error *err)
{
	struct squashfs_super_block sb;
	struct squash *squash;

	window = *partition;
	if (!sqfs_decompressor_get(partition->compression))
		return error_set(err, 0,
			"it is compressed with %s, which cannot be read here; "
			"build it again with gzip or zstd",
			sif_compression_name(partition->compression));
	if (sqfs_pread(*fd, &sb, sizeof(sb), 0) < 0 || !superblock_is_sane(&sb))
		return damaged(err);
	squash = calloc(1, sizeof(*squash));
	if (!squash)
		return error_set(err, errno, "it cannot be opened");
	if (sqfs_init(&squash->fs, *fd, 0) != SQFS_OK) {
		free(squash);
		return damaged(err);
	}
	enlarge_metadata_cache(&squash->fs);
	if (check_root(squash, err) < 0) {
		free_all(squash);
		return -1;
	}
	*fd = -1;
	*ret_squash = squash;
	return 0;
}

void squash_close(struct squash *squash)
{
	if (!squash)
		return;
	close(squash->fs.fd);
	free_all(squash);
}

uint64_t squash_root(const struct squash *squash)
{
	return squash->fs.sb.root_inode;
}

void squash_statfs(const struct squash *squash, struct statvfs *ret_st)
{
	const struct squashfs_super_block *sb = &squash->fs.sb;

	*ret_st = (struct statvfs){
		.f_bsize = sb->block_size,
		.f_frsize = sb->block_size,
		.f_blocks = sqfs_divceil(sb->bytes_used, sb->block_size),
		.f_files = sb->inodes,
		.f_namemax = NAME_MAX,
	};
}
