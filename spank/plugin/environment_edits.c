/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What changes in the environment of every task of a step.  The first task
 * finds it out, as scripts of the image may run for it, and shares it with the
 * others in a memfd.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "spank/plugin/environment/image_environment.h"
#include "spank/plugin/environment_edits.h"

static void report_scripts(const struct image_environment_report *found,
	struct report *report)
{
	image_messages_report(&found->messages, report);
	if (error_is_set(&found->hint))
		report_note_alike(report, "%s", found->hint.text);
	report_moment(report,
		"environment: %zu script%s of the image %s%s, %zu line%s "
		"skipped",
		found->scripts, found->scripts == 1 ? "" : "s",
		found->shell ? "run by " : "read",
		found->shell ? found->shell : "", found->skipped_lines,
		found->skipped_lines == 1 ? "" : "s");
}

int environment_edits_load(const struct settings *settings, char *const *job,
	char *const *vars, struct deadline deadline,
	struct environment_edits *ret_edits, struct report *report,
	struct error *err)
{
	static char *const no_options[] = { NULL };
	char *const *options = settings_get(settings, SETTING_ENV)->items.items;
	struct image_environment_report found;
	const struct environment_request request = {
		.job = job,
		.clean = settings_is(settings, SETTING_CLEANENV, WORD_YES),
		.options = options ? options : no_options,
		.container_vars = vars,
		.setters = report->debug ? &ret_edits->setters : NULL,
	};
	int loaded;

	loaded = image_environment_load(&request, deadline, &ret_edits->list,
		&found, err);
	report_scripts(&found, report);
	return loaded;
}

int environment_edits_share(const struct environment_edits *edits,
	struct error *err)
{
	CLEANUP_FD int fd =
		memfd_create("spank-sif", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	CLEANUP_FREE char *bytes = NULL;
	size_t size = 0;

	if (environment_pack(&edits->list, &bytes, &size, err) < 0)
		return -1;
	if (fd < 0 || write(fd, bytes, size) != (ssize_t)size ||
		fcntl(fd, F_ADD_SEALS,
			F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW |
				F_SEAL_WRITE) < 0)
		return error_set(err, errno,
			"cannot share the environment with other tasks");
	return fd_take(&fd);
}

int environment_edits_receive(int fd, struct environment_edits *ret_edits,
	struct error *err)
{
	CLEANUP_FREE char *bytes = NULL;
	struct stat status;

	if (fstat(fd, &status) < 0 || status.st_size < 0 ||
		status.st_size > ENVIRONMENT_SIZE_MAX)
		return error_set(err, EPROTO, "cannot receive the environment");
	bytes = malloc(status.st_size + 1);
	if (!bytes || pread(fd, bytes, status.st_size, 0) != status.st_size)
		return error_set(err, errno, "cannot receive the environment");
	return environment_unpack(bytes, status.st_size, ENVIRONMENT_IMAGE,
		&ret_edits->list, err);
}

void environment_edits_free(struct environment_edits *edits)
{
	environment_free(&edits->list);
	environment_free(&edits->setters);
}
