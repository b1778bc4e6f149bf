/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Damages a good image in memory repeatedly, and lets several threads walk it
 * with the server's reader (tests/lib/walk-image.c): damage must only lead to
 * errors.  Build it with sanitizers (configure --enable-sanitizers).
 *
 *	damage-image IMAGE SEED COUNT
 *
 * With VERBOSE in the environment it prints the seed before each round; that
 * seed and COUNT 1 repeat a crash.
 */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "spank/server/prefetch/prefetch.h"
#include "spank/server/readers/reader.h"
#include "spank/server/squashfs/squash.h"
#include "tests/fuzz/spoil.h"
#include "tests/lib/sif-find.h"
#include "tests/lib/walk-image.h"

#define THREADS 3

static void die(const char *what)
{
	perror(what);
	exit(EXIT_FAILURE);
}

static void *walk(void *arg)
{
	walk_image(arg);
	return NULL;
}

static void walk_by_threads(const struct image_walk *walk_all)
{
	pthread_t threads[THREADS];
	int i;

	for (i = 0; i < THREADS; i++)
		if (pthread_create(&threads[i], NULL, walk, (void *)walk_all))
			die("pthread_create");
	for (i = 0; i < THREADS; i++)
		pthread_join(threads[i], NULL);
}

static void prefetch_some(struct filesystem *fs)
{
	struct prefetch *prefetch = prefetch_open(fs, "sh", SIZE_MAX);

	if (!prefetch)
		die("prefetch_open");
	while (prefetch_step(prefetch))
		;
	prefetch_close(prefetch);
}

/* Returns whether the image could still be opened. */
static bool try_image(int image_fd, long seed)
{
	struct sif_partition partition;
	/* Pieces smaller and larger than blocks. */
	struct image_walk walk_all = {
		.nodes_max = 400,
		.reads_max = 200,
		.piece = 4096 << seed % 3 * 3,
	};
	struct error err;
	CLEANUP_FD int fd = dup(image_fd);

	if (sif_find(fd, SIF_DATA, "00", &partition, &err) < 0 ||
		reader_open(&fd, &partition, NULL, &walk_all.fs, &err) < 0)
		return false;
	if (fs_set_cache(walk_all.fs, 0, THREADS) < 0)
		die("fs_set_cache");
	prefetch_some(walk_all.fs);
	walk_by_threads(&walk_all);
	fs_close(walk_all.fs);
	return true;
}

int main(int argc, char *argv[])
{
	struct spoil image;
	long seed, end, opened = 0;

	if (argc != 4)
		return EXIT_FAILURE;
	spoil_load(&image, argv[1]);
	seed = atol(argv[2]);
	end = seed + atol(argv[3]);
	for (; seed < end; seed++) {
		if (getenv("VERBOSE"))
			fprintf(stderr, "%ld\n", seed);
		spoil_damage(&image, seed);
		opened += try_image(image.fd, seed);
		spoil_repair(&image);
	}
	spoil_free(&image);
	printf("%s of them could be opened: %ld\n", argv[3], opened);
	return EXIT_SUCCESS;
}
