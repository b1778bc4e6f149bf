/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef TESTS_UNIT_SERVER_FILESYSTEM_FAKE_H
#define TESTS_UNIT_SERVER_FILESYSTEM_FAKE_H

/*
 * A file system that a test writes down: a list of paths.  A directory has to
 * come before what it holds.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "spank/server/filesystem/filesystem.h"

struct fake_node {
	const char *path; /* "usr/bin" */
	mode_t type;      /* S_IFDIR and so on */
	const char *text; /* the contents of a file; the target of a link */
	bool is_opaque;
	bool is_damaged; /* EIO of all that asks for it */
	/* A directory with so many files more, "entry-0000000" and on. */
	unsigned int many;
	mode_t many_type;
};

#define FAKE_DIR(path_)                           \
	{                                         \
		.path = (path_), .type = S_IFDIR, \
	}
#define FAKE_OPAQUE(path_)                                           \
	{                                                            \
		.path = (path_), .type = S_IFDIR, .is_opaque = true, \
	}
#define FAKE_FILE(path_, text_)                                    \
	{                                                          \
		.path = (path_), .type = S_IFREG, .text = (text_), \
	}
#define FAKE_LINK(path_, target_)                                    \
	{                                                            \
		.path = (path_), .type = S_IFLNK, .text = (target_), \
	}
/* A character device 0:0. */
#define FAKE_WHITEOUT(path_)                      \
	{                                         \
		.path = (path_), .type = S_IFCHR, \
	}

/* The list ends with an entry without path, and has to stay. */
struct filesystem *fake_open(const struct fake_node *nodes);

/* The same with a cache of data; its size is stored in *bytes. */
struct filesystem *fake_open_with_cache(const struct fake_node *nodes,
	size_t *bytes);

/* How many look-ups there were in all of them. */
extern unsigned long fake_lookups;

#endif
