/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef GPUS_CDI_FILE_H
#define GPUS_CDI_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <yaml.h>

#include "common/error.h"

/* Larger files are refused.  Nodes with many GPUs have about 100 KiB. */
#define CDI_FILE_SIZE_MAX (4 * 1024 * 1024)

/*
 * One CDI specification.  Nodes are part of it, and borrowed.  NULL is a node
 * that does not exist; every function below accepts it.
 */
struct cdi_file {
	char *path; /* owned */
	yaml_document_t document;
};

/*
 * Read a JSON or YAML file.  On success the caller owns *ret_spec; all that has
 * been checked is that it is a mapping.
 */
int cdi_file_load(const char *path, struct cdi_file *ret_spec,
	struct error *err);
void cdi_file_free(struct cdi_file *spec);

/* The kind of its devices, "vendor.com/class"; "" if it has none. */
const char *cdi_file_kind(struct cdi_file *spec);

/*
 * Check that everything that is used here has the form that CDI defines.
 * Ignores fields for other runtimes and of later versions.
 */
int cdi_file_check(struct cdi_file *spec, struct error *err);

/* The root node. */
yaml_node_t *cdi_file_root(struct cdi_file *spec);

/* The member `key` of a mapping; NULL if it does not exist or is "null". */
yaml_node_t *cdi_file_member(struct cdi_file *spec, yaml_node_t *node,
	const char *key);

/* The entry `i` of a sequence, or NULL at its end. */
yaml_node_t *cdi_file_entry(struct cdi_file *spec, yaml_node_t *node, size_t i);

/* The text of a scalar, or NULL.  Borrowed. */
const char *cdi_file_text(const yaml_node_t *node);

/* The text of the member `key`, or NULL.  Borrowed. */
const char *cdi_file_member_text(struct cdi_file *spec, yaml_node_t *node,
	const char *key);

#endif
