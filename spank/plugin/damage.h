/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SPANK_PLUGIN_DAMAGE_H
#define SPANK_PLUGIN_DAMAGE_H

#include <stdbool.h>

#include "common/damage.h"
#include "common/error.h"

/* Shared memory for struct damage, whose size nobody can change, as an owned
 * descriptor; -1 with errno. */
int damage_open(void);

/* Returns whether there is something to report.  Never waits, not even for the
 * server, which has the memory as well. */
bool damage_read(int fd, struct damage *ret_damage);

/* Store a sentence about the image that is called `name`; returns -1. */
int damage_describe(const struct damage *damage, const char *name,
	struct error *err);

#endif
