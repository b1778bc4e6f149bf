/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef COMMON_OCI_BLOB_H
#define COMMON_OCI_BLOB_H

#include <jansson.h>
#include <stddef.h>
#include <stdint.h>

#include "common/error.h"
#include "common/sif_table.h"

/* "sha256:", 64 digits and NUL. */
#define OCI_DIGEST_SIZE 72

/* The most that a blob of JSON may have. */
#define OCI_JSON_MAX (1 << 20)

/* How the JSON of an image names a blob. */
struct oci_name {
	char digest[OCI_DIGEST_SIZE];
	uint64_t size;
};

/*
 * Functions that take `what` ("image manifest") speak about that part of the
 * image.  err: as sif_find_image().
 */

/* Take the name from a descriptor of the JSON of `what`. */
int oci_name_read(const json_t *descriptor, const char *what,
	struct oci_name *ret_name, struct error *err);

/* Find the blob; its data lie within the file and have the size in its name. */
int oci_blob_find(const struct sif_table *table, const struct oci_name *name,
	const char *what, struct sif_descriptor *ret_blob, struct error *err);

/*
 * Load the JSON object in a blob that was found, or NULL: at most OCI_JSON_MAX
 * bytes, whose SHA-256 is the digest in the SIF's descriptor.  The caller owns
 * the reference.
 */
json_t *oci_blob_load(const struct sif_table *table,
	const struct sif_descriptor *blob, const char *what, struct error *err);

/* oci_blob_find() and oci_blob_load(). */
json_t *oci_json_load(const struct sif_table *table,
	const struct oci_name *name, const char *what, struct error *err);

/* The JSON of `what` lacks `member`, or has one of the wrong type. */
int oci_refuse_member(const char *what, const char *member, struct error *err);

/*
 * The text, array or object of that name; borrowed.  NULL, for a text "", if
 * there is none or it is null.  Fails if it is of another type.
 */
int oci_text(const json_t *object, const char *member, const char *what,
	const char **ret_text, struct error *err);
int oci_member(const json_t *object, const char *member, json_type type,
	const char *what, json_t **ret_value, struct error *err);

/* For a local that owns JSON. */
#define CLEANUP_JSON __attribute__((cleanup(oci_json_free)))
void oci_json_free(json_t **json);

#endif
