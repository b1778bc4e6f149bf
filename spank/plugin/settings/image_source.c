/* SPDX-License-Identifier: BSD-3-Clause */
#include <string.h>

#include "spank/plugin/settings/image_source.h"

/* The Apptainer command that makes an image of such a source, or NULL. */
static const char *find_source(const char *value)
{
	static const char *const sources[][2] = {
		{ "docker-archive:", "build" }, { "docker-daemon:", "build" },
		{ "oci-archive:", "build" }, { "oci:", "build" },
		{ "docker://", "pull" }, { "library://", "pull" },
		{ "oras://", "pull" }, { "shub://", "pull" },
		{ "http://", "pull" }, { "https://", "pull" }
	};
	size_t i;

	for (i = 0; i < sizeof(sources) / sizeof(*sources); i++)
		if (strncmp(value, sources[i][0], strlen(sources[i][0])) == 0)
			return sources[i][1];
	return NULL;
}

int image_source_check(const char *image, struct error *err)
{
	const char *command = find_source(image);

	if (strncmp(image, "instance://", 11) == 0)
		return error_set(err, 0,
			"'%s' is not an image file, and there are no "
			"instances: give the path of its image, or enter a "
			"step that runs with --sif-join=JOB.STEP",
			image);
	if (command)
		return error_set(err, 0,
			"'%s' is not an image file, and nothing is pulled when "
			"a job starts: run 'apptainer %s image.sif %s' once, "
			"and give that file",
			image, command, image);
	return 0;
}
