/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef GPUS_DRIVER_H
#define GPUS_DRIVER_H

#include <stdbool.h>

/* A vendor's driver.  All lists are NULL-terminated. */
struct driver {
	const char *word;             /* the argument of spank-sif-gpus */
	const char *title;            /* in sentences */
	const char *cdi_kind;         /* its devices in CDI specifications */
	const char *generator;        /* the command that writes its CDI file */
	const char *const *libraries; /* names up to ".so" */
	const char *const *proofs;    /* a driver has at least one of these */
	const char *const *programs;  /* bound into /usr/bin */
	const char *const *program_directories;
	const char *const *library_directories; /* besides the loader's cache */
	const char *const *files; /* glob(7) patterns; bound at the same path */
	/* Exists if the kernel has the driver; NULL: only libraries tell. */
	const char *device;
};

/* The driver with this word, or NULL. */
const struct driver *driver_find(const char *word);

/* Does a library of that name, such as "libcuda.so.1", belong to the driver? */
bool driver_has_library(const struct driver *driver, const char *name);

#endif
