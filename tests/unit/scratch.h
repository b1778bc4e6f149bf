/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef TESTS_UNIT_SCRATCH_H
#define TESTS_UNIT_SCRATCH_H

#include <limits.h>

/*
 * A directory of its own for a test program.  The first three are setup and
 * teardown functions of cmocka; the others fail the test if they cannot do
 * their work.
 */

/* Create the directory, below /tmp; remove all in it; remove it. */
int scratch_make(void **state);
int scratch_clear(void **state);
int scratch_remove(void **state);

/* The path of the directory itself. */
const char *scratch_directory(void);

/* The path of `name` in it; valid until the next but three calls. */
const char *scratch_path(const char *name);

/* Create a file with this text, and the directories above it. */
void scratch_write(const char *name, const char *text);

/* Create a directory. */
void scratch_mkdir(const char *name);

/* Create a symlink to `target`. */
void scratch_symlink(const char *name, const char *target);

#endif
