/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Finds the image in an OCI-SIF:
 *
 *   1. the root index, and the indexes that it names, list manifests; except
 *      for signatures of cosign there must be one
 *   2. the manifest names the config and the layers
 *   3. the config (oci_config.c)
 *
 * Layers are file systems: squashfs, and at the top perhaps ext3, which
 * `singularity overlay create` adds.  The digest of the latter is that of its
 * contents at some earlier time.
 *
 * Formats: opencontainers/image-spec, image-index.md and manifest.md;
 * github.com/sylabs/singularity, internal/pkg/ocisif.
 */
#include <stdio.h>
#include <string.h>

#include "common/oci.h"
#include "common/oci_blob.h"

#define INDEXES_MAX     16
#define INDEX_DEPTH_MAX 4
#define REFERENCE       "org.opencontainers.image.ref.name"
#define COSIGN          "_cosign"
#define DATA_CONTAINER  "application/vnd.sylabs.data-container.v1"
#define LAYER_SQUASHFS  "application/vnd.sylabs.image.layer.v1.squashfs"
#define LAYER_EXT3      "application/vnd.sylabs.image.layer.v1.ext3"

static const char index_name[] = "image index";
static const char manifest_name[] = "image manifest";
static const char config_name[] = "image config";

/* --- indexes -------------------------------------------------------------- */

struct search {
	const struct sif_table *table;
	struct oci_name manifest; /* the first that was found */
	size_t manifests;
	size_t indexes;
};

static bool is_one_of(const char *type, const char *const *types)
{
	for (; *types; types++)
		if (strcmp(type, *types) == 0)
			return true;
	return false;
}

static bool is_index(const char *type)
{
	static const char *const types[] = {
		"application/vnd.oci.image.index.v1+json",
		"application/vnd.docker.distribution.manifest.list.v2+json",
		NULL
	};

	return is_one_of(type, types);
}

static bool is_manifest(const char *type)
{
	static const char *const types[] = {
		"application/vnd.oci.image.manifest.v1+json",
		"application/vnd.docker.distribution.manifest.v2+json", NULL
	};

	return is_one_of(type, types);
}

static bool is_signature(const json_t *entry)
{
	const char *reference = json_string_value(json_object_get(
		json_object_get(entry, "annotations"), REFERENCE));

	return reference && strncmp(reference, COSIGN, strlen(COSIGN)) == 0;
}

static int search_index(struct search *search, const json_t *index,
	unsigned int depth, struct error *err);

static int search_nested(struct search *search, const struct oci_name *name,
	unsigned int depth, struct error *err)
{
	CLEANUP_JSON json_t *index = NULL;

	if (depth == INDEX_DEPTH_MAX || search->indexes == INDEXES_MAX)
		return error_set(err, 0,
			"it has more OCI image indexes than are read; pull or "
			"build a file that has one image");
	search->indexes++;
	index = oci_json_load(search->table, name, index_name, err);
	return index ? search_index(search, index, depth + 1, err) : -1;
}

static int search_entry(struct search *search, const json_t *entry,
	unsigned int depth, struct error *err)
{
	struct oci_name name;
	const char *type;

	if (!json_is_object(entry))
		return oci_refuse_member(index_name, "manifests", err);
	if (is_signature(entry))
		return 0;
	if (oci_text(entry, "mediaType", index_name, &type, err) < 0 ||
		oci_name_read(entry, index_name, &name, err) < 0)
		return -1;
	if (is_index(type))
		return search_nested(search, &name, depth, err);
	if (is_manifest(type) && search->manifests++ == 0)
		search->manifest = name;
	return 0;
}

static int search_index(struct search *search, const json_t *index,
	unsigned int depth, struct error *err)
{
	json_t *entries = NULL, *entry;
	size_t i;

	if (oci_member(index, "manifests", JSON_ARRAY, index_name, &entries,
		    err) < 0)
		return -1;
	json_array_foreach(entries, i, entry)
		if (search_entry(search, entry, depth, err) < 0)
			return -1;
	return 0;
}

/* The manifest of the only image. */
static json_t *load_manifest(const struct sif_table *table,
	const struct sif_descriptor *root, struct error *err)
{
	struct search search = { .table = table };
	CLEANUP_JSON json_t *index =
		oci_blob_load(table, root, index_name, err);

	if (!index || search_index(&search, index, 0, err) < 0)
		return NULL;
	if (search.manifests == 1)
		return oci_json_load(table, &search.manifest, manifest_name,
			err);
	if (search.manifests == 0)
		error_set(err, 0,
			"there is no image in it, only an OCI image index; "
			"pull or build it again");
	else
		error_set(err, 0,
			"it has %zu OCI images, and only a file with one can "
			"be used; pull or build a file for each",
			search.manifests);
	return NULL;
}

/* --- layers --------------------------------------------------------------- */

/* What is wrong with a layer of this type. */
static int refuse_layer(const char *type, size_t number, struct error *err)
{
	if (strcmp(type, LAYER_EXT3) == 0)
		return error_set(err, 0,
			"its layer %zu is ext3, which only the last one can "
			"be; pull or build it again",
			number);
	if (strstr(type, ".tar") || strstr(type, "+gzip"))
		return error_set(err, 0,
			"its layer %zu is a tar archive, and only squashfs can "
			"be used; pull it again with 'singularity pull --oci', "
			"which converts it",
			number);
	return error_set(err, 0,
		"its layer %zu is of a type that is not supported, and only "
		"squashfs can be used; pull it again with 'singularity pull "
		"--oci', which converts it",
		number);
}

static int add_layer(const struct sif_table *table, const json_t *entry,
	bool is_last, struct sif_layers *layers, struct error *err)
{
	struct sif_partition *layer = &layers->partitions[layers->count];
	struct sif_descriptor blob;
	struct oci_name name;
	const char *type;

	if (!json_is_object(entry))
		return oci_refuse_member(manifest_name, "layers", err);
	if (oci_text(entry, "mediaType", manifest_name, &type, err) < 0 ||
		oci_name_read(entry, manifest_name, &name, err) < 0)
		return -1;
	if (strcmp(type, LAYER_SQUASHFS) == 0)
		layer->kind = SIF_SQUASHFS;
	else if (strcmp(type, LAYER_EXT3) == 0 && is_last)
		layer->kind = SIF_EXT;
	else
		return refuse_layer(type, layers->count + 1, err);
	if (oci_blob_find(table, &name, "layer", &blob, err) < 0)
		return -1;
	layer->offset = blob.offset;
	layer->size = blob.size;
	layers->count++;
	return 0;
}

static int find_layers(const struct sif_table *table, const json_t *manifest,
	struct sif_layers *layers, struct error *err)
{
	json_t *entries = NULL, *entry;
	size_t i, count;

	if (oci_member(manifest, "layers", JSON_ARRAY, manifest_name, &entries,
		    err) < 0)
		return -1;
	count = json_array_size(entries);
	if (count == 0)
		return oci_refuse_member(manifest_name, "layers", err);
	if (count > SIF_LAYERS_MAX)
		return error_set(err, 0,
			"it has %zu layers, more than the %d that are allowed; "
			"pull it again without '--keep-layers'",
			count, SIF_LAYERS_MAX);
	json_array_foreach(entries, i, entry)
		if (add_layer(table, entry, i + 1 == count, layers, err) < 0)
			return -1;
	return 0;
}

/* --- the image ------------------------------------------------------------ */

/* Is it a data container?  That has an empty config, one layer, and no
 * programs. */
static int check_kind(const json_t *manifest, enum sif_purpose purpose,
	bool *ret_is_data, struct error *err)
{
	const char *type;

	if (oci_text(manifest, "artifactType", manifest_name, &type, err) < 0)
		return -1;
	*ret_is_data = strcmp(type, DATA_CONTAINER) == 0;
	if (*type && !*ret_is_data)
		return error_set(err, 0,
			"it is an OCI artifact of a type that is not "
			"supported; use an image or a data container");
	if (*ret_is_data && sif_is_for_root(purpose))
		return error_set(err, 0,
			"it is a data container, without programs; show it "
			"with --sif-mount, over another image");
	return 0;
}

static json_t *load_config(const struct sif_table *table,
	const json_t *manifest, struct error *err)
{
	struct oci_name name;
	json_t *entry = NULL;

	if (oci_member(manifest, "config", JSON_OBJECT, manifest_name, &entry,
		    err) < 0)
		return NULL;
	if (!entry) {
		oci_refuse_member(manifest_name, "config", err);
		return NULL;
	}
	if (oci_name_read(entry, manifest_name, &name, err) < 0)
		return NULL;
	return oci_json_load(table, &name, config_name, err);
}

int oci_find(const struct sif_table *table, const struct sif_descriptor *index,
	enum sif_purpose purpose, const char *machine,
	struct sif_layers *ret_layers, struct oci_config *ret_config,
	struct error *err)
{
	struct sif_layers layers = { .count = 0 };
	CLEANUP_JSON json_t *manifest = load_manifest(table, index, err);
	CLEANUP_JSON json_t *config = NULL;
	bool is_data = false;

	if (!manifest || check_kind(manifest, purpose, &is_data, err) < 0)
		return -1;
	config = load_config(table, manifest, err);
	if (!config || find_layers(table, manifest, &layers, err) < 0)
		return -1;
	if (is_data && layers.count != 1)
		return error_set(err, 0,
			"it is a data container with %zu layers, and only one "
			"can be used; make it again with 'singularity data "
			"package'",
			layers.count);
	if (purpose == SIF_LAYER && !is_data &&
		oci_config_check(config, machine, err) < 0)
		return -1;
	if (sif_is_for_root(purpose) &&
		oci_config_read(config, machine, ret_config, err) < 0)
		return -1;
	*ret_layers = layers;
	return 0;
}
