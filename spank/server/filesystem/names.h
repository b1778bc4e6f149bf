/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SPANK_SERVER_FILESYSTEM_NAMES_H
#define SPANK_SERVER_FILESYSTEM_NAMES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * The names in the parts of a merged directory: a set, in which each name has a
 * bit for each part that has it.  Once filled it is not changed, and any number
 * of threads may use it.
 */
struct names;

/* For at most `bytes` of memory; 0: see names_is_unknown().  NULL with errno.
 */
struct names *names_open(size_t bytes);

/* NULL-safe. */
void names_close(struct names *names);

/* -1 with errno: ENOSPC if there is no room, ENOMEM. */
int names_add(struct names *names, const char *name, unsigned int part);

/* A bit for each part that has the name. */
uint64_t names_find(const struct names *names, const char *name);

/* Whether the set stands for one that is too large to keep, so that each name
 * has to be looked up. */
bool names_is_unknown(const struct names *names);

/* Of memory. */
size_t names_size(const struct names *names);

#endif
