/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Recognizes files that other tools accept as images, by their magic numbers:
 * tar archives (docker save).  Layout: tar(5).
 */
#include <stdbool.h>
#include <string.h>
#include <unistd.h>

#include "common/sif_foreign.h"

#define TAR_MAGIC_OFFSET 257

struct beginning {
	unsigned char bytes[2048];
	size_t size;
};

static bool is_tar(const struct beginning *file)
{
	return memcmp(file->bytes + TAR_MAGIC_OFFSET, "ustar", 5) == 0;
}

int sif_foreign_describe(int fd, struct error *err)
{
	struct beginning file = { .size = 0 };
	ssize_t got = pread(fd, file.bytes, sizeof(file.bytes), 0);

	if (got > 0)
		file.size = got;
	if (is_tar(&file))
		return error_set(err, 0,
			"it is a tar archive, not an image; make an image from "
			"it with 'apptainer build new.sif docker-archive:FILE' "
			"if 'docker save' wrote it, or with sqfstar if it is "
			"data");
	return error_set(err, 0,
		"it is neither a SIF nor a squashfs file; build one, for "
		"example with 'singularity build' or 'apptainer build'");
}
