/* SPDX-License-Identifier: BSD-3-Clause */
#include <ftw.h>
#include <limits.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "tests/unit/scratch.h"

static char directory[] = "/tmp/spank-sif-unit-XXXXXX";

/* The directory itself has level 0. */
static int remove_entry(const char *path, const struct stat *status, int type,
	struct FTW *ftw)
{
	(void)status;
	(void)type;
	return ftw->level == 0 ? 0 : remove(path);
}

int scratch_make(void **state)
{
	(void)state;
	return mkdtemp(directory) ? 0 : -1;
}

int scratch_clear(void **state)
{
	(void)state;
	return nftw(directory, remove_entry, 16, FTW_DEPTH | FTW_PHYS);
}

int scratch_remove(void **state)
{
	return scratch_clear(state) == 0 ? rmdir(directory) : -1;
}

const char *scratch_directory(void)
{
	return directory;
}

const char *scratch_path(const char *name)
{
	static char paths[4][PATH_MAX];
	static size_t next;
	char *path = paths[next++ % 4];

	assert_true(
		snprintf(path, PATH_MAX, "%s/%s", directory, name) < PATH_MAX);
	return path;
}

static void make_parents(const char *path)
{
	char parent[PATH_MAX], *slash;

	snprintf(parent, sizeof(parent), "%s", path);
	for (slash = parent + strlen(directory) + 1;
		(slash = strchr(slash, '/')); slash++) {
		*slash = '\0';
		mkdir(parent, 0755);
		*slash = '/';
	}
}

void scratch_write(const char *name, const char *text)
{
	const char *path = scratch_path(name);
	FILE *file;

	make_parents(path);
	file = fopen(path, "w");
	assert_non_null(file);
	assert_true(fputs(text, file) >= 0);
	assert_int_equal(fclose(file), 0);
}

void scratch_mkdir(const char *name)
{
	const char *path = scratch_path(name);

	make_parents(path);
	assert_int_equal(mkdir(path, 0755), 0);
}

void scratch_symlink(const char *name, const char *target)
{
	const char *path = scratch_path(name);

	make_parents(path);
	assert_int_equal(symlink(target, path), 0);
}
