/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Selects the CDI specifications for a driver, and their devices:
 *
 *   1. read the directories in order of precedence, their files by name
 *   2. keep the well-formed files of the driver's kind; add a note for wrong
 *      ones
 *   3. select the device "all" if there is one, otherwise the first device of
 *      each name: /var/run/cdi overrides /etc/cdi, as CDI requires
 *   4. add the mounts of these devices and of their files, and then what their
 *      hooks would add
 *
 * A file that names a missing library was written for a driver that an update
 * has removed.  Nothing in it can be trusted, so it is treated as wrong, and 3
 * starts again without it.
 */
#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "spank/gpus/cdi.h"
#include "spank/gpus/cdi_edits.h"
#include "spank/gpus/cdi_file.h"

/* A file of the driver's kind. */
struct source {
	struct cdi_file spec;
	size_t directory; /* its precedence: 0 is the highest */
	bool is_wrong;
};

struct sources {
	struct source *list;
	size_t count;
};

static void note_wrong_file(struct findings *findings,
	const struct driver *driver, const char *path, const char *reason)
{
	findings_add_note(findings,
		"the CDI file '%s' is ignored: %s; ask the administrator to "
		"generate it again ('%s')",
		path, reason, driver->generator);
}

/* --- files --------------------------------------------------------------- */

static void add_file(struct sources *sources, struct findings *findings,
	const struct driver *driver, const char *path, size_t directory)
{
	struct source source = { .directory = directory };
	struct error err = { 0 };
	struct source *list;

	if (cdi_file_load(path, &source.spec, &err) < 0) {
		note_wrong_file(findings, driver, path, err.text);
		return;
	}
	list = reallocarray(sources->list, sources->count + 1,
		sizeof(*sources->list));
	if (list)
		sources->list = list;
	else
		findings->failed = true;
	/* Errors in another vendor's file do not concern us. */
	if (!list ||
		strcmp(cdi_file_kind(&source.spec), driver->cdi_kind) != 0) {
		cdi_file_free(&source.spec);
		return;
	}
	if (cdi_file_check(&source.spec, &err) < 0) {
		note_wrong_file(findings, driver, path, err.text);
		cdi_file_free(&source.spec);
		return;
	}
	list[sources->count++] = source;
}

static int is_spec_name(const struct dirent *entry)
{
	const char *dot = strrchr(entry->d_name, '.');

	return dot && (strcmp(dot, ".json") == 0 || strcmp(dot, ".yaml") == 0 ||
			      strcmp(dot, ".yml") == 0);
}

static void add_directory(struct sources *sources, struct findings *findings,
	const struct driver *driver, const char *path, size_t directory)
{
	struct dirent **entries;
	char file[PATH_MAX];
	int i, count = scandir(path, &entries, is_spec_name, alphasort);

	if (count < 0 && errno != ENOENT && errno != ENOTDIR)
		note_wrong_file(findings, driver, path, strerror(errno));
	for (i = 0; i < count; i++) {
		if (snprintf(file, sizeof(file), "%s/%s", path,
			    entries[i]->d_name) < (int)sizeof(file))
			add_file(sources, findings, driver, file, directory);
		free(entries[i]);
	}
	if (count >= 0)
		free(entries);
}

static void free_sources(struct sources *sources)
{
	while (sources->count > 0)
		cdi_file_free(&sources->list[--sources->count].spec);
	free(sources->list);
}

/* --- devices ------------------------------------------------------------- */

static yaml_node_t *device_at(struct source *source, size_t i)
{
	struct cdi_file *spec = &source->spec;

	return cdi_file_entry(spec,
		cdi_file_member(spec, cdi_file_root(spec), "devices"), i);
}

/* The file that wins for the device `name`. */
static struct source *find_device(struct sources *sources, const char *name)
{
	struct source *source;
	yaml_node_t *device;
	size_t s, i;

	for (s = 0; s < sources->count; s++) {
		source = &sources->list[s];
		if (source->is_wrong)
			continue;
		for (i = 0; (device = device_at(source, i)); i++)
			if (strcmp(cdi_file_member_text(&source->spec, device,
					   "name"),
				    name) == 0)
				return source;
	}
	return NULL;
}

/* For two devices with the same precedence CDI uses neither.  Here the first is
 * used, because their libraries rarely differ. */
static void note_conflict(struct findings *findings,
	const struct source *winner, const struct source *loser,
	const char *name)
{
	if (winner != loser && winner->directory == loser->directory)
		findings_add_note(findings,
			"the CDI files '%s' and '%s' both have a device '%s': "
			"the first is used; ask the administrator to remove "
			"one",
			winner->spec.path, loser->spec.path, name);
}

static bool is_chosen(struct sources *sources, struct source *source,
	yaml_node_t *device, struct findings *notes)
{
	const char *name = cdi_file_member_text(&source->spec, device, "name");
	struct source *all = find_device(sources, "all");
	struct source *winner;

	if (all && strcmp(name, "all") != 0)
		return false;
	winner = find_device(sources, name);
	if (notes)
		note_conflict(notes, winner, source, name);
	return winner == source;
}

/* --- edits --------------------------------------------------------------- */

/* Sets *ret_used if a device of the file is chosen. */
static int add_mounts(struct findings *findings, struct sources *sources,
	struct source *source, bool *ret_used, struct error *err)
{
	struct cdi_file *spec = &source->spec;
	yaml_node_t *device;
	bool used = false;
	size_t i;

	for (i = 0; (device = device_at(source, i)); i++) {
		if (!is_chosen(sources, source, device, findings))
			continue;
		used = true;
		if (cdi_edits_add_mounts(findings, spec, device, err) < 0)
			return -1;
	}
	if (used && cdi_edits_add_mounts(findings, spec, cdi_file_root(spec),
			    err) < 0)
		return -1;
	*ret_used = *ret_used || used;
	return 0;
}

static void add_hooks(struct findings *findings, struct sources *sources,
	struct source *source)
{
	struct cdi_file *spec = &source->spec;
	yaml_node_t *device;
	bool used = false;
	size_t i;

	for (i = 0; (device = device_at(source, i)); i++) {
		if (!is_chosen(sources, source, device, NULL))
			continue;
		used = true;
		cdi_edits_add_hooks(findings, spec, device);
	}
	if (used)
		cdi_edits_add_hooks(findings, spec, cdi_file_root(spec));
}

/*
 * Add the edits of all files.  Returns NULL, or the first file that turns out
 * to be wrong, with the reason in `err`.
 */
static struct source *add_all(struct findings *findings,
	struct sources *sources, bool *ret_used, struct error *err)
{
	struct source *source;
	size_t s;

	for (s = 0; s < sources->count; s++) {
		source = &sources->list[s];
		if (!source->is_wrong && add_mounts(findings, sources, source,
						 ret_used, err) < 0)
			return source;
	}
	for (s = 0; s < sources->count; s++)
		if (!sources->list[s].is_wrong)
			add_hooks(findings, sources, &sources->list[s]);
	return NULL;
}

bool cdi_add(struct findings *findings, const struct driver *driver,
	const char *const directories[])
{
	struct sources sources = { 0 };
	struct error err = { 0 };
	struct source *wrong;
	size_t i, count;
	bool used;

	for (i = 0; directories[i]; i++)
		add_directory(&sources, findings, driver, directories[i], i);
	do {
		count = findings->count;
		used = false;
		wrong = add_all(findings, &sources, &used, &err);
		if (wrong) {
			wrong->is_wrong = true;
			findings_truncate(findings, count);
			note_wrong_file(findings, driver, wrong->spec.path,
				err.text);
		}
	} while (wrong);
	free_sources(&sources);
	return used;
}
