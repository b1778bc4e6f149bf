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
#include <sys/stat.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "common/image_file.h"
#include "common/privileged/run.h"
#include "spank/plugin/container/host_layers.h"
#include "spank/plugin/container/image.h"
#include "spank/plugin/container/image_directories.h"
#include "spank/plugin/inspect.h"
#include "spank/plugin/nearest.h"

/* A slow login node is no reason to refuse a job. */
#define INSPECT_TIMEOUT_MS 2000

/* An image that the user names. */
struct subject {
	const char *name;
	const char *kind;            /* for spank-sif-inspect */
	const struct overlay *layer; /* or NULL */
};

struct inspection {
	const struct plugstack_args *args;
	bool is_srun;
	struct report *report;
};

/* --- an image that exists ------------------------------------------------- */

/* The node tells about a layer that is read-only without ":ro". */
static int check_info(const struct inspection *inspection,
	const struct subject *subject, const char *path,
	const struct image_info *info, struct error *err)
{
	if (!subject->layer)
		return image_check_overlays(path, info, inspection->args,
			inspection->report, err);
	if (!inspection->args->refuse_writable)
		return 0;
	return image_check_layer(subject->layer, info->layers, inspection->args,
		inspection->report, err);
}

static int read_image(const struct inspection *inspection,
	const struct subject *subject, const char *path, struct error *err)
{
	char program[] = INSPECT_PATH, kind[16];
	char *argv[] = { program, kind, NULL };
	char found[ERROR_TEXT_SIZE] = "";
	CLEANUP_FD int fd = image_file_open(path, err);
	struct image_info info;
	struct error ignored;
	int status;

	if (fd < 0)
		return -1;
	snprintf(kind, sizeof(kind), "%s", subject->kind);
	status = priv_run(INSPECT_PATH, argv, fd,
		deadline_in_ms(INSPECT_TIMEOUT_MS), found, sizeof(found),
		&ignored);
	found[strcspn(found, "\n")] = '\0';
	if (status == 0 && image_info_parse(found, &info))
		return check_info(inspection, subject, path, &info, err);
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

/* A node tells what the command has guessed for the root's image alone. */
static bool is_worth_a_note(const struct inspection *inspection,
	const struct subject *subject, const char *suggestion)
{
	return !inspection->is_srun || (subject->layer && *suggestion);
}

static void note_absence(const struct inspection *inspection,
	const struct subject *subject, const char *path, const char *suggestion,
	int reason)
{
	if (is_worth_a_note(inspection, subject, suggestion))
		report_note(inspection->report,
			"cannot see the image '%s' from here (%s): steps will "
			"fail on nodes where it is not%s",
			path, strerror(reason), suggestion);
	else
		report_detail(inspection->report,
			"the image '%s' cannot be seen from here, so only the "
			"nodes can tell whether it is good%s",
			path, suggestion);
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

static bool is_root(const struct subject *subject)
{
	return strncmp(subject->kind, "root", 4) == 0;
}

static void report_absence(const struct inspection *inspection,
	const struct subject *subject, const char *path, int reason)
{
	char name[NAME_MAX + 1], suggestion[NAME_MAX + 32];

	suggest_name(path, inspection->args, name, suggestion,
		sizeof(suggestion));
	note_absence(inspection, subject, path, suggestion, reason);
	if (is_root(subject) && reason == ENOENT)
		export_absence(name);
}

/* -------------------------------------------------------------------------- */

static int inspect_one(const struct inspection *inspection,
	const struct subject *subject, struct error *err)
{
	char path[PATH_MAX];
	struct error ignored;
	struct stat status;

	if (image_find(subject->name, inspection->args->path, 0, path,
		    &ignored) < 0) {
		report_absence(inspection, subject, subject->name, ENOENT);
		return 0;
	}
	if (stat(path, &status) < 0) {
		report_absence(inspection, subject, path, errno);
		return 0;
	}
	/* The kernel's overlay uses it, and not the image server. */
	if (subject->layer && S_ISDIR(status.st_mode))
		return 0;
	return read_image(inspection, subject, path, err);
}

static int inspect_layers(const struct inspection *inspection,
	const struct overlay_list *layers, struct error *err)
{
	size_t i;

	if (host_layers_check_order(layers, err) < 0)
		return -1;
	for (i = 0; i < layers->count; i++) {
		const struct subject layer = {
			.name = layers->items[i].path,
			.kind = "layer",
			.layer = &layers->items[i],
		};

		if (inspect_one(inspection, &layer, err) < 0)
			return error_prefix(err, "--sif-overlay");
	}
	return 0;
}

static int inspect_further(const struct inspection *inspection,
	const struct further_images *further, struct error *err)
{
	size_t i;

	for (i = 0; i < further->count; i++) {
		const struct subject data = {
			.name = further->items[i]->source,
			.kind = "data",
		};

		if (inspect_one(inspection, &data, err) < 0)
			return -1;
	}
	return 0;
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
	const struct subject root = {
		.name = settings_image(settings),
		.kind = args->ignore_overlays ? "root-alone" : "root",
	};

	/* An outer command may have set it for another image. */
	unsetenv(IMAGE_ABSENT_VARIABLE);
	if (inspect_one(&inspection, &root, err) < 0 ||
		inspect_layers(&inspection, settings_overlays(settings), err) <
			0)
		return -1;
	settings_further_images(settings, &further);
	return inspect_further(&inspection, &further, err);
}
