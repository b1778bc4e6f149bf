/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SPANK_SERVER_FILESYSTEM_NAMES_H
#define SPANK_SERVER_FILESYSTEM_NAMES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * The names in a merged directory, and which of its parts have them: one bit
 * for each part.  Once filled the set does not change, and any number of
 * threads may use it.
 */
struct names;

/* A set that uses at most `bytes` of memory; 0: see names_is_unknown().  NULL
 * with errno. */
struct names *names_open(size_t bytes);

/* NULL-safe. */
void names_close(struct names *names);

/* -1 with errno: ENOSPC if there is no room, ENOMEM. */
int names_add(struct names *names, const char *name, unsigned int part);

/* A bit for each part that has the name. */
uint64_t names_find(const struct names *names, const char *name);

/* Whether this is a placeholder for a set that is too large to keep: each name
 * has to be looked up instead. */
bool names_is_unknown(const struct names *names);

/* How many bytes of memory it uses. */
size_t names_size(const struct names *names);

#endif
