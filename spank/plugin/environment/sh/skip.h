/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SPANK_PLUGIN_ENVIRONMENT_SH_SKIP_H
#define SPANK_PLUGIN_ENVIRONMENT_SH_SKIP_H

/*
 * The end of the line of a shell script that begins at `at`: after its newline
 * outside of quotes, or `end`.  A line with a here-document ends at `end`. Adds
 * to *depth what the line opens (if, case, for, while, until, select, {), and
 * subtracts what it closes; never below 0.
 */
const char *environment_skip_line(const char *at, const char *end, int *depth);

#endif
