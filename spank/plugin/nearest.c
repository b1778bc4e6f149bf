/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * "Did you mean ...?": the name in a directory that is the fewest edits away,
 * where an edit inserts, removes or changes a character, or swaps two adjacent
 * ones.  Names are compared without their extensions; another extension, or
 * another case, is the smallest difference of all.
 */
#include <ctype.h>
#include <dirent.h>
#include <stdlib.h>
#include <string.h>

#include "spank/plugin/nearest.h"

/* A directory may have millions of files, which must not slow srun down. */
#define ENTRIES_MAX 10000
/* More than 1, so that another extension can count less. */
#define EDIT 2

static size_t min(size_t a, size_t b)
{
	return a < b ? a : b;
}

static bool is_same(char a, char b)
{
	return tolower((unsigned char)a) == tolower((unsigned char)b);
}

/* Without the extension; a leading dot begins none. */
static size_t stem_length(const char *name)
{
	const char *dot = strrchr(name, '.');

	return dot && dot > name ? (size_t)(dot - name) : strlen(name);
}

/* Optimal string alignment distance, with three rows of the table. */
static size_t count_edits(const char *a, size_t a_length, const char *b,
	size_t b_length)
{
	size_t table[3][NAME_MAX + 1], *now = table[0], *last = table[1];
	size_t *before = table[2], *free_row;
	size_t i, j;

	for (j = 0; j <= b_length; j++)
		last[j] = j;
	for (i = 1; i <= a_length; i++) {
		now[0] = i;
		for (j = 1; j <= b_length; j++) {
			now[j] = min(min(last[j], now[j - 1]) + 1,
				last[j - 1] + (!is_same(a[i - 1], b[j - 1])));
			if (i > 1 && j > 1 && is_same(a[i - 1], b[j - 2]) &&
				is_same(a[i - 2], b[j - 1]))
				now[j] = min(now[j], before[j - 2] + 1);
		}
		free_row = before;
		before = last;
		last = now;
		now = free_row;
	}
	return last[b_length];
}

/* How far `candidate` is from `name`; more than `most` if more than a third of
 * the characters differ. */
static size_t distance(const char *name, const char *candidate, size_t most)
{
	size_t length = stem_length(name), other = stem_length(candidate);
	size_t limit = min(length / 3, 3), edits;

	if (other > length + limit || length > other + limit)
		return most + 1;
	edits = count_edits(name, length, candidate, other);
	if (edits > limit)
		return most + 1;
	return EDIT * edits + (strcmp(name + length, candidate + other) != 0);
}

/* A name with control characters would act on the user's terminal. */
static bool is_candidate(const struct dirent *entry)
{
	const unsigned char *c = (const unsigned char *)entry->d_name;

	if (entry->d_type == DT_DIR || *c == '.')
		return false;
	while (*c && !iscntrl(*c))
		c++;
	return !*c;
}

bool nearest_name(const char *directory, const char *name,
	char ret_name[NAME_MAX + 1])
{
	DIR *stream = strlen(name) <= NAME_MAX ? opendir(directory) : NULL;
	const struct dirent *entry;
	size_t best = EDIT * NAME_MAX, found;
	bool is_found = false;
	int i;

	if (!stream)
		return false;
	for (i = 0; i < ENTRIES_MAX && (entry = readdir(stream)); i++) {
		if (!is_candidate(entry))
			continue;
		found = distance(name, entry->d_name, best);
		/* Of two equally near, take the same on every file system. */
		if (found > best ||
			(is_found && found == best &&
				strcmp(entry->d_name, ret_name) > 0))
			continue;
		best = found;
		is_found = true;
		strcpy(ret_name, entry->d_name);
	}
	closedir(stream);
	return is_found;
}
