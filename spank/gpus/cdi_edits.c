/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Applies "containerEdits" of CDI.  Other runtimes mount each library where the
 * host has it, and hooks create symlinks and a new loader cache in the
 * container.  Here all libraries are bound into one directory, where the loader
 * finds them whatever the image's distribution is, and a symlink is replaced by
 * the same file under another name.  So nothing has to be run or written inside
 * the container:
 *
 *   mounts             libraries by their name and their soname; else binds
 *   create-symlinks    --link TARGET::NAME: the file of TARGET as NAME, too
 *   update-ldcache     --folder DIR: libraries in a directory that is mounted
 *
 * Ignored: deviceNodes (the container has all of /dev, and cgroups restrict
 * it), options (all is read-only), hooks that adapt a container to other
 * runtimes.
 */
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "spank/gpus/cdi_edits.h"
#include "spank/gpus/library_search.h"
#include "spank/gpus/policy.h"
#include "spank/gpus/shared_object.h"

static const char *base_name(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

/* --- mounts -------------------------------------------------------------- */

static bool is_directory(const char *path)
{
	struct stat status;

	return stat(path, &status) == 0 && S_ISDIR(status.st_mode);
}

/* CDI 0.4 and later may name another file system, such as tmpfs. */
static bool is_bind(struct cdi_file *spec, yaml_node_t *mount)
{
	const char *type = cdi_file_member_text(spec, mount, "type");

	return !type || *type == '\0' || strcmp(type, "bind") == 0 ||
	       strcmp(type, "none") == 0;
}

static void note_left_out(struct findings *findings, const char *host,
	const struct cdi_file *spec)
{
	findings_add_note(findings,
		"'%s', which the CDI file '%s' names, is left out: %s", host,
		spec->path, strerror(errno));
}

static int add_mount(struct findings *findings, struct cdi_file *spec,
	yaml_node_t *mount, struct error *err)
{
	const char *host = cdi_file_member_text(spec, mount, "hostPath");
	const char *target = cdi_file_member_text(spec, mount, "containerPath");
	const char *name = base_name(target);

	if (!is_bind(spec, mount))
		return 0;
	if (!shared_object_is_library_name(name) || is_directory(host)) {
		if (!policy_add_bind(findings, host, target))
			note_left_out(findings, host, spec);
		return 0;
	}
	if (!policy_add_library(findings, host, name))
		return error_set(err, errno, "line %zu: '%s'",
			mount->start_mark.line + 1, host);
	if (access(host, R_OK) < 0)
		note_left_out(findings, host, spec);
	return 0;
}

int cdi_edits_add_mounts(struct findings *findings, struct cdi_file *spec,
	yaml_node_t *owner, struct error *err)
{
	yaml_node_t *edits = cdi_file_member(spec, owner, "containerEdits");
	yaml_node_t *list = cdi_file_member(spec, edits, "mounts");
	yaml_node_t *entry;
	size_t i;

	for (i = 0; (entry = cdi_file_entry(spec, list, i)); i++)
		if (add_mount(findings, spec, entry, err) < 0)
			return -1;
	list = cdi_file_member(spec, edits, "env");
	for (i = 0; (entry = cdi_file_entry(spec, list, i)); i++)
		if (cdi_file_text(entry))
			policy_add_env(findings, cdi_file_text(entry));
	return 0;
}

/* --- hooks --------------------------------------------------------------- */

/* A link that is not named like a library is bound at its own path. */
static void add_link(struct findings *findings, const char *link)
{
	const char *separator = strstr(link, "::");
	CLEANUP_FREE char *target =
		separator ? strndup(link, separator - link) : NULL;
	const char *file = target ? findings_find(findings, FINDING_LIBRARY,
					    base_name(target))
				  : NULL;

	if (!file)
		return;
	link = separator + 2;
	if (shared_object_is_library_name(base_name(link)))
		policy_add_library(findings, file, base_name(link));
	else
		policy_add_bind(findings, file, link);
}

/* `folder` is a path in the container: find the host's directory that is bound
 * there. */
static void add_cached_directory(struct findings *findings, const char *folder)
{
	const struct finding *finding;
	char path[PATH_MAX];
	size_t i, length;

	for (i = 0; i < findings->count; i++) {
		finding = &findings->list[i];
		if (finding->kind != FINDING_BIND)
			continue;
		length = strlen(finding->second);
		if (strncmp(folder, finding->second, length) != 0 ||
			(folder[length] != '/' && folder[length] != '\0') ||
			snprintf(path, sizeof(path), "%s%s", finding->first,
				folder + length) >= (int)sizeof(path))
			continue;
		library_search_directory(findings, NULL, path);
	}
}

/* The value of `option` if argument *i is that option, otherwise NULL.  Moves
 * *i to the value if that is the next argument. */
static const char *option_value(struct cdi_file *spec, yaml_node_t *args,
	const char *option, size_t *i)
{
	const char *text = cdi_file_text(cdi_file_entry(spec, args, *i));
	size_t length = strlen(option);

	if (!text || strncmp(text, option, length) != 0)
		return NULL;
	if (text[length] == '=')
		return text + length + 1;
	if (text[length] != '\0')
		return NULL;
	return cdi_file_text(cdi_file_entry(spec, args, ++*i));
}

static void add_hook(struct findings *findings, struct cdi_file *spec,
	yaml_node_t *hook)
{
	yaml_node_t *args = cdi_file_member(spec, hook, "args");
	const char *value;
	size_t i;

	for (i = 0; cdi_file_entry(spec, args, i); i++) {
		if ((value = option_value(spec, args, "--link", &i)))
			add_link(findings, value);
		else if ((value = option_value(spec, args, "--folder", &i)))
			add_cached_directory(findings, value);
	}
}

void cdi_edits_add_hooks(struct findings *findings, struct cdi_file *spec,
	yaml_node_t *owner)
{
	yaml_node_t *edits = cdi_file_member(spec, owner, "containerEdits");
	yaml_node_t *hooks = cdi_file_member(spec, edits, "hooks");
	yaml_node_t *hook;
	size_t i;

	for (i = 0; (hook = cdi_file_entry(spec, hooks, i)); i++)
		add_hook(findings, spec, hook);
}
