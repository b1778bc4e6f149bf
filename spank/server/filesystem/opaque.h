/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SPANK_SERVER_FILESYSTEM_OPAQUE_H
#define SPANK_SERVER_FILESYSTEM_OPAQUE_H

#include <stdbool.h>
#include <stddef.h>

/*
 * Whether an extended attribute is a mark of an opaque directory.  `name` is
 * its name without the prefix, which must be "trusted." or "user.".
 */
bool opaque_is_mark(const char *name, size_t size);

/* Whether the mark's value says so: "y". */
bool opaque_is_set(const char *value, size_t size);

/* No mark's name is longer. */
#define OPAQUE_NAME_MAX 32

#endif
