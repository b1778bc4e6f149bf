/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef COMMON_VERSION_H
#define COMMON_VERSION_H

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

/* If --version is the only argument, print the version and return true. */
static inline bool version_asked(int argc, char *const argv[],
	const char *program)
{
	if (argc != 2 || strcmp(argv[1], "--version") != 0)
		return false;
	printf("%s %s\n", program, PACKAGE_VERSION);
	return true;
}

#endif
