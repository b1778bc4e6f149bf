/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef COMMON_OCI_H
#define COMMON_OCI_H

#include "common/oci_config.h"
#include "common/sif_partition.h"

/*
 * Find the image of an OCI-SIF, by the root index in its descriptor `index`:
 * its layers from the bottom to the top, without their superblocks, and for
 * SIF_ROOT what its config says.  For SIF_DATA also a data container.
 *
 * All numbers are checked, as by sif_find_image(), and the digests of the JSON.
 * The JSON is at most 16 indexes, a manifest and a config of OCI_JSON_MAX each.
 */
int oci_find(const struct sif_table *table, const struct sif_descriptor *index,
	enum sif_purpose purpose, const char *machine,
	struct sif_layers *ret_layers, struct oci_config *ret_config,
	struct error *err);

#endif
