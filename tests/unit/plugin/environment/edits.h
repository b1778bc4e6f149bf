/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef TESTS_UNIT_PLUGIN_ENVIRONMENT_EDITS_H
#define TESTS_UNIT_PLUGIN_ENVIRONMENT_EDITS_H

#include "spank/plugin/environment/rules.h"

/*
 * The changes in the job's environment, if the image's scripts have exported
 * `image`, NAME=VALUE, in addition to what they started with.  The caller frees
 * them.
 */
struct environment edits_of(const struct environment_request *request,
	const char *const *image);

/* Fail the test unless there is this edit; a `value` of NULL unsets it. */
void assert_edit(const struct environment *edits, const char *name,
	const char *value, enum environment_source source);

void assert_no_edit(const struct environment *edits, const char *name);

#endif
