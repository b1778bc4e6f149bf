/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SPANK_PLUGIN_SETTINGS_BIND_LIST_H
#define SPANK_PLUGIN_SETTINGS_BIND_LIST_H

#include <stddef.h>

#include "common/error.h"
#include "spank/plugin/settings/bind_option.h"

/*
 * The grammar of binds, which is that of Singularity and Apptainer:
 *
 *   LIST    ITEM[,ITEM]...
 *   ITEM    SRC[:DST[:OPTION[,OPTION]...]], with the OPTIONs ro and rw, and
 *           image-src=PATH: SRC is an image, of which PATH is shown
 *
 * and beyond it
 *
 *   ?ITEM   optional: leave it out if SRC does not exist
 *   -DST    do not bind what the site or the plugin binds at DST
 *   !ITEM   (plugstack.conf only) users cannot leave it out
 *
 * A backslash before a colon or comma makes it part of the path.  Further
 * images have the same grammar, but always a DST, and no marks; of their
 * OPTIONs image-src=PATH can be written src=PATH.
 */
struct bind_list {
	struct bind_spec *items; /* owned */
	size_t count;
};

/*
 * Parse a text into *ret_list, to be freed by bind_list_free().  Relative paths
 * and variables stay as they are; the caller resolves them.  On failure a
 * sentence says which item is wrong, and what would be right.
 */
int bind_list_parse(const char *text, enum bind_spec_kind kind,
	struct bind_list *ret_list, struct error *err);

/* The text of a list, such that parsing it yields the same list; owned by the
 * caller, NULL if there is no memory. */
char *bind_list_print(const struct bind_list *list);

/* Move the items of `more`, which is empty then, to the end of `list`; -1 if
 * there is no memory. */
int bind_list_append(struct bind_list *list, struct bind_list *more);

/* -1 if there is no memory. */
int bind_list_copy(const struct bind_list *list, struct bind_list *ret_copy);

void bind_list_free(struct bind_list *list);

#endif
