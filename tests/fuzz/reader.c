/* SPDX-License-Identifier: BSD-3-Clause */
/* The table of the reader that this file is compiled for: readers.h. */
#include "tests/fuzz/readers.h"

#ifndef READER_NAME
#define READER_NAME "builtin"
#endif

const struct reader reader_builtin = {
	.name = READER_NAME,
	.open = squash_open,
	.set_cache = squash_set_cache,
	.close = squash_close,
	.root = squash_root,
	.stat = squash_stat,
	.lookup = squash_lookup,
	.list = squash_list,
	.parent_number = squash_parent_number,
	.readlink = squash_readlink,
	.read = squash_read,
	.release = squash_release,
	.statfs = squash_statfs,
};
