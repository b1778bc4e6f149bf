/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Damages at random: mostly in the metadata, which is at the end of a squashfs,
 * and everywhere in ext.
 */
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "tests/fuzz/spoil.h"

#define TAIL (64 * 1024) /* of the image, where the metadata is */

static void die(const char *what)
{
	perror(what);
	exit(EXIT_FAILURE);
}

static uint64_t next_random(struct spoil *image)
{
	image->random ^= image->random << 13;
	image->random ^= image->random >> 7;
	image->random ^= image->random << 17;
	return image->random;
}

void spoil_load(struct spoil *image, const char *path)
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

static bool is_ext(const struct spoil *image)
{
	return image->size > 1081 && image->good[1080] == 0x53 &&
	       image->good[1081] == 0xef;
}

/* Most of a file system is empty: where bytes are set, if that is found soon.
 */
static size_t choose_place_in_ext(struct spoil *image)
{
	size_t place = 0, i;

	for (i = 0; i < 64; i++) {
		place = next_random(image) % image->size;
		if (image->good[place])
			break;
	}
	return place;
}

/* In the superblock, in the metadata, or anywhere. */
static size_t choose_place(struct spoil *image)
{
	size_t tail = image->size < TAIL ? image->size : TAIL;

	if (is_ext(image))
		return choose_place_in_ext(image);
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
static size_t damage_once(struct spoil *image)
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

static void repair_once(struct spoil *image, size_t place)
{
	size_t width = image->size - place < 8 ? image->size - place : 8;

	if (pwrite(image->fd, image->good + place, width, place) < 0)
		die("pwrite");
}

void spoil_free(struct spoil *image)
{
	free(image->good);
	close(image->fd);
}

void spoil_damage(struct spoil *image, long seed)
{
	size_t i;

	image->random = (seed + 1) * 0x9e3779b97f4a7c15ULL;
	image->count = 1 + next_random(image) % SPOIL_MAX;
	for (i = 0; i < image->count; i++)
		image->places[i] = damage_once(image);
}

void spoil_repair(struct spoil *image)
{
	while (image->count > 0)
		repair_once(image, image->places[--image->count]);
}
