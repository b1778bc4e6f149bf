/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Reads a CDI specification as a tree of nodes, and checks its form.  See
 * SPEC.md of the Container Device Interface, versions 0.3 to 1.1.
 *
 * libyaml reads both formats, because the output of JSON writers is YAML, too.
 * (The only exception is "\ud83d\ude00", a pair of escapes for one character,
 * which is refused; nvidia-ctk and amd-ctk do not escape such characters.)
 *
 * CDI requires that unknown fields are refused.  They are accepted here, so
 * that a field for another runtime does not cost users their GPUs.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "common/cleanup.h"
#include "spank/gpus/cdi_file.h"

/* --- nodes --------------------------------------------------------------- */

static bool is_null(const yaml_node_t *node)
{
	const char *text = (const char *)node->data.scalar.value;

	return node->type == YAML_SCALAR_NODE &&
	       node->data.scalar.style == YAML_PLAIN_SCALAR_STYLE &&
	       (strcmp(text, "null") == 0 || strcmp(text, "~") == 0 ||
		       *text == '\0');
}

const char *cdi_file_text(const yaml_node_t *node)
{
	if (!node || node->type != YAML_SCALAR_NODE ||
		memchr(node->data.scalar.value, '\0', node->data.scalar.length))
		return NULL;
	return (const char *)node->data.scalar.value;
}

yaml_node_t *cdi_file_root(struct cdi_file *spec)
{
	return yaml_document_get_root_node(&spec->document);
}

yaml_node_t *cdi_file_member(struct cdi_file *spec, yaml_node_t *node,
	const char *key)
{
	yaml_node_pair_t *pair;
	yaml_node_t *value;
	const char *name;

	if (!node || node->type != YAML_MAPPING_NODE)
		return NULL;
	for (pair = node->data.mapping.pairs.start;
		pair < node->data.mapping.pairs.top; pair++) {
		name = cdi_file_text(
			yaml_document_get_node(&spec->document, pair->key));
		if (!name || strcmp(name, key) != 0)
			continue;
		value = yaml_document_get_node(&spec->document, pair->value);
		return value && is_null(value) ? NULL : value;
	}
	return NULL;
}

yaml_node_t *cdi_file_entry(struct cdi_file *spec, yaml_node_t *node, size_t i)
{
	yaml_node_item_t *items;

	if (!node || node->type != YAML_SEQUENCE_NODE)
		return NULL;
	items = node->data.sequence.items.start;
	if (i >= (size_t)(node->data.sequence.items.top - items))
		return NULL;
	return yaml_document_get_node(&spec->document, items[i]);
}

const char *cdi_file_member_text(struct cdi_file *spec, yaml_node_t *node,
	const char *key)
{
	return cdi_file_text(cdi_file_member(spec, node, key));
}

/* --- form ---------------------------------------------------------------- */

/* Fails if there is such a member and it is not a list. */
static int check_list(struct cdi_file *spec, yaml_node_t *node, const char *key,
	struct error *err)
{
	yaml_node_t *list = cdi_file_member(spec, node, key);

	if (list && list->type != YAML_SEQUENCE_NODE)
		return error_set(err, 0, "line %zu: '%s' is not a list",
			list->start_mark.line + 1, key);
	return 0;
}

static int check_texts(struct cdi_file *spec, yaml_node_t *node,
	const char *key, struct error *err)
{
	yaml_node_t *list, *entry;
	size_t i;

	if (check_list(spec, node, key, err) < 0)
		return -1;
	list = cdi_file_member(spec, node, key);
	for (i = 0; (entry = cdi_file_entry(spec, list, i)); i++)
		if (!cdi_file_text(entry))
			return error_set(err, 0,
				"line %zu: an entry of '%s' is not a text",
				entry->start_mark.line + 1, key);
	return 0;
}

static int check_mounts(struct cdi_file *spec, yaml_node_t *edits,
	struct error *err)
{
	static const char *const keys[] = { "hostPath", "containerPath" };
	yaml_node_t *list, *mount;
	const char *path;
	size_t i, k;

	if (check_list(spec, edits, "mounts", err) < 0)
		return -1;
	list = cdi_file_member(spec, edits, "mounts");
	for (i = 0; (mount = cdi_file_entry(spec, list, i)); i++)
		for (k = 0; k < 2; k++) {
			path = cdi_file_member_text(spec, mount, keys[k]);
			if (!path || *path != '/')
				return error_set(err, 0,
					"line %zu: a mount without an absolute "
					"'%s'",
					mount->start_mark.line + 1, keys[k]);
		}
	return 0;
}

static int check_edits(struct cdi_file *spec, yaml_node_t *owner,
	struct error *err)
{
	yaml_node_t *edits = cdi_file_member(spec, owner, "containerEdits");
	yaml_node_t *hooks, *hook;
	size_t i;

	if (edits && edits->type != YAML_MAPPING_NODE)
		return error_set(err, 0,
			"line %zu: 'containerEdits' is not a mapping",
			edits->start_mark.line + 1);
	if (check_mounts(spec, edits, err) < 0 ||
		check_texts(spec, edits, "env", err) < 0 ||
		check_list(spec, edits, "hooks", err) < 0)
		return -1;
	hooks = cdi_file_member(spec, edits, "hooks");
	for (i = 0; (hook = cdi_file_entry(spec, hooks, i)); i++)
		if (check_texts(spec, hook, "args", err) < 0)
			return -1;
	return 0;
}

int cdi_file_check(struct cdi_file *spec, struct error *err)
{
	yaml_node_t *root = cdi_file_root(spec);
	yaml_node_t *devices, *device;
	size_t i;

	if (check_edits(spec, root, err) < 0 ||
		check_list(spec, root, "devices", err) < 0)
		return -1;
	devices = cdi_file_member(spec, root, "devices");
	if (!cdi_file_entry(spec, devices, 0))
		return error_set(err, 0, "it has no 'devices'");
	for (i = 0; (device = cdi_file_entry(spec, devices, i)); i++) {
		if (!cdi_file_member_text(spec, device, "name"))
			return error_set(err, 0,
				"line %zu: a device without a 'name'",
				device->start_mark.line + 1);
		if (check_edits(spec, device, err) < 0)
			return -1;
	}
	return 0;
}

const char *cdi_file_kind(struct cdi_file *spec)
{
	const char *kind =
		cdi_file_member_text(spec, cdi_file_root(spec), "kind");

	return kind ? kind : "";
}

/* --- file ---------------------------------------------------------------- */

static FILE *open_file(const char *path, struct error *err)
{
	/* O_NONBLOCK: a FIFO would block. */
	CLEANUP_FD int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	struct stat status;
	FILE *file;

	if (fd < 0 || fstat(fd, &status) < 0) {
		error_set(err, errno, "it cannot be opened");
		return NULL;
	}
	if (!S_ISREG(status.st_mode) || status.st_size > CDI_FILE_SIZE_MAX) {
		error_set(err, 0, "it is not a file of at most %d MiB",
			CDI_FILE_SIZE_MAX / (1024 * 1024));
		return NULL;
	}
	file = fdopen(fd, "r");
	if (!file)
		error_set(err, errno, "it cannot be read");
	else
		fd_take(&fd);
	return file;
}

static int parse_document(FILE *file, yaml_document_t *ret_document,
	struct error *err)
{
	yaml_parser_t parser;
	int status = 0;

	if (!yaml_parser_initialize(&parser))
		return error_set(err, ENOMEM, "it cannot be parsed");
	yaml_parser_set_input_file(&parser, file);
	if (!yaml_parser_load(&parser, ret_document))
		status = error_set(err, 0, "line %zu: %s",
			parser.problem_mark.line + 1,
			parser.problem ? parser.problem : "it is not YAML");
	yaml_parser_delete(&parser);
	return status;
}

int cdi_file_load(const char *path, struct cdi_file *ret_spec,
	struct error *err)
{
	struct cdi_file spec = { .path = NULL };
	yaml_node_t *root;
	FILE *file = open_file(path, err);
	int status;

	if (!file)
		return -1;
	status = parse_document(file, &spec.document, err);
	fclose(file);
	if (status < 0)
		return -1;
	spec.path = strdup(path);
	root = cdi_file_root(&spec);
	if (!spec.path || !root || root->type != YAML_MAPPING_NODE) {
		cdi_file_free(&spec);
		return error_set(err, 0, "it is not a mapping");
	}
	*ret_spec = spec;
	return 0;
}

void cdi_file_free(struct cdi_file *spec)
{
	yaml_document_delete(&spec->document);
	free(spec->path);
	spec->path = NULL;
}
