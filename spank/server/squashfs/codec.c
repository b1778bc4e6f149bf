/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A table of compression methods, each with three functions; and the pool of
 * work sets that threads take from and give back to.
 *
 * gzip is decompressed by libdeflate, which is twice as fast as zlib.  The
 * contexts of zstd and xz are reused, because making one costs as much as a
 * small block.  Every library gets the sizes of input and output and checks
 * them.  The memory that a damaged xz stream can ask for is limited.
 */
#include <errno.h>
#include <libdeflate.h>
#include <limits.h>
#include <lz4.h>
#include <lzma.h>
#include <lzo/lzo1x.h>
#include <pthread.h>
#include <stdlib.h>
#include <zstd.h>

#include "common/cleanup.h"
#include "spank/server/squashfs/codec.h"

/* A real dictionary is no larger than a block, which is 1 MiB at most. */
#define XZ_MEMORY_MAX (16 * 1024 * 1024)

#define NO_MEMORY (-2)

struct method {
	void *(*start)(void);
	void (*stop)(void *context);
	/* Returns how many bytes, -1 or NO_MEMORY. */
	ssize_t (*run)(void *context, const unsigned char *input, size_t size,
		void *output, size_t capacity);
};

struct codec {
	const struct method *method;
	size_t input_size;
	pthread_mutex_t lock;
	struct codec_work *idle;
};

static void *start_gzip(void)
{
	return libdeflate_alloc_decompressor();
}

static void stop_gzip(void *context)
{
	libdeflate_free_decompressor(context);
}

static ssize_t run_gzip(void *context, const unsigned char *input, size_t size,
	void *output, size_t capacity)
{
	size_t got;

	if (libdeflate_zlib_decompress(context, input, size, output, capacity,
		    &got) != LIBDEFLATE_SUCCESS)
		return -1;
	return got;
}

static void *start_zstd(void)
{
	return ZSTD_createDCtx();
}

static void stop_zstd(void *context)
{
	ZSTD_freeDCtx(context);
}

static ssize_t run_zstd(void *context, const unsigned char *input, size_t size,
	void *output, size_t capacity)
{
	size_t got =
		ZSTD_decompressDCtx(context, output, capacity, input, size);

	return ZSTD_isError(got) ? -1 : (ssize_t)got;
}

static void *start_xz(void)
{
	return calloc(1, sizeof(lzma_stream)); /* = LZMA_STREAM_INIT */
}

static void stop_xz(void *context)
{
	lzma_end(context);
	free(context);
}

/* A stream that is initialized again keeps its memory. */
static ssize_t run_xz(void *context, const unsigned char *input, size_t size,
	void *output, size_t capacity)
{
	lzma_stream *stream = context;
	lzma_ret result = lzma_stream_decoder(stream, XZ_MEMORY_MAX, 0);

	stream->next_in = input;
	stream->avail_in = size;
	stream->next_out = output;
	stream->avail_out = capacity;
	if (result == LZMA_OK)
		result = lzma_code(stream, LZMA_FINISH);
	if (result != LZMA_STREAM_END)
		return result == LZMA_MEM_ERROR ? NO_MEMORY : -1;
	return capacity - stream->avail_out;
}

/* lz4 and lzo need no context; NULL would mean failure. */
static void *start_nothing(void)
{
	static int nothing;

	return &nothing;
}

static void stop_nothing(void *context)
{
	(void)context;
}

static ssize_t run_lz4(void *context, const unsigned char *input, size_t size,
	void *output, size_t capacity)
{
	int got = LZ4_decompress_safe((const char *)input, output, size,
		capacity);

	(void)context;
	return got < 0 ? -1 : got;
}

static ssize_t run_lzo(void *context, const unsigned char *input, size_t size,
	void *output, size_t capacity)
{
	lzo_uint got = capacity;

	(void)context;
	if (lzo1x_decompress_safe(input, size, output, &got, NULL) != LZO_E_OK)
		return -1;
	return got;
}

/* By squashfs's ids.  2 is lzma, which no tool has written for ten years. */
static const struct method methods[] = {
	[1] = { start_gzip, stop_gzip, run_gzip },
	[3] = { start_nothing, stop_nothing, run_lzo },
	[4] = { start_xz, stop_xz, run_xz },
	[5] = { start_nothing, stop_nothing, run_lz4 },
	[6] = { start_zstd, stop_zstd, run_zstd },
};

bool codec_is_known(uint16_t compression)
{
	return compression < sizeof(methods) / sizeof(methods[0]) &&
	       methods[compression].run;
}

int codec_open(uint16_t compression, size_t input_size,
	struct codec **ret_codec)
{
	struct codec *codec = calloc(1, sizeof(*codec));

	if (!codec)
		return -1;
	codec->method = &methods[compression];
	codec->input_size = input_size;
	pthread_mutex_init(&codec->lock, NULL);
	*ret_codec = codec;
	return 0;
}

static void free_work(struct codec *codec, struct codec_work *work)
{
	if (work->context)
		codec->method->stop(work->context);
	free(work->input);
	free(work);
}

void codec_close(struct codec *codec)
{
	struct codec_work *work;

	if (!codec)
		return;
	while ((work = codec->idle)) {
		codec->idle = work->next;
		free_work(codec, work);
	}
	pthread_mutex_destroy(&codec->lock);
	free(codec);
}

static struct codec_work *make_work(struct codec *codec)
{
	struct codec_work *work = calloc(1, sizeof(*work));

	if (!work)
		return NULL;
	work->input = malloc(codec->input_size);
	work->context = codec->method->start();
	if (work->input && work->context)
		return work;
	free_work(codec, work);
	errno = ENOMEM;
	return NULL;
}

struct codec_work *codec_take(struct codec *codec)
{
	struct codec_work *work;

	pthread_mutex_lock(&codec->lock);
	work = codec->idle;
	if (work)
		codec->idle = work->next;
	pthread_mutex_unlock(&codec->lock);
	return work ? work : make_work(codec);
}

void codec_give(struct codec *codec, struct codec_work *work)
{
	pthread_mutex_lock(&codec->lock);
	work->next = codec->idle;
	codec->idle = work;
	pthread_mutex_unlock(&codec->lock);
}

ssize_t codec_decompress(struct codec *codec, struct codec_work *work,
	size_t size, void *output, size_t capacity)
{
	ssize_t got = codec->method->run(work->context, work->input, size,
		output, capacity);

	if (got >= 0)
		return got;
	errno = got == NO_MEMORY ? ENOMEM : EIO;
	return -1;
}
