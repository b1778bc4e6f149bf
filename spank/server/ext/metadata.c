/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Blocks of metadata, which are cached; and the descriptors of groups, which
 * say where the inodes lie.  Descriptors begin in the block after the
 * superblock's.  With EXT_INCOMPAT_META_BG those from first_meta_group on lie
 * in the groups that they describe.
 */
#include "spank/server/ext/internal.h"

bool ext_has_blocks(const struct ext *ext, uint64_t first, uint64_t count)
{
	return first > ext->super.first_block && first < ext->super.blocks &&
	       count <= ext->super.blocks - first;
}

struct load {
	struct ext *ext;
	struct read_context *context;
};

/* One block serves dozens of requests, so waking another thread for it can
 * pay. */
static int load_block(void *arg, uint64_t key, unsigned char *data,
	struct cache_block *block)
{
	const struct load *load = arg;
	struct ext *ext = load->ext;
	size_t size = ext->super.block_size;

	read_context_wait_for_file(load->context, ext->fs.fd,
		ext->window.offset + key * size, size);
	if (ext_pread(ext, data, size, key * size) < 0)
		return -1;
	block->size = size;
	return 0;
}

const struct cache_block *ext_metadata_get(struct ext *ext,
	struct read_context *context, uint64_t block)
{
	struct load load = { ext, context };

	if (!ext_has_blocks(ext, block, 1)) {
		ext_corrupt();
		return NULL;
	}
	return cache_get(ext->metadata, context, block, load_block, &load);
}

void ext_metadata_put(struct ext *ext, const struct cache_block *block)
{
	cache_put(ext->metadata, block);
}

int ext_metadata_read(struct ext *ext, struct read_context *context,
	uint64_t block, uint32_t offset, void *buffer, size_t size)
{
	const struct cache_block *held = ext_metadata_get(ext, context, block);

	if (!held)
		return -1;
	memcpy(buffer, held->data + offset, size);
	ext_metadata_put(ext, held);
	return 0;
}

static bool is_power_of(uint32_t number, uint32_t base)
{
	while (number > 1 && number % base == 0)
		number /= base;
	return number == 1;
}

/* Whether the group begins with a copy of the superblock. */
static bool has_super(const struct ext_super *super, uint32_t group)
{
	if (group == 0)
		return true;
	if (super->compat & EXT_COMPAT_SPARSE_SUPER2)
		return group == super->backup_groups[0] ||
		       group == super->backup_groups[1];
	if (group == 1 || !(super->ro_compat & EXT_RO_COMPAT_SPARSE))
		return true;
	return is_power_of(group, 3) || is_power_of(group, 5) ||
	       is_power_of(group, 7);
}

/* The descriptor block of that number. */
static uint64_t descriptor_block(const struct ext_super *super, uint32_t number,
	uint32_t per_block)
{
	uint32_t super_block = EXT_SUPER_OFFSET / super->block_size;
	uint32_t group = number * per_block;
	uint64_t block;

	if (!(super->incompat & EXT_INCOMPAT_META_BG) ||
		number < super->first_meta_group)
		return (uint64_t)super_block + number + 1;
	block = super->first_block + (uint64_t)group * super->blocks_per_group +
		has_super(super, group);
	/* Blocks of 1 KiB, and group 0 begins with block 0. */
	if (number == 0 && super_block > super->first_block)
		block++;
	return block;
}

int ext_group_inodes(struct ext *ext, struct read_context *context,
	uint32_t group, uint64_t *ret_block)
{
	const struct ext_super *super = &ext->super;
	uint32_t per_block = super->block_size / super->descriptor_size;
	unsigned char raw[EXT_DESCRIPTOR_64_SIZE] = { 0 };
	size_t size = super->descriptor_size < sizeof(raw)
			      ? super->descriptor_size
			      : sizeof(raw);

	if (group >= super->groups)
		return ext_corrupt();
	if (ext_metadata_read(ext, context,
		    descriptor_block(super, group / per_block, per_block),
		    group % per_block * super->descriptor_size, raw, size) < 0)
		return -1;
	*ret_block = le32_at(raw + 8) | (uint64_t)le32_at(raw + 40) << 32;
	return 0;
}
