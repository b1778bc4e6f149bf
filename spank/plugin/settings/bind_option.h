/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SPANK_PLUGIN_SETTINGS_BIND_OPTION_H
#define SPANK_PLUGIN_SETTINGS_BIND_OPTION_H

#include <stdbool.h>

#include "common/error.h"

/* One bind, or one further image: an item of a list, see bind_list.h. */
enum bind_spec_kind {
	BIND_SPEC_USER,   /* in an option or a variable */
	BIND_SPEC_ADMIN,  /* in plugstack.conf */
	BIND_SPEC_IMAGES, /* IMAGE:DST[:src=PATH] */
};

struct bind_spec {
	char *source; /* owned; NULL: leave out what is at target */
	char *target; /* owned */
	/* Owned.  Source is an image, and this path in it is shown; NULL in a
	 * bind of the host, or for all of a further image. */
	char *image_path;
	bool is_read_only;
	bool is_optional;
	bool is_fixed;
	bool has_options; /* one was given */
	bool is_complete; /* see setting_complete.h */
};

/*
 * Apply an option, a word that follows the second colon of an item.  -1 with a
 * sentence if it is not one, or cannot be chosen here.
 */
int bind_option_take(struct bind_spec *spec, enum bind_spec_kind kind,
	const char *word, struct error *err);

/* Does the word after a comma continue the item `last`?  Otherwise it begins
 * another. */
bool bind_option_continues(const struct bind_spec *last,
	enum bind_spec_kind kind, const char *word);

#endif
