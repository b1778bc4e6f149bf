/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SPANK_PLUGIN_SETTINGS_OVERLAY_LIST_H
#define SPANK_PLUGIN_SETTINGS_OVERLAY_LIST_H

#include <stdbool.h>
#include <stddef.h>

#include "common/error.h"

/*
 * The layers over an image, from the bottom to the top.  The grammar is that of
 * Singularity's and Apptainer's --overlay:
 *
 *   LIST    LAYER[,LAYER]...
 *   LAYER   PATH[:ro|:rw]
 *
 * A backslash before a colon or comma makes it part of the path.
 */
struct overlay {
	char *path;        /* owned */
	bool is_read_only; /* ":ro" was given */
	bool is_writable;  /* ":rw" was given */
	bool is_complete;  /* see setting_complete.h */
};

struct overlay_list {
	struct overlay *items; /* owned */
	size_t count;
};

/*
 * Parse a text into *ret_list, to be freed by overlay_list_free().  Paths stay
 * as they are; the caller resolves them.  On failure a sentence says which
 * layer is wrong, and what would be right.
 */
int overlay_list_parse(const char *text, struct overlay_list *ret_list,
	struct error *err);

/* The text of a list, such that parsing it yields the same list; owned by the
 * caller, NULL if there is no memory. */
char *overlay_list_print(const struct overlay_list *list);

/* Move the layers of `more`, which is empty then, on top of `list`; -1 if there
 * is no memory. */
int overlay_list_append(struct overlay_list *list, struct overlay_list *more);

/*
 * Of layers with the same path keep only the uppermost.  The tree is the same
 * without the lower ones: the uppermost hides all that they have.
 */
void overlay_list_merge(struct overlay_list *list);

/* -1 if there is no memory. */
int overlay_list_copy(const struct overlay_list *list,
	struct overlay_list *ret_copy);

void overlay_list_free(struct overlay_list *list);

#endif
