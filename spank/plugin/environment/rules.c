/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Decides which variables a container has.  Later steps override earlier ones:
 *
 *   1. the job's environment, except for PATH, LD_LIBRARY_PATH and the
 *      variables of container runtimes (SINGULARITY*_, APPTAINER*_); with
 *      --sif-cleanenv only protected names, the user's names, TERM and proxies
 *   2. what the image's scripts export, except for protected names
 *   3. SINGULARITYENV_NAME, then APPTAINERENV_NAME of the job (prefix.c)
 *   4. --sif-env; PREPEND_PATH and similar names extend a variable
 *   5. variables that describe the container
 *
 * The scripts do not see the job's variables, so an image's values are the same
 * in each job.  This is as with Apptainer, and Singularity from 3.6 on; the
 * rules follow their action_script.sh and env/create.go.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/cleanup.h"
#include "spank/plugin/environment/prefix.h"
#include "spank/plugin/environment/rules.h"
#include "spank/plugin/environment/search_paths.h"
#include "spank/plugin/environment/variables/names.h"

static int load_job(const struct environment_request *request,
	struct environment *job, struct error *err)
{
	char *const *text;

	for (text = request->job; text && *text; text++)
		/* An environment may have strings that are no variables. */
		if (strchr(*text, '=') > *text &&
			environment_add(job, *text, ENVIRONMENT_JOB, err) < 0)
			return -1;
	return 0;
}

/* Step 1. */
static int copy_job(const struct environment_request *request,
	const struct environment *job, struct environment *result,
	struct error *err)
{
	const struct environment_entry *entry = job->entries;
	enum environment_source source;
	size_t i;

	for (i = 0; i < job->count; i++, entry++) {
		source = ENVIRONMENT_JOB;
		if (environment_name_is_runtime(entry->name) ||
			strcmp(entry->name, "LD_LIBRARY_PATH") == 0)
			source = ENVIRONMENT_DEFAULT;
		else if (request->clean &&
			 !environment_name_survives_clean(entry->name))
			source = ENVIRONMENT_CLEAN;
		if (environment_set(result, entry->name,
			    source == ENVIRONMENT_JOB ? entry->value : NULL,
			    source, err) < 0)
			return -1;
	}
	if (request->clean && environment_set(result, "LANG", "C",
				      ENVIRONMENT_CLEAN, err) < 0)
		return -1;
	return environment_set(result, "PATH", ENVIRONMENT_DEFAULT_PATH,
		ENVIRONMENT_DEFAULT, err);
}

char *environment_rules_complete_path(const char *path)
{
	static const char *const parts[] = { "/usr/local/sbin",
		"/usr/local/bin", "/usr/sbin", "/usr/bin", "/sbin", "/bin" };
	char *complete =
		malloc(strlen(path) + strlen(":" ENVIRONMENT_DEFAULT_PATH) + 1);
	char *end;
	size_t i;

	if (!complete)
		return NULL;
	end = stpcpy(complete, path);
	for (i = 0; i < sizeof(parts) / sizeof(*parts); i++) {
		if (environment_paths_contain(complete, parts[i]))
			continue;
		if (end > complete)
			*end++ = ':';
		end = stpcpy(end, parts[i]);
	}
	return complete;
}

/* The image may set an MPI setting only if the job does not. */
static bool image_may_set(const struct environment *job, const char *name)
{
	if (environment_name_is_protected(name))
		return environment_name_is_mpi_setting(name) &&
		       !environment_entry(job, name);
	return !environment_name_is_script_internal(name);
}

/* Step 2.  An empty value unsets the job's variable, as with Apptainer. */
static int apply_image(const struct environment *start,
	const struct environment *job, const struct environment *image,
	struct environment *result, struct error *err)
{
	const struct environment_entry *entry = image->entries;
	const char *before;
	size_t i;

	for (i = 0; i < image->count; i++, entry++) {
		before = environment_value(start, entry->name);
		if (!entry->value || !image_may_set(job, entry->name) ||
			(before && strcmp(before, entry->value) == 0))
			continue;
		if (environment_paths_set(result, entry->name,
			    !*entry->value &&
					    environment_entry(job, entry->name)
				    ? NULL
				    : entry->value,
			    ENVIRONMENT_IMAGE, err) < 0)
			return -1;
	}
	if (environment_value(result, "LD_LIBRARY_PATH"))
		return 0;
	return environment_paths_set(result, "LD_LIBRARY_PATH",
		ENVIRONMENT_LIBS, ENVIRONMENT_DEFAULT, err);
}

/* Step 4, one item of --sif-env. */
static int apply_option(const struct environment *job, const char *option,
	struct environment *result, struct error *err)
{
	size_t length = strcspn(option, "=");
	CLEANUP_FREE char *name = strndup(option, length);
	const char *value;

	if (!name)
		return error_set(err, ENOMEM, "cannot make the environment");
	if (!environment_is_name(name))
		return error_set(err, 0,
			"--sif-env: '%s' is not the name of a variable "
			"(letters, digits and '_'); write NAME=VALUE, or NAME "
			"for the job's value",
			name);
	if (option[length] && environment_paths_is_extension(name))
		return environment_paths_extend(result, name,
			option + length + 1, ENVIRONMENT_OPTION, err);
	value = option[length] ? option + length + 1
			       : environment_value(job, name);
	return value ? environment_paths_set(result, name, value,
			       ENVIRONMENT_OPTION, err)
		     : 0;
}

static int add_texts(char *const *texts, enum environment_source source,
	struct environment *result, struct error *err)
{
	for (; texts && *texts; texts++)
		if (environment_add(result, *texts, source, err) < 0)
			return -1;
	return 0;
}

static int make_initial(const struct environment_request *request,
	const struct environment *job, struct environment *start,
	struct error *err)
{
	const char *home = environment_value(job, "HOME");

	if (home &&
		environment_set(start, "HOME", home, ENVIRONMENT_JOB, err) < 0)
		return -1;
	if (environment_set(start, "PATH", ENVIRONMENT_DEFAULT_PATH,
		    ENVIRONMENT_DEFAULT, err) < 0)
		return -1;
	/* Otherwise dash sets its own, and 99-base.sh of every image exports
	 * that. */
	if (environment_set(start, "PS1", "", ENVIRONMENT_DEFAULT, err) < 0)
		return -1;
	return add_texts(request->container_vars, ENVIRONMENT_CONTAINER, start,
		err);
}

static bool has_value_of(const struct environment *job,
	const struct environment_entry *entry)
{
	const char *value = environment_value(job, entry->name);

	if (!value || !entry->value)
		return value == entry->value;
	return strcmp(value, entry->value) == 0;
}

static int add_differences(const struct environment *result,
	const struct environment *job, struct environment *edits,
	struct error *err)
{
	const struct environment_entry *entry = result->entries;
	size_t i;

	for (i = 0; i < result->count; i++, entry++)
		if (!has_value_of(job, entry) &&
			environment_set(edits, entry->name, entry->value,
				entry->source, err) < 0)
			return -1;
	return 0;
}

int environment_rules_initial(const struct environment_request *request,
	struct environment *ret_initial, struct error *err)
{
	CLEANUP_ENVIRONMENT struct environment job = { .count = 0 };
	CLEANUP_ENVIRONMENT struct environment first = { .count = 0 };

	if (load_job(request, &job, err) < 0 ||
		make_initial(request, &job, &first, err) < 0)
		return -1;
	*ret_initial = environment_take(&first);
	return 0;
}

/* Steps 1 to 5. */
static int apply_all(const struct environment_request *request,
	const struct environment *job, const struct environment *initial,
	const struct environment *image, struct environment *result,
	struct error *err)
{
	char *const *option;

	if (copy_job(request, job, result, err) < 0 ||
		apply_image(initial, job, image, result, err) < 0 ||
		environment_prefix_apply(job, image, result, err) < 0)
		return -1;
	for (option = request->options; option && *option; option++)
		if (apply_option(job, *option, result, err) < 0)
			return -1;
	return add_texts(request->container_vars, ENVIRONMENT_CONTAINER, result,
		err);
}

int environment_rules_edits(const struct environment_request *request,
	const struct environment *initial, const struct environment *image,
	struct environment *ret_edits, struct error *err)
{
	CLEANUP_ENVIRONMENT struct environment job = { .count = 0 };
	CLEANUP_ENVIRONMENT struct environment result = { .count = 0 };
	CLEANUP_ENVIRONMENT struct environment edits = { .count = 0 };

	if (load_job(request, &job, err) < 0 ||
		apply_all(request, &job, initial, image, &result, err) < 0 ||
		add_differences(&result, &job, &edits, err) < 0)
		return -1;
	*ret_edits = environment_take(&edits);
	return 0;
}
