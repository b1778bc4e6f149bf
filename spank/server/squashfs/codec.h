/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SPANK_SERVER_SQUASHFS_CODEC_H
#define SPANK_SERVER_SQUASHFS_CODEC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/*
 * Decompression of single blocks, by any number of threads.  What the
 * libraries need is made when it is first needed, and kept: as many sets as
 * there have been threads at once.
 */
struct codec;

/* One thread's: a place for compressed bytes, and the library's context. */
struct codec_work {
	unsigned char *input; /* of the size that codec_open() was told */
	void *context;
	struct codec_work *next;
};

/* By squashfs's id of a compression: whether it can be undone here. */
bool codec_is_known(uint16_t compression);

/* -1 with errno.  The compression must be known. */
int codec_open(uint16_t compression, size_t input_size,
	struct codec **ret_codec);

/* NULL-safe.  No work may be taken. */
void codec_close(struct codec *codec);

/* NULL with errno if there is no memory. */
struct codec_work *codec_take(struct codec *codec);

void codec_give(struct codec *codec, struct codec_work *work);

/*
 * Decompress the first `size` bytes of work->input.  Returns how many bytes
 * that made, at most `capacity`, or -1 with EIO if they are damaged or more.
 */
ssize_t codec_decompress(struct codec *codec, struct codec_work *work,
	size_t size, void *output, size_t capacity);

#endif
