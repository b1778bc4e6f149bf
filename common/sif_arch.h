/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef COMMON_SIF_ARCH_H
#define COMMON_SIF_ARCH_H

#include "common/error.h"

/* Two digits and a NUL, as SIF stores them. */
#define SIF_ARCH_SIZE 3

/* The architecture of this program as a SIF code; "00" if SIF has none. */
const char *sif_machine(void);

/*
 * Can `machine` run an image for the architecture of this code?  The code is
 * untrusted; "00" fits any.
 */
int sif_arch_check(const char arch[SIF_ARCH_SIZE], const char *machine,
	struct error *err);

/* The same for the name that Go and OCI images have for an architecture. */
int sif_arch_check_name(const char *name, const char *machine,
	struct error *err);

#endif
