/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The kernel's overlayfs marks a directory with trusted.overlay.opaque, or with
 * user.overlay.opaque if it is mounted in a user namespace.  fuse-overlayfs has
 * a name of its own for that.
 */
#include <string.h>

#include "spank/server/filesystem/opaque.h"

bool opaque_is_mark(const char *name, size_t size)
{
	static const char *const marks[] = { "overlay.opaque",
		"fuseoverlayfs.opaque" };
	size_t i;

	for (i = 0; i < sizeof(marks) / sizeof(marks[0]); i++)
		if (size == strlen(marks[i]) &&
			memcmp(name, marks[i], size) == 0)
			return true;
	return false;
}

bool opaque_is_set(const char *value, size_t size)
{
	return size == 1 && value[0] == 'y';
}
