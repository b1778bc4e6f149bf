/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The config of an OCI image: architecture and os, and what it says about the
 * container.  Env, Entrypoint and Cmd become shell scripts like those that the
 * runtimes write when they build a SIF from the same image, so that both give
 * the same container.  HOME is left out, and so are variables that a shell
 * cannot export.  User is not read: the user inside is the user outside.
 *
 * Format: opencontainers/image-spec, config.md.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/oci_blob.h"
#include "common/oci_config.h"
#include "common/shell_quote.h"
#include "common/sif_arch.h"

static const char what[] = "image config";

#define NAME_CHARACTERS              \
	"ABCDEFGHIJKLMNOPQRSTUVWXYZ" \
	"abcdefghijklmnopqrstuvwxyz_"
#define DIGITS "0123456789"

void oci_config_free(struct oci_config *config)
{
	free(config->environment);
	free(config->runscript);
	free(config->directory);
	*config = (struct oci_config){ .environment = NULL };
}

/* The array of that name; fails unless it has texts only. */
static int read_texts(const json_t *config, const char *member,
	json_t **ret_texts, struct error *err)
{
	json_t *text;
	size_t i;

	if (oci_member(config, member, JSON_ARRAY, what, ret_texts, err) < 0)
		return -1;
	json_array_foreach(*ret_texts, i, text)
		if (!json_is_string(text))
			return oci_refuse_member(what, member, err);
	return 0;
}

/* HOME stays the user's: the runtimes' script sets what is not set. */
static bool is_variable(const char *text)
{
	return strncmp(text, "HOME=", 5) != 0 && strspn(text, DIGITS) == 0 &&
	       *text != '=' &&
	       text[strspn(text, NAME_CHARACTERS DIGITS)] == '=';
}

static void print_environment(FILE *out, const json_t *variables)
{
	const char *text, *value;
	json_t *variable;
	size_t i;

	fputs("#!/bin/sh\n# Env of the OCI image.\n", out);
	json_array_foreach(variables, i, variable) {
		text = json_string_value(variable);
		if (!is_variable(text))
			continue;
		value = strchr(text, '=') + 1;
		fprintf(out, "export %.*s", (int)(value - text), text);
		shell_quote_print(out, value);
		fputs("\n", out);
	}
}

static void print_words(FILE *out, const json_t *words)
{
	json_t *word;
	size_t i;

	json_array_foreach(words, i, word) {
		fputc(' ', out);
		shell_quote_print(out, json_string_value(word));
	}
}

static void print_runscript(FILE *out, const json_t *entrypoint,
	const json_t *command)
{
	fputs("#!/bin/sh\n# Entrypoint and Cmd of the OCI image; arguments "
	      "replace Cmd.\n",
		out);
	if (json_array_size(command) > 0) {
		fputs("[ $# -gt 0 ] || set --", out);
		print_words(out, command);
		fputs("\n", out);
	} else if (json_array_size(entrypoint) == 0) {
		fputs("[ $# -gt 0 ] || {\n\techo 'the image has neither "
		      "Entrypoint nor Cmd: name a command' >&2\n\texit "
		      "1\n}\n",
			out);
	}
	fputs("exec", out);
	print_words(out, entrypoint);
	fputs(" \"$@\"\n", out);
}

/* Close the stream of a text in memory, which was owned by the caller. */
static int close_script(FILE *out, char *const *text, const size_t *size,
	struct error *err)
{
	if (fclose(out) != 0 || !*text)
		return error_set(err, ENOMEM, "it cannot be opened");
	if (*size > OCI_CONFIG_SCRIPT_MAX)
		return error_set(err, 0,
			"the variables or the command of its OCI image config "
			"are too long; build it with less");
	return 0;
}

static int make_environment(const json_t *config, struct oci_config *result,
	struct error *err)
{
	json_t *variables = NULL;
	size_t size = 0;
	FILE *out;

	if (read_texts(config, "Env", &variables, err) < 0)
		return -1;
	if (json_array_size(variables) == 0)
		return 0;
	out = open_memstream(&result->environment, &size);
	if (!out)
		return error_set(err, errno, "it cannot be opened");
	print_environment(out, variables);
	return close_script(out, &result->environment, &size, err);
}

static int make_runscript(const json_t *config, struct oci_config *result,
	struct error *err)
{
	json_t *entrypoint = NULL, *command = NULL;
	size_t size = 0;
	FILE *out;

	if (read_texts(config, "Entrypoint", &entrypoint, err) < 0 ||
		read_texts(config, "Cmd", &command, err) < 0)
		return -1;
	out = open_memstream(&result->runscript, &size);
	if (!out)
		return error_set(err, errno, "it cannot be opened");
	print_runscript(out, entrypoint, command);
	return close_script(out, &result->runscript, &size, err);
}

static int take_directory(const json_t *config, struct oci_config *result,
	struct error *err)
{
	const char *directory;

	if (oci_text(config, "WorkingDir", what, &directory, err) < 0)
		return -1;
	if (directory[0] != '/')
		return 0;
	result->directory = strdup(directory);
	if (!result->directory)
		return error_set(err, errno, "it cannot be opened");
	return 0;
}

int oci_config_check(const struct json_t *config, const char *machine,
	struct error *err)
{
	const char *architecture, *os;

	if (oci_text(config, "architecture", what, &architecture, err) < 0 ||
		oci_text(config, "os", what, &os, err) < 0)
		return -1;
	if (!*architecture)
		return oci_refuse_member(what, "architecture", err);
	if (strcmp(os, "linux") != 0)
		return error_set(err, 0,
			"it is not for Linux; use an image that was built for "
			"linux");
	return sif_arch_check_name(architecture, machine, err);
}

int oci_config_read(const struct json_t *config, const char *machine,
	struct oci_config *ret_config, struct error *err)
{
	struct oci_config result = { .environment = NULL };
	json_t *container = NULL;

	if (oci_config_check(config, machine, err) < 0 ||
		oci_member(config, "config", JSON_OBJECT, what, &container,
			err) < 0)
		return -1;
	if (make_environment(container, &result, err) < 0 ||
		make_runscript(container, &result, err) < 0 ||
		take_directory(container, &result, err) < 0) {
		oci_config_free(&result);
		return -1;
	}
	*ret_config = result;
	return 0;
}
