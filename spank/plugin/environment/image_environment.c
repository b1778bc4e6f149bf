/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Determines the environment that an image declares in its scripts:
 *
 *   1. list the scripts, in the order of a shell's *.sh in the C locale
 *   2. read them (sh/reader.h); if every shell would export the same, as for
 *      nearly all images, this is the result
 *   3. otherwise start the image's bash, or its /bin/sh if it has no bash; the
 *      shell sources the scripts, and then executes itself again and waits
 *   4. read the environment of that second shell from /proc: it has exactly
 *      what was exported, without quoting, and needs no other tool of the image
 *   5. kill the shell, with everything that the scripts have left running
 *
 * Starting a shell twice through FUSE takes a large part of the time that a
 * step needs to start.
 *
 * Apptainer reads the scripts with its own shell, which knows most of bash.
 * Authors therefore write bash, whatever /bin/sh of their image is.  As with
 * Apptainer, a command that fails, a missing file to source or a syntax error
 * affects only its own line, and its message reaches the user; `exit 1` and
 * `set -e` end the step.  `exit 0` ends the scripts, and what they have
 * exported is kept.  Standard output goes to /dev/null, because it would mix
 * with the output of the tasks.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "common/privileged/shell.h"
#include "spank/plugin/container/image_path.h"
#include "spank/plugin/environment/image_dialect.h"
#include "spank/plugin/environment/image_environment.h"
#include "spank/plugin/environment/scripts.h"
#include "spank/plugin/environment/setters.h"
#include "spank/plugin/environment/sh/reader.h"

/* What the steps above work on; all borrowed. */
struct load {
	const struct image_scripts *scripts;
	const struct environment *initial;
	struct deadline deadline;
	struct environment *image; /* the result */
	struct image_environment_report *report;
};

struct progress {
	size_t begun; /* scripts that the shell has reached */
	bool is_complete;
	char failed; /* SHELL_NOT_...; 0 if the shell was executed */
	int num;     /* errno, if it failed */
};

/* Returns false if there was nothing to read. */
static bool read_progress(int fd, struct progress *progress)
{
	char bytes[256];
	ssize_t i, length;

	do
		length = read(fd, bytes, sizeof(bytes));
	while (length < 0 && errno == EINTR);
	for (i = 0; i < length; i++) {
		if (bytes[i] == IMAGE_SCRIPTS_BEGUN)
			progress->begun++;
		else if (bytes[i] == IMAGE_SCRIPTS_COMPLETE)
			progress->is_complete = true;
		else if (progress->begun == 0 && i + 1 < length) {
			progress->failed = bytes[i++];
			progress->num = (unsigned char)bytes[i];
		}
	}
	return length > 0;
}

/* A shell that has just closed its end may not have exited yet. */
static void await_end(const struct shell *shell)
{
	deadline_wait_readable(deadline_in_ms(1000), shell->pid_fd);
}

static bool is_readable(int fd)
{
	return deadline_wait_readable(deadline_in_ms(0), fd) == 1;
}

static void read_messages(struct shell *shell, struct image_messages *messages)
{
	if (shell->messages_fd >= 0 &&
		!image_messages_read(messages, shell->messages_fd))
		cleanup_fd(&shell->messages_fd);
}

/* Returns false if the deadline passed before the shell was complete. */
static bool follow_shell(struct shell *shell, struct deadline deadline,
	struct progress *progress, struct image_messages *messages)
{
	bool has_ended;

	while (!progress->is_complete && !progress->failed) {
		if (deadline_left_ms(deadline) == 0 ||
			!priv_shell_wait(shell, deadline))
			return false;
		read_messages(shell, messages);
		/* Check for its end first, so that everything that it wrote
		 * before its end is read afterwards. */
		has_ended = is_readable(shell->pid_fd);
		if (!has_ended && !is_readable(shell->progress_fd))
			continue;
		if (!read_progress(shell->progress_fd, progress)) {
			await_end(shell);
			break;
		}
	}
	read_messages(shell, messages);
	return true;
}

/* Reads one byte more than allowed, so that unpacking refuses a larger one. */
static int read_environ(pid_t pid, struct environment *ret_image,
	struct error *err)
{
	const size_t size = ENVIRONMENT_SIZE_MAX + 1;
	CLEANUP_FREE char *bytes = malloc(size);
	CLEANUP_FD int fd = -1;
	char path[64];
	size_t length;

	if (!bytes)
		return error_set(err, ENOMEM, "cannot make the environment");
	snprintf(path, sizeof(path), "/proc/%d/environ", (int)pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0 || image_scripts_read_file(fd, bytes, size, &length) < 0)
		return error_set(err, errno,
			"cannot read the image's environment from '%s'", path);
	return environment_unpack(bytes, length, ENVIRONMENT_IMAGE, ret_image,
		err);
}

/* The script, or the shell, that was running; for the start of a sentence. */
static void describe_position(const struct image_scripts *scripts,
	const char *shell, const struct progress *progress, char *place,
	size_t size)
{
	size_t begun = progress->begun;

	if (begun > scripts->count)
		begun = scripts->count;
	if (begun == 0)
		snprintf(place, size, "'%s' of the image", shell);
	else
		snprintf(place, size, "'%s/%s' of the image",
			scripts->directory, scripts->names[begun - 1]);
}

static int describe_end(const char *place, int status, struct error *err)
{
	if (WIFEXITED(status) && WEXITSTATUS(status) != 0)
		return error_set(err, 0,
			"%s ended with status %d: it has an error, or calls "
			"exit; please tell the image's author",
			place, WEXITSTATUS(status));
	if (WIFSIGNALED(status) && WTERMSIG(status) != SIGKILL)
		return error_set(err, 0,
			"%s was killed by signal %d; please tell the image's "
			"author",
			place, WTERMSIG(status));
	return error_set(err, 0,
		"%s ended before the environment was complete: it executes "
		"another program, closes descriptors, or was killed; please "
		"tell the image's author",
		place);
}

/* A shell that lacks a library is treated as missing.  The loader's message,
 * which the user reads, names the library. */
static bool has_broken_loader(const struct progress *progress, int status)
{
	return !progress->failed && progress->begun == 0 && WIFEXITED(status) &&
	       WEXITSTATUS(status) == 127;
}

/* Also stops the shell, because the sentence needs its status. */
static int read_result(const struct load *load, const char *path,
	struct shell *shell, bool *ret_is_executed, struct error *err)
{
	const struct image_scripts *scripts = load->scripts;
	struct progress progress = { .begun = 0 };
	bool is_in_time = follow_shell(shell, load->deadline, &progress,
		&load->report->messages);
	char place[4096 + 64];
	int status, result = -1;

	if (progress.is_complete)
		result = read_environ(shell->pid, load->image, err);
	if (result == 0 && scripts->setters)
		result = image_setters_read_snapshots(load->image,
			scripts->names, scripts->count, scripts->setters, err);
	status = priv_shell_stop(shell);
	*ret_is_executed = progress.failed != SHELL_NOT_EXECUTED &&
			   !has_broken_loader(&progress, status);
	if (progress.is_complete || !*ret_is_executed)
		return progress.is_complete ? result : 0;
	if (progress.failed)
		return error_set(err, progress.num,
			"cannot start '%s' of the image", path);
	describe_position(scripts, path, &progress, place, sizeof(place));
	if (is_in_time)
		return describe_end(place, status, err);
	return error_set(err, 0,
		"%s was not done in time: does it wait for something?", place);
}

/* *ret_is_executed is false if this shell cannot be executed. */
static int run_scripts(const struct load *load, const char *shell_path,
	bool *ret_is_executed, struct error *err)
{
	CLEANUP_FREE char **envp = environment_to_envp(load->initial);
	CLEANUP_FREE char *program =
		image_scripts_program(load->scripts, shell_path);
	struct shell shell;

	if (!envp || !program)
		return error_set(err, ENOMEM, "cannot make the environment");
	if (priv_shell_start(shell_path, program, envp, &shell, err) < 0)
		return -1;
	return read_result(load, shell_path, &shell, ret_is_executed, err);
}

/* Without scripts the result is the initial environment. */
static int read_scripts(const struct load *load, bool certain_only,
	bool *ret_is_certain, struct error *err)
{
	const struct image_scripts *scripts = load->scripts;
	CLEANUP_ENVIRONMENT struct environment start = { .count = 0 };
	struct environment_reader reader = { .skipped = 0 };
	int result = -1;

	if (environment_copy(load->initial, &start, err) == 0 &&
		environment_reader_start(&reader, &start, err) == 0)
		result = scripts->count == 0
				 ? 0
				 : image_scripts_read(scripts, &reader,
					   certain_only, err);
	load->report->skipped_lines = reader.skipped;
	if (!certain_only && result == 0 && reader.skipped > 0)
		error_set(&load->report->hint, 0,
			"line %zu of '%s/%s' of the image is skipped, as the "
			"image has no shell: write plain assignments there",
			reader.skipped_line, scripts->directory,
			scripts->names[reader.skipped_file]);
	*ret_is_certain = environment_reader_is_certain(&reader);
	if (result == 0)
		*load->image = environment_take(&reader.exported);
	environment_reader_free(&reader);
	return result;
}

static bool shell_exists(const char *shell)
{
	return access(shell, X_OK) == 0 || !image_path_is_missing(errno);
}

/* Use the first of the shells that can be executed.  *ret_is_executed is false
 * if there is none. */
static int run_with_first_of(const struct load *load, const char *const *shells,
	bool *ret_is_executed, struct error *err)
{
	struct image_environment_report *report = load->report;

	*ret_is_executed = false;
	for (; *shells && !*ret_is_executed; shells++) {
		if (!shell_exists(*shells))
			continue;
		report->shell = *shells;
		if (run_scripts(load, *shells, ret_is_executed, err) < 0) {
			image_dialect_explain(load->scripts, *shells, true,
				&report->hint);
			return -1;
		}
	}
	if (!*ret_is_executed)
		report->shell = NULL;
	else
		image_dialect_explain(load->scripts, report->shell,
			report->messages.length > 0, &report->hint);
	return 0;
}

static bool has_one_of(const char *const *shells)
{
	for (; *shells; shells++)
		if (shell_exists(*shells))
			return true;
	return false;
}

/* Avoid the shell, which is slow to start, where reading is certain.  If no
 * shell can be executed, use what can be read. */
static int load_image(const struct load *load, const char *const *shells,
	struct error *err)
{
	bool has_shell = has_one_of(shells), is_certain, is_executed;
	int result = read_scripts(load, has_shell, &is_certain, err);

	if (!has_shell || (result == 0 && is_certain))
		return result;
	environment_free(load->image);
	if (load->scripts->setters)
		environment_free(load->scripts->setters);
	load->report->skipped_lines = 0;
	if (run_with_first_of(load, shells, &is_executed, err) < 0)
		return -1;
	return is_executed ? 0 : read_scripts(load, false, &is_certain, err);
}

int image_environment_load_from(const char *directory,
	const char *const *shells, const struct environment_request *request,
	struct deadline deadline, struct environment *ret_edits,
	struct image_environment_report *ret_report, struct error *err)
{
	CLEANUP_IMAGE_SCRIPTS struct image_scripts scripts = {
		.directory = directory,
		.setters = request->setters,
	};
	CLEANUP_ENVIRONMENT struct environment initial = { .count = 0 };
	CLEANUP_ENVIRONMENT struct environment image = { .count = 0 };
	const struct load load = {
		.scripts = &scripts,
		.initial = &initial,
		.deadline = deadline,
		.image = &image,
		.report = ret_report,
	};

	memset(ret_report, 0, sizeof(*ret_report));
	if (image_scripts_list(&scripts, err) < 0)
		return -1;
	ret_report->scripts = scripts.count;
	if (environment_rules_initial(request, &initial, err) < 0 ||
		load_image(&load, shells, err) < 0)
		return -1;
	return environment_rules_edits(request, &initial, &image, ret_edits,
		err);
}

int image_environment_load(const struct environment_request *request,
	struct deadline deadline, struct environment *ret_edits,
	struct image_environment_report *ret_report, struct error *err)
{
	static const char *const shells[] = { "/bin/bash", "/usr/bin/bash",
		"/usr/local/bin/bash", "/bin/sh", NULL };

	return image_environment_load_from("/.singularity.d/env", shells,
		request, deadline, ret_edits, ret_report, err);
}
