/* SPDX-License-Identifier: BSD-3-Clause */
/* The arguments of plugstack.conf, one a line. */
#include <stdlib.h>
#include <string.h>

#include "spank/plugin/settings/plugstack_args.h"
#include "tests/fuzz/fuzz.h"

#define WORDS_MAX 32

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = fuzz_text(data, size), *rest = text;
	struct arguments arguments = { 0 };
	char *words[WORDS_MAX];
	struct error err = { 0 };
	int count = 0;

	while (rest && count < WORDS_MAX)
		words[count++] = strsep(&rest, "\n");
	if (arguments_parse(count, words, &arguments, &err) < 0)
		FUZZ_ASSERT(err.text[0] != '\0');
	FUZZ_ASSERT(arguments.timeout_s > 0 && arguments.cache_mib > 0 &&
		    arguments.threads >= 0);
	arguments_free(&arguments);
	free(text);
	return 0;
}
