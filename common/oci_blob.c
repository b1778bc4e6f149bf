/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The blobs of an OCI-SIF: JSON that names other blobs by their digest, and
 * file systems.  A descriptor of the SIF has the digest of its blob as a text.
 * The digest of JSON is checked before it is parsed; those of layers, which can
 * be large, are not.
 *
 * libjansson limits the depth of JSON.  It would open /dev/urandom to seed its
 * tables, which the server's sandbox forbids, so it is given a seed.
 *
 * Layout: opencontainers/image-spec, descriptor.md; github.com/sylabs/sif,
 * pkg/sif/descriptor.go (ociBlob).
 */
#include <errno.h>
#include <sha2.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>

#include "common/cleanup.h"
#include "common/oci_blob.h"

static const char algorithm[] = "sha256:";

void oci_json_free(json_t **json)
{
	int saved = errno;

	json_decref(*json);
	errno = saved;
}

/* --- members of an object ------------------------------------------------- */

int oci_refuse_member(const char *what, const char *member, struct error *err)
{
	return error_set(err, 0,
		"it is damaged: '%s' of its OCI %s is missing or not valid; "
		"pull or build it again",
		member, what);
}

int oci_member(const json_t *object, const char *member, json_type type,
	const char *what, json_t **ret_value, struct error *err)
{
	json_t *value = json_object_get(object, member);

	if (json_is_null(value))
		value = NULL;
	if (value && json_typeof(value) != type)
		return oci_refuse_member(what, member, err);
	*ret_value = value;
	return 0;
}

int oci_text(const json_t *object, const char *member, const char *what,
	const char **ret_text, struct error *err)
{
	json_t *value = NULL;

	if (oci_member(object, member, JSON_STRING, what, &value, err) < 0)
		return -1;
	*ret_text = value ? json_string_value(value) : "";
	return 0;
}

static bool is_digest(const char *text)
{
	size_t length = strlen(algorithm);

	return strncmp(text, algorithm, length) == 0 &&
	       strlen(text) == OCI_DIGEST_SIZE - 1 &&
	       strspn(text + length, "0123456789abcdef") ==
		       OCI_DIGEST_SIZE - 1 - length;
}

int oci_name_read(const json_t *descriptor, const char *what,
	struct oci_name *ret_name, struct error *err)
{
	const char *digest;
	json_t *size = NULL;

	if (oci_text(descriptor, "digest", what, &digest, err) < 0 ||
		oci_member(descriptor, "size", JSON_INTEGER, what, &size, err) <
			0)
		return -1;
	if (!is_digest(digest))
		return oci_refuse_member(what, "digest", err);
	if (!size || json_integer_value(size) < 0)
		return oci_refuse_member(what, "size", err);
	memcpy(ret_name->digest, digest, OCI_DIGEST_SIZE);
	ret_name->size = json_integer_value(size);
	return 0;
}

/* --- blobs ---------------------------------------------------------------- */

static bool has_digest(const struct sif_descriptor *blob, const char *digest)
{
	return memcmp(blob->extra, digest, OCI_DIGEST_SIZE) == 0;
}

int oci_blob_find(const struct sif_table *table, const struct oci_name *name,
	const char *what, struct sif_descriptor *ret_blob, struct error *err)
{
	struct sif_descriptor blob = { .type = 0 };
	uint64_t i;

	for (i = 0; i < table->count; i++) {
		if (sif_table_read(table, i, &blob, err) < 0)
			return -1;
		if (blob.type == SIF_DATA_OCI_BLOB &&
			has_digest(&blob, name->digest))
			break;
	}
	if (i == table->count)
		return error_set(err, 0,
			"it is incomplete: its OCI %s (%s) is not in it; pull "
			"or build it again",
			what, name->digest);
	if (sif_table_check_data(table, &blob, "the bytes of its OCI blobs",
		    err) < 0)
		return -1;
	if (blob.size != name->size)
		return error_set(err, 0,
			"it is damaged: its OCI %s has %llu bytes and should "
			"have %llu; pull or build it again",
			what, (unsigned long long)blob.size,
			(unsigned long long)name->size);
	*ret_blob = blob;
	return 0;
}

static void digest_print(const void *bytes, size_t size,
	char ret_text[OCI_DIGEST_SIZE])
{
	unsigned char digest[SHA256_DIGEST_LENGTH];
	char *to = ret_text + sprintf(ret_text, "%s", algorithm);
	SHA2_CTX context;
	size_t i;

	SHA256Init(&context);
	SHA256Update(&context, bytes, size);
	SHA256Final(digest, &context);
	for (i = 0; i < sizeof(digest); i++)
		to += sprintf(to, "%02x", digest[i]);
}

static void *load_bytes(const struct sif_table *table,
	const struct sif_descriptor *blob, const char *what, struct error *err)
{
	CLEANUP_FREE void *bytes = NULL;
	char digest[OCI_DIGEST_SIZE];

	if (sif_table_check_data(table, blob, "the bytes of its OCI blobs",
		    err) < 0)
		return NULL;
	if (blob->size > OCI_JSON_MAX) {
		error_set(err, 0,
			"its OCI %s has %llu bytes, more than the %d that are "
			"allowed; build it with less",
			what, (unsigned long long)blob->size, OCI_JSON_MAX);
		return NULL;
	}
	bytes = malloc(blob->size + 1);
	if (!bytes) {
		error_set(err, errno, "it cannot be opened");
		return NULL;
	}
	if (sif_read_at(table->fd, bytes, blob->size, blob->offset,
		    "the bytes of its OCI blobs", err) < 0)
		return NULL;
	digest_print(bytes, blob->size, digest);
	if (has_digest(blob, digest))
		return pointer_take(&bytes);
	error_set(err, 0,
		"it is damaged: its OCI %s does not have its digest; copy, "
		"pull or build it again",
		what);
	return NULL;
}

static void seed_tables(void)
{
	unsigned char seed = 0;

	if (getrandom(&seed, sizeof(seed), GRND_NONBLOCK) < 0)
		seed = 0;
	json_object_seed(1 + (size_t)seed);
}

json_t *oci_blob_load(const struct sif_table *table,
	const struct sif_descriptor *blob, const char *what, struct error *err)
{
	CLEANUP_FREE char *bytes = load_bytes(table, blob, what, err);
	CLEANUP_JSON json_t *json = NULL;
	json_error_t error = { .line = -1 };

	if (!bytes)
		return NULL;
	seed_tables();
	json = json_loadb(bytes, blob->size, JSON_REJECT_DUPLICATES, &error);
	if (json && json_is_object(json))
		return json_incref(json);
	/* Out of memory: then it gives no position, and often no code. */
	if (!json && error.line < 0)
		error_set(err, ENOMEM, "it cannot be opened");
	else
		error_set(err, 0,
			"it is damaged: its OCI %s is not valid JSON (line "
			"%d); pull or build it again",
			what, json ? 1 : error.line);
	return NULL;
}

json_t *oci_json_load(const struct sif_table *table,
	const struct oci_name *name, const char *what, struct error *err)
{
	struct sif_descriptor blob;

	if (oci_blob_find(table, name, what, &blob, err) < 0)
		return NULL;
	return oci_blob_load(table, &blob, what, err);
}
