/* SPDX-License-Identifier: BSD-3-Clause */
/* The reader of an image's environment scripts, the script of Docker's
 * variables, and the search for bash. */
#include <stdlib.h>

#include "spank/plugin/environment/docker_script.h"
#include "spank/plugin/environment/sh/dialect.h"
#include "spank/plugin/environment/sh/reader.h"
#include "tests/fuzz/fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct environment_reader reader = { 0 };
	struct environment start = { 0 };
	struct environment_dialect dialect;
	struct error err = { 0 };
	char *text = fuzz_text(data, size);

	FUZZ_ASSERT(docker_script_unescape(text, size) <= size);
	free(text);
	if (environment_set(&start, "PATH", "/usr/bin:/bin", ENVIRONMENT_IMAGE,
		    &err) == 0 &&
		environment_reader_start(&reader, &start, &err) == 0)
		environment_reader_read(&reader, (const char *)data, size,
			&err);
	environment_reader_free(&reader);
	/* The search stops at the rarest kind. */
	environment_dialect_find((const char *)data, size, DIALECT_CR,
		&dialect);
	environment_free(&start);
	return 0;
}
