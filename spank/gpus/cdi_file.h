/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef GPUS_CDI_FILE_H
#define GPUS_CDI_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <yaml.h>

#include "common/error.h"

/* Larger files are refused; those of nodes with many GPUs have some 100 KiB. */
#define CDI_FILE_SIZE_MAX (4 * 1024 * 1024)

/*
 * One CDI specification.  Nodes are parts of it: NULL stands for what is not
 * there, and may be passed on to every function below.
 */
struct cdi_file {
	char *path; /* owned */
	yaml_document_t document;
};

/*
 * Read a file, JSON or YAML.  On success the caller owns *ret_spec; only its
 * being a mapping has been checked.
 */
int cdi_file_load(const char *path, struct cdi_file *ret_spec,
	struct error *err);
void cdi_file_free(struct cdi_file *spec);

/* "vendor.com/class" of its devices; "" if it does not say. */
const char *cdi_file_kind(struct cdi_file *spec);

/*
 * Check that all that is read of it has the form that CDI gives it.  What other
 * runtimes read, and fields of later versions, are not looked at.
 */
int cdi_file_check(struct cdi_file *spec, struct error *err);

/* Its top. */
yaml_node_t *cdi_file_root(struct cdi_file *spec);

/* The member `key` of a mapping, or NULL; "null" counts as not there. */
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
