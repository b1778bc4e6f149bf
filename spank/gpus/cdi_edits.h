/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef GPUS_CDI_EDITS_H
#define GPUS_CDI_EDITS_H

#include "common/error.h"
#include "spank/gpus/cdi_file.h"
#include "spank/gpus/findings.h"

/*
 * Add the mounts and variables of the "containerEdits" of `owner`: a device, or
 * the whole specification.  Libraries become libraries, all else binds.  What
 * is no bind mount is left out, and so is, with a note, what the host does not
 * have. Fails if that is a library.
 */
int cdi_edits_add_mounts(struct findings *findings, struct cdi_file *spec,
	yaml_node_t *owner, struct error *err);

/*
 * Add what its hooks would make of the mounts, which must have been added: of
 * create-symlinks and update-ldcache.  Other hooks are left out.
 */
void cdi_edits_add_hooks(struct findings *findings, struct cdi_file *spec,
	yaml_node_t *owner);

#endif
