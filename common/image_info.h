/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef COMMON_IMAGE_INFO_H
#define COMMON_IMAGE_INFO_H

#include <stdbool.h>
#include <stddef.h>

#define IMAGE_INFO_LAYERS_SIZE 768

/*
 * What is known about an image that can be used: NAME=VALUE words with spaces
 * between them, in the text of READY and in the output of spank-sif-inspect.
 */
struct image_info {
	long offset; /* of the file system in the file */
	long size;
	char compression[8];
	long overlays; /* overlay partitions; no word if there are none */
	long rings;    /* that serve requests; no word if there are none */
	long is_file;  /* what is shown of it is a file; no word: a directory */
	char uuid[37]; /* of the SIF, or "" and no word */
	/* The kinds of its file systems, from the bottom to the top, with '+'
	 * between them, if there are several.  Or "" and no word. */
	char stack[IMAGE_INFO_LAYERS_SIZE];
	/* The layers over it, from the bottom to the top, with commas between
	 * them: of each the kinds of its file systems, with '+' between them.
	 * Or "" and no word. */
	char layers[IMAGE_INFO_LAYERS_SIZE];
};

/* Enough for all words. */
#define IMAGE_INFO_SIZE (256 + 2 * IMAGE_INFO_LAYERS_SIZE)

/* Print the words as snprintf(3) would. */
void image_info_print(const struct image_info *info, char *text, size_t size);

/*
 * Parse what image_info_print() prints.  The text is untrusted: false for
 * anything else.
 */
bool image_info_parse(const char *text, struct image_info *ret_info);

#endif
