/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef GPUS_SHARED_OBJECT_H
#define GPUS_SHARED_OBJECT_H

#include <stdbool.h>
#include <stddef.h>

/* The longest DT_SONAME that is read, including its NUL. */
#define SHARED_OBJECT_NAME_SIZE 256

/*
 * Read the file at `path`.  Returns true if it is a shared object of this
 * program's own ABI (class, byte order, machine), with its DT_SONAME in
 * ret_soname, or "" if it has none or if that is not a file name.  Returns
 * false for any other file, and if it cannot be read.
 */
bool shared_object_read(const char *path,
	char ret_soname[SHARED_OBJECT_NAME_SIZE]);

/* True for "lib*.so" and "lib*.so.*", without a '/'. */
bool shared_object_is_library_name(const char *name);

/*
 * True for the names of the C library and what is built with it, of the loader,
 * and of the compiler's run-time libraries.  The image has its own, and its
 * programs do not work with others.
 */
bool shared_object_is_libc_name(const char *name);

#endif
