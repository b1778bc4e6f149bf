/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Compares the two readers of squashfs, the builtin one and libsquashfuse:
 *
 *	compare-readers IMAGE...
 *	compare-readers --damage IMAGE SEED COUNT
 *
 * The first form: whether they show the same of each image.  The second one
 * damages the image, COUNT times: either reader may then refuse anything, but
 * what both show has to be the same.  libsquashfuse may crash on such an image,
 * which counts as a refusal; the builtin reader may not.
 *
 * Prints the seed of each round before it, if VERBOSE is in the environment.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "tests/fuzz/compare.h"
#include "tests/fuzz/spoil.h"

static bool compare_good(const char *path)
{
	struct comparison comparison = {
		.nodes_max = SIZE_MAX,
		.entries_max = SIZE_MAX,
		.bytes_max = 64 * 1024 * 1024,
	};
	CLEANUP_FD int fd = open(path, O_RDONLY | O_CLOEXEC);

	if (fd < 0) {
		perror(path);
		return false;
	}
	if (compare_image(fd, &comparison) < 0) {
		fprintf(stderr, "the readers differ on '%s'\n", path);
		return false;
	}
	printf("%zu nodes and %ju bytes are the same\n", comparison.nodes,
		(uintmax_t)comparison.bytes);
	return true;
}

static bool compare_damaged(const char *path, long seed, long count)
{
	static const char *const words[] = { "the same", "different",
		"the builtin reader crashed", "libsquashfuse crashed" };
	long results[4] = { 0 }, end = seed + count;
	enum compare_result result;
	struct spoil image;
	size_t i;

	spoil_load(&image, path);
	for (; seed < end; seed++) {
		if (getenv("VERBOSE"))
			fprintf(stderr, "%ld\n", seed);
		spoil_damage(&image, seed);
		result = compare_damaged_image(image.fd);
		results[result]++;
		if (result == COMPARE_DIFFERENT ||
			result == COMPARE_BUILTIN_CRASHED)
			fprintf(stderr, "seed %ld: %s\n", seed, words[result]);
		spoil_repair(&image);
	}
	spoil_free(&image);
	for (i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		printf("%s: %ld\n", words[i], results[i]);
	return results[COMPARE_DIFFERENT] == 0 &&
	       results[COMPARE_BUILTIN_CRASHED] == 0;
}

int main(int argc, char *argv[])
{
	bool same = argc > 1;
	int i;

	if (argc == 5 && strcmp(argv[1], "--damage") == 0)
		same = compare_damaged(argv[2], atol(argv[3]), atol(argv[4]));
	else
		for (i = 1; i < argc; i++)
			same = compare_good(argv[i]) && same;
	return same ? EXIT_SUCCESS : EXIT_FAILURE;
}
