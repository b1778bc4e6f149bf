/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SPANK_SERVER_FILESYSTEM_STACK_INTERNAL_H
#define SPANK_SERVER_FILESYSTEM_STACK_INTERNAL_H

/* What stack*.c share; not for other files. */

#include <errno.h>

#include "spank/server/filesystem/merged.h"
#include "spank/server/filesystem/name_cache.h"
#include "spank/server/filesystem/stack.h"

/* A reference of the stack: the layer's number, and the layer's reference. */
#define LAYER_SHIFT 48
/* The same for st_ino: all readers have inode numbers of 32 bits. */
#define NUMBER_SHIFT 32

#define WHITEOUT_PREFIX ".wh."
/* A longer name than NAME_MAX - 4 cannot have a whiteout file. */
#define WHITEOUT_PREFIX_LENGTH 4
#define OPAQUE_FILE            ".wh..wh..opq"

struct stack {
	struct filesystem fs; /* first: see stack_of() */
	struct filesystem *layers[STACK_LAYERS_MAX];
	size_t count;
	struct filesystem *lender; /* of caches, one of the layers; or NULL */
	struct merged *merged;
	struct name_cache *names;
};

static inline struct stack *stack_of(struct filesystem *fs)
{
	return (struct stack *)fs;
}

static inline uint64_t stack_ref(unsigned int layer, uint64_t ref)
{
	return (uint64_t)layer << LAYER_SHIFT | ref;
}

static inline unsigned int layer_of(uint64_t ref)
{
	return ref >> LAYER_SHIFT;
}

static inline uint64_t ref_in_layer(uint64_t ref)
{
	return ref & ((1ULL << LAYER_SHIFT) - 1);
}

static inline ino_t stack_number(unsigned int layer, ino_t number)
{
	return (ino_t)layer << NUMBER_SHIFT | number;
}

/* A reference to no node. */
#define NO_REF (1ULL << 54)

/* The layer's file system; NULL with EIO if there is no such layer. */
struct filesystem *stack_layer(const struct stack *stack, uint64_t ref);

/* The parts of a merged directory, from the top to the bottom. */
struct parts {
	size_t count;
	uint64_t refs[STACK_LAYERS_MAX];
};

/* The parts of any node.  A node that is not merged is its own only part. */
void stack_parts(const struct stack *stack, uint64_t directory,
	struct parts *ret_parts);

/* Whether there is more than one part. */
bool stack_is_merged(const struct stack *stack, uint64_t directory);

bool stack_is_whiteout(const struct stat *st);

/* Whether the stack never shows the name: it begins with ".wh.". */
bool stack_is_private(const char *name);

int stack_stat(struct filesystem *fs, struct read_context *context,
	uint64_t ref, struct stat *ret_st);
int stack_lookup(struct filesystem *fs, struct read_context *context,
	uint64_t directory, const char *name, uint64_t *ret_ref);
int stack_parent_number(struct filesystem *fs, struct read_context *context,
	uint64_t directory, ino_t *ret_number);
int stack_list(struct filesystem *fs, struct read_context *context,
	uint64_t directory, uint64_t cookie, fs_visit *visit, void *arg);

/* Look the name up in one part.  0 with a reference of the stack, or -1 with
 * errno: ENOENT if the part does not have the name. */
int stack_lookup_part(const struct stack *stack, struct read_context *context,
	uint64_t part, const char *name, uint64_t *ret_ref);

/*
 * Whether one of the first `end` parts hides the name in those below: 0, 1, or
 * -1 with errno.
 */
int stack_hides(const struct stack *stack, struct read_context *context,
	const struct parts *parts, size_t end, const char *name);

/*
 * Merge `ref`, a directory that was found under `name` in parts->refs[part],
 * with those below it, in the parts that have a bit in `candidates`.
 */
int stack_merge(const struct stack *stack, struct read_context *context,
	const struct parts *parts, size_t part, const char *name, uint64_t ref,
	uint64_t candidates);

/* Record the parts of a merged directory, whose reference is refs[0].  -1 with
 * errno. */
int stack_remember(const struct stack *stack, struct read_context *context,
	const struct parts *parts);

#endif
