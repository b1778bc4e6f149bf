/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SPANK_PLUGIN_ENVIRONMENT_SH_ENVIRONMENT_H
#define SPANK_PLUGIN_ENVIRONMENT_SH_ENVIRONMENT_H

#include <stdbool.h>
#include <stddef.h>

#include "common/error.h"

/* More, and a search for each name would take the node's time. */
#define ENVIRONMENT_ENTRIES_MAX 4096
/* execve(2) takes 6 MiB at most, see "Limits" in its man page. */
#define ENVIRONMENT_SIZE_MAX (8 << 20)

/* Who has the last word on a variable. */
enum environment_source {
	ENVIRONMENT_JOB,       /* the job has it, and nobody changed it */
	ENVIRONMENT_DEFAULT,   /* what every container has, or has not */
	ENVIRONMENT_CLEAN,     /* --sif-cleanenv */
	ENVIRONMENT_IMAGE,     /* the image's own scripts */
	ENVIRONMENT_PREFIX,    /* SINGULARITYENV_NAME, APPTAINERENV_NAME */
	ENVIRONMENT_OPTION,    /* --sif-env */
	ENVIRONMENT_CONTAINER, /* what the container is: SIF_IMAGE and others */
	ENVIRONMENT_SOURCES
};

struct environment_entry {
	char *name;
	char *value; /* NULL: there shall be no such variable */
	enum environment_source source;
};

/*
 * Variables, each name once, in the order in which they came.  All zero is an
 * empty list.  Owns its strings; free it with environment_free().
 */
struct environment {
	struct environment_entry *entries;
	size_t count;
	size_t room;
};

/* The source's name, for people: "image", "--sif-env", ... */
const char *environment_source_name(enum environment_source source);

/*
 * How many of the `length` bytes at `text` are a name that a shell takes:
 * [A-Za-z_][A-Za-z0-9_]*.
 */
size_t environment_name_length(const char *text, size_t length);

/* Is all of it such a name? */
bool environment_is_name(const char *name);

/*
 * Set `name`, or with a `value` of NULL note that it shall not be.  Takes any
 * name without '='; that of an exported bash function is one.  Fails without
 * memory, or with ENVIRONMENT_ENTRIES_MAX names.  Copies both.
 */
int environment_set(struct environment *environment, const char *name,
	const char *value, enum environment_source source, struct error *err);

/* The same with "NAME=VALUE", or "NAME" for one that shall not be. */
int environment_add(struct environment *environment, const char *text,
	enum environment_source source, struct error *err);

/* Forget the name; it need not be there. */
void environment_remove(struct environment *environment, const char *name);

/* The entry of that name, or NULL.  Valid until the next change. */
const struct environment_entry *environment_entry(
	const struct environment *environment, const char *name);

/* The value of that name, or NULL if there is no such variable. */
const char *environment_value(const struct environment *environment,
	const char *name);

/*
 * The names that shall not be, by that source, with a blank between them; for
 * people.  Too many are cut, with "..." at the end.  Returns how many there
 * are.
 */
size_t environment_describe_absent(const struct environment *environment,
	enum environment_source source, char *text, size_t size);

void environment_free(struct environment *environment);

/* For locals that own a list: freed on every way out of the scope. */
#define CLEANUP_ENVIRONMENT __attribute__((cleanup(environment_free)))

/* Move the list out: the caller owns the result. */
struct environment environment_take(struct environment *environment);

/*
 * As bytes, for another process: "NAME=VALUE" or "NAME", each with a NUL at
 * its end.  The caller frees *ret_bytes.
 */
int environment_pack(const struct environment *environment, char **ret_bytes,
	size_t *ret_size, struct error *err);

/*
 * Back from bytes of anybody's: fails unless they are what environment_pack()
 * may have written.  All entries are of `source`.
 */
int environment_unpack(const char *bytes, size_t size,
	enum environment_source source, struct environment *ret_environment,
	struct error *err);

/*
 * As execve(2) takes it: those that have a value.  One piece of memory, which
 * the caller frees.  NULL without memory.
 */
char **environment_to_envp(const struct environment *environment);

#endif
