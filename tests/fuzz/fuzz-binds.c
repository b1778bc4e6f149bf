/* SPDX-License-Identifier: BSD-3-Clause */
/* Lists of binds: a printed list must parse to the same list. */
#include <stdlib.h>
#include <string.h>

#include "spank/plugin/settings/bind_list.h"
#include "spank/plugin/settings/path.h"
#include "tests/fuzz/fuzz.h"

static bool is_same_text(const char *a, const char *b)
{
	return a == b || (a && b && strcmp(a, b) == 0);
}

static void assert_same(const struct bind_list *a, const struct bind_list *b)
{
	size_t i;

	FUZZ_ASSERT(a->count == b->count);
	for (i = 0; i < a->count; i++) {
		FUZZ_ASSERT(
			is_same_text(a->items[i].source, b->items[i].source));
		FUZZ_ASSERT(
			is_same_text(a->items[i].target, b->items[i].target));
		FUZZ_ASSERT(is_same_text(a->items[i].image_path,
			b->items[i].image_path));
		FUZZ_ASSERT(
			a->items[i].is_read_only == b->items[i].is_read_only &&
			a->items[i].is_optional == b->items[i].is_optional &&
			a->items[i].is_fixed == b->items[i].is_fixed);
	}
}

static void parse(const char *text, enum bind_spec_kind kind)
{
	struct bind_list specs = { 0 }, again = { 0 };
	struct error err = { 0 };
	char *printed;

	if (bind_list_parse(text, kind, &specs, &err) < 0) {
		FUZZ_ASSERT(err.text[0] != '\0');
		return;
	}
	printed = bind_list_print(&specs);
	FUZZ_ASSERT(printed);
	if (specs.count) {
		FUZZ_ASSERT(bind_list_parse(printed, kind, &again, &err) == 0);
		assert_same(&specs, &again);
	}
	free(printed);
	bind_list_free(&again);
	bind_list_free(&specs);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = fuzz_text(data, size);

	parse(text, BIND_SPEC_USER);
	parse(text, BIND_SPEC_ADMIN);
	parse(text, BIND_SPEC_IMAGES);
	if (text[0] == '/') {
		path_normalize(text);
		FUZZ_ASSERT(text[0] == '/' && !strstr(text, "//"));
	}
	free(text);
	return 0;
}
