/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SPANK_PLUGIN_ENVIRONMENT_SH_SKIP_H
#define SPANK_PLUGIN_ENVIRONMENT_SH_SKIP_H

/*
 * Where the line of a shell script that begins at `at` ends: after its newline
 * that stands in no quotes, `end` at most.  Adds to *depth what the line opens
 * (if, case, for, while, until, {), and takes away what it closes; never below
 * 0.  A line with a here-document ends at `end`.
 */
const char *environment_skip_line(const char *at, const char *end, int *depth);

#endif
