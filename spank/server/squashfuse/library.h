/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SPANK_SERVER_SQUASHFUSE_LIBRARY_H
#define SPANK_SERVER_SQUASHFUSE_LIBRARY_H

/*
 * libsquashfuse.  Its headers include the config.h of its own build, which
 * redefines feature test macros; this is what they need of it.  xattr.h is
 * among them, and nothing of it is ever used: a file with extended attributes
 * makes releases before 0.6.2 write past a buffer.
 */
#define SQFS_CONFIG_H
#define HAVE_LINUX_TYPES_LE16 1

#include <squashfuse.h>

#endif
