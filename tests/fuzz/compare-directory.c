/* SPDX-License-Identifier: BSD-3-Clause */
/* What both readers show of a directory. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/fuzz/compare-internal.h"

/* Of a large directory, every so many names are looked up. */
#define LOOKUPS 1000

/* A directory's entries as one reader lists them. */
struct listing {
	struct fs_entry *entries;
	size_t count, capacity, max;
	int rc;
};

static bool add_entry(const struct fs_entry *entry, void *arg)
{
	struct listing *listing = arg;

	if (listing->count == listing->max)
		return false;
	if (listing->count == listing->capacity) {
		listing->capacity =
			listing->capacity ? 2 * listing->capacity : 64;
		listing->entries = reallocarray(listing->entries,
			listing->capacity, sizeof(*listing->entries));
		if (!listing->entries)
			compare_die("reallocarray");
	}
	listing->entries[listing->count++] = *entry;
	return true;
}

static void list(const struct walk *walk, int reader, uint64_t ref,
	uint64_t cookie, struct listing *listing)
{
	listing->count = 0;
	listing->max = walk->comparison->entries_max;
	listing->rc = fs_list(walk->fs[reader], NULL, ref, cookie, add_entry,
		listing);
}

static void compare_entries(struct walk *walk, uint64_t ref,
	const struct fs_entry *builtin, const struct fs_entry *squashfuse)
{
	if (strcmp(builtin->name, squashfuse->name) != 0) {
		fprintf(stderr, "'%s', '%s'\n", builtin->name,
			squashfuse->name);
		compare_differ(walk, ref, "an entry's name", 0, 0);
	}
	compare_differ_if(walk, ref, "an entry's node", builtin->ref,
		squashfuse->ref);
	compare_differ_if(walk, ref, "an entry's inode number", builtin->number,
		squashfuse->number);
	compare_differ_if(walk, ref, "an entry's type", builtin->type,
		squashfuse->type);
}

/* What was listed before an error was shown, too. */
static void compare_listings(struct walk *walk, uint64_t ref,
	const struct listing listings[READERS])
{
	const struct listing *builtin = &listings[BUILTIN];
	const struct listing *squashfuse = &listings[SQUASHFUSE];
	size_t i;

	for (i = 0; i < builtin->count && i < squashfuse->count; i++)
		compare_entries(walk, ref, &builtin->entries[i],
			&squashfuse->entries[i]);
	if (compare_both(walk, ref, "list", builtin->rc, squashfuse->rc))
		compare_differ_if(walk, ref, "number of entries",
			builtin->count, squashfuse->count);
}

static void compare_lookup(struct walk *walk, uint64_t ref, const char *name)
{
	uint64_t found[READERS] = { 0 };
	int rc[READERS], error[READERS], i;

	for (i = 0; i < READERS; i++) {
		rc[i] = -1;
		if (!walk->fs[i])
			continue;
		rc[i] = fs_lookup(walk->fs[i], NULL, ref, name, &found[i]);
		error[i] = rc[i] < 0 ? errno : 0;
		/* That there is none is an answer. */
		if (rc[i] < 0 && error[i] == ENOENT)
			rc[i] = 0;
	}
	if (!compare_both(walk, ref, name, rc[BUILTIN], rc[SQUASHFUSE]))
		return;
	compare_differ_if(walk, ref, "look-up", error[BUILTIN],
		error[SQUASHFUSE]);
	if (!error[BUILTIN])
		compare_differ_if(walk, ref, "what a name leads to",
			found[BUILTIN], found[SQUASHFUSE]);
}

static void compare_names(struct walk *walk, uint64_t ref,
	const struct listing *listing)
{
	size_t step = 1 + listing->count / LOOKUPS, i;

	for (i = 0; i < listing->count; i += step)
		compare_lookup(walk, ref, listing->entries[i].name);
	compare_lookup(walk, ref, "nonesuch");
}

static void compare_parents(struct walk *walk, uint64_t ref)
{
	ino_t parent[READERS] = { 0 };
	int rc[READERS] = { -1, -1 }, i;

	for (i = 0; i < READERS; i++)
		if (walk->fs[i])
			rc[i] = fs_parent_number(walk->fs[i], NULL, ref,
				&parent[i]);
	if (compare_both(walk, ref, "parent", rc[BUILTIN], rc[SQUASHFUSE]))
		compare_differ_if(walk, ref, "parent", parent[BUILTIN],
			parent[SQUASHFUSE]);
}

static void compare_marks(struct walk *walk, uint64_t ref)
{
	int found[READERS] = { -1, -1 }, i;

	for (i = 0; i < READERS; i++)
		if (walk->fs[i])
			found[i] = fs_is_opaque(walk->fs[i], NULL, ref);
	if (compare_both(walk, ref, "mark", found[BUILTIN] < 0,
		    found[SQUASHFUSE] < 0))
		compare_differ_if(walk, ref, "mark", found[BUILTIN],
			found[SQUASHFUSE]);
}

static void list_both(const struct walk *walk, uint64_t ref,
	const uint64_t cookies[READERS], struct listing listings[READERS])
{
	int i;

	for (i = 0; i < READERS; i++)
		if (walk->fs[i])
			list(walk, i, ref, cookies[i], &listings[i]);
}

/* Cookies are each reader's own.  Those of the entry in the middle. */
static bool find_middle(const struct walk *walk,
	const struct listing listings[READERS], uint64_t cookies[READERS])
{
	size_t middle = listings[BUILTIN].count / 2;
	int i;

	for (i = 0; i < READERS; i++) {
		if (!walk->fs[i])
			continue;
		if (middle >= listings[i].count)
			return false;
		cookies[i] = listings[i].entries[middle].next;
	}
	return true;
}

void compare_directory(struct walk *walk, uint64_t ref)
{
	struct listing listings[READERS] = { 0 };
	uint64_t cookies[READERS] = { 0 };
	size_t i;

	list_both(walk, ref, cookies, listings);
	compare_listings(walk, ref, listings);
	for (i = 0; i < listings[BUILTIN].count; i++)
		compare_add_node(walk, listings[BUILTIN].entries[i].ref);
	compare_names(walk, ref, &listings[BUILTIN]);
	if (find_middle(walk, listings, cookies)) {
		list_both(walk, ref, cookies, listings);
		compare_listings(walk, ref, listings);
	}
	compare_parents(walk, ref);
	compare_marks(walk, ref);
	for (i = 0; i < READERS; i++)
		free(listings[i].entries);
}
