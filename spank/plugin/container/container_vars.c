/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Variables that tell a program which container it is in.
 */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "spank/plugin/container/container_vars.h"

int container_vars_add(char **vars, struct error *err, const char *format, ...)
{
	va_list args;
	int length;
	size_t i;

	for (i = 0; vars[i]; i++)
		;
	if (i >= CONTAINER_VARS_MAX)
		return error_set(err, 0,
			"the container has more than %d variables of its own",
			CONTAINER_VARS_MAX);
	va_start(args, format);
	length = vasprintf(&vars[i], format, args);
	va_end(args);
	if (length >= 0)
		return 0;
	vars[i] = NULL;
	return error_set(err, 0, "cannot allocate memory");
}

int container_vars_add_image(const char *path, const struct image_info *info,
	char **vars, struct error *err)
{
	const char *name = strrchr(path, '/') ? strrchr(path, '/') + 1 : path;

	if (info->uuid[0] &&
		container_vars_add(vars, err, "SIF_UUID=%s", info->uuid) < 0)
		return -1;
	if (container_vars_add(vars, err, "SIF_IMAGE=%s", path) < 0 ||
		container_vars_add(vars, err, "SIF_NAME=%s", name) < 0 ||
		container_vars_add(vars, err, "SIF_PARTITION=%ld:%ld",
			info->offset, info->size) < 0 ||
		container_vars_add(vars, err, "SINGULARITY_NAME=%s", name) <
			0 ||
		container_vars_add(vars, err, "SINGULARITY_CONTAINER=%s",
			path) < 0 ||
		container_vars_add(vars, err, "APPTAINER_NAME=%s", name) < 0)
		return -1;
	return container_vars_add(vars, err, "APPTAINER_CONTAINER=%s", path);
}

void container_vars_free(char **vars)
{
	for (; *vars; vars++) {
		free(*vars);
		*vars = NULL;
	}
}
