/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Recognizes files that other tools accept as images, by their magic numbers:
 * ext2 to ext4 (images of Singularity 2, writable overlays) and tar archives
 * (docker save).  Layouts: kernel, fs/ext4/ext4.h; tar(5).
 */
#include <stdbool.h>
#include <string.h>
#include <unistd.h>

#include "common/little_endian.h"
#include "common/sif_foreign.h"

#define EXT_MAGIC_OFFSET 1080
#define EXT_MAGIC        0xEF53
#define TAR_MAGIC_OFFSET 257

/* Images of Singularity 2 have this line before the file system. */
static const char launcher[] = "#!/usr/bin/env run-singularity\n";

struct beginning {
	unsigned char bytes[2048];
	size_t size;
};

static bool has_ext_magic(const struct beginning *file, size_t start)
{
	size_t at = start + EXT_MAGIC_OFFSET;

	return at + 2 <= file->size && le16_at(file->bytes + at) == EXT_MAGIC;
}

static bool is_ext(const struct beginning *file)
{
	size_t length = strlen(launcher);

	return has_ext_magic(file, 0) ||
	       (memcmp(file->bytes, launcher, length) == 0 &&
		       has_ext_magic(file, length));
}

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
	if (is_ext(&file))
		return error_set(err, 0,
			"it is an ext2, ext3 or ext4 file system, which cannot "
			"be the root of a container; mount it with "
			"'--sif-mount' if it is data, or make an image of it "
			"with 'apptainer build new.sif FILE' if it is a whole "
			"system");
	if (is_tar(&file))
		return error_set(err, 0,
			"it is a tar archive, and only SIF and squashfs files "
			"can be used; make one of it with 'apptainer build "
			"new.sif docker-archive:FILE' if 'docker save' wrote "
			"it, or with sqfstar if it is data");
	return error_set(err, 0,
		"it is neither a SIF nor a squashfs file; build one, for "
		"example with 'singularity build' or 'apptainer build'");
}
