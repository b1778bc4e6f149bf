/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef GPUS_LIBRARY_SEARCH_H
#define GPUS_LIBRARY_SEARCH_H

#include <stdbool.h>

#include "spank/gpus/driver.h"
#include "spank/gpus/findings.h"

/* True if one of the libraries that prove the driver is among the findings. */
bool library_search_has_driver(const struct findings *findings,
	const struct driver *driver);

/*
 * Add those libraries of the driver that are in `cache`, the text of
 * loader_cache_load(), which is cut up.
 */
void library_search_cache(struct findings *findings,
	const struct driver *driver, char *cache);

/*
 * Add every library in the directory, by each name that it has there; with
 * driver != NULL only those of the driver.
 */
void library_search_directory(struct findings *findings,
	const struct driver *driver, const char *directory);

/* Add the driver's programs, and the files that name its libraries. */
void library_search_files(struct findings *findings,
	const struct driver *driver);

#endif
