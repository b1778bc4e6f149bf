/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SPANK_PLUGIN_SETTINGS_BIND_LIST_H
#define SPANK_PLUGIN_SETTINGS_BIND_LIST_H

#include <stdbool.h>
#include <stddef.h>

#include "common/error.h"

/*
 * The grammar of binds, which is that of Singularity and Apptainer:
 *
 *   LIST    ITEM[,ITEM]...
 *   ITEM    SRC[:DST[:OPTION[,OPTION]...]], with the OPTIONs ro and rw
 *
 * and beyond it
 *
 *   ?ITEM   leave it out without a word where SRC is not there
 *   -DST    do not bind what the site or the plugin binds at DST
 *   !ITEM   (plugstack.conf only) which no user can leave out
 *
 * A backslash takes its meaning from a colon or comma after it.  Further
 * images are the same, as IMAGE:DST.
 */
enum bind_spec_kind {
	BIND_SPEC_USER,   /* of an option or a variable */
	BIND_SPEC_ADMIN,  /* of plugstack.conf */
	BIND_SPEC_IMAGES, /* IMAGE:DST */
};

struct bind_spec {
	char *source; /* owned; NULL: leave out what is at target */
	char *target; /* owned */
	bool is_read_only;
	bool is_optional;
	bool is_fixed;
	bool has_options; /* "ro" or "rw" was given */
	bool is_complete; /* see setting_complete.h */
};

struct bind_list {
	struct bind_spec *items; /* owned */
	size_t count;
};

/*
 * Parse a list into *ret_specs, owned by the caller.  Paths are taken as they
 * are: relative ones and variables in them are the caller's to resolve.  On
 * failure a sentence says which item is wrong, and what would be right.
 */
int bind_list_parse(const char *list, enum bind_spec_kind kind,
	struct bind_list *ret_specs, struct error *err);

/*
 * The list in words again, such that parsing it yields the same; owned by the
 * caller, NULL with errno if there is no memory.
 */
char *bind_list_print(const struct bind_list *specs);

/* Move the items of `more`, which is empty then, to the end of `list`; -1 if
 * there is no memory. */
int bind_list_append(struct bind_list *list, struct bind_list *more);

/* -1 if there is no memory. */
int bind_list_copy(const struct bind_list *list, struct bind_list *ret_copy);

void bind_list_free(struct bind_list *specs);

#endif
