/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * spank-sif-gpus: finds the parts of this node's GPU driver that a container
 * needs.  The first task of a step runs it as the user, before it builds the
 * container, and uses its output.  It is a separate program, so that slurmstepd
 * does not load a YAML parser.  It needs no privilege, and writes only this to
 * standard output, one finding per line, with a TAB between fields
 * (findings.h):
 *
 *   library  FILE NAME       FILE of the host is a library, found as NAME
 *   bind     PATH TARGET     bind PATH of the host to TARGET, read-only
 *   env      NAME=VALUE
 *   note     SENTENCE        for the user: what was wrong, and worked around
 *
 * It runs as the user, so its output is no more trustworthy than the user's own
 * options, and is applied with the permissions that the user's own binds need.
 *
 *   1. look for CDI specifications of the vendor
 *   2. if they name no library of the driver, search the loader's cache and the
 *      directories where drivers are installed
 *
 * Usage: spank-sif-gpus nvidia|rocm
 * Exit status: 0; 1 with a sentence on stderr if there is no driver, or the
 * findings cannot be written; 2 if the usage is wrong.
 */
#include <stdio.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "common/version.h"
#include "spank/gpus/cdi.h"
#include "spank/gpus/driver.h"
#include "spank/gpus/library_search.h"
#include "spank/gpus/loader_cache.h"
#include "spank/gpus/findings.h"

/* In order of precedence. */
static const char *const cdi_directories[] = { "/var/run/cdi", "/etc/cdi",
	NULL };

/* The first of the notes, or NULL. */
static const char *first_note(const struct findings *findings)
{
	size_t i;

	for (i = 0; i < findings->count; i++)
		if (findings->list[i].kind == FINDING_NOTE)
			return findings->list[i].first;
	return NULL;
}

/* `reason` is why the loader's cache could not be read; "" if it could. */
static int refuse_missing_driver(const struct findings *findings,
	const struct driver *driver, const char *reason, struct error *err)
{
	const char *note = first_note(findings);

	if (*reason)
		error_set(err, 0, "%s", reason);
	else
		error_set(err, 0, "the loader's cache has no '%s'",
			driver->proofs[0]);
	error_prefix(err, "no %s driver was found on this node", driver->title);
	/* Every note ends with what to do. */
	return error_hint(err,
		note ? note
		     : "run the step on a node that has such GPUs, or without "
		       "the option for them");
}

static int search_driver(struct findings *findings, const struct driver *driver,
	bool has_device, struct error *err)
{
	CLEANUP_FREE char *cache = NULL;
	const char *const *directory;
	struct error cache_err = { 0 };
	size_t count = findings->count;

	if (loader_cache_load(&cache, &cache_err) == 0)
		library_search_cache(findings, driver, cache);
	for (directory = driver->library_directories; *directory; directory++)
		library_search_directory(findings, driver, *directory);
	if (library_search_has_driver(findings, driver)) {
		library_search_files(findings, driver);
		return 0;
	}
	/* Libraries such as libGL, which others provide, too, are no driver. */
	findings_truncate(findings, count);
	if (!has_device)
		return refuse_missing_driver(findings, driver, cache_err.text,
			err);
	findings_add_note(findings,
		"there are no libraries of %s on this node: the image's own "
		"are used",
		driver->title);
	return 0;
}

static int find_driver(struct findings *findings, const struct driver *driver,
	struct error *err)
{
	bool has_cdi = cdi_add(findings, driver, cdi_directories);
	bool has_device = driver->device &&
			  (has_cdi || access(driver->device, F_OK) == 0);

	if (findings_count(findings, FINDING_LIBRARY) > 0)
		return 0;
	if (search_driver(findings, driver, has_device, err) < 0)
		return -1;
	if (!has_cdi && findings_count(findings, FINDING_NOTE) > 0 &&
		findings_count(findings, FINDING_LIBRARY) > 0)
		findings_add_note(findings,
			"the %s driver was found by the loader's cache instead",
			driver->title);
	return 0;
}

int main(int argc, char *argv[])
{
	const struct driver *driver = argc == 2 ? driver_find(argv[1]) : NULL;
	struct findings findings = { 0 };
	struct error err = { 0 };
	int status;

	if (version_asked(argc, argv, "spank-sif-gpus"))
		return 0;
	if (!driver) {
		fputs("usage: spank-sif-gpus nvidia|rocm\n", stderr);
		return 2;
	}
	status = find_driver(&findings, driver, &err);
	if (status == 0)
		status = findings_print(&findings, stdout, &err);
	if (status < 0)
		fprintf(stderr, "%s\n", err.text);
	findings_free(&findings);
	return status < 0 ? 1 : 0;
}
