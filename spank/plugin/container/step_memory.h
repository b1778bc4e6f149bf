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

/* The sizes, in bytes, of the step's directories in memory. */
struct step_memory {
	uint64_t shared; /* of all that have no size of their own, together */
	uint64_t layer;  /* of the writable layer; 0: no size of its own */
	int shared_fd;   /* owned: the tmpfs of the former, or -1 */
};

#define STEP_MEMORY_NONE        \
	{                       \
		.shared_fd = -1 \
	}

/*
 * Divide `limit`, the bytes of memory that the step may use, so that full
 * directories leave enough for the tasks and `servers` image servers.  If the
 * size that the user has asked for does not fit, it is ignored, with a note in
 * the report.
 */
void step_memory_share(const struct settings *settings,
	const struct plugstack_args *args, size_t servers, uint64_t limit,
	struct step_memory *ret_memory, struct report *report);

/*
 * Mount the shared tmpfs, if it is needed, and create the directory of each
 * BIND_EMPTY bind.  This hides the host's /sys.  Requires CAP_SYS_ADMIN.
 */
int step_memory_mount(struct step_memory *memory, bool has_layer,
	struct binds *binds, struct error *err);

/*
 * Mount a writable layer, an overlay, over the image, which is attached at
 * SCAFFOLD; the overlay is attached there, too.  Returns its root, owned by the
 * caller.  Requires CAP_SYS_ADMIN.
 */
int step_memory_mount_layer(struct step_memory *memory, bool in_userns,
	struct error *err);

void step_memory_free(struct step_memory *memory);

#endif
