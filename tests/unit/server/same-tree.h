/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef TESTS_UNIT_SERVER_SAME_TREE_H
#define TESTS_UNIT_SERVER_SAME_TREE_H

#include "tests/unit/server/squashfs/fixture.h"

/*
 * Assert that a file system shows the fixture's tree, with all names, contents
 * and attributes.  Files are read in pieces of `piece` bytes.
 */
void assert_same_tree(const struct fixture *fixture, struct filesystem *fs,
	size_t piece);

#endif
