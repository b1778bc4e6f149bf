/* SPDX-License-Identifier: BSD-3-Clause */
#include <string.h>

#include "spank/plugin/settings/path.h"

void path_normalize(char *path)
{
	char *from = path, *to = path;
	size_t length;

	while (*(from += strspn(from, "/"))) {
		length = strcspn(from, "/");
		if (length == 2 && strncmp(from, "..", 2) == 0) {
			while (to > path && *--to != '/')
				;
		} else if (length != 1 || from[0] != '.') {
			*to++ = '/';
			memmove(to, from, length);
			to += length;
		}
		from += length;
	}
	if (to == path)
		*to++ = '/';
	*to = '\0';
}
