/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SPANK_PLUGIN_ENVIRONMENT_VARIABLES_ENVIRONMENT_H
#define SPANK_PLUGIN_ENVIRONMENT_VARIABLES_ENVIRONMENT_H

#include <stdbool.h>
#include <stddef.h>

#include "common/error.h"

/* Look-ups are linear, so more would take too much time. */
#define ENVIRONMENT_ENTRIES_MAX 4096
/* execve(2) accepts at most 6 MiB, see "Limits" in its man page. */
#define ENVIRONMENT_SIZE_MAX (8 << 20)

/* What determined the final value of a variable. */
enum environment_source {
	ENVIRONMENT_JOB,       /* the job; unchanged */
	ENVIRONMENT_DEFAULT,   /* set, or unset, in every container */
	ENVIRONMENT_CLEAN,     /* --sif-cleanenv */
	ENVIRONMENT_IMAGE,     /* the image's own scripts */
	ENVIRONMENT_PREFIX,    /* SINGULARITYENV_NAME, APPTAINERENV_NAME */
	ENVIRONMENT_OPTION,    /* --sif-env */
	ENVIRONMENT_CONTAINER, /* what the container is: SIF_IMAGE and others */
	ENVIRONMENT_SOURCES
};

struct environment_entry {
	char *name;
	char *value; /* NULL: the variable is to be unset */
	enum environment_source source;
};

/*
 * Variables, each name once, in the order in which they were added.  All zero
 * is an empty list.  Owns its strings; free it with environment_free().
 */
struct environment {
	struct environment_entry *entries;
	size_t count;
	size_t room;
};

/* The name of a source for people: "image", "--sif-env", ... */
const char *environment_source_name(enum environment_source source);

/*
 * The length of the shell variable name, [A-Za-z_][A-Za-z0-9_]*, at the start
 * of the `length` bytes at `text`; 0 if there is none.
 */
size_t environment_name_length(const char *text, size_t length);

/* Is the whole string such a name? */
bool environment_is_name(const char *name);

/*
 * Set `name`; with a `value` of NULL record that it is to be unset.  Any name
 * without '=' is allowed, such as that of an exported bash function.  Copies
 * both strings.  Fails if out of memory, or after ENVIRONMENT_ENTRIES_MAX
 * names.
 */
int environment_set(struct environment *environment, const char *name,
	const char *value, enum environment_source source, struct error *err);

/* The same with "NAME=VALUE", or "NAME" for one that is to be unset. */
int environment_add(struct environment *environment, const char *text,
	enum environment_source source, struct error *err);

/* Remove the entry of that name, if there is one. */
void environment_remove(struct environment *environment, const char *name);

/* The entry of that name, or NULL.  Valid until the next change. */
const struct environment_entry *environment_entry(
	const struct environment *environment, const char *name);

/* The value of that name; NULL if it has no entry, or is to be unset. */
const char *environment_value(const struct environment *environment,
	const char *name);

/*
 * Write the names that `source` unsets, separated by blanks, for people.  A
 * list that is too long ends with "...".  Returns the number of all names.
 */
size_t environment_describe_absent(const struct environment *environment,
	enum environment_source source, char *text, size_t size);

void environment_free(struct environment *environment);

/* For a local that owns a list: frees it on every way out of the scope. */
#define CLEANUP_ENVIRONMENT __attribute__((cleanup(environment_free)))

/* Move the list out of *environment, which becomes empty.  The caller owns the
 * result. */
struct environment environment_take(struct environment *environment);

/* The caller frees the copy, also after a failure. */
int environment_copy(const struct environment *environment,
	struct environment *ret_copy, struct error *err);

/*
 * Serialize for another process: "NAME=VALUE" or "NAME", each terminated by a
 * NUL.  The caller frees *ret_bytes.
 */
int environment_pack(const struct environment *environment, char **ret_bytes,
	size_t *ret_size, struct error *err);

/*
 * The reverse, for untrusted bytes: fails unless environment_pack() could have
 * written them.  All entries get the source `source`.
 */
int environment_unpack(const char *bytes, size_t size,
	enum environment_source source, struct environment *ret_environment,
	struct error *err);

/*
 * The variables that have a value, for execve(2).  One piece of memory, which
 * the caller frees; NULL if out of memory.
 */
char **environment_to_envp(const struct environment *environment);

#endif
