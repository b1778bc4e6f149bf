/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The only place where the readers read an image.  The numbers that they pass
 * come from the image, so they are compared with the partition.
 */
#include <errno.h>
#include <unistd.h>

#include "spank/server/filesystem/damage.h"
#include "spank/server/filesystem/partition.h"

int partition_pread(int fd, const struct sif_partition *partition, void *buffer,
	size_t size, uint64_t offset)
{
	size_t done = 0;
	ssize_t got;

	if (offset > partition->size || size > partition->size - offset) {
		errno = EIO;
		return -1;
	}
	offset += partition->offset;
	while (done < size) {
		got = pread(fd, (char *)buffer + done, size - done,
			offset + done);
		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0) {
			damage_note(fd, offset + done, got < 0 ? errno : 0);
			errno = EIO;
			return -1;
		}
		done += got;
	}
	return 0;
}
