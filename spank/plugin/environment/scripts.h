/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SPANK_PLUGIN_ENVIRONMENT_SCRIPTS_H
#define SPANK_PLUGIN_ENVIRONMENT_SCRIPTS_H

#include <stdbool.h>
#include <stddef.h>

#include "common/error.h"
#include "spank/plugin/environment/sh/reader.h"

/* Apptainer's own are 6. */
#define IMAGE_SCRIPTS_MAX 64
/* What the program writes to SHELL_PROGRESS_FD. */
#define IMAGE_SCRIPTS_BEGUN    '.' /* the next script begins */
#define IMAGE_SCRIPTS_COMPLETE 'R' /* it has executed itself again */

struct image_scripts {
	const char *directory; /* borrowed */
	char *names[IMAGE_SCRIPTS_MAX];
	size_t count;
	/* Where to note which of them has changed what; or NULL. */
	struct environment *setters;
};

void image_scripts_free(struct image_scripts *scripts);
#define CLEANUP_IMAGE_SCRIPTS __attribute__((cleanup(image_scripts_free)))

/*
 * Fill in the names of scripts->directory: its readable regular files *.sh.
 * Without such a directory there are none.  The caller frees them, also after
 * a failure.
 */
int image_scripts_list(struct image_scripts *scripts, struct error *err);

/*
 * The program for priv_shell_start().  The caller frees it.  NULL without
 * memory.  `shell` must have no quotes.
 */
char *image_scripts_program(const struct image_scripts *scripts,
	const char *shell);

/*
 * Read them into the reader, which has been started: all, or if only what is
 * certain is wanted, until that is lost.
 */
int image_scripts_read(const struct image_scripts *scripts,
	struct environment_reader *reader, bool certain_only,
	struct error *err);

/* The text of one of them, or its beginning; the caller frees it.  NULL if it
 * cannot be read, with errno. */
char *image_scripts_load(const struct image_scripts *scripts, size_t index,
	size_t *ret_length);

/* Read until the end of file, or `size` bytes.  -1 with errno on failure. */
int image_scripts_read_file(int fd, char *bytes, size_t size,
	size_t *ret_length);

#endif
