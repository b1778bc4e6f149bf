/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef GPUS_DRIVER_H
#define GPUS_DRIVER_H

#include <stdbool.h>

/* What is known of a vendor's driver.  All lists end with NULL. */
struct driver {
	const char *word;             /* on the command line */
	const char *title;            /* in sentences */
	const char *cdi_kind;         /* its devices in CDI specifications */
	const char *generator;        /* the command that writes its CDI file */
	const char *const *libraries; /* names up to ".so" */
	const char *const *proofs;    /* one is there if the driver is */
	const char *const *programs;  /* shown in /usr/bin */
	const char *const *program_directories;
	const char *const *library_directories; /* beyond the loader's cache */
	const char *const
		*files; /* patterns of glob(7); shown where they are */
	/* Exists if the kernel has the driver; NULL if the libraries tell. */
	const char *device;
};

/* The driver of this word on the command line, or NULL. */
const struct driver *driver_find(const char *word);

/* True if the driver has a library of that name: "libcuda.so.1". */
bool driver_has_library(const struct driver *driver, const char *name);

#endif
