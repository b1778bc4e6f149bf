/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SPANK_PLUGIN_CONTAINER_STEP_MEMORY_H
#define SPANK_PLUGIN_CONTAINER_STEP_MEMORY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/error.h"
#include "spank/plugin/container/binds.h"
#include "spank/plugin/io/report.h"
#include "spank/plugin/settings/plugstack_args.h"
#include "spank/plugin/settings/settings.h"

/* How many bytes the step's directories in memory may hold. */
struct step_memory {
	uint64_t shared; /* those without a size of their own, together */
	uint64_t layer;  /* the writable layer; 0: it has no size of its own */
	int shared_fd;   /* owned: where they are; or -1 */
};

#define STEP_MEMORY_NONE        \
	{                       \
		.shared_fd = -1 \
	}

/*
 * Share out `limit`, the memory that the step may use, so that a full directory
 * leaves the tasks and `servers` image servers room.  A size that was asked for
 * and does not fit is not used, which the user is told.
 */
void step_memory_share(const struct settings *settings,
	const struct plugstack_args *args, size_t servers, uint64_t limit,
	struct step_memory *ret_memory, struct report *report);

/*
 * Mount what is shared, if anything is in it, and make the directory of each
 * bind that is empty (BIND_EMPTY).  The host's /sys is out of sight then.
 * Requires CAP_SYS_ADMIN, as does the next.
 */
int step_memory_mount(struct step_memory *memory, bool has_layer,
	struct binds *binds, struct error *err);

/*
 * Lay a writable layer over the image, which is attached at SCAFFOLD: an
 * overlay, attached there, too.  Returns its root, for the caller to close.
 */
int step_memory_mount_layer(struct step_memory *memory, bool in_userns,
	struct error *err);

void step_memory_free(struct step_memory *memory);

#endif
