/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SPANK_PLUGIN_IO_PRINTABLE_H
#define SPANK_PLUGIN_IO_PRINTABLE_H

#include <stddef.h>

/*
 * `text` as one line that is safe to print in a log or on a terminal: control
 * characters and bytes that are not UTF-8 become a backslash and three octal
 * digits, as in /proc/mounts.  Writes at most `size` bytes to `ret_text`,
 * including the NUL, and truncates between characters.  Returns ret_text.
 */
const char *printable(const char *text, char *ret_text, size_t size);

#endif
