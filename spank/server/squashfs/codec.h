/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SPANK_SERVER_SQUASHFS_CODEC_H
#define SPANK_SERVER_SQUASHFS_CODEC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/*
 * Decompresses single blocks, in any number of threads.  A work set is made
 * when a thread needs one and none is idle, and is then kept.
 */
struct codec;

/* What one thread needs: a buffer for input, and the library's context. */
struct codec_work {
	unsigned char *input; /* of codec_open()'s input_size */
	void *context;
	struct codec_work *next;
};

/* Whether we can decompress this method, by its id in squashfs. */
bool codec_is_known(uint16_t compression);

/* -1 with errno.  The compression must be known. */
int codec_open(uint16_t compression, size_t input_size,
	struct codec **ret_codec);

/* NULL-safe.  All work must have been given back. */
void codec_close(struct codec *codec);

/* NULL with errno if there is no memory. */
struct codec_work *codec_take(struct codec *codec);

void codec_give(struct codec *codec, struct codec_work *work);

/*
 * Decompress the first `size` bytes of work->input.  Returns how many bytes
 * came out, at most `capacity`, or -1: EIO if the input is damaged or makes
 * more, ENOMEM without memory.
 */
ssize_t codec_decompress(struct codec *codec, struct codec_work *work,
	size_t size, void *output, size_t capacity);

#endif
