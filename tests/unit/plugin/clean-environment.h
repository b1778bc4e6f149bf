/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef TESTS_UNIT_PLUGIN_CLEAN_ENVIRONMENT_H
#define TESTS_UNIT_PLUGIN_CLEAN_ENVIRONMENT_H

#include <stdlib.h>
#include <string.h>

/* Forget all variables but the one that cmocka reads after each test. */
static inline void clean_environment(void)
{
	static const char name[] = "CMOCKA_MESSAGE_OUTPUT";
	const char *value = getenv(name);
	char *copy = value ? strdup(value) : NULL;

	clearenv();
	if (copy)
		setenv(name, copy, 1);
	free(copy);
}

#endif
