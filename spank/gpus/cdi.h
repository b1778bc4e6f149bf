/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef GPUS_CDI_H
#define GPUS_CDI_H

#include <stdbool.h>

#include "spank/gpus/driver.h"
#include "spank/gpus/findings.h"

/*
 * Add what CDI specifications say of all of the driver's devices.
 * `directories`, ended by NULL, come in the order of their weight, the
 * weightiest first.  A file that is wrong is told of in a note, and is as if it
 * were not there; so is one that names a library that the host does not have.
 *
 * Returns true if there was a device of the driver's kind.
 */
bool cdi_add(struct findings *findings, const struct driver *driver,
	const char *const directories[]);

#endif
