/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The reader of ext2, ext3 and ext4: if a file system can be opened,
 * tests/lib/walk-image.c walks it and checks what it reads.  The first byte,
 * which such file systems do not use, says how often it is laid over itself.
 *
 * Most of a small file system is zeros that nobody reads.  So this target's
 * mutations are mostly where bytes are set.
 *
 * Most of what an input cost was the kernel's work and that of large caches. So
 * the linker (--wrap) replaces the calls that the reader makes.
 */
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "spank/server/ext/ext.h"
#include "spank/server/filesystem/cache.h"
#include "spank/server/filesystem/stack.h"
#include "tests/fuzz/fuzz.h"
#include "tests/lib/walk-image.h"

/* libFuzzer's. */
size_t LLVMFuzzerMutate(uint8_t *data, size_t size, size_t size_max);
size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t size_max,
	unsigned int seed);

#define LAYERS_MAX 4

/* --- calls that are replaced ---------------------------------------------- */

static const uint8_t *input;
static size_t input_size;

ssize_t __wrap_pread(int fd, void *buffer, size_t size, off_t offset);
int __real_cache_open(size_t bytes, size_t block_size, size_t min_blocks,
	struct cache **ret_cache);
int __wrap_cache_open(size_t bytes, size_t block_size, size_t min_blocks,
	struct cache **ret_cache);
void *__real_mmap(void *at, size_t size, int protection, int flags, int fd,
	off_t offset);
void *__wrap_mmap(void *at, size_t size, int protection, int flags, int fd,
	off_t offset);
int __real_munmap(void *at, size_t size);
int __wrap_munmap(void *at, size_t size);

/* From the input, whichever file it is. */
ssize_t __wrap_pread(int fd, void *buffer, size_t size, off_t offset)
{
	(void)fd;
	if (offset < 0 || (size_t)offset >= input_size)
		return 0;
	if (size > input_size - offset)
		size = input_size - offset;
	memcpy(buffer, input + offset, size);
	return size;
}

/* As small as can be: blocks are also reused. */
int __wrap_cache_open(size_t bytes, size_t block_size, size_t min_blocks,
	struct cache **ret_cache)
{
	(void)bytes;
	return __real_cache_open(0, block_size, min_blocks, ret_cache);
}

/* A cache's memory has an end that AddressSanitizer knows.  The table of merged
 * directories, of which little is touched, is too large for that. */
#define TABLE_MIN (16UL * 1024 * 1024)

void *__wrap_mmap(void *at, size_t size, int protection, int flags, int fd,
	off_t offset)
{
	if (size >= TABLE_MIN)
		return __real_mmap(at, size, protection,
			(flags & ~MAP_SHARED) | MAP_PRIVATE, fd, offset);
	at = calloc(1, size);
	return at ? at : MAP_FAILED;
}

int __wrap_munmap(void *at, size_t size)
{
	if (size >= TABLE_MIN)
		return __real_munmap(at, size);
	free(at);
	return 0;
}

/* --- an input ------------------------------------------------------------- */

/* The whole file system, or its "upper" over what is below. */
static int open_layer(int file, size_t size, size_t number,
	struct filesystem **ret_fs, struct error *err)
{
	const struct sif_partition partition = { .size = size };
	CLEANUP_FD int fd = dup(file);

	return ext_open(&fd, &partition, number % 2 ? NULL : "upper", ret_fs,
		err);
}

static struct filesystem *open_layers(size_t count)
{
	struct filesystem *layers[LAYERS_MAX], *stack = NULL;
	int file = fuzz_file(NULL, 0);
	struct error err = { 0 };
	size_t opened = 0;

	while (opened < count && open_layer(file, input_size, opened,
					 &layers[opened], &err) == 0)
		opened++;
	if (opened == count && stack_open(layers, count, &stack, &err) == 0)
		return stack;
	FUZZ_ASSERT(err.text[0] != '\0');
	while (opened > 0)
		fs_close(layers[--opened]);
	return NULL;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct image_walk walk = {
		.nodes_max = 24,
		.reads_max = 2,
		.piece = 8 * 1024,
	};
	size_t count = 1 + (size > 0 ? data[0] % LAYERS_MAX : 0);

	input = data;
	input_size = size;
	walk.fs = open_layers(count);
	if (!walk.fs)
		return 0;
	walk_image(&walk);
	fs_close(walk.fs);
	return 0;
}

/* --- mutations ------------------------------------------------------------ */

static uint32_t next_random(uint32_t *state)
{
	*state ^= *state << 13;
	*state ^= *state >> 17;
	*state ^= *state << 5;
	return *state;
}

/* A byte that is set, if one is found soon, or one close behind it. */
static size_t choose_place(const uint8_t *data, size_t size, uint32_t *random)
{
	size_t at = 0;
	int i;

	for (i = 0; i < 16 && data[at] == 0; i++)
		at = next_random(random) % size;
	at += next_random(random) % 4;
	return at < size ? at : size - 1;
}

static void change_number(uint8_t *data, size_t size, uint32_t *random)
{
	static const uint32_t values[] = { 0, 1, 2, 3, 7, 8, 11, 12, 0x3f, 0x40,
		0x7f, 0x80, 0xff, 0x100, 0x3ff, 0x400, 0x7fff, 0x8000, 0x8001,
		0xffff, 0x10000, 0x80000, 0x10000000, 0x7fffffff, 0x80000000,
		0xfffffffe, 0xffffffff };
	size_t at = choose_place(data, size, random);
	size_t width = 1 << next_random(random) % 3;
	uint32_t value = 0;

	if (width > size - at)
		width = size - at;
	memcpy(&value, data + at, width);
	switch (next_random(random) % 4) {
	case 0:
		value = next_random(random);
		break;
	case 1:
		value += next_random(random) % 9 - 4;
		break;
	case 2:
		value ^= 1U << next_random(random) % 32;
		break;
	default:
		value = values[next_random(random) %
			       (sizeof(values) / sizeof(values[0]))];
	}
	memcpy(data + at, &value, width);
}

/* The number of one place in another: pointers meet. */
static void copy_number(uint8_t *data, size_t size, uint32_t *random)
{
	size_t from = choose_place(data, size, random);
	size_t to = choose_place(data, size, random);
	size_t width = 4 << next_random(random) % 4;

	if (width > size - from)
		width = size - from;
	if (width > size - to)
		width = size - to;
	memmove(data + to, data + from, width);
}

size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t size_max,
	unsigned int seed)
{
	uint32_t random = seed * 2654435761U + 1;
	unsigned int changes = 1 + next_random(&random) % 4;

	if (size == 0 || next_random(&random) % 16 == 0)
		return LLVMFuzzerMutate(data, size, size_max);
	if (next_random(&random) % 16 == 0)
		data[0] = next_random(&random);
	for (; changes > 0; changes--)
		if (next_random(&random) % 8 == 0)
			copy_number(data, size, &random);
		else
			change_number(data, size, &random);
	return size;
}
