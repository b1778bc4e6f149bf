/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SPANK_PLUGIN_SETTINGS_LIST_H
#define SPANK_PLUGIN_SETTINGS_LIST_H

#include "common/error.h"

/*
 * Lists in words: items with commas between them, of which some are cut again
 * at colons.  A backslash takes its meaning from a separator after it.  All
 * work in place, in text that the caller owns.
 */

/*
 * Cut `text` at the first `separator` that no backslash precedes.  Returns what
 * is behind it, or NULL if there is none.  Backslashes stay.
 */
char *list_cut(char *text, char separator);

/* Take away the backslashes before any of `special`. */
void list_unescape(char *text, const char *special);

/*
 * Refuse a list with an empty item, as in "a,,b" or "a,": more often a variable
 * that is not set than something to skip.  The empty list is one of no items.
 */
int list_check(const char *list, struct error *err);

/* Take the empty items out of a list. */
void list_close_gaps(char *list);

/*
 * Take the next item off a list that is cut at commas; NULL if there is none.
 * *rest moves on, and is NULL after the last.  Empty items are skipped.  With
 * list_next_raw() all backslashes stay, with list_next() those before a comma
 * are gone.
 */
char *list_next_raw(char **rest);
char *list_next(char **rest);

#endif
