/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <libdeflate.h>
#include <lz4.h>
#include <lzma.h>
#include <lzo/lzo1x.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zstd.h>

#include <cmocka.h>

#include "spank/server/squashfs/codec.h"

#define SIZE     65536      /* of the block */
#define ROOM     (SIZE * 2) /* for it, compressed */
#define GUARD    0x5a       /* behind the output */
#define DICT_MAX (256 * 1024 * 1024)

static unsigned char block[SIZE];

static size_t make_gzip(unsigned char *output)
{
	struct libdeflate_compressor *compressor =
		libdeflate_alloc_compressor(6);
	size_t size =
		libdeflate_zlib_compress(compressor, block, SIZE, output, ROOM);

	libdeflate_free_compressor(compressor);
	return size;
}

static size_t make_lzo(unsigned char *output)
{
	static unsigned char memory[LZO1X_1_MEM_COMPRESS];
	lzo_uint size = ROOM;

	assert_int_equal(lzo1x_1_compress(block, SIZE, output, &size, memory),
		LZO_E_OK);
	return size;
}

static size_t make_xz_with(unsigned char *output, uint32_t dictionary)
{
	lzma_options_lzma options;
	lzma_filter filters[] = { { LZMA_FILTER_LZMA2, &options },
		{ LZMA_VLI_UNKNOWN, NULL } };
	size_t size = 0;

	lzma_lzma_preset(&options, 1);
	options.dict_size = dictionary;
	assert_int_equal(lzma_stream_buffer_encode(filters, LZMA_CHECK_CRC32,
				 NULL, block, SIZE, output, &size, ROOM),
		LZMA_OK);
	return size;
}

static size_t make_xz(unsigned char *output)
{
	return make_xz_with(output, SIZE);
}

static size_t make_lz4(unsigned char *output)
{
	return LZ4_compress_default((const char *)block, (char *)output, SIZE,
		ROOM);
}

static size_t make_zstd(unsigned char *output)
{
	return ZSTD_compress(output, ROOM, block, SIZE, 3);
}

static const struct {
	uint16_t id;
	size_t (*make)(unsigned char *output);
} methods[] = { { 1, make_gzip }, { 3, make_lzo }, { 4, make_xz },
	{ 5, make_lz4 }, { 6, make_zstd } };

#define METHODS (sizeof(methods) / sizeof(methods[0]))

/* Words, so that every method makes it smaller. */
static int fill_block(void **state)
{
	static const char *const words[] = { "squash ", "block ", "inode ",
		"directory ", "fragment ", "\n" };
	size_t i = 0;

	(void)state;
	srand(1);
	while (i < SIZE - 16)
		i += sprintf((char *)block + i, "%s", words[rand() % 6]);
	for (; i < SIZE; i++)
		block[i] = rand();
	return 0;
}

struct decompression {
	struct codec *codec;
	struct codec_work *work;
	unsigned char output[SIZE + 64];
	size_t size; /* of the input */
};

static struct decompression *start(size_t method)
{
	struct decompression *job = calloc(1, sizeof(*job));

	assert_int_equal(codec_open(methods[method].id, ROOM, &job->codec), 0);
	job->work = codec_take(job->codec);
	assert_non_null(job->work);
	job->size = methods[method].make(job->work->input);
	assert_in_range(job->size, 1, SIZE - 1);
	return job;
}

static void job_stop(struct decompression *job)
{
	codec_give(job->codec, job->work);
	codec_close(job->codec);
	free(job);
}

/* Nothing is ever written behind the capacity. */
static ssize_t decompress(struct decompression *job, size_t size,
	size_t capacity)
{
	ssize_t got;
	size_t i;

	memset(job->output, GUARD, sizeof(job->output));
	errno = 0;
	got = codec_decompress(job->codec, job->work, size, job->output,
		capacity);
	for (i = capacity; i < sizeof(job->output); i++)
		assert_int_equal(job->output[i], GUARD);
	assert_int_equal(errno, got < 0 ? EIO : 0);
	assert_true(got <= (ssize_t)capacity);
	return got;
}

static void every_method_restores_the_block(void **state)
{
	struct decompression *job;
	size_t i;

	(void)state;
	for (i = 0; i < METHODS; i++) {
		job = start(i);
		assert_int_equal(decompress(job, job->size, SIZE), SIZE);
		assert_memory_equal(job->output, block, SIZE);
		assert_int_equal(decompress(job, job->size, SIZE + 64), SIZE);
		/* The same work set again. */
		assert_int_equal(decompress(job, job->size, SIZE), SIZE);
		assert_memory_equal(job->output, block, SIZE);
		job_stop(job);
	}
}

static void more_than_the_capacity_is_an_error(void **state)
{
	struct decompression *job;
	size_t i;

	(void)state;
	for (i = 0; i < METHODS; i++) {
		job = start(i);
		assert_int_equal(decompress(job, job->size, SIZE - 1), -1);
		assert_int_equal(decompress(job, job->size, 1), -1);
		assert_int_equal(decompress(job, job->size, 0), -1);
		/* An error does not last. */
		assert_int_equal(decompress(job, job->size, SIZE), SIZE);
		job_stop(job);
	}
}

/* lz4 has no mark of its end: it may stop early, but never shows it all. */
static void truncated_input_is_an_error(void **state)
{
	struct decompression *job;
	size_t i, size;

	(void)state;
	for (i = 0; i < METHODS; i++) {
		job = start(i);
		for (size = 1; size < job->size; size += size / 8 + 1)
			if (decompress(job, size, SIZE) >= 0)
				assert_int_equal(methods[i].id, 5);
		assert_true(decompress(job, job->size - 1, SIZE) < SIZE);
		job_stop(job);
	}
}

static void damaged_input_stays_within_the_output(void **state)
{
	struct decompression *job;
	size_t i, j, at;

	(void)state;
	for (i = 0; i < METHODS; i++) {
		job = start(i);
		for (j = 0; j < 300; j++) {
			at = rand() % job->size;
			job->work->input[at] ^= 1 << rand() % 8;
			decompress(job, job->size, SIZE);
			job->work->input[at] = rand();
			decompress(job, job->size, 100);
		}
		for (j = 0; j < job->size; j++)
			job->work->input[j] = rand();
		assert_true(decompress(job, job->size, SIZE) != SIZE);
		job_stop(job);
	}
}

static void xz_gets_no_more_memory_than_a_block_needs(void **state)
{
	struct decompression *job = start(2);

	(void)state;
	job->size = make_xz_with(job->work->input, 1024 * 1024);
	assert_int_equal(decompress(job, job->size, SIZE), SIZE);
	job->size = make_xz_with(job->work->input, DICT_MAX);
	assert_int_equal(decompress(job, job->size, SIZE), -1);
	job_stop(job);
}

static void only_these_methods_are_known(void **state)
{
	unsigned int id, known = 0;

	(void)state;
	for (id = 0; id <= UINT16_MAX; id++)
		known += codec_is_known(id);
	assert_int_equal(known, METHODS);
	for (id = 0; id < METHODS; id++)
		assert_true(codec_is_known(methods[id].id));
}

static void work_sets_are_reused(void **state)
{
	struct codec_work *first, *second;
	struct codec *codec;

	(void)state;
	assert_int_equal(codec_open(6, SIZE, &codec), 0);
	first = codec_take(codec);
	second = codec_take(codec);
	assert_ptr_not_equal(first, second);
	assert_ptr_not_equal(first->input, second->input);
	assert_ptr_not_equal(first->context, second->context);
	codec_give(codec, first);
	assert_ptr_equal(codec_take(codec), first);
	codec_give(codec, second);
	codec_give(codec, first);
	codec_close(codec);
	codec_close(NULL);
}

struct shared {
	struct codec *codec;
	unsigned char input[ROOM];
	size_t size;
};

static void *decompress_often(void *arg)
{
	static _Thread_local unsigned char output[SIZE];
	const struct shared *shared = arg;
	struct codec_work *work;
	ssize_t got;
	int i;

	for (i = 0; i < 50; i++) {
		work = codec_take(shared->codec);
		memcpy(work->input, shared->input, shared->size);
		got = codec_decompress(shared->codec, work, shared->size,
			output, SIZE);
		codec_give(shared->codec, work);
		if (got != SIZE || memcmp(output, block, SIZE) != 0)
			return arg;
	}
	return NULL;
}

static void threads_do_not_disturb_each_other(void **state)
{
	static struct shared shared;
	pthread_t threads[4];
	void *failed;
	size_t i, j;

	(void)state;
	for (i = 0; i < METHODS; i++) {
		assert_int_equal(codec_open(methods[i].id, ROOM, &shared.codec),
			0);
		shared.size = methods[i].make(shared.input);
		for (j = 0; j < 4; j++)
			assert_int_equal(pthread_create(&threads[j], NULL,
						 decompress_often, &shared),
				0);
		for (j = 0; j < 4; j++) {
			pthread_join(threads[j], &failed);
			assert_null(failed);
		}
		codec_close(shared.codec);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_method_restores_the_block),
		cmocka_unit_test(more_than_the_capacity_is_an_error),
		cmocka_unit_test(truncated_input_is_an_error),
		cmocka_unit_test(damaged_input_stays_within_the_output),
		cmocka_unit_test(xz_gets_no_more_memory_than_a_block_needs),
		cmocka_unit_test(only_these_methods_are_known),
		cmocka_unit_test(work_sets_are_reused),
		cmocka_unit_test(threads_do_not_disturb_each_other),
	};

	return cmocka_run_group_tests_name("codec", tests, fill_block, NULL);
}
