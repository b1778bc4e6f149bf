/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * spank-sif-gpus: tells what of this node's GPU driver has to show in a
 * container.  The plugin's first task runs it as the user, before there is a
 * container, and builds by its answer; it is a program, so that no parser of
 * YAML comes into slurmstepd.  It needs no right, and writes nothing but this,
 * one finding a line, fields separated by a TAB (findings.h):
 *
 *   library  FILE NAME       FILE of the host is a library, found as NAME
 *   bind     PATH TARGET     PATH of the host shows at TARGET, read-only
 *   env      NAME=VALUE
 *   note     SENTENCE        for the user: what is odd, and was got round
 *
 * It is the user's process: what it writes is worth what the user says, no
 * more, and whoever builds by it needs no other right than for the user's own
 * binds.
 *
 *   1. CDI specifications, if there are any for the vendor
 *   2. if these name no library of the driver: the loader's cache, and the
 *      places where drivers are installed
 *
 * Usage: spank-sif-gpus nvidia|rocm
 * Exit status: 0; 1 with a sentence on stderr if there is no driver, or the
 * findings cannot be told; 2 if the usage is wrong.
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

/* Weightiest first. */
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
	/* A note ends with what to do. */
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
	/* Libraries that others have, too, such as libGL, are no driver. */
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
