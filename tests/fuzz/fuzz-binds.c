/* SPDX-License-Identifier: BSD-3-Clause */
/* Lists of binds: what is printed must parse to the same again. */
#include <stdlib.h>
#include <string.h>

#include "spank/plugin/settings/bind_list.h"
#include "tests/fuzz/fuzz.h"

static bool is_same_text(const char *a, const char *b)
{
	return a == b || (a && b && strcmp(a, b) == 0);
}

static void assert_same(const struct bind_specs *a, const struct bind_specs *b)
{
	size_t i;

	FUZZ_ASSERT(a->count == b->count);
	for (i = 0; i < a->count; i++) {
		FUZZ_ASSERT(is_same_text(a->list[i].source, b->list[i].source));
		FUZZ_ASSERT(is_same_text(a->list[i].target, b->list[i].target));
		FUZZ_ASSERT(
			a->list[i].is_read_only == b->list[i].is_read_only &&
			a->list[i].is_optional == b->list[i].is_optional &&
			a->list[i].is_fixed == b->list[i].is_fixed);
	}
}

static void parse(const char *text, enum bind_spec_kind kind)
{
	struct bind_specs specs = { 0 }, again = { 0 };
	struct error err = { 0 };
	char *printed;

	if (bind_specs_parse(text, kind, &specs, &err) < 0) {
		FUZZ_ASSERT(err.text[0] != '\0');
		return;
	}
	printed = bind_specs_print(&specs);
	FUZZ_ASSERT(printed);
	if (specs.count) {
		FUZZ_ASSERT(bind_specs_parse(printed, kind, &again, &err) == 0);
		assert_same(&specs, &again);
	}
	free(printed);
	bind_specs_free(&again);
	bind_specs_free(&specs);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = fuzz_text(data, size);

	parse(text, BIND_SPEC_USERS);
	parse(text, BIND_SPEC_SITES);
	parse(text, BIND_SPEC_IMAGES);
	if (text[0] == '/') {
		bind_spec_clean(text);
		FUZZ_ASSERT(text[0] == '/' && !strstr(text, "//"));
	}
	free(text);
	return 0;
}
