/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef COMMON_SHELL_QUOTE_H
#define COMMON_SHELL_QUOTE_H

#include <stdio.h>

/* Print a text as one word of sh, in single quotes, whatever it contains. */
void shell_quote_print(FILE *out, const char *text);

#endif
