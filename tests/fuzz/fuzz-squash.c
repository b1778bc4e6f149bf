/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The reader of squashfs: walks a bare image and reads its files, each by
 * small pieces and by large ones.  Both must agree.
 */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "spank/server/prefetch/prefetch.h"
#include "spank/server/squashfs/squash.h"
#include "tests/fuzz/fuzz.h"

#define NODES_MAX 64
#define READS_MAX 16
#define PIECE     (64 * 1024)

struct walk {
	struct squash *squash;
	uint64_t nodes[NODES_MAX];
	size_t count;
};

static bool visit(const struct squash_entry *entry, void *arg)
{
	struct walk *walk = arg;

	FUZZ_ASSERT(entry->name[0] && strlen(entry->name) <= NAME_MAX &&
		    !strchr(entry->name, '/') && entry->next != 0);
	if (walk->count == NODES_MAX)
		return false;
	walk->nodes[walk->count++] = entry->ref;
	return true;
}

/* Returns how many bytes there are, or -1. */
static ssize_t read_piece(struct squash *squash, uint64_t ref, uint64_t offset,
	size_t size, unsigned char *buffer)
{
	struct squash_data data;
	ssize_t count;

	if (squash_read(squash, NULL, ref, offset, size, buffer, &data) !=
		READ_DATA)
		return -1;
	FUZZ_ASSERT(data.size <= size);
	if (data.bytes != buffer)
		memcpy(buffer, data.bytes, data.size);
	count = data.size;
	squash_release(squash, &data);
	return count;
}

static void read_file(struct squash *squash, uint64_t ref, uint64_t size)
{
	static unsigned char large[PIECE], small[PIECE];
	uint64_t offset = 0;
	ssize_t count;
	int i;

	for (i = 0; i < READS_MAX && offset < size; i++, offset += PIECE) {
		count = read_piece(squash, ref, offset, PIECE, large);
		if (count <= 0)
			return;
		if (read_piece(squash, ref, offset + count / 2, count / 2,
			    small) == count / 2)
			FUZZ_ASSERT(memcmp(large + count / 2, small,
					    count / 2) == 0);
	}
}

static void read_node(struct walk *walk, uint64_t ref)
{
	char target[PATH_MAX];
	uint64_t found;
	struct stat st;
	ino_t number;

	squash_readlink(walk->squash, NULL, ref, target, sizeof(target));
	squash_parent_number(walk->squash, NULL, ref, &number);
	squash_lookup(walk->squash, NULL, ref, "bin", &found);
	if (squash_stat(walk->squash, NULL, ref, &st) < 0)
		return;
	if (S_ISDIR(st.st_mode))
		squash_list(walk->squash, NULL, ref, 0, visit, walk);
	if (S_ISREG(st.st_mode) && st.st_size >= 0)
		read_file(walk->squash, ref, st.st_size);
}

static void prefetch_some(struct squash *squash)
{
	struct prefetch *prefetch = prefetch_open(squash, "sh", SIZE_MAX);
	int i;

	FUZZ_ASSERT(prefetch);
	for (i = 0; i < 100 && prefetch_step(prefetch); i++)
		;
	prefetch_close(prefetch);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct sif_partition partition;
	struct walk walk = { 0 };
	struct error err = { 0 };
	CLEANUP_FD int fd = dup(fuzz_file(data, size));
	size_t i;

	if (sif_find(fd, SIF_DATA, "00", &partition, &err) < 0 ||
		squash_open(&fd, &partition, &walk.squash, &err) < 0) {
		FUZZ_ASSERT(err.text[0] != '\0');
		return 0;
	}
	FUZZ_ASSERT(squash_set_cache(walk.squash, 1 << 20, 1) == 0);
	prefetch_some(walk.squash);
	walk.nodes[walk.count++] = squash_root(walk.squash);
	for (i = 0; i < walk.count; i++)
		read_node(&walk, walk.nodes[i]);
	squash_close(walk.squash);
	return 0;
}
