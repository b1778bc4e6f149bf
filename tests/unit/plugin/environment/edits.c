/* SPDX-License-Identifier: BSD-3-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "tests/unit/plugin/environment/edits.h"

struct environment edits_of(const struct environment_request *request,
	const char *const *image)
{
	CLEANUP_ENVIRONMENT struct environment initial = { .count = 0 };
	CLEANUP_ENVIRONMENT struct environment made = { .count = 0 };
	struct environment edits = { .count = 0 };
	struct error err = { 0 };

	assert_int_equal(environment_rules_initial(request, &initial, &err), 0);
	assert_int_equal(environment_rules_initial(request, &made, &err), 0);
	for (; image && *image; image++)
		assert_int_equal(
			environment_add(&made, *image, ENVIRONMENT_IMAGE, &err),
			0);
	assert_int_equal(
		environment_rules_edits(request, &initial, &made, &edits, &err),
		0);
	assert_string_equal(err.text, "");
	return edits;
}

void assert_edit(const struct environment *edits, const char *name,
	const char *value, enum environment_source source)
{
	const struct environment_entry *entry = environment_entry(edits, name);

	if (!entry)
		fail_msg("no edit of %s", name);
	if (value) {
		assert_non_null(entry->value);
		assert_string_equal(entry->value, value);
	} else {
		assert_null(entry->value);
	}
	assert_int_equal(entry->source, source);
}

void assert_no_edit(const struct environment *edits, const char *name)
{
	assert_null(environment_entry(edits, name));
}
