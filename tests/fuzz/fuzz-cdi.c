/* SPDX-License-Identifier: BSD-3-Clause */
/* CDI specifications: YAML or JSON, in files owned by root. */
#include <stdio.h>

#include "spank/gpus/cdi_file.h"
#include "tests/fuzz/fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct cdi_file spec = { 0 };
	struct error err = { 0 };
	char path[64];

	snprintf(path, sizeof(path), "/proc/self/fd/%d", fuzz_file(data, size));
	if (cdi_file_load(path, &spec, &err) < 0) {
		FUZZ_ASSERT(err.text[0] != '\0');
		return 0;
	}
	FUZZ_ASSERT(cdi_file_kind(&spec));
	if (cdi_file_check(&spec, &err) < 0)
		FUZZ_ASSERT(err.text[0] != '\0');
	cdi_file_free(&spec);
	return 0;
}
