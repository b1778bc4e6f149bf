/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Values of settings: the first byte chooses the setting, and the rest is the
 * text.  What is printed must parse to a value that prints the same.
 */
#include <stdlib.h>
#include <string.h>

#include "spank/plugin/settings/settings.h"
#include "tests/fuzz/fuzz.h"

static char *parse_and_print(enum setting setting, const char *text)
{
	struct settings settings = { .value = { { .is_set = false } } };
	struct error err = { 0 };
	char *printed = NULL;

	if (settings_put(&settings, setting, text, &err) < 0)
		FUZZ_ASSERT(err.text[0] != '\0');
	else
		printed = settings_print(&settings, setting);
	settings_free(&settings);
	return printed;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text, *first, *second;
	enum setting setting;

	if (size == 0)
		return 0;
	setting = data[0] % SETTINGS_COUNT;
	text = fuzz_text(data + 1, size - 1);
	first = parse_and_print(setting, text);
	if (first) {
		second = parse_and_print(setting, first);
		FUZZ_ASSERT(second && strcmp(first, second) == 0);
		free(second);
	}
	free(first);
	free(text);
	return 0;
}
