/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SPANK_PLUGIN_ENVIRONMENT_SH_DIALECT_WORDS_H
#define SPANK_PLUGIN_ENVIRONMENT_SH_DIALECT_WORDS_H

#include "spank/plugin/environment/sh/scan.h"

/* Scan one element inside double quotes, ${} or $(()); or a double quote, a
 * backslash or a dollar sign in a word of a command. */
void environment_dialect_scan_inner(struct environment_scan *scan);

/* At the opening quote. */
void environment_dialect_scan_single_quotes(struct environment_scan *scan);

/* At "<<": record the delimiter of the document, which begins in the next line.
 */
void environment_dialect_scan_document(struct environment_scan *scan);

/* At the beginning of a line: skip all documents that were recorded. */
void environment_dialect_skip_documents(struct environment_scan *scan);

#endif
