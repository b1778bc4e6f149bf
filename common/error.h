/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef COMMON_ERROR_H
#define COMMON_ERROR_H

#include <stdbool.h>
#include <stddef.h>

/* Room for one sentence with the longest of paths in it. */
#define ERROR_TEXT_SIZE (4096 + 1024)

/*
 * What failed, in words for the user.  The caller owns it, on its stack; it
 * never allocates.  A function that takes a `struct error *` returns -1 and
 * fills it in on failure, and leaves it alone on success.
 */
struct error {
	int num; /* errno of the failure; 0 if no system call failed */
	/* Another process tells the user about this failure. */
	bool told_elsewhere;
	char text[ERROR_TEXT_SIZE]; /* a sentence */
};

/* Does *err, which was zero at first, hold a failure? */
bool error_is_set(const struct error *err);

/*
 * Set the sentence, and num to `num`.  With num != 0, ": " and strerror(num)
 * are appended.  A text that is too long is cut.  The caller is the one who
 * tells the user.  Returns -1 always, so that callers may `return
 * error_set(...)`.  Keeps errno.
 */
int error_set(struct error *err, int num, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/*
 * Put context before the sentence: "context: sentence".  Returns -1 always.
 * Keeps errno and err->num.
 */
int error_prefix(struct error *err, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/* Add what to do next, unless that is "": "sentence; hint".  Returns -1. */
int error_hint(struct error *err, const char *hint);

#endif
