/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef GPUS_SEARCH_H
#define GPUS_SEARCH_H

#include <stdbool.h>

#include "spank/gpus/driver.h"
#include "spank/gpus/findings.h"

/* True if one of the libraries that prove the driver is among the records. */
bool search_has_driver(const struct records *records,
	const struct driver *driver);

/*
 * Add those libraries of the driver that are in `cache`, the text of
 * loader_cache_load(), which is cut up.
 */
void search_cache(struct records *records, const struct driver *driver,
	char *cache);

/*
 * Add every library in the directory, by each name that it has there; with
 * driver != NULL only those of the driver.
 */
void search_directory(struct records *records, const struct driver *driver,
	const char *directory);

/* Add the driver's programs, and the files that name its libraries. */
void search_files(struct records *records, const struct driver *driver);

#endif
