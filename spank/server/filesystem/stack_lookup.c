/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Look-ups in a stack, from the topmost part of a directory to the lowest.
 * Whiteouts and opaque marks are looked for only once there is something to
 * hide.  So a name that no part has costs one look-up in each.
 */
#include <stdio.h>
#include <string.h>

#include "spank/server/filesystem/stack_internal.h"

/*
 * The key under which the table has the directory that a part belongs to: the
 * part's layer and inode number.  The first part of a directory needs no such
 * entry.
 */
#define PART_KEY (1ULL << 63)

static uint64_t part_key(unsigned int layer, ino_t number)
{
	return PART_KEY | stack_ref(layer, number);
}

bool stack_is_private(const char *name)
{
	return strncmp(name, WHITEOUT_PREFIX, WHITEOUT_PREFIX_LENGTH) == 0;
}

/* No reference of the lowest layer is that of a merged directory: there is
 * nothing below it to merge with. */
static const uint64_t *find_parts(const struct stack *stack, uint64_t directory,
	size_t *ret_count)
{
	*ret_count = 0;
	return layer_of(directory) == 0
		       ? NULL
		       : merged_find(stack->merged, directory, ret_count);
}

bool stack_is_merged(const struct stack *stack, uint64_t directory)
{
	size_t count;

	return find_parts(stack, directory, &count);
}

void stack_parts(const struct stack *stack, uint64_t directory,
	struct parts *ret_parts)
{
	size_t count;
	const uint64_t *refs = find_parts(stack, directory, &count);

	ret_parts->refs[0] = directory;
	ret_parts->count = 1 + count;
	if (refs)
		memcpy(ret_parts->refs + 1, refs, count * sizeof(*refs));
}

int stack_lookup_part(const struct stack *stack, struct read_context *context,
	uint64_t part, const char *name, uint64_t *ret_ref)
{
	struct filesystem *layer = stack_layer(stack, part);
	uint64_t ref;

	if (!layer ||
		fs_lookup(layer, context, ref_in_layer(part), name, &ref) < 0)
		return -1;
	*ret_ref = stack_ref(layer_of(part), ref);
	return 0;
}

/* --- whiteouts and opaque directories ------------------------------------- */

/* Whether the part has the name: 0, 1, or -1 with errno. */
static int has_entry(const struct stack *stack, struct read_context *context,
	uint64_t part, const char *name)
{
	uint64_t ref;

	if (stack_lookup_part(stack, context, part, name, &ref) == 0)
		return 1;
	return errno == ENOENT ? 0 : -1;
}

int stack_hides(const struct stack *stack, struct read_context *context,
	const struct parts *parts, size_t end, const char *name)
{
	char whiteout[NAME_MAX + 1];
	int found = 0;
	size_t i;

	if (snprintf(whiteout, sizeof(whiteout), WHITEOUT_PREFIX "%s", name) >
		NAME_MAX)
		return 0;
	for (i = 0; found == 0 && i < end; i++)
		found = has_entry(stack, context, parts->refs[i], whiteout);
	return found;
}

static int is_opaque(const struct stack *stack, struct read_context *context,
	uint64_t directory)
{
	struct filesystem *layer = stack_layer(stack, directory);
	int found =
		layer ? fs_is_opaque(layer, context, ref_in_layer(directory))
		      : -1;

	return found == 0 ? has_entry(stack, context, directory, OPAQUE_FILE)
			  : found;
}

/* --- merging -------------------------------------------------------------- */

/* Record which directory a part belongs to, for "..". */
static int remember_part(const struct stack *stack,
	struct read_context *context, uint64_t part, uint64_t directory)
{
	struct filesystem *layer = stack_layer(stack, part);
	struct stat st;

	if (fs_stat(layer, context, ref_in_layer(part), &st) < 0)
		return -1;
	return merged_add(stack->merged, part_key(layer_of(part), st.st_ino),
		&directory, 1);
}

int stack_remember(const struct stack *stack, struct read_context *context,
	const struct parts *parts)
{
	size_t i;
	int rc = 0;

	if (stack_is_merged(stack, parts->refs[0]))
		i = parts->count; /* its parts were remembered with it */
	else
		i = 1;
	for (; rc == 0 && i < parts->count; i++)
		rc = remember_part(stack, context, parts->refs[i],
			parts->refs[0]);
	if (rc == 0)
		rc = merged_add(stack->merged, parts->refs[0], parts->refs + 1,
			parts->count - 1);
	/* A directory has one name, unless the image is crafted. */
	if (rc < 0 && errno == EEXIST)
		errno = EIO;
	return rc;
}

/* What a part has under a name, for merging. */
enum lower {
	LOWER_NOTHING,
	LOWER_DIRECTORY,
	LOWER_END, /* not a directory: merging ends there */
};

/* Returns an enum lower, or -1 with errno. */
static int find_lower(const struct stack *stack, struct read_context *context,
	uint64_t part, const char *name, uint64_t *ret_ref)
{
	struct stat st;

	if (stack_lookup_part(stack, context, part, name, ret_ref) < 0)
		return errno == ENOENT ? LOWER_NOTHING : -1;
	if (fs_stat(stack_layer(stack, *ret_ref), context,
		    ref_in_layer(*ret_ref), &st) < 0)
		return -1;
	return S_ISDIR(st.st_mode) ? LOWER_DIRECTORY : LOWER_END;
}

/* Whether `name` in parts->refs[part] is hidden, because `upper`, the directory
 * above it, is opaque, or by a whiteout: 0, 1, or -1 with errno. */
static int is_hidden(const struct stack *stack, struct read_context *context,
	const struct parts *parts, size_t part, const char *name,
	uint64_t upper)
{
	int found = is_opaque(stack, context, upper);

	return found == 0 ? stack_hides(stack, context, parts, part, name)
			  : found;
}

int stack_merge(const struct stack *stack, struct read_context *context,
	const struct parts *parts, size_t part, const char *name, uint64_t ref,
	uint64_t candidates)
{
	struct parts merged = { .count = 1, .refs[0] = ref };
	uint64_t lower;
	int found, hidden;
	size_t i;

	for (i = part + 1; i < parts->count; i++) {
		if (!(candidates >> i & 1))
			continue;
		found = find_lower(stack, context, parts->refs[i], name,
			&lower);
		if (found < 0)
			return -1;
		if (found == LOWER_NOTHING)
			continue;
		if (found == LOWER_END)
			break;
		hidden = is_hidden(stack, context, parts, i, name,
			merged.refs[merged.count - 1]);
		if (hidden < 0)
			return -1;
		if (hidden)
			break;
		merged.refs[merged.count++] = lower;
	}
	return merged.count > 1 ? stack_remember(stack, context, &merged) : 0;
}

/* --- operations ----------------------------------------------------------- */

/* Show what was found in a part, unless it is a whiteout or hidden. */
static int take_found(const struct stack *stack, struct read_context *context,
	const struct parts *parts, size_t part, const char *name, uint64_t ref)
{
	struct stat st;
	int hidden;

	if (fs_stat(stack_layer(stack, ref), context, ref_in_layer(ref), &st) <
		0)
		return -1;
	hidden = stack_is_whiteout(&st)
			 ? 1
			 : stack_hides(stack, context, parts, part, name);
	if (hidden) {
		if (hidden > 0)
			errno = ENOENT;
		return -1;
	}
	return S_ISDIR(st.st_mode) ? stack_merge(stack, context, parts, part,
					     name, ref, UINT64_MAX)
				   : 0;
}

int stack_lookup(struct filesystem *fs, struct read_context *context,
	uint64_t directory, const char *name, uint64_t *ret_ref)
{
	const struct stack *stack = stack_of(fs);
	struct parts parts;
	uint64_t ref;
	size_t i;

	stack_parts(stack, directory, &parts);
	for (i = 0; i < parts.count && !stack_is_private(name); i++) {
		if (stack_lookup_part(stack, context, parts.refs[i], name,
			    &ref) < 0) {
			if (errno == ENOENT)
				continue;
			return -1;
		}
		if (take_found(stack, context, &parts, i, name, ref) < 0)
			return -1;
		*ret_ref = ref;
		return 0;
	}
	errno = ENOENT;
	return -1;
}

int stack_parent_number(struct filesystem *fs, struct read_context *context,
	uint64_t directory, ino_t *ret_number)
{
	const struct stack *stack = stack_of(fs);
	struct filesystem *layer = stack_layer(stack, directory);
	unsigned int number = layer_of(directory);
	const uint64_t *merged;
	struct stat st;
	size_t count;
	ino_t parent;

	if (!layer || fs_parent_number(layer, context, ref_in_layer(directory),
			      &parent) < 0)
		return -1;
	merged = merged_find(stack->merged, part_key(number, parent), &count);
	if (!merged) {
		*ret_number = stack_number(number, parent);
		return 0;
	}
	if (stack_stat(fs, context, merged[0], &st) < 0)
		return -1;
	*ret_number = st.st_ino;
	return 0;
}
