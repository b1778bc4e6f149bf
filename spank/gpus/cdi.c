/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Which CDI specifications hold for a driver, and which of their devices.
 *
 *   1. read each directory, the weightiest first, its files in order of name
 *   2. keep what is well-formed and of the driver's kind; tell of the rest
 *   3. take the device "all" if there is one, else each device, of each name
 *      the first: /var/run/cdi wins over /etc/cdi, as CDI has it
 *   4. add the mounts of these devices, and of the files that they are in; then
 *      what hooks make of them
 *
 * A file with a library that is not there was written for another driver, which
 * an update has removed: nothing of it can be trusted, so it counts as wrong,
 * and 3 starts anew without it.
 */
#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "spank/gpus/cdi.h"
#include "spank/gpus/cdi_edits.h"
#include "spank/gpus/cdi_file.h"

/* One of the files that hold. */
struct source {
	struct cdi_spec spec;
	size_t directory; /* its weight: 0 is the most */
	bool is_wrong;
};

struct sources {
	struct source *list;
	size_t count;
};

static void tell_wrong(struct records *records, const struct driver *driver,
	const char *path, const char *reason)
{
	records_add_note(records,
		"the CDI file '%s' is ignored: %s; ask the administrator to "
		"write it anew ('%s')",
		path, reason, driver->generator);
}

/* --- files --------------------------------------------------------------- */

static void add_file(struct sources *sources, struct records *records,
	const struct driver *driver, const char *path, size_t directory)
{
	struct source source = { .directory = directory };
	struct error err = { 0 };
	struct source *list;

	if (cdi_spec_load(path, &source.spec, &err) < 0) {
		tell_wrong(records, driver, path, err.text);
		return;
	}
	list = reallocarray(sources->list, sources->count + 1,
		sizeof(*sources->list));
	if (list)
		sources->list = list;
	else
		records->failed = true;
	/* What is wrong with another vendor's is not ours to tell. */
	if (!list ||
		strcmp(cdi_spec_kind(&source.spec), driver->cdi_kind) != 0) {
		cdi_spec_free(&source.spec);
		return;
	}
	if (cdi_spec_check(&source.spec, &err) < 0) {
		tell_wrong(records, driver, path, err.text);
		cdi_spec_free(&source.spec);
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

static void add_directory(struct sources *sources, struct records *records,
	const struct driver *driver, const char *path, size_t directory)
{
	struct dirent **entries;
	char file[PATH_MAX];
	int i, count = scandir(path, &entries, is_spec_name, alphasort);

	if (count < 0 && errno != ENOENT && errno != ENOTDIR)
		tell_wrong(records, driver, path, strerror(errno));
	for (i = 0; i < count; i++) {
		if (snprintf(file, sizeof(file), "%s/%s", path,
			    entries[i]->d_name) < (int)sizeof(file))
			add_file(sources, records, driver, file, directory);
		free(entries[i]);
	}
	if (count >= 0)
		free(entries);
}

static void free_sources(struct sources *sources)
{
	while (sources->count > 0)
		cdi_spec_free(&sources->list[--sources->count].spec);
	free(sources->list);
}

/* --- devices ------------------------------------------------------------- */

static yaml_node_t *device_at(struct source *source, size_t i)
{
	struct cdi_spec *spec = &source->spec;

	return cdi_spec_entry(spec,
		cdi_spec_member(spec, cdi_spec_root(spec), "devices"), i);
}

/* Find the file whose device `name` holds. */
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
			if (strcmp(cdi_spec_member_text(&source->spec, device,
					   "name"),
				    name) == 0)
				return source;
	}
	return NULL;
}

/* CDI uses none of two that have the same weight; libraries differ rarely. */
static void tell_conflict(struct records *records, const struct source *winner,
	const struct source *loser, const char *name)
{
	if (winner != loser && winner->directory == loser->directory)
		records_add_note(records,
			"the CDI files '%s' and '%s' both have a device '%s': "
			"the first is used; ask the administrator to remove "
			"one",
			winner->spec.path, loser->spec.path, name);
}

static bool is_chosen(struct sources *sources, struct source *source,
	yaml_node_t *device, struct records *notes)
{
	const char *name = cdi_spec_member_text(&source->spec, device, "name");
	struct source *all = find_device(sources, "all");
	struct source *winner;

	if (all && strcmp(name, "all") != 0)
		return false;
	winner = find_device(sources, name);
	if (notes)
		tell_conflict(notes, winner, source, name);
	return winner == source;
}

/* --- what they say ------------------------------------------------------- */

/* Sets *ret_used if a device of the file is chosen. */
static int add_mounts(struct records *records, struct sources *sources,
	struct source *source, bool *ret_used, struct error *err)
{
	struct cdi_spec *spec = &source->spec;
	yaml_node_t *device;
	bool used = false;
	size_t i;

	for (i = 0; (device = device_at(source, i)); i++) {
		if (!is_chosen(sources, source, device, records))
			continue;
		used = true;
		if (cdi_edits_add_mounts(records, spec, device, err) < 0)
			return -1;
	}
	if (used && cdi_edits_add_mounts(records, spec, cdi_spec_root(spec),
			    err) < 0)
		return -1;
	*ret_used = *ret_used || used;
	return 0;
}

static void add_hooks(struct records *records, struct sources *sources,
	struct source *source)
{
	struct cdi_spec *spec = &source->spec;
	yaml_node_t *device;
	bool used = false;
	size_t i;

	for (i = 0; (device = device_at(source, i)); i++) {
		if (!is_chosen(sources, source, device, NULL))
			continue;
		used = true;
		cdi_edits_add_hooks(records, spec, device);
	}
	if (used)
		cdi_edits_add_hooks(records, spec, cdi_spec_root(spec));
}

/*
 * Add what all files say.  Returns the file that turned out to be wrong, of
 * which the reason is in `err`, or NULL.
 */
static struct source *add_all(struct records *records, struct sources *sources,
	bool *ret_used, struct error *err)
{
	struct source *source;
	size_t s;

	for (s = 0; s < sources->count; s++) {
		source = &sources->list[s];
		if (!source->is_wrong &&
			add_mounts(records, sources, source, ret_used, err) < 0)
			return source;
	}
	for (s = 0; s < sources->count; s++)
		if (!sources->list[s].is_wrong)
			add_hooks(records, sources, &sources->list[s]);
	return NULL;
}

bool cdi_add(struct records *records, const struct driver *driver,
	const char *const directories[])
{
	struct sources sources = { 0 };
	struct error err = { 0 };
	struct source *wrong;
	size_t i, count;
	bool used;

	for (i = 0; directories[i]; i++)
		add_directory(&sources, records, driver, directories[i], i);
	do {
		count = records->count;
		used = false;
		wrong = add_all(records, &sources, &used, &err);
		if (wrong) {
			wrong->is_wrong = true;
			records_truncate(records, count);
			tell_wrong(records, driver, wrong->spec.path, err.text);
		}
	} while (wrong);
	free_sources(&sources);
	return used;
}
