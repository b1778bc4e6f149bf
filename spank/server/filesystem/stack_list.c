/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Listings of a stack: all entries of the topmost part of a directory, then of
 * each part below it the entries that no part above has.  A cookie consists of
 * the part's number and the reader's own cookie.
 *
 * To find out which part has which name, all parts are listed once, and the
 * names are cached while the directory is being listed.  If it has too many
 * names for that, each name is looked up in the parts above.
 */
#include <string.h>

#include "spank/server/filesystem/stack_internal.h"

#define PART_SHIFT 56

/* Memory for the names of one directory: usually enough for a million files. */
#define NAMES_MAX (32UL * 1024 * 1024)
/* The most entries that one request looks at.  Only in a crafted image do more
 * fit into that memory. */
#define ENTRIES_MAX (NAMES_MAX / 8)

/*
 * How many entries are taken in one call of a reader, which reads no more than
 * SCAN_MAX of a directory in a call.  Even the longest of so many entries take
 * only half of that.
 */
#define BATCH (32 * 1024)

struct listing {
	struct stack *stack;
	struct read_context *context;
	struct parts parts;
	size_t part; /* that is listed */
	const struct names *names;
	fs_visit *visit;
	void *arg;
	size_t visited; /* entries, hidden ones included */
	uint64_t next;  /* the reader's cookie behind the last of them */
	bool stopped;
	int error; /* errno that ended it, or 0 */
};

/*
 * Whether a call of a reader ended because a batch was full, and not at the end
 * of the directory.  `before`: how many entries had been visited before that
 * call.
 */
static bool ends_batch(size_t visited, size_t before)
{
	return visited > before && visited % BATCH == 0;
}

/* --- names ---------------------------------------------------------------- */

struct collection {
	struct names *names;
	size_t part;
	size_t visited;
	uint64_t next;
	int error;
};

/* A file ".wh.NAME" hides NAME as an entry of that name would. */
static bool collect(const struct fs_entry *entry, void *arg)
{
	struct collection *collection = arg;
	const char *name = entry->name;

	if (stack_is_private(name))
		name += WHITEOUT_PREFIX_LENGTH;
	collection->next = entry->next;
	if (++collection->visited > ENTRIES_MAX)
		collection->error = ENOSPC;
	else if (names_add(collection->names, name, collection->part) < 0)
		collection->error = errno;
	return !collection->error && collection->visited % BATCH != 0;
}

static int collect_part(struct listing *listing, struct collection *collection)
{
	uint64_t part = listing->parts.refs[collection->part];
	struct filesystem *layer = stack_layer(listing->stack, part);
	size_t before;

	collection->next = 0;
	do {
		before = collection->visited;
		if (fs_list(layer, listing->context, ref_in_layer(part),
			    collection->next, collect, collection) < 0)
			return -1;
	} while (!collection->error && ends_batch(collection->visited, before));
	errno = collection->error;
	return collection->error ? -1 : 0;
}

static int collect_all(struct listing *listing, struct names *names)
{
	struct collection collection = { .names = names };

	for (; collection.part < listing->parts.count; collection.part++)
		if (collect_part(listing, &collection) < 0)
			return -1;
	return 0;
}

static struct names *make_names(struct listing *listing)
{
	struct names *names = names_open(NAMES_MAX);
	bool is_too_large;

	if (!names || collect_all(listing, names) == 0)
		return names;
	is_too_large = errno == ENOSPC;
	names_close(names);
	return is_too_large ? names_open(0) : NULL;
}

/* NULL with errno. */
static const struct names *get_names(struct listing *listing)
{
	struct name_cache *cache = listing->stack->names;
	uint64_t directory = listing->parts.refs[0];
	struct names *names;

	if (!listing->names)
		listing->names = name_cache_get(cache, directory);
	if (!listing->names) {
		names = make_names(listing);
		if (names)
			listing->names =
				name_cache_add(cache, directory, names);
	}
	return listing->names;
}

/* The parts that may have the name.  -1 with errno. */
static int find_parts_with(struct listing *listing, const char *name,
	uint64_t *ret_parts)
{
	const struct names *names = get_names(listing);

	if (!names)
		return -1;
	*ret_parts =
		names_is_unknown(names) ? UINT64_MAX : names_find(names, name);
	return 0;
}

/* --- entries -------------------------------------------------------------- */

/* A bit for each part above the one that is being listed. */
static uint64_t bits_above(const struct listing *listing)
{
	return (1ULL << listing->part) - 1;
}

/* Whether a part above has the name: 0, 1, or -1 with errno. */
static int is_hidden(struct listing *listing, const char *name)
{
	const struct parts *parts = &listing->parts;
	uint64_t with, ref;
	size_t i;

	if (listing->part == 0)
		return 0;
	if (find_parts_with(listing, name, &with) < 0)
		return -1;
	if (!names_is_unknown(listing->names))
		return (with & bits_above(listing)) != 0;
	for (i = 0; i < listing->part; i++) {
		if (stack_lookup_part(listing->stack, listing->context,
			    parts->refs[i], name, &ref) == 0)
			return 1;
		if (errno != ENOENT)
			return -1;
	}
	return stack_hides(listing->stack, listing->context, parts,
		listing->part, name);
}

static int is_whiteout(const struct listing *listing,
	const struct fs_entry *entry)
{
	const struct stack *stack = listing->stack;
	struct stat st;

	if (entry->type != S_IFCHR)
		return 0;
	if (fs_stat(stack_layer(stack, listing->parts.refs[listing->part]),
		    listing->context, entry->ref, &st) < 0)
		return -1;
	return stack_is_whiteout(&st);
}

/* The parts of a directory are remembered before its reference is handed out.
 */
static int merge(struct listing *listing, const char *name, uint64_t ref)
{
	uint64_t with;

	if (listing->part + 1 == listing->parts.count)
		return 0;
	if (find_parts_with(listing, name, &with) < 0)
		return -1;
	return stack_merge(listing->stack, listing->context, &listing->parts,
		listing->part, name, ref, with);
}

static void show(struct listing *listing, const struct fs_entry *found)
{
	unsigned int layer = layer_of(listing->parts.refs[listing->part]);
	struct fs_entry entry;

	memcpy(entry.name, found->name, strlen(found->name) + 1);
	entry.ref = stack_ref(layer, found->ref);
	entry.number = stack_number(layer, found->number);
	entry.type = found->type;
	entry.next = (uint64_t)listing->part << PART_SHIFT | found->next;
	/* If that fails, the directory is listed all the same, and the next
	 * request for it fails. */
	if (entry.type == S_IFDIR && merge(listing, entry.name, entry.ref) < 0)
		entry.ref = NO_REF;
	listing->stopped = !listing->visit(&entry, listing->arg);
}

static bool visit_entry(const struct fs_entry *found, void *arg)
{
	struct listing *listing = arg;
	int hidden = stack_is_private(found->name);

	listing->next = found->next;
	if (++listing->visited > ENTRIES_MAX) {
		errno = EIO;
		hidden = -1;
	}
	if (hidden == 0)
		hidden = is_whiteout(listing, found);
	if (hidden == 0)
		hidden = is_hidden(listing, found->name);
	if (hidden < 0)
		listing->error = errno;
	else if (!hidden)
		show(listing, found);
	return !listing->stopped && !listing->error &&
	       listing->visited % BATCH != 0;
}

static int list_part(struct listing *listing, uint64_t cookie)
{
	uint64_t part = listing->parts.refs[listing->part];
	struct filesystem *layer = stack_layer(listing->stack, part);
	size_t before;

	listing->next = cookie;
	do {
		before = listing->visited;
		if (!layer ||
			fs_list(layer, listing->context, ref_in_layer(part),
				listing->next, visit_entry, listing) < 0)
			return -1;
	} while (!listing->stopped && !listing->error &&
		 ends_batch(listing->visited, before));
	errno = listing->error;
	return listing->error ? -1 : 0;
}

int stack_list(struct filesystem *fs, struct read_context *context,
	uint64_t directory, uint64_t cookie, fs_visit *visit, void *arg)
{
	struct listing listing = {
		.stack = stack_of(fs),
		.context = context,
		.part = cookie >> PART_SHIFT,
		.visit = visit,
		.arg = arg,
	};
	int rc = 0;

	cookie &= (1ULL << PART_SHIFT) - 1;
	stack_parts(listing.stack, directory, &listing.parts);
	while (rc == 0 && !listing.stopped &&
		listing.part < listing.parts.count) {
		rc = list_part(&listing, cookie);
		listing.part++;
		cookie = 0;
	}
	name_cache_put(listing.stack->names, listing.names);
	return rc;
}
