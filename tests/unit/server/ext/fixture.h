/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef TESTS_UNIT_SERVER_EXT_FIXTURE_H
#define TESTS_UNIT_SERVER_EXT_FIXTURE_H

/*
 * ext file systems for the tests of the reader: as
 * tests/unit/server/squashfs/fixture.h, but made by mke2fs.
 */
#include "tests/unit/server/squashfs/fixture.h"

/*
 * mke2fs with these options: the tree in a file system of `mib` MiB, with a
 * "lost+found" that the tree then has, too.  Skips the test if there is no
 * mke2fs.
 */
void ext_fixture_pack(const struct fixture *fixture, const char *options,
	unsigned int mib);

/* A command of debugfs(8) that changes the file system. */
void ext_fixture_debugfs(const struct fixture *fixture, const char *command);

/* A command with the image's path at its end; its status is ignored. */
void ext_fixture_tool(const struct fixture *fixture, const char *command);

/* ext_open(); `subtree` may be NULL. */
struct filesystem *ext_fixture_open(const struct fixture *fixture,
	const char *subtree);
/* What it says if it fails, or "". */
const char *ext_fixture_open_error(const struct fixture *fixture);

/* Where a field of an inode of a file lies in the image. */
uint64_t ext_fixture_inode(const struct fixture *fixture, const char *path);

/* The position of a field of the superblock. */
#define EXT_SUPER(field) (1024 + (field))

#endif
