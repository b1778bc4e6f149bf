/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef GPUS_CDI_EDITS_H
#define GPUS_CDI_EDITS_H

#include "common/error.h"
#include "spank/gpus/cdi_file.h"
#include "spank/gpus/findings.h"

/*
 * Add the mounts and variables in the "containerEdits" of `owner`, which is a
 * device or the whole specification.  Libraries become FINDING_LIBRARY, others
 * FINDING_BIND.  Other mounts than bind mounts are left out, and so are, with a
 * note, files that the host does not have; a missing library is a failure.
 */
int cdi_edits_add_mounts(struct findings *findings, struct cdi_file *spec,
	yaml_node_t *owner, struct error *err);

/*
 * Add what the hooks create-symlinks and update-ldcache of `owner` would create
 * from the mounts, which must have been added before.  Ignores other hooks.
 */
void cdi_edits_add_hooks(struct findings *findings, struct cdi_file *spec,
	yaml_node_t *owner);

#endif
