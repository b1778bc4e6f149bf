/* SPDX-License-Identifier: BSD-3-Clause */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <slurm/spank.h>

#include "tests/unit/plugin/spank-stub.h"

#define ENV_MAX 64

struct spank_stub spank_stub;

static void free_all(char **texts)
{
	size_t i;

	for (i = 0; texts && texts[i]; i++)
		free(texts[i]);
	free(texts);
}

void spank_stub_reset(const char *const *env)
{
	size_t i;

	free_all(spank_stub.env);
	for (i = 0; i < spank_stub.lines_count; i++)
		free(spank_stub.lines[i]);
	memset(&spank_stub, 0, sizeof(spank_stub));
	spank_stub.env = calloc(ENV_MAX + 1, sizeof(char *));
	for (i = 0; env && env[i] && i < ENV_MAX; i++)
		spank_stub.env[i] = strdup(env[i]);
}

/* --- the step ------------------------------------------------------------- */

static size_t count(char **texts)
{
	size_t n = 0;

	while (texts && texts[n])
		n++;
	return n;
}

spank_err_t spank_get_item(spank_t spank, spank_item_t item, ...)
{
	va_list args;

	(void)spank;
	va_start(args, item);
	switch (item) {
	case S_JOB_ID:
		*va_arg(args, uint32_t *) = spank_stub.job;
		break;
	case S_JOB_STEPID:
		*va_arg(args, uint32_t *) = spank_stub.step;
		break;
	case S_JOB_UID:
		*va_arg(args, uid_t *) = spank_stub.uid;
		break;
	case S_JOB_LOCAL_TASK_COUNT:
		*va_arg(args, uint32_t *) = spank_stub.tasks;
		if (spank_stub.hides_tasks) {
			va_end(args);
			return ESPANK_ERROR;
		}
		break;
	case S_JOB_NODEID:
		*va_arg(args, uint32_t *) = spank_stub.node;
		break;
	case S_TASK_ID:
		*va_arg(args, int *) = spank_stub.task;
		break;
	case S_JOB_ARGV:
		*va_arg(args, int *) = count(spank_stub.argv);
		*va_arg(args, char ***) = spank_stub.argv;
		break;
	case S_JOB_ENV:
		*va_arg(args, char ***) = spank_stub.env;
		break;
	default:
		va_end(args);
		return ESPANK_BAD_ARG;
	}
	va_end(args);
	return ESPANK_SUCCESS;
}

static char **find(const char *name)
{
	size_t length = strlen(name);
	char **entry = spank_stub.env;

	while (*entry &&
		(strncmp(*entry, name, length) != 0 || (*entry)[length] != '='))
		entry++;
	return entry;
}

spank_err_t spank_getenv(spank_t spank, const char *name, char *ret_value,
	int size)
{
	char **entry = find(name);

	(void)spank;
	if (!*entry)
		return ESPANK_ENV_NOEXIST;
	snprintf(ret_value, size, "%s", *entry + strlen(name) + 1);
	return ESPANK_SUCCESS;
}

spank_err_t spank_setenv(spank_t spank, const char *name, const char *value,
	int overwrite)
{
	char **entry = find(name);
	char *text = NULL;

	(void)spank;
	if (*entry && !overwrite)
		return ESPANK_ENV_EXISTS;
	if (!*entry && count(spank_stub.env) == ENV_MAX)
		return ESPANK_NOSPACE;
	if (asprintf(&text, "%s=%s", name, value) < 0)
		return ESPANK_ERROR;
	free(*entry);
	*entry = text;
	return ESPANK_SUCCESS;
}

spank_err_t spank_unsetenv(spank_t spank, const char *name)
{
	char **entry = find(name);

	(void)spank;
	free(*entry);
	for (; *entry; entry++)
		*entry = entry[1];
	return ESPANK_SUCCESS;
}

const char *spank_strerror(spank_err_t err)
{
	return err == ESPANK_NOSPACE ? "Buffer too small" : "Generic error";
}

/* --- what is printed ------------------------------------------------------ */

static void __attribute__((format(printf, 2, 0)))
keep(const char *kind, const char *format, va_list args)
{
	char *text = NULL, *line = NULL;

	if (spank_stub.lines_count == SPANK_STUB_LINES ||
		vasprintf(&text, format, args) < 0)
		return;
	if (asprintf(&line, "%s: %s", kind, text) >= 0)
		spank_stub.lines[spank_stub.lines_count++] = line;
	free(text);
}

void slurm_error(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	keep("error", format, args);
	va_end(args);
}

void slurm_spank_log(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	keep("note", format, args);
	va_end(args);
}

void slurm_info(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	keep("info", format, args);
	va_end(args);
}
