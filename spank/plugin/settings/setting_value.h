/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SPANK_PLUGIN_SETTINGS_SETTING_VALUE_H
#define SPANK_PLUGIN_SETTINGS_SETTING_VALUE_H

#include <stdbool.h>

#include "common/error.h"
#include "spank/plugin/settings/bind_list.h"
#include "spank/plugin/settings/item_list.h"
#include "spank/plugin/settings/memory_size.h"
#include "spank/plugin/settings/overlay_list.h"
#include "spank/plugin/settings/step_id.h"

/* The words that values can be, in the order in which messages list them. */
enum word {
	WORD_NONE,
	WORD_AUTO,
	WORD_TRY,
	WORD_YES,
	WORD_NO,
	WORD_HOST,
	WORD_IMAGE,
	WORD_PRIVATE,
	WORDS_COUNT,
	NO_WORD = WORDS_COUNT, /* the value is something else */
};

/* Sets of words. */
#define MAY_BE(word) (1U << (word))

/* The value of a setting.  Which members it has is up to the setting; the
 * others are zero.  All zero: nobody has set it. */
struct setting_value {
	bool is_set;
	enum word word;
	char *path;                   /* owned */
	struct bind_list binds;       /* owned */
	struct item_list items;       /* owned */
	struct overlay_list overlays; /* owned */
	struct memory_size size;      /* with WORD_YES */
	bool has_step;
	struct step_id step;
};

const char *word_name(enum word word);

/*
 * The word among `words` that `text` is, or NO_WORD.  Where yes and no are
 * among them, other ways to say these are understood: 1, true, on, 0, false,
 * off, in any case.
 */
enum word word_find(const char *text, unsigned int words);

/* Is the value an empty text?  Only lists and paths can be. */
bool setting_value_is_empty(const struct setting_value *value);

/* A copy to be freed; -1 if there is no memory. */
int setting_value_copy(const struct setting_value *value,
	struct setting_value *ret_copy, struct error *err);

/* Add the items of the list `more`, which is empty then. */
int setting_value_append(struct setting_value *list, struct setting_value *more,
	struct error *err);

void setting_value_free(struct setting_value *value);

#endif
