/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SPANK_PLUGIN_DAMAGE_H
#define SPANK_PLUGIN_DAMAGE_H

#include <stdbool.h>

#include "common/damage.h"
#include "common/error.h"

/* Memory of that size, for good, as an owned descriptor; -1 with errno. */
int damage_open(void);

/* True if there is something to tell.  Never waits, whoever has the memory. */
bool damage_read(int fd, struct damage *ret_damage);

/* Sets a sentence about the image that is called `name`; returns -1. */
int damage_describe(const struct damage *damage, const char *name,
	struct error *err);

#endif
