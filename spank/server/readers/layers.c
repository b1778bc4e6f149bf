/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The file systems of an image, and those over it.  Each gets a descriptor of
 * its own, because it closes that at the end.
 */
#include <errno.h>
#include <fcntl.h>

#include "common/cleanup.h"
#include "spank/server/readers/layers.h"
#include "spank/server/readers/reader.h"

static int add_one(struct layers *layers, int image_fd,
	const struct sif_partition *partition, struct error *err)
{
	const char *subtree = layers->count > 0 ? "upper" : NULL;
	CLEANUP_FD int fd = -1;

	if (layers->count == STACK_LAYERS_MAX)
		return error_set(err, 0,
			"there are more than %d file systems over each other; "
			"combine some of them into one",
			STACK_LAYERS_MAX);
	fd = fcntl(image_fd, F_DUPFD_CLOEXEC, 0);
	if (fd < 0)
		return error_set(err, errno, "it cannot be opened");
	if (reader_open(&fd, partition, subtree, &layers->list[layers->count],
		    err) < 0)
		return -1;
	layers->count++;
	return 0;
}

int layers_add(struct layers *layers, int fd, const struct sif_layers *found,
	struct error *err)
{
	size_t i;

	for (i = 0; i < found->count; i++)
		if (add_one(layers, fd, &found->partitions[i], err) < 0)
			return found->count == 1
				       ? -1
				       : error_prefix(err, "its layer %zu",
						 i + 1);
	return 0;
}

void layers_close(struct layers *layers)
{
	while (layers->count > 0)
		fs_close(layers->list[--layers->count]);
}
