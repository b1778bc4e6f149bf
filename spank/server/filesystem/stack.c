/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Several file systems as one tree.  This file opens a stack and has the
 * operations on nodes, each of which belongs to one layer.  The others are
 *
 *   stack_lookup.c  from a directory and a name to a node
 *   stack_list.c    the entries of a directory
 *   merged.c        the parts of merged directories
 *   names.c, name_cache.c  which part of a directory has which name
 *
 * A reference names a layer and a node in it.  For a file, and for a directory
 * that only one layer has, that is enough.  A merged directory has the
 * reference of its topmost part; its other parts are recorded in a table before
 * that reference is handed out.
 */
#include <stdlib.h>

#include "spank/server/filesystem/stack_internal.h"

struct filesystem *stack_layer(const struct stack *stack, uint64_t ref)
{
	if (layer_of(ref) < stack->count)
		return stack->layers[layer_of(ref)];
	errno = EIO;
	return NULL;
}

/* --- nodes ---------------------------------------------------------------- */

bool stack_is_whiteout(const struct stat *st)
{
	return S_ISCHR(st->st_mode) && st->st_rdev == 0;
}

int stack_stat(struct filesystem *fs, struct read_context *context,
	uint64_t ref, struct stat *ret_st)
{
	const struct stack *stack = stack_of(fs);
	struct filesystem *layer = stack_layer(stack, ref);

	if (!layer || fs_stat(layer, context, ref_in_layer(ref), ret_st) < 0)
		return -1;
	ret_st->st_ino = stack_number(layer_of(ref), ret_st->st_ino);
	/* Unknown, since each part has subdirectories of its own. */
	if (S_ISDIR(ret_st->st_mode) && stack_is_merged(stack, ref))
		ret_st->st_nlink = 1;
	return 0;
}

static int stack_readlink(struct filesystem *fs, struct read_context *context,
	uint64_t ref, char *target, size_t size)
{
	struct filesystem *layer = stack_layer(stack_of(fs), ref);

	return layer ? fs_readlink(layer, context, ref_in_layer(ref), target,
			       size)
		     : -1;
}

/* Not needed: no stack is a layer of another. */
static int stack_is_opaque(struct filesystem *fs, struct read_context *context,
	uint64_t directory)
{
	struct filesystem *layer = stack_layer(stack_of(fs), directory);

	return layer ? fs_is_opaque(layer, context, ref_in_layer(directory))
		     : -1;
}

static enum read_result stack_read(struct filesystem *fs,
	struct read_context *context, uint64_t ref, uint64_t offset,
	size_t size, void *buffer, struct fs_data *ret_data)
{
	struct filesystem *layer = stack_layer(stack_of(fs), ref);
	enum read_result result;
	size_t i;

	if (!layer) {
		*ret_data = (struct fs_data){ .bytes = buffer };
		return READ_ERROR;
	}
	result = fs_read(layer, context, ref_in_layer(ref), offset, size,
		buffer, ret_data);
	ret_data->layer = layer->layer;
	for (i = 0; i < ret_data->hints_count; i++)
		ret_data->hints[i].layer = layer->layer;
	return result;
}

static void stack_release(struct filesystem *fs, struct fs_data *data)
{
	fs_release(stack_of(fs)->layers[data->layer], data);
}

static int stack_stored_fd(struct filesystem *fs, const struct fs_data *data)
{
	return fs_stored_fd(stack_of(fs)->layers[data->layer], data);
}

static bool stack_wants_readahead(struct filesystem *fs,
	const struct fs_hint *hint)
{
	return fs_wants_readahead(stack_of(fs)->layers[hint->layer], hint);
}

static void stack_readahead(struct filesystem *fs, const struct fs_hint *hint)
{
	fs_readahead(stack_of(fs)->layers[hint->layer], hint);
}

/* The sums of all layers, in blocks of the largest size. */
static void stack_statfs(struct filesystem *fs, struct statvfs *ret_st)
{
	const struct stack *stack = stack_of(fs);
	struct statvfs st;
	uint64_t bytes = 0;
	size_t i;

	*ret_st = (struct statvfs){ .f_namemax = NAME_MAX };
	for (i = 0; i < stack->count; i++) {
		fs_statfs(stack->layers[i], &st);
		bytes += (uint64_t)st.f_blocks * st.f_frsize;
		ret_st->f_files += st.f_files;
		if (st.f_bsize > ret_st->f_bsize)
			ret_st->f_bsize = st.f_bsize;
	}
	ret_st->f_frsize = ret_st->f_bsize;
	ret_st->f_blocks = (bytes + ret_st->f_bsize - 1) / ret_st->f_bsize;
}

/* --- caches --------------------------------------------------------------- */

/* The layer with the largest blocks.  If there are several, the lowest, whose
 * caches may be filled already. */
static struct filesystem *find_lender(const struct stack *stack)
{
	struct filesystem *lender = NULL;
	unsigned long largest = 0;
	struct statvfs st;
	size_t i;

	for (i = 0; i < stack->count; i++) {
		fs_statfs(stack->layers[i], &st);
		if (stack->layers[i]->ops->share_caches &&
			st.f_bsize > largest) {
			lender = stack->layers[i];
			largest = st.f_bsize;
		}
	}
	return lender;
}

static bool borrows(const struct stack *stack, const struct filesystem *layer)
{
	return stack->lender && layer != stack->lender &&
	       layer->ops == stack->lender->ops;
}

static bool has_own_cache(const struct stack *stack,
	const struct filesystem *layer)
{
	return layer->ops->set_cache && !borrows(stack, layer);
}

static size_t count_caches(const struct stack *stack)
{
	size_t count = 0, i;

	for (i = 0; i < stack->count; i++)
		count += has_own_cache(stack, stack->layers[i]);
	return count;
}

/* The memory is divided evenly among the layers with a cache of their own. */
static int stack_set_cache(struct filesystem *fs, size_t bytes, size_t threads)
{
	const struct stack *stack = stack_of(fs);
	size_t count = count_caches(stack), i;

	for (i = 0; i < stack->count; i++)
		if (has_own_cache(stack, stack->layers[i]) &&
			fs_set_cache(stack->layers[i], bytes / count, threads) <
				0)
			return -1;
	for (i = 0; i < stack->count; i++)
		if (borrows(stack, stack->layers[i]))
			fs_share_caches(stack->layers[i], stack->lender);
	return 0;
}

/* --- opening and closing -------------------------------------------------- */

static void stack_close(struct filesystem *fs)
{
	struct stack *stack = stack_of(fs);
	size_t i;

	for (i = 0; i < stack->count; i++)
		if (stack->layers[i] != stack->lender)
			fs_close(stack->layers[i]);
	fs_close(stack->lender);
	merged_close(stack->merged);
	name_cache_close(stack->names);
	free(stack);
}

static const struct filesystem_ops stack_ops = {
	.set_cache = stack_set_cache,
	.close = stack_close,
	.stat = stack_stat,
	.lookup = stack_lookup,
	.list = stack_list,
	.parent_number = stack_parent_number,
	.is_opaque = stack_is_opaque,
	.readlink = stack_readlink,
	.read = stack_read,
	.release = stack_release,
	.stored_fd = stack_stored_fd,
	.wants_readahead = stack_wants_readahead,
	.readahead = stack_readahead,
	.statfs = stack_statfs,
};

static int merge_roots(struct stack *stack)
{
	struct parts roots = { .count = stack->count };
	size_t i;

	for (i = 0; i < stack->count; i++)
		roots.refs[stack->count - 1 - i] =
			stack_ref(i, stack->layers[i]->root);
	stack->fs.root = roots.refs[0];
	return stack_remember(stack, NULL, &roots);
}

int stack_open(struct filesystem *const *layers, size_t count,
	struct filesystem **ret_fs, struct error *err)
{
	struct stack *stack;
	size_t i;

	if (count == 1) {
		*ret_fs = layers[0];
		return 0;
	}
	stack = calloc(1, sizeof(*stack));
	if (!stack)
		return error_set(err, errno, "it cannot be opened");
	stack->fs = (struct filesystem){ .ops = &stack_ops, .fd = -1 };
	for (i = 0; i < count; i++) {
		stack->layers[i] = layers[i];
		layers[i]->layer = i;
	}
	stack->count = count;
	stack->lender = find_lender(stack);
	stack->merged = merged_open(MERGED_WORDS);
	stack->names = name_cache_open();
	if (!stack->merged || !stack->names || merge_roots(stack) < 0) {
		error_set(err, errno, "it cannot be opened");
		stack->count = 0;
		stack->lender = NULL;
		stack_close(&stack->fs);
		return -1;
	}
	*ret_fs = &stack->fs;
	return 0;
}
