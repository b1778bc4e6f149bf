/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SPANK_PLUGIN_SETTINGS_LIST_H
#define SPANK_PLUGIN_SETTINGS_LIST_H

#include <stddef.h>

#include "common/error.h"

/*
 * Lists as text: items with commas between them, some of which are split again
 * at colons.  A backslash before a separator makes it part of the item.
 */

struct list {
	char **items; /* owned, and so is each; NULL at the end; or NULL */
	size_t count;
};

/* Parse a text into *ret_list, to be freed by list_free().  Empty items are
 * refused. */
int list_parse(const char *text, struct list *ret_list, struct error *err);

/* The list as text, owned by the caller; NULL if there is no memory. */
char *list_print(const struct list *list);

/* Move the items of `more`, which is empty then, to the end of `list`; -1 if
 * there is no memory. */
int list_append(struct list *list, struct list *more);

/* -1 if there is no memory. */
int list_copy(const struct list *list, struct list *ret_copy);

void list_free(struct list *list);

/* --- in place, in text that the caller owns ------------------------------- */

/*
 * Cut `text` at the first `separator` without a backslash before it.  Returns
 * what follows, or NULL if there is none.  Backslashes stay.
 */
char *list_cut(char *text, char separator);

/* Remove the backslashes before any of `special`. */
void list_unescape(char *text, const char *special);

/*
 * Refuse a list with an empty item, as in "a,,b" or "a,": this is more often an
 * unset variable than something to skip.  An empty text is a list of no items.
 */
int list_check(const char *list, struct error *err);

/* Remove the empty items of a list. */
void list_close_gaps(char *list);

/*
 * The next item of a list; NULL if there is none.  *rest moves on, and is NULL
 * after the last.  Empty items are skipped.  list_next_raw() keeps all
 * backslashes, list_next() removes those before a comma.
 */
char *list_next_raw(char **rest);
char *list_next(char **rest);

#endif
