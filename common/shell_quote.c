/* SPDX-License-Identifier: BSD-3-Clause */
#include "common/shell_quote.h"

void shell_quote_print(FILE *out, const char *text)
{
	fputc('\'', out);
	for (; *text; text++)
		if (*text == '\'')
			fputs("'\\''", out);
		else
			fputc(*text, out);
	fputc('\'', out);
}
