/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The record of what runs, in the environment of the step.
 */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "spank/plugin/container/container_vars.h"

int facts_add(char **facts, struct error *err, const char *format, ...)
{
	va_list args;
	int length;
	size_t i;

	for (i = 0; facts[i]; i++)
		;
	if (i >= FACTS_MAX)
		return error_set(err, 0,
			"the container has more than %d variables of its own",
			FACTS_MAX);
	va_start(args, format);
	length = vasprintf(&facts[i], format, args);
	va_end(args);
	if (length >= 0)
		return 0;
	facts[i] = NULL;
	return error_set(err, 0, "cannot allocate memory");
}

/* The value of KEY in "KEY=VALUE KEY=VALUE", up to `size` - 1 bytes of it. */
static const char *find(const char *said, const char *key, char *value,
	size_t size)
{
	size_t length = strlen(key);

	for (; *said; said += strcspn(said, " "), said += *said == ' ')
		if (strncmp(said, key, length) == 0 && said[length] == '=') {
			said += length + 1;
			snprintf(value, size, "%.*s", (int)strcspn(said, " "),
				said);
			return value;
		}
	value[0] = '\0';
	return value;
}

int facts_of_image(const char *path, const char *said, char **facts,
	struct error *err)
{
	char uuid[64], offset[32], size[32];
	const char *name = strrchr(path, '/') ? strrchr(path, '/') + 1 : path;

	find(said, "uuid", uuid, sizeof(uuid));
	find(said, "offset", offset, sizeof(offset));
	find(said, "size", size, sizeof(size));
	if (uuid[0] && facts_add(facts, err, "SIF_UUID=%s", uuid) < 0)
		return -1;
	if (facts_add(facts, err, "SIF_IMAGE=%s", path) < 0 ||
		facts_add(facts, err, "SIF_NAME=%s", name) < 0 ||
		facts_add(facts, err, "SIF_PARTITION=%s:%s", offset, size) <
			0 ||
		facts_add(facts, err, "SINGULARITY_NAME=%s", name) < 0 ||
		facts_add(facts, err, "SINGULARITY_CONTAINER=%s", path) < 0 ||
		facts_add(facts, err, "APPTAINER_NAME=%s", name) < 0)
		return -1;
	return facts_add(facts, err, "APPTAINER_CONTAINER=%s", path);
}

void facts_free(char **facts)
{
	for (; *facts; facts++) {
		free(*facts);
		*facts = NULL;
	}
}
