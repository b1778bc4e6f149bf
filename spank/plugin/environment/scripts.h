/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SPANK_PLUGIN_ENVIRONMENT_SCRIPTS_H
#define SPANK_PLUGIN_ENVIRONMENT_SCRIPTS_H

#include <stdbool.h>
#include <stddef.h>

#include "common/error.h"
#include "spank/plugin/environment/sh/reader.h"

/* Apptainer adds 6 to each image. */
#define IMAGE_SCRIPTS_MAX 64
/* What the program writes to SHELL_PROGRESS_FD. */
#define IMAGE_SCRIPTS_BEGUN    '.' /* the next script begins */
#define IMAGE_SCRIPTS_COMPLETE 'R' /* the shell has executed itself again */

struct image_scripts {
	const char *directory; /* borrowed */
	char *names[IMAGE_SCRIPTS_MAX];
	size_t count;
	/* Receives the script that set each variable; or NULL. */
	struct environment *setters;
};

void image_scripts_free(struct image_scripts *scripts);
#define CLEANUP_IMAGE_SCRIPTS __attribute__((cleanup(image_scripts_free)))

/*
 * Fill in the names of the readable regular files *.sh in scripts->directory;
 * none if there is no such directory.  The caller frees them, even after a
 * failure.
 */
int image_scripts_list(struct image_scripts *scripts, struct error *err);

/*
 * The program for priv_shell_start().  The caller frees it; NULL if out of
 * memory.  `shell` must not contain quotes.
 */
char *image_scripts_program(const struct image_scripts *scripts,
	const char *shell);

/*
 * Read the scripts with the reader, which has been started.  With
 * `certain_only`, stop at the first script that makes it ambiguous.
 */
int image_scripts_read(const struct image_scripts *scripts,
	struct environment_reader *reader, bool certain_only,
	struct error *err);

/*
 * The text of one script, at most its first ENVIRONMENT_READER_FILE_MAX bytes.
 * The caller frees it; NULL with errno if it cannot be read.
 */
char *image_scripts_load(const struct image_scripts *scripts, size_t index,
	size_t *ret_length);

/* Read up to `size` bytes, until end of file.  -1 with errno on failure. */
int image_scripts_read_file(int fd, char *bytes, size_t size,
	size_t *ret_length);

#endif
