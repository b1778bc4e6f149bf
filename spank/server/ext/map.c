/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Where the blocks of a file lie, in one of two formats: pointers.c, extents.c.
 */
#include "spank/server/ext/internal.h"

int ext_map(struct ext *ext, struct read_context *context,
	const struct ext_inode *inode, uint64_t logical, uint64_t wanted,
	struct ext_run *ret_run)
{
	struct ext_run run;
	int rc;

	if (inode->flags & EXT_FLAG_EXTENTS)
		rc = ext_map_extents(ext, context, inode, logical, &run);
	else
		rc = ext_map_pointers(ext, context, inode, logical, wanted,
			&run);
	if (rc < 0)
		return -1;
	if (run.count > wanted)
		run.count = wanted;
	if (run.physical && !ext_has_blocks(ext, run.physical, run.count))
		return ext_corrupt();
	*ret_run = run;
	return 0;
}
