/* SPDX-License-Identifier: BSD-3-Clause */
/* The arguments of plugstack.conf, one per line. */
#include <stdlib.h>
#include <string.h>

#include "spank/plugin/settings/plugstack_args.h"
#include "tests/fuzz/fuzz.h"

#define WORDS_MAX 32

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = fuzz_text(data, size), *rest = text;
	struct plugstack_args args = { 0 };
	char *words[WORDS_MAX];
	struct error err = { 0 };
	int count = 0;

	while (rest && count < WORDS_MAX)
		words[count++] = strsep(&rest, "\n");
	if (plugstack_args_parse(count, words, &args, &err) < 0)
		FUZZ_ASSERT(err.text[0] != '\0');
	FUZZ_ASSERT(
		args.timeout_s > 0 && args.cache_mib > 0 && args.threads >= 0);
	plugstack_args_free(&args);
	free(text);
	return 0;
}
