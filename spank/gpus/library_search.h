/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef GPUS_LIBRARY_SEARCH_H
#define GPUS_LIBRARY_SEARCH_H

#include <stdbool.h>

#include "spank/gpus/driver.h"
#include "spank/gpus/findings.h"

/* Is a library that proves the driver's presence among the findings? */
bool library_search_has_driver(const struct findings *findings,
	const struct driver *driver);

/*
 * Add the libraries of the driver that are in `cache`, the text from
 * loader_cache_load().  The text is modified.
 */
void library_search_cache(struct findings *findings,
	const struct driver *driver, char *cache);

/*
 * Add every library in the directory, under each name that it has there; unless
 * `driver` is NULL, only the libraries of that driver.
 */
void library_search_directory(struct findings *findings,
	const struct driver *driver, const char *directory);

/* Add the driver's programs and its configuration files. */
void library_search_files(struct findings *findings,
	const struct driver *driver);

#endif
