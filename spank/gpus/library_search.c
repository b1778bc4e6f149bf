/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Searches for a driver without a CDI file: in the loader's cache, in the
 * vendor's directories, and in the directories of programs.  A missing file is
 * not an error, because no driver has all of the files that driver.c lists.
 */
#include <dirent.h>
#include <glob.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "spank/gpus/library_search.h"
#include "spank/gpus/loader_cache.h"
#include "spank/gpus/policy.h"
#include "spank/gpus/shared_object.h"

bool library_search_has_driver(const struct findings *findings,
	const struct driver *driver)
{
	const char *const *proof;

	for (proof = driver->proofs; *proof; proof++)
		if (findings_find(findings, FINDING_LIBRARY, *proof))
			return true;
	return false;
}

void library_search_cache(struct findings *findings,
	const struct driver *driver, char *cache)
{
	char *name, *path;

	while (loader_cache_next(&cache, &name, &path))
		if (driver_has_library(driver, name))
			policy_add_library(findings, path, name);
}

static void add_entry(struct findings *findings, const struct driver *driver,
	const char *directory, const char *name)
{
	char path[PATH_MAX];
	int length;

	if (driver ? !driver_has_library(driver, name)
		   : !shared_object_is_library_name(name))
		return;
	length = snprintf(path, sizeof(path), "%s/%s", directory, name);
	if (length < (int)sizeof(path))
		policy_add_library(findings, path, name);
}

void library_search_directory(struct findings *findings,
	const struct driver *driver, const char *directory)
{
	struct dirent **entries;
	int i, count = scandir(directory, &entries, NULL, alphasort);

	for (i = 0; i < count; i++) {
		add_entry(findings, driver, directory, entries[i]->d_name);
		free(entries[i]);
	}
	if (count >= 0)
		free(entries);
}

/* Add the first file that can be executed. */
static void add_program(struct findings *findings, const struct driver *driver,
	const char *program)
{
	const char *const *directory;
	char path[PATH_MAX], target[PATH_MAX];

	snprintf(target, sizeof(target), "/usr/bin/%s", program);
	for (directory = driver->program_directories; *directory; directory++) {
		snprintf(path, sizeof(path), "%s/%s", *directory, program);
		if (access(path, X_OK) == 0) {
			policy_add_bind(findings, path, target);
			return;
		}
	}
}

static void add_pattern(struct findings *findings, const char *pattern)
{
	glob_t found;
	size_t i;

	if (glob(pattern, 0, NULL, &found) != 0)
		return;
	for (i = 0; i < found.gl_pathc; i++)
		policy_add_bind(findings, found.gl_pathv[i], found.gl_pathv[i]);
	globfree(&found);
}

void library_search_files(struct findings *findings,
	const struct driver *driver)
{
	const char *const *name;

	for (name = driver->programs; *name; name++)
		add_program(findings, driver, *name);
	for (name = driver->files; *name; name++)
		add_pattern(findings, *name);
}
