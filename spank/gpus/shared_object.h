/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef GPUS_SHARED_OBJECT_H
#define GPUS_SHARED_OBJECT_H

#include <stdbool.h>
#include <stddef.h>

/* Longest DT_SONAME that is read, with its NUL. */
#define SHARED_OBJECT_NAME_SIZE 256

/*
 * Look into the file at `path`.  Returns true if it is a shared object of the
 * ABI that this program itself has (class, byte order, machine), with its
 * DT_SONAME in ret_soname: "" if it has none, or one that is no file name.
 * Returns false if it is anything else, or cannot be read.
 */
bool shared_object_read(const char *path,
	char ret_soname[SHARED_OBJECT_NAME_SIZE]);

/* True for "lib*.so" and "lib*.so.*", without a '/'. */
bool shared_object_is_library_name(const char *name);

/*
 * True for the names of the C library, of what is built together with it, of
 * the loader, and of the compiler's run-time libraries: the image has its own,
 * and no program survives another's.
 */
bool shared_object_is_libc_name(const char *name);

#endif
