/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef GPUS_CDI_H
#define GPUS_CDI_H

#include <stdbool.h>

#include "spank/gpus/driver.h"
#include "spank/gpus/findings.h"

/*
 * Add what CDI specifications define for the driver's devices.  `directories`
 * is NULL-terminated and in order of precedence.  A file that is malformed, or
 * names a library that the host does not have, is ignored, with a note.
 *
 * Returns true if there is a device of the driver's kind.
 */
bool cdi_add(struct findings *findings, const struct driver *driver,
	const char *const directories[]);

#endif
