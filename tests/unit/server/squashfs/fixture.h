/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef TESTS_UNIT_SERVER_SQUASHFS_FIXTURE_H
#define TESTS_UNIT_SERVER_SQUASHFS_FIXTURE_H

/*
 * Images for the tests of the reader: a test writes files, has mksquashfs pack
 * them, and changes bytes of the image.  Without mksquashfs it is skipped.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "spank/server/squashfs/squash.h"

struct fixture {
	char directory[64];
	char tree[80];
	char image[80];
};

/* Setup and teardown of a test or of a group: *state is the fixture. */
int fixture_make(void **state);
int fixture_remove(void **state);

/* Write a file of `size` bytes of the pattern that its name begins with: 'r'
 * random, 'z' zeros, else compressible text.  Each byte depends on `size`. */
void fixture_file(const struct fixture *fixture, const char *name, size_t size);

/* Make a folder with `count` empty files: "entry-0000-and-so-on" and so on. */
void fixture_many(const struct fixture *fixture, const char *folder, int count);

/* As system(3), in the tree. */
void fixture_run(const struct fixture *fixture, const char *command);

/* mksquashfs with these options.  Skips the test if there is no mksquashfs, or
 * if it lacks the compressor. */
void fixture_pack(const struct fixture *fixture, const char *options);

/*
 * Metadata, data and fragments uncompressed, so that a test can change bytes.
 */
#define FIXTURE_PLAIN "-b 4096 -noI -noId -noD -noF -noX "

struct filesystem *fixture_open(const struct fixture *fixture);
/* What squash_open() says if it fails, or "". */
const char *fixture_open_error(const struct fixture *fixture);

/*
 * Read a file of the image: unless it is an error or would block, the bytes
 * equal those of the file in the tree.  Returns the result.
 */
enum read_result fixture_read(struct filesystem *fs,
	const struct fixture *fixture, const char *name,
	struct read_context *context, uint64_t offset, size_t size);

/* The reference of a path such as "usr/bin"; it has to be there. */
uint64_t fixture_find(struct filesystem *fs, const char *path);

/* Little-endian numbers of the image. */
uint64_t fixture_get(const struct fixture *fixture, uint64_t offset,
	size_t width);
void fixture_put(const struct fixture *fixture, uint64_t offset, size_t width,
	uint64_t value);

/* Where the inode lies in a FIXTURE_PLAIN image: only if it does not cross a
 * metadata block's end. */
uint64_t fixture_inode(const struct fixture *fixture, uint64_t ref);

#endif
