/* SPDX-License-Identifier: BSD-3-Clause */
/* What the fuzz targets share: inputs as files and as text. */
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "tests/fuzz/fuzz.h"

int fuzz_file(const uint8_t *data, size_t size)
{
	static int fd = -1;

	if (fd < 0)
		fd = memfd_create("input", MFD_CLOEXEC);
	/* In this order the file keeps its pages. */
	FUZZ_ASSERT(fd >= 0 && pwrite(fd, data, size, 0) == (ssize_t)size &&
		    ftruncate(fd, size) == 0);
	return fd;
}

char *fuzz_text(const uint8_t *data, size_t size)
{
	char *text = malloc(size + 1);

	FUZZ_ASSERT(text);
	memcpy(text, data, size);
	text[size] = '\0';
	return text;
}
