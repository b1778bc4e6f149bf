/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef TESTS_FUZZ_READERS_H
#define TESTS_FUZZ_READERS_H

/*
 * Both readers of squashfs in one program.  reader.c is compiled twice, once as
 * it is and once with the names of squashfuse-names.h, like the reader that it
 * is linked with.
 */
#include "spank/server/squashfs/squash.h"

/* The functions of squash.h. */
struct reader {
	const char *name;
	int (*open)(int *fd, const struct sif_partition *partition,
		struct squash **ret_squash, struct error *err);
	int (*set_cache)(struct squash *squash, size_t bytes, size_t threads);
	void (*close)(struct squash *squash);
	uint64_t (*root)(const struct squash *squash);
	int (*stat)(struct squash *squash, struct read_context *context,
		uint64_t ref, struct stat *ret_st);
	int (*lookup)(struct squash *squash, struct read_context *context,
		uint64_t directory, const char *name, uint64_t *ret_ref);
	int (*list)(struct squash *squash, struct read_context *context,
		uint64_t directory, uint64_t cookie, squash_visit *visit,
		void *arg);
	int (*parent_number)(struct squash *squash,
		struct read_context *context, uint64_t directory,
		ino_t *ret_number);
	int (*readlink)(struct squash *squash, struct read_context *context,
		uint64_t ref, char *target, size_t size);
	enum read_result (*read)(struct squash *squash,
		struct read_context *context, uint64_t ref, uint64_t offset,
		size_t size, void *buffer, struct squash_data *ret_data);
	void (*release)(struct squash *squash, struct squash_data *data);
	void (*statfs)(const struct squash *squash, struct statvfs *ret_st);
};

extern const struct reader reader_builtin, reader_squashfuse;

#endif
