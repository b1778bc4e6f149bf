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

/* For at most `bytes` of memory; 0: for no names at all.  NULL with errno. */
struct names *names_open(size_t bytes);

/* NULL-safe. */
void names_close(struct names *names);

/* -1 with errno: ENOSPC if there is no room, ENOMEM. */
int names_add(struct names *names, const char *name, unsigned int part);

/* A bit for each part that has the name. */
uint64_t names_find(const struct names *names, const char *name);

/* Whether there is no room for names: it stands for a set that is too large. */
bool names_is_void(const struct names *names);

/* Of memory. */
size_t names_size(const struct names *names);

#endif
