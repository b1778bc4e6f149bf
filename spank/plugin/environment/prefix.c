/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Variables that a job sets for the container: SINGULARITYENV_NAME and
 * APPTAINERENV_NAME.
 *
 * Apptainer and Singularity evaluate such a value as a shell does between
 * double quotes, after the image's scripts and without the job's variables.
 * Parameters and backslashes are replaced in the same way here (sh/word.c).  A
 * value with anything more, such as $(COMMAND), is used unchanged, because
 * nothing is ever executed; with APPTAINER_NO_EVAL every value is.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/cleanup.h"
#include "spank/plugin/environment/prefix.h"
#include "spank/plugin/environment/search_paths.h"
#include "spank/plugin/environment/variables/names.h"
#include "spank/plugin/environment/sh/reader.h"
#include "spank/plugin/environment/sh/word.h"

/* The last one wins. */
static const char *const prefixes[] = { "SINGULARITYENV_", "APPTAINERENV_" };
#define PREFIXES (sizeof(prefixes) / sizeof(*prefixes))

struct evaluation {
	const struct environment *job;
	struct environment *result;
	struct environment_reader reader; /* has what values can refer to */
	struct environment_word word;
	bool is_literal; /* APPTAINER_NO_EVAL */
};

static bool is_switched_on(const struct environment *job, const char *name)
{
	const char *value = environment_value(job, name);

	return value &&
	       (strcmp(value, "1") == 0 || strcasecmp(value, "true") == 0 ||
		       strcasecmp(value, "yes") == 0);
}

/* Put into double quotes, with its own escaped.  NULL if out of memory. */
static char *quote_value(const char *value)
{
	char *quoted = malloc(2 * strlen(value) + 3), *end = quoted;

	if (!quoted)
		return NULL;
	*end++ = '"';
	for (; *value; value++) {
		if (*value == '"')
			*end++ = '\\';
		*end++ = *value;
	}
	*end++ = '"';
	*end = '\0';
	return quoted;
}

/* The result is valid until the next call; NULL if out of memory. */
static const char *evaluate_value(struct evaluation *evaluation,
	const char *value)
{
	CLEANUP_FREE char *quoted = NULL;
	struct environment_text text;

	if (evaluation->is_literal || !strpbrk(value, "$\\"))
		return value;
	quoted = quote_value(value);
	if (!quoted)
		return NULL;
	text.at = quoted;
	text.end = quoted + strlen(quoted);
	if (!environment_word_parse(&evaluation->reader, &text,
		    &evaluation->word) ||
		!environment_text_is_at_end(&text))
		return value;
	return evaluation->word.bytes;
}

static int set_variable(struct evaluation *evaluation, const char *name,
	const char *text, struct error *err)
{
	const char *value = evaluate_value(evaluation, text);

	if (!value)
		return error_set(err, ENOMEM, "cannot make the environment");
	if (environment_paths_is_extension(name))
		return environment_paths_extend(evaluation->result, name, value,
			ENVIRONMENT_PREFIX, err);
	if (environment_set(&evaluation->reader.exported, name, value,
		    ENVIRONMENT_PREFIX, err) < 0)
		return -1;
	return environment_paths_set(evaluation->result, name, value,
		ENVIRONMENT_PREFIX, err);
}

/* Is the same name set with the prefix that wins? */
static bool is_overridden(const struct environment *job, const char *prefix,
	const char *name)
{
	const struct environment_entry *entry = job->entries;
	const char *winner = prefixes[PREFIXES - 1];
	size_t i;

	for (i = 0; prefix != winner && i < job->count; i++, entry++)
		if (strncmp(entry->name, winner, strlen(winner)) == 0 &&
			strcmp(entry->name + strlen(winner), name) == 0)
			return true;
	return false;
}

/* Either the values with references to other variables, or those without. */
static int apply_prefix(struct evaluation *evaluation, const char *prefix,
	bool with_references, struct error *err)
{
	const struct environment_entry *entry = evaluation->job->entries;
	const char *name;
	size_t i;

	for (i = 0; i < evaluation->job->count; i++, entry++) {
		if (strncmp(entry->name, prefix, strlen(prefix)) != 0 ||
			(strchr(entry->value, '$') != NULL) != with_references)
			continue;
		name = entry->name + strlen(prefix);
		if (!environment_is_name(name) ||
			environment_name_is_special(name) ||
			is_overridden(evaluation->job, prefix, name))
			continue;
		if (set_variable(evaluation, name, entry->value, err) < 0)
			return -1;
	}
	return 0;
}

/* A name for which the prefixes are not applied one after the other; an empty
 * value counts as not set. */
static int apply_special(struct evaluation *evaluation, const char *name,
	struct error *err)
{
	const char *value = NULL;
	char full[64];
	size_t i;

	for (i = PREFIXES; i > 0 && !value; i--) {
		snprintf(full, sizeof(full), "%s%s", prefixes[i - 1], name);
		value = environment_value(evaluation->job, full);
	}
	return value && *value ? set_variable(evaluation, name, value, err) : 0;
}

static int apply_all(struct evaluation *evaluation, struct error *err)
{
	static const char *const special[] = { "PREPEND_PATH", "APPEND_PATH",
		"PREPEND_LD_LIBRARY_PATH", "APPEND_LD_LIBRARY_PATH", "PATH" };
	size_t i;

	for (i = 0; i < PREFIXES; i++)
		if (apply_prefix(evaluation, prefixes[i], false, err) < 0)
			return -1;
	for (i = 0; i < PREFIXES; i++)
		if (apply_prefix(evaluation, prefixes[i], true, err) < 0)
			return -1;
	for (i = 0; i < sizeof(special) / sizeof(*special); i++)
		if (apply_special(evaluation, special[i], err) < 0)
			return -1;
	return 0;
}

/* What the image's scripts have exported, nothing of the job's, and
 * LD_LIBRARY_PATH, which every container has. */
static int copy_image(const struct environment *image,
	const struct environment *result, struct environment *ret_copy,
	struct error *err)
{
	static const char libraries[] = "LD_LIBRARY_PATH";
	const struct environment_entry *entry = image->entries;
	size_t i;

	for (i = 0; i < image->count; i++, entry++)
		if (environment_set(ret_copy, entry->name, entry->value,
			    entry->source, err) < 0)
			return -1;
	return environment_set(ret_copy, libraries,
		environment_value(result, libraries), ENVIRONMENT_DEFAULT, err);
}

int environment_prefix_apply(const struct environment *job,
	const struct environment *image, struct environment *result,
	struct error *err)
{
	CLEANUP_FREE char *bytes = malloc(ENVIRONMENT_WORD_MAX + 1);
	struct evaluation evaluation = {
		.job = job,
		.result = result,
		.word = { .bytes = bytes },
		.is_literal = is_switched_on(job, "APPTAINER_NO_EVAL") ||
			      is_switched_on(job, "SINGULARITY_NO_EVAL"),
	};
	int taken = -1;

	if (!bytes)
		error_set(err, ENOMEM, "cannot make the environment");
	else if (copy_image(image, result, &evaluation.reader.exported, err) ==
		 0)
		taken = apply_all(&evaluation, err);
	environment_reader_free(&evaluation.reader);
	return taken;
}
