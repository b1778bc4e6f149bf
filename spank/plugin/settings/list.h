/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SPANK_PLUGIN_SETTINGS_LIST_H
#define SPANK_PLUGIN_SETTINGS_LIST_H

#include <stddef.h>
#include <stdio.h>

#include "common/error.h"

/*
 * Lists as text: items with commas between them, some of which are split again
 * at colons.  A backslash before a separator makes it part of the item.  These
 * functions work in place, in text that the caller owns.
 */

/*
 * Cut `text` at the first `separator` without a backslash before it.  Returns
 * what follows, or NULL if there is none.  Backslashes stay.
 */
char *list_cut(char *text, char separator);

/* Remove the backslashes before any of `special`. */
void list_unescape(char *text, const char *special);

/* Print the text with a backslash before each of `special`. */
void list_print_escaped(FILE *out, const char *text, const char *special);

/* Print item `i` of the list that list_print() was called with. */
typedef void list_print_item(FILE *out, const void *list, size_t i);

/* The text of a list, with a comma between items; owned by the caller, NULL if
 * there is no memory. */
char *list_print(const void *list, size_t count, list_print_item *print_item);

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
