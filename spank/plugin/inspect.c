/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What srun, sbatch and salloc find out about an image before there is a job.
 * A separate program, spank-sif-inspect, reads the file: slurmstepd loads this
 * plugin as well, and must not contain a parser of images.
 */
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "common/image_file.h"
#include "common/privileged/run.h"
#include "spank/plugin/container/image.h"
#include "spank/plugin/container/image_directories.h"
#include "spank/plugin/inspect.h"
#include "spank/plugin/nearest.h"

/* A slow login node is no reason to refuse a job. */
#define INSPECT_TIMEOUT_MS 2000

struct inspection {
	const struct plugstack_args *args;
	bool is_srun;
	struct report *report;
};

/* --- an image that exists ------------------------------------------------- */

static int read_image(const struct inspection *inspection, const char *path,
	char *kind, struct error *err)
{
	char program[] = INSPECT_PATH;
	char *argv[] = { program, kind, NULL };
	char found[ERROR_TEXT_SIZE] = "";
	CLEANUP_FD int fd = image_file_open(path, err);
	struct image_info info;
	struct error ignored;
	int status;

	if (fd < 0)
		return -1;
	status = priv_run(INSPECT_PATH, argv, fd,
		deadline_in_ms(INSPECT_TIMEOUT_MS), found, sizeof(found),
		&ignored);
	found[strcspn(found, "\n")] = '\0';
	if (status == 0 && image_info_parse(found, &info))
		return image_check_overlays(path, &info, inspection->args,
			inspection->report, err);
	if (status != 1)
		return 0; /* the node will find out */
	return error_set(err, 0, "cannot use the image '%s': %s", path, found);
}

/* --- one that does not ---------------------------------------------------- */

static bool is_near_path(const char *path, char ret_name[NAME_MAX + 1])
{
	CLEANUP_FREE char *directory = strdup(path);
	char *slash = directory ? strrchr(directory, '/') : NULL;

	if (!slash)
		return false;
	*slash = '\0';
	return nearest_name(slash > directory ? directory : "/", slash + 1,
		ret_name);
}

/* Store "" or "; did you mean ...?" in `text`, and the bare name. */
static void suggest_name(const char *image, const struct plugstack_args *args,
	char ret_name[NAME_MAX + 1], char *text, size_t size)
{
	text[0] = ret_name[0] = '\0';
	if (strchr(image, '/') ? is_near_path(image, ret_name)
			       : image_directories_find(args->path, 0, image,
					 nearest_name, ret_name))
		snprintf(text, size, "; did you mean '%s'?", ret_name);
}

static void note_absence(const struct inspection *inspection, const char *image,
	const char *suggestion, int reason)
{
	if (!inspection->is_srun)
		report_note(inspection->report,
			"cannot see the image '%s' from here (%s): steps will "
			"fail on nodes where it is not%s",
			image, strerror(reason), suggestion);
	else
		report_detail(inspection->report,
			"the image '%s' cannot be seen from here, so only the "
			"nodes can tell whether it is good%s",
			image, suggestion);
}

/* Only for the root's image; there is no such variable for --sif-mount. */
static void export_absence(const char *name)
{
	CLEANUP_FREE char *value = NULL;

	if (asprintf(&value, "%s%s%s", program_invocation_short_name,
		    *name ? " " : "", name) < 0)
		value = NULL;
	else
		setenv(IMAGE_ABSENT_VARIABLE, value, 1);
}

static void report_absence(const struct inspection *inspection,
	const char *image, bool is_root, int reason)
{
	char name[NAME_MAX + 1], suggestion[NAME_MAX + 32];

	suggest_name(image, inspection->args, name, suggestion,
		sizeof(suggestion));
	note_absence(inspection, image, suggestion, reason);
	if (is_root && reason == ENOENT)
		export_absence(name);
}

/* -------------------------------------------------------------------------- */

static int inspect_one(const struct inspection *inspection, const char *image,
	bool is_root, struct error *err)
{
	char root[] = "root", alone[] = "root-alone", data[] = "data";
	char path[PATH_MAX], *kind = data;
	struct error ignored;

	if (image_find(image, inspection->args->path, 0, path, &ignored) < 0) {
		report_absence(inspection, image, is_root, ENOENT);
		return 0;
	}
	if (access(path, F_OK) < 0) {
		report_absence(inspection, path, is_root, errno);
		return 0;
	}
	if (is_root)
		kind = inspection->args->ignore_overlays ? alone : root;
	return read_image(inspection, path, kind, err);
}

int inspect_images(const struct settings *settings,
	const struct plugstack_args *args, bool is_srun, struct report *report,
	struct error *err)
{
	const struct inspection inspection = {
		.args = args,
		.is_srun = is_srun,
		.report = report,
	};
	struct further_images further;
	int inspected;
	size_t i;

	/* An outer command may have set it for another image. */
	unsetenv(IMAGE_ABSENT_VARIABLE);
	inspected =
		inspect_one(&inspection, settings_image(settings), true, err);
	settings_further_images(settings, &further);
	for (i = 0; i < further.count && inspected == 0; i++)
		inspected = inspect_one(&inspection, further.items[i]->source,
			false, err);
	return inspected;
}
