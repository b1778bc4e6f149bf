/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A list of variables.  It serves as a whole environment, and as a list of
 * edits: the changes that one process determines and all tasks make.  Which
 * changes those are is decided in environment/rules.c.
 *
 * Look-ups are linear; the limits in the header bound their cost, whatever an
 * image declares.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/cleanup.h"
#include "spank/plugin/environment/variables/environment.h"

const char *environment_source_name(enum environment_source source)
{
	static const char *const names[ENVIRONMENT_SOURCES] = {
		[ENVIRONMENT_JOB] = "job",
		[ENVIRONMENT_DEFAULT] = "default",
		[ENVIRONMENT_CLEAN] = "--sif-cleanenv",
		[ENVIRONMENT_IMAGE] = "image",
		[ENVIRONMENT_PREFIX] = "SINGULARITYENV_/APPTAINERENV_",
		[ENVIRONMENT_OPTION] = "--sif-env",
		[ENVIRONMENT_CONTAINER] = "container",
	};

	return names[source];
}

/* Not isalpha(3), which depends on the locale. */
static bool is_letter(char c)
{
	return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || c == '_';
}

size_t environment_name_length(const char *text, size_t length)
{
	size_t i;

	for (i = 0; i < length; i++)
		if (!is_letter(text[i]) &&
			(i == 0 || text[i] < '0' || text[i] > '9'))
			break;
	return i;
}

bool environment_is_name(const char *name)
{
	size_t length = strlen(name);

	return length > 0 && environment_name_length(name, length) == length;
}

static struct environment_entry *find_entry(
	const struct environment *environment, const char *name)
{
	size_t i;

	for (i = 0; i < environment->count; i++)
		if (strcmp(environment->entries[i].name, name) == 0)
			return &environment->entries[i];
	return NULL;
}

static int fail_no_memory(struct error *err)
{
	return error_set(err, ENOMEM, "cannot make the environment");
}

/* Returns the new last entry, which has no name yet. */
static struct environment_entry *append_entry(struct environment *environment,
	struct error *err)
{
	size_t room = environment->room ? 2 * environment->room : 64;
	struct environment_entry *entries;

	if (environment->count >= ENVIRONMENT_ENTRIES_MAX) {
		error_set(err, 0, "the environment has more than %d variables",
			ENVIRONMENT_ENTRIES_MAX);
		return NULL;
	}
	if (environment->count == environment->room) {
		entries = reallocarray(environment->entries, room,
			sizeof(*entries));
		if (!entries) {
			fail_no_memory(err);
			return NULL;
		}
		environment->entries = entries;
		environment->room = room;
	}
	return &environment->entries[environment->count++];
}

/* `value` lies in the same piece of memory as `owned_name`. */
static int set_entry(struct environment *environment, char *owned_name,
	char *value, enum environment_source source, struct error *err)
{
	struct environment_entry *entry = find_entry(environment, owned_name);

	if (entry)
		free(entry->name);
	else
		entry = append_entry(environment, err);
	if (!entry) {
		free(owned_name);
		return -1;
	}
	entry->name = owned_name;
	entry->value = value;
	entry->source = source;
	return 0;
}

int environment_set(struct environment *environment, const char *name,
	const char *value, enum environment_source source, struct error *err)
{
	size_t name_size = strlen(name) + 1;
	size_t value_size = value ? strlen(value) + 1 : 0;
	char *copy = malloc(name_size + value_size);

	if (!copy)
		return fail_no_memory(err);
	memcpy(copy, name, name_size);
	if (value)
		memcpy(copy + name_size, value, value_size);
	return set_entry(environment, copy, value ? copy + name_size : NULL,
		source, err);
}

int environment_add(struct environment *environment, const char *text,
	enum environment_source source, struct error *err)
{
	char *copy = strdup(text);
	char *equals;

	if (!copy)
		return fail_no_memory(err);
	equals = strchr(copy, '=');
	if (equals)
		*equals++ = '\0';
	return set_entry(environment, copy, equals, source, err);
}

void environment_remove(struct environment *environment, const char *name)
{
	struct environment_entry *entry = find_entry(environment, name);

	if (!entry)
		return;
	free(entry->name);
	environment->count--;
	memmove(entry, entry + 1,
		(environment->entries + environment->count - entry) *
			sizeof(*entry));
}

const struct environment_entry *environment_entry(
	const struct environment *environment, const char *name)
{
	return find_entry(environment, name);
}

const char *environment_value(const struct environment *environment,
	const char *name)
{
	const struct environment_entry *entry = find_entry(environment, name);

	return entry ? entry->value : NULL;
}

size_t environment_describe_absent(const struct environment *environment,
	enum environment_source source, char *text, size_t size)
{
	const struct environment_entry *entry = environment->entries;
	size_t i, count = 0, used = 0;

	text[0] = '\0';
	for (i = 0; i < environment->count; i++, entry++) {
		if (entry->source != source || entry->value)
			continue;
		if (used < size)
			used += snprintf(text + used, size - used, "%s%s",
				count ? " " : "", entry->name);
		count++;
	}
	if (used >= size && size >= sizeof("..."))
		strcpy(text + size - sizeof("..."), "...");
	return count;
}

void environment_free(struct environment *environment)
{
	size_t i;

	for (i = 0; i < environment->count; i++)
		free(environment->entries[i].name);
	free(environment->entries);
	*environment = (struct environment){ .count = 0 };
}

struct environment environment_take(struct environment *environment)
{
	struct environment taken = *environment;

	*environment = (struct environment){ .count = 0 };
	return taken;
}

int environment_copy(const struct environment *environment,
	struct environment *ret_copy, struct error *err)
{
	const struct environment_entry *entry = environment->entries;
	size_t i;

	for (i = 0; i < environment->count; i++, entry++)
		if (environment_set(ret_copy, entry->name, entry->value,
			    entry->source, err) < 0)
			return -1;
	return 0;
}

static size_t packed_size(const struct environment_entry *entry)
{
	return strlen(entry->name) + 1 +
	       (entry->value ? strlen(entry->value) + 1 : 0);
}

static char *pack_entry(const struct environment_entry *entry, char *to)
{
	to = stpcpy(to, entry->name);
	if (entry->value) {
		*to++ = '=';
		to = stpcpy(to, entry->value);
	}
	return to + 1; /* after the NUL */
}

int environment_pack(const struct environment *environment, char **ret_bytes,
	size_t *ret_size, struct error *err)
{
	size_t i, size = 0;
	char *bytes, *to;

	for (i = 0; i < environment->count; i++)
		size += packed_size(&environment->entries[i]);
	if (size > ENVIRONMENT_SIZE_MAX)
		return error_set(err, E2BIG, "cannot make the environment");
	bytes = malloc(size + 1); /* an empty list is not a failure */
	if (!bytes)
		return fail_no_memory(err);
	for (i = 0, to = bytes; i < environment->count; i++)
		to = pack_entry(&environment->entries[i], to);
	*ret_bytes = bytes;
	*ret_size = size;
	return 0;
}

int environment_unpack(const char *bytes, size_t size,
	enum environment_source source, struct environment *ret_environment,
	struct error *err)
{
	CLEANUP_ENVIRONMENT struct environment environment = { .count = 0 };
	const char *at, *end;

	if (size > ENVIRONMENT_SIZE_MAX)
		return error_set(err, E2BIG, "cannot receive the environment");
	end = bytes + size;
	if (size > 0 && end[-1] != '\0')
		return error_set(err, EPROTO, "the environment is truncated");
	for (at = bytes; at < end; at += strlen(at) + 1) {
		if (*at == '\0' || *at == '=')
			return error_set(err, EPROTO,
				"the environment has a variable without a "
				"name");
		if (environment_add(&environment, at, source, err) < 0)
			return -1;
	}
	*ret_environment = environment_take(&environment);
	return 0;
}

char **environment_to_envp(const struct environment *environment)
{
	size_t i, count = 0;
	size_t size = (environment->count + 1) * sizeof(char *);
	char **envp, *to;

	for (i = 0; i < environment->count; i++)
		size += packed_size(&environment->entries[i]);
	envp = malloc(size);
	if (!envp)
		return NULL;
	to = (char *)(envp + environment->count + 1);
	for (i = 0; i < environment->count; i++) {
		if (!environment->entries[i].value)
			continue;
		envp[count++] = to;
		to = pack_entry(&environment->entries[i], to);
	}
	envp[count] = NULL;
	return envp;
}
