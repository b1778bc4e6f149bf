/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The scripts in which an image declares its environment: the list of them, in
 * the order of a shell's *.sh in the C locale; the program with which a shell
 * sources them; and reading them without a shell.
 *
 * The program first sets a trap, so that `exit 0` in a script is not a failure.
 * It announces each script on a descriptor before it sources it.  At the end it
 * executes the shell once more, which waits; the environment of that shell is
 * what the scripts have exported.
 *
 * It uses "command ." instead of ".", so that a shell continues after a file
 * that is missing or has a syntax error.  "." alone is a special builtin, whose
 * errors end dash and busybox.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "common/privileged/shell.h"
#include "common/shell_quote.h"
#include "spank/plugin/container/image_path.h"
#include "spank/plugin/environment/docker_script.h"
#include "spank/plugin/environment/rules.h"
#include "spank/plugin/environment/scripts.h"
#include "spank/plugin/environment/setters.h"

/* Longer scripts are sourced: a program is one argument, at most 128 KiB. */
#define INLINE_MAX (16 << 10)

void image_scripts_free(struct image_scripts *scripts)
{
	while (scripts->count > 0)
		free(scripts->names[--scripts->count]);
}

static void close_directory(DIR **directory)
{
	if (*directory)
		closedir(*directory);
}

static int compare_names(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static bool is_script_name(const char *name)
{
	size_t length = strlen(name);

	return length >= 3 && name[0] != '.' &&
	       strcmp(name + length - 3, ".sh") == 0;
}

/* -1 with errno if that is unknown: without a script the environment would be
 * different, and nobody would notice. */
static int is_script(int directory_fd, const char *name)
{
	struct stat status;

	if (!is_script_name(name))
		return 0;
	if (fstatat(directory_fd, name, &status, 0) == 0 &&
		(!S_ISREG(status.st_mode) ||
			faccessat(directory_fd, name, R_OK, 0) == 0))
		return S_ISREG(status.st_mode);
	return image_path_is_missing(errno) ? 0 : -1;
}

/* NULL at the end, with errno 0. */
static struct dirent *next_script(DIR *directory)
{
	struct dirent *entry;
	int is = 0;

	do {
		errno = 0;
		entry = readdir(directory);
		if (entry)
			is = is_script(dirfd(directory), entry->d_name);
	} while (entry && is == 0);
	return is < 0 ? NULL : entry;
}

static int fail_listing(const struct image_scripts *scripts, struct error *err)
{
	return error_set(err, errno, "cannot list '%s' of the image",
		scripts->directory);
}

int image_scripts_list(struct image_scripts *scripts, struct error *err)
{
	__attribute__((cleanup(close_directory))) DIR *directory =
		opendir(scripts->directory);
	struct dirent *entry;
	char *name;

	if (!directory)
		return errno == ENOENT || errno == ENOTDIR
			       ? 0
			       : fail_listing(scripts, err);
	while ((entry = next_script(directory))) {
		if (scripts->count == IMAGE_SCRIPTS_MAX)
			return error_set(err, 0,
				"'%s' of the image has more than %d scripts",
				scripts->directory, IMAGE_SCRIPTS_MAX);
		name = strdup(entry->d_name);
		if (!name)
			return fail_listing(scripts, err);
		scripts->names[scripts->count++] = name;
	}
	if (errno)
		return fail_listing(scripts, err);
	qsort(scripts->names, scripts->count, sizeof(*scripts->names),
		compare_names);
	return 0;
}

/* --- files ---------------------------------------------------------------- */

int image_scripts_read_file(int fd, char *bytes, size_t size,
	size_t *ret_length)
{
	size_t length = 0;
	ssize_t got;

	while (length < size) {
		got = read(fd, bytes + length, size - length);
		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return -1;
		if (got == 0)
			break;
		length += got;
	}
	*ret_length = length;
	return 0;
}

/* The type is checked again: something may be bound over the script. */
static int open_script(const struct image_scripts *scripts, size_t index)
{
	CLEANUP_FREE char *path = NULL;
	CLEANUP_FD int fd = -1;
	struct stat status;

	if (asprintf(&path, "%s/%s", scripts->directory,
		    scripts->names[index]) < 0) {
		path = NULL;
		errno = ENOMEM;
		return -1;
	}
	fd = open(path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	if (fd < 0 || fstat(fd, &status) < 0)
		return -1;
	if (!S_ISREG(status.st_mode)) {
		errno = EINVAL;
		return -1;
	}
	return fd_take(&fd);
}

/* As it is in the image. */
static char *load_file(const struct image_scripts *scripts, size_t index,
	size_t *ret_length)
{
	CLEANUP_FD int fd = open_script(scripts, index);
	char *text = fd < 0 ? NULL : malloc(ENVIRONMENT_READER_FILE_MAX);

	if (text && image_scripts_read_file(fd, text,
			    ENVIRONMENT_READER_FILE_MAX, ret_length) == 0)
		return text;
	free(text);
	return NULL;
}

char *image_scripts_load(const struct image_scripts *scripts, size_t index,
	size_t *ret_length)
{
	char *text = load_file(scripts, index, ret_length);

	if (text && docker_script_is(scripts->names[index]))
		*ret_length = docker_script_unescape(text, *ret_length);
	return text;
}

/* --- the program ---------------------------------------------------------- */

/* Runtimes complete the PATH of a Docker image, because not every such PATH has
 * /sbin.  This is environment_rules_complete_path() in shell.  It uses no
 * variables, and works with any IFS and options that the image's scripts have
 * set. */
static void print_complete_path(FILE *out)
{
	static const char *const parts[] = { "/usr/local/sbin",
		"/usr/local/bin", "/usr/sbin", "/usr/bin", "/sbin", "/bin" };
	size_t i;

	for (i = 0; i < sizeof(parts) / sizeof(*parts); i++)
		fprintf(out,
			"case \":${PATH-}:\" in *:%s:*) ;; *) "
			"PATH=\"${PATH:+$PATH:}%s\" ;; esac\n",
			parts[i], parts[i]);
	fputs("export PATH\n", out);
}

static bool is_bash(const char *shell)
{
	return strcmp(strrchr(shell, '/') + 1, "bash") == 0;
}

/* Like Apptainer's shell: aliases are expanded, a missing file is no error, and
 * source is the same as ".", which passes arguments on. */
static void print_dialect(FILE *out, const char *shell)
{
	if (is_bash(shell))
		fputs("shopt -s expand_aliases\n", out);
	else
		fputs("__sif_source() {\n"
		      "__sif_file=$1; shift; command . \"$__sif_file\"\n"
		      "}\n"
		      "alias .=__sif_source source=__sif_source\n",
			out);
}

static bool has_snapshots(const struct image_scripts *scripts)
{
	return scripts->setters && scripts->count <= IMAGE_SETTERS_SCRIPTS_MAX;
}

static void print_snapshot(FILE *out, const struct image_scripts *scripts,
	size_t number)
{
	if (has_snapshots(scripts))
		image_setters_print_snapshot(out, number);
}

/* Execute the same shell again, with what has been exported, and wait there. */
static void print_wait(FILE *out, const struct image_scripts *scripts,
	const char *shell)
{
	if (has_snapshots(scripts))
		image_setters_print_export(out, scripts->count);
	fprintf(out, "\\exec %s -c \"echo %c >&%d; read -r x <&%d\"", shell,
		IMAGE_SCRIPTS_COMPLETE, SHELL_PROGRESS_FD, SHELL_LIFELINE_FD);
}

static void print_source(FILE *out, const struct image_scripts *scripts,
	size_t index)
{
	fputs("\\command . ", out);
	shell_quote_print(out, scripts->directory);
	fputs("/", out);
	shell_quote_print(out, scripts->names[index]);
	fputs("\n", out);
}

/* The text of a script that shells would misread as it is in the image. */
static bool print_unescaped(FILE *out, const struct image_scripts *scripts,
	size_t index)
{
	CLEANUP_FREE char *text = NULL;
	size_t length, read;

	if (!docker_script_is(scripts->names[index]))
		return false;
	text = load_file(scripts, index, &read);
	if (!text || read > INLINE_MAX || memchr(text, '\0', read))
		return false;
	length = docker_script_unescape(text, read);
	if (length == read)
		return false;
	text[length] = '\0';
	fputs("\\command eval ", out);
	shell_quote_print(out, text);
	fputs("\n", out);
	return true;
}

char *image_scripts_program(const struct image_scripts *scripts,
	const char *shell)
{
	char *program = NULL;
	size_t i, size;
	FILE *out = open_memstream(&program, &size);

	if (!out)
		return NULL;
	fputs("trap 'case $? in 0) ", out);
	print_wait(out, scripts, shell);
	fputs(" ;; esac' 0\n", out);
	print_dialect(out, shell);
	print_snapshot(out, scripts, 0);
	for (i = 0; i < scripts->count; i++) {
		fprintf(out, "echo %c >&%d\n", IMAGE_SCRIPTS_BEGUN,
			SHELL_PROGRESS_FD);
		if (!print_unescaped(out, scripts, i))
			print_source(out, scripts, i);
		if (docker_script_is(scripts->names[i]))
			print_complete_path(out);
		print_snapshot(out, scripts, i + 1);
	}
	/* Not left to the trap, which a script may have replaced. */
	print_wait(out, scripts, shell);
	fputs("\n", out);
	if (fclose(out) != 0) {
		free(program);
		return NULL;
	}
	return program;
}

/* --- reading -------------------------------------------------------------- */

static int complete_path(struct environment *image, struct error *err)
{
	const char *path = environment_value(image, "PATH");
	CLEANUP_FREE char *complete =
		environment_rules_complete_path(path ? path : "");

	if (!complete)
		return error_set(err, ENOMEM, "cannot make the environment");
	return environment_set(image, "PATH", complete, ENVIRONMENT_IMAGE, err);
}

int image_scripts_read(const struct image_scripts *scripts,
	struct environment_reader *reader, bool certain_only, struct error *err)
{
	CLEANUP_ENVIRONMENT struct environment seen = { .count = 0 };
	size_t i, length;

	if (scripts->setters && image_setters_note(&reader->exported, NULL,
					&seen, scripts->setters, err) < 0)
		return -1;
	for (i = 0; i < scripts->count; i++) {
		CLEANUP_FREE char *text =
			image_scripts_load(scripts, i, &length);

		if (!text)
			return error_set(err, errno,
				"cannot read '%s/%s' of the image",
				scripts->directory, scripts->names[i]);
		if (environment_reader_read(reader, text, length, err) < 0)
			return -1;
		if (docker_script_is(scripts->names[i]) &&
			complete_path(&reader->exported, err) < 0)
			return -1;
		if (scripts->setters &&
			image_setters_note(&reader->exported, scripts->names[i],
				&seen, scripts->setters, err) < 0)
			return -1;
		if (certain_only && environment_reader_is_ambiguous(reader))
			break;
	}
	return 0;
}
