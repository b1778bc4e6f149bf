/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tests/lib/walk-image.h"

/* Entries of one listing: the next one starts from a cookie. */
#define BATCH 100
/* In a large directory no entry begins there. */
#define ODD_COOKIE 701

struct queued {
	char *path;
	const char *name; /* in it; NULL of the root */
	uint64_t directory, ref;
	ino_t number;
	mode_t type;
};

struct walker {
	const struct image_walk *walk;
	struct image_node node; /* the one that is visited */
	struct queued *queue;
	size_t count, capacity;
	/* Of the directory that is listed. */
	uint64_t cookie;
	size_t batch;
	unsigned char *bytes, *again; /* a piece each */
};

static void fail(const struct walker *walker, const char *what)
{
	fprintf(stderr, "walk-image: '%s': %s\n", walker->node.path, what);
	abort();
}

#define CHECK(walker, condition)                    \
	do {                                        \
		if (!(condition))                   \
			fail((walker), #condition); \
	} while (0)

static void *check_memory(void *memory)
{
	if (memory)
		return memory;
	perror("walk-image");
	exit(EXIT_FAILURE);
}

static int error_of(int rc)
{
	return rc < 0 ? errno : 0;
}

static void enqueue(struct walker *walker, const struct queued *queued)
{
	if (walker->count == walker->capacity) {
		walker->capacity = walker->capacity * 2 + 16;
		walker->queue = check_memory(reallocarray(walker->queue,
			walker->capacity, sizeof(*walker->queue)));
	}
	walker->queue[walker->count++] = *queued;
}

/* --- directories ---------------------------------------------------------- */

static void add(struct walker *walker, const struct fs_entry *entry)
{
	const struct image_node *directory = &walker->node;
	size_t length = strlen(directory->path);
	char *path = check_memory(malloc(length + strlen(entry->name) + 2));

	sprintf(path, "%s/%s", directory->path, entry->name);
	enqueue(walker, &(struct queued){
				.path = path,
				.name = path + length + 1,
				.directory = directory->ref,
				.ref = entry->ref,
				.number = entry->number,
				.type = entry->type,
			});
}

static bool visit(const struct fs_entry *entry, void *arg)
{
	struct walker *walker = arg;
	const char *name = entry->name;

	CHECK(walker, memchr(name, '\0', sizeof(entry->name)));
	CHECK(walker, name[0] && !strchr(name, '/'));
	CHECK(walker, strcmp(name, ".") && strcmp(name, ".."));
	CHECK(walker, entry->next > walker->cookie);
	walker->cookie = entry->next;
	walker->batch++;
	walker->node.entries++;
	if (walker->count < walker->walk->nodes_max)
		add(walker, entry);
	return walker->batch < BATCH && walker->count < walker->walk->nodes_max;
}

static void list(struct walker *walker)
{
	struct image_node *node = &walker->node;

	walker->cookie = 0;
	do {
		walker->batch = 0;
		node->list_error = error_of(fs_list(walker->walk->fs, NULL,
			node->ref, walker->cookie, visit, walker));
	} while (!node->list_error && walker->batch == BATCH &&
		 walker->count < walker->walk->nodes_max);
}

static bool count_some(const struct fs_entry *entry, void *arg)
{
	size_t *count = arg;

	(void)entry;
	return ++*count < BATCH;
}

/* Calls that the kernel never makes: any result is fine. */
static void ask_oddly(struct walker *walker)
{
	struct filesystem *fs = walker->walk->fs;
	uint64_t ref = walker->node.ref, found;
	size_t count = 0;

	fs_lookup(fs, NULL, ref, "no such name", &found);
	fs_list(fs, NULL, ref, ODD_COOKIE, count_some, &count);
	fs_list(fs, NULL, ref, UINT64_MAX, count_some, &count);
}

/* --- files ---------------------------------------------------------------- */

static enum read_result read_into(struct walker *walker,
	struct read_context *context, uint64_t offset, size_t asked,
	unsigned char *buffer, struct fs_data *ret_data)
{
	const struct image_node *node = &walker->node;
	enum read_result result = fs_read(walker->walk->fs, context, node->ref,
		offset, asked, buffer, ret_data);
	uint64_t left = node->st.st_size - offset;

	if (result != READ_ERROR)
		CHECK(walker, ret_data->size == (left < asked ? left : asked));
	if (result == READ_DATA && ret_data->bytes != buffer)
		memcpy(buffer, ret_data->bytes, ret_data->size);
	fs_release(walker->walk->fs, ret_data);
	return result;
}

/* Read stored bytes where the reader says they are, into `again`. */
static bool read_stored(struct walker *walker, const struct fs_data *data)
{
	int fd = fs_stored_fd(walker->walk->fs, data);

	CHECK(walker, data->stored_offset > 0);
	return pread(fd, walker->again, data->size, data->stored_offset) ==
	       (ssize_t)data->size;
}

static void read_ahead(struct walker *walker, const struct fs_data *data)
{
	struct filesystem *fs = walker->walk->fs;
	size_t i;

	CHECK(walker, data->hints_count <= FS_HINTS_MAX);
	for (i = 0; i < data->hints_count; i++)
		if (fs_wants_readahead(fs, &data->hints[i]))
			fs_readahead(fs, &data->hints[i]);
}

/*
 * A NOWAIT read, which the server tries first.  True if it got the bytes, into
 * `again`.
 */
static bool read_nowait(struct walker *walker, uint64_t offset)
{
	struct read_context nowait = { READ_NOWAIT, NULL, NULL };
	struct fs_data data;
	enum read_result result = read_into(walker, &nowait, offset,
		walker->walk->piece, walker->again, &data);

	read_ahead(walker, &data);
	return result == READ_DATA ||
	       (result == READ_STORED && read_stored(walker, &data));
}

static void read_piece(struct walker *walker, uint64_t offset)
{
	const struct image_walk *walk = walker->walk;
	bool is_answered = read_nowait(walker, offset);
	struct fs_data data, half;
	enum read_result result = read_into(walker, NULL, offset, walk->piece,
		walker->bytes, &data);
	int error = result == READ_DATA ? 0 : errno;
	size_t middle = data.size / 2;

	CHECK(walker, result == READ_DATA || result == READ_ERROR);
	if (is_answered && !error)
		CHECK(walker,
			memcmp(walker->bytes, walker->again, data.size) == 0);
	if (!error &&
		read_into(walker, NULL, offset + middle, data.size - middle,
			walker->again, &half) == READ_DATA)
		CHECK(walker, memcmp(walker->bytes + middle, walker->again,
				      half.size) == 0);
	if (walk->bytes)
		walk->bytes(&walker->node, offset, walker->bytes,
			error ? 0 : data.size, error, walk->arg);
}

static void read_file(struct walker *walker)
{
	uint64_t size = walker->node.st.st_size, offset = 0;
	size_t piece = walker->walk->piece, i;

	for (i = 0; i < walker->walk->reads_max && offset < size; i++) {
		/* Jump to the end of a long file. */
		if (i > 0 && i == walker->walk->reads_max / 2 &&
			size - offset > piece)
			offset = size - piece;
		read_piece(walker, offset);
		offset += piece;
	}
}

/* --- all ------------------------------------------------------------------ */

/* Make every call, including those for other kinds of nodes. */
static void visit_node(struct walker *walker, const struct queued *queued)
{
	struct filesystem *fs = walker->walk->fs;
	struct image_node *node = &walker->node;
	int rc;

	*node = (struct image_node){
		.path = queued->path,
		.ref = queued->ref,
		.number = queued->number,
		.type = queued->type,
	};
	if (queued->name)
		node->lookup_error = error_of(fs_lookup(fs, NULL,
			queued->directory, queued->name, &node->lookup_ref));
	node->stat_error = error_of(fs_stat(fs, NULL, node->ref, &node->st));
	node->readlink_error = error_of(fs_readlink(fs, NULL, node->ref,
		node->target, sizeof(node->target)));
	node->parent_error =
		error_of(fs_parent_number(fs, NULL, node->ref, &node->parent));
	rc = fs_is_opaque(fs, NULL, node->ref);
	CHECK(walker, rc <= 1);
	node->opaque_error = error_of(rc);
	node->is_opaque = rc > 0;
	list(walker);
	ask_oddly(walker);
	if (!node->stat_error && S_ISREG(node->st.st_mode))
		read_file(walker);
	if (walker->walk->node)
		walker->walk->node(node, walker->walk->arg);
}

size_t walk_image(const struct image_walk *walk)
{
	struct walker walker = {
		.walk = walk,
		.node.path = "",
		.bytes = check_memory(malloc(walk->piece)),
		.again = check_memory(malloc(walk->piece)),
	};
	struct queued queued = {
		.path = check_memory(strdup("")),
		.ref = walk->fs->root,
	};
	size_t next;

	enqueue(&walker, &queued);
	for (next = 0; next < walker.count; next++) {
		queued = walker.queue[next]; /* the queue may move */
		visit_node(&walker, &queued);
		free(queued.path);
	}
	free(walker.queue);
	free(walker.bytes);
	free(walker.again);
	return next;
}
