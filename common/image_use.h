/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef COMMON_IMAGE_USE_H
#define COMMON_IMAGE_USE_H

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>

/*
 * What an image is wanted for: NAME=VALUE words with spaces between them, the
 * text of IMAGE.  The path comes last and is taken to the end.
 */
struct image_use {
	long is_data;       /* mounted inside, and not the container's root */
	long owner_is_user; /* every file is shown as the user's own */
	/* The directory or file of the image that is shown, absolute; "" for
	 * all of it. */
	char part[PATH_MAX];
	long ignores_overlays; /* those that are in it, of a root */
};

#define IMAGE_USE_SIZE (64 + PATH_MAX) /* enough for all words */

void image_use_print(const struct image_use *use, char text[IMAGE_USE_SIZE]);

/* The text is untrusted: false for what image_use_print() does not print. */
bool image_use_parse(const char *text, struct image_use *ret_use);

#endif
