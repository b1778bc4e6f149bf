/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Damages a good image in memory, again and again, and has several threads walk
 * through it with the server's own reader (tests/lib/walk-image.c): whatever
 * they meet has to be an error.  To be built with sanitizers (configure
 * --enable-sanitizers).
 *
 *	damage-image IMAGE SEED COUNT
 *
 * Prints the seed of each round before it, if VERBOSE is in the environment: a
 * crash can then be had again with COUNT 1.
 */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "spank/server/prefetch/prefetch.h"
#include "tests/lib/walk-image.h"

#define THREADS 3
#define TAIL    (64 * 1024) /* of the image, where the metadata is */

struct image {
	int fd;
	unsigned char *good;
	size_t size;
	uint64_t random;
};

static void die(const char *what)
{
	perror(what);
	exit(EXIT_FAILURE);
}

static uint64_t next_random(struct image *image)
{
	image->random ^= image->random << 13;
	image->random ^= image->random >> 7;
	image->random ^= image->random << 17;
	return image->random;
}

static void load(struct image *image, const char *path)
{
	FILE *file = fopen(path, "r");

	if (!file || fseek(file, 0, SEEK_END) < 0)
		die(path);
	image->size = ftell(file);
	rewind(file);
	image->good = malloc(image->size);
	image->fd = memfd_create("image", MFD_CLOEXEC);
	if (!image->good || image->fd < 0 ||
		fread(image->good, 1, image->size, file) != image->size ||
		pwrite(image->fd, image->good, image->size, 0) !=
			(ssize_t)image->size)
		die(path);
	fclose(file);
}

/* In the superblock, in the metadata, or anywhere. */
static size_t choose_place(struct image *image)
{
	size_t tail = image->size < TAIL ? image->size : TAIL;

	switch (next_random(image) % 8) {
	case 0:
		return next_random(image) % 96;
	case 1:
		return next_random(image) % image->size;
	default:
		return image->size - 1 - next_random(image) % tail;
	}
}

/* Returns where, so that it can be put right again. */
static size_t damage(struct image *image)
{
	static const uint64_t values[] = { 0, 1, 2, 0x7f, 0x80, 0xff, 0x100,
		0x1fff, 0x2000, 0x7fff, 0x8000, 0xffff, 0xffffff, 0x1000000,
		0x7fffffff, 0x80000000, 0xffffffff, 0xffffffffffff, INT64_MAX,
		UINT64_MAX };
	size_t place = choose_place(image), width = 1;
	uint64_t value = next_random(image);

	if (value & 1) {
		value = values[(value >> 8) %
			       (sizeof(values) / sizeof(values[0]))];
		width = 1 << next_random(image) % 4;
	}
	if (width > image->size - place)
		width = image->size - place;
	if (pwrite(image->fd, &value, width, place) < 0)
		die("pwrite");
	return place;
}

static void repair(struct image *image, size_t place)
{
	size_t width = image->size - place < 8 ? image->size - place : 8;

	if (pwrite(image->fd, image->good + place, width, place) < 0)
		die("pwrite");
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

static void prefetch_some(struct squash *squash)
{
	struct prefetch *prefetch = prefetch_open(squash, "sh", SIZE_MAX);

	if (!prefetch)
		die("prefetch_open");
	while (prefetch_step(prefetch))
		;
	prefetch_close(prefetch);
}

/* Whether the image could still be opened. */
static bool try_image(struct image *image)
{
	struct sif_partition partition;
	/* Pieces that are smaller than blocks are, or larger. */
	struct image_walk walk_all = {
		.nodes_max = 400,
		.reads_max = 200,
		.piece = 4096 << next_random(image) % 3 * 3,
	};
	struct error err;
	CLEANUP_FD int fd = dup(image->fd);

	if (sif_find(fd, SIF_ROOT, "00", &partition, &err) < 0 ||
		squash_open(&fd, &partition, &walk_all.squash, &err) < 0)
		return false;
	if (squash_set_cache(walk_all.squash, 0, THREADS) < 0)
		die("squash_set_cache");
	prefetch_some(walk_all.squash);
	walk_by_threads(&walk_all);
	squash_close(walk_all.squash);
	return true;
}

int main(int argc, char *argv[])
{
	size_t places[8], count, i;
	struct image image;
	long seed, end, opened = 0;

	if (argc != 4)
		return EXIT_FAILURE;
	load(&image, argv[1]);
	seed = atol(argv[2]);
	end = seed + atol(argv[3]);
	for (; seed < end; seed++) {
		if (getenv("VERBOSE"))
			fprintf(stderr, "%ld\n", seed);
		image.random = (seed + 1) * 0x9e3779b97f4a7c15ULL;
		count = 1 + next_random(&image) % 8;
		for (i = 0; i < count; i++)
			places[i] = damage(&image);
		opened += try_image(&image);
		while (i-- > 0)
			repair(&image, places[i]);
	}
	free(image.good);
	close(image.fd);
	printf("%s of them could be opened: %ld\n", argv[3], opened);
	return EXIT_SUCCESS;
}
