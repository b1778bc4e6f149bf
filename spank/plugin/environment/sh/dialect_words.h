/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SPANK_PLUGIN_ENVIRONMENT_SH_DIALECT_WORDS_H
#define SPANK_PLUGIN_ENVIRONMENT_SH_DIALECT_WORDS_H

#include "spank/plugin/environment/sh/scan.h"

/* One element of what stands in double quotes, ${} or $(()); or a double quote,
 * a backslash or a dollar sign of a command's word. */
void environment_dialect_scan_inner(struct environment_scan *scan);

/* At the first quote. */
void environment_dialect_scan_single_quotes(struct environment_scan *scan);

/* At "<<": remember the end of the document, which begins with the next line.
 */
void environment_dialect_scan_document(struct environment_scan *scan);

/* At the begin of a line: behind all such documents. */
void environment_dialect_skip_documents(struct environment_scan *scan);

#endif
