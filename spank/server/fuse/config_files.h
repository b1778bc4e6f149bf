/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SPANK_SERVER_FUSE_CONFIG_FILES_H
#define SPANK_SERVER_FUSE_CONFIG_FILES_H

#include "common/oci_config.h"
#include "spank/server/fuse/tree.h"

/*
 * Show what the config of an OCI image says in '/.singularity.d', as files that
 * the image lacks.  The texts are borrowed as long as the tree exists.  Before
 * the tree is sealed.  -1 with errno.
 */
int config_files_add(struct tree *tree, const struct oci_config *config);

#endif
