/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A queue of paths.  Of each the file is found, its blocks are read, one after
 * the other, and at last it is asked what it names: a script its interpreter, a
 * program its loader and its libraries.
 *
 * Where a library is found the loader knows better, by a cache, run paths and
 * variables; here it is looked for beside the file that needs it, in the lib
 * beside that, beside the loader, and where distributions have theirs.
 */
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/cleanup.h"
#include "spank/server/elf.h"
#include "spank/server/foresight.h"

#define FILES_MAX    48
#define SYMLINKS_MAX 40
/* Of one file: all of a C library, the beginning of what is larger. */
#define FILE_BYTES_MAX (2 * 1024 * 1024)
#define BYTES_MAX      (8 * 1024 * 1024)

#if defined(__x86_64__)
#define MULTIARCH "x86_64-linux-gnu"
#elif defined(__aarch64__)
#define MULTIARCH "aarch64-linux-gnu"
#elif defined(__powerpc64__)
#define MULTIARCH "powerpc64le-linux-gnu"
#else
#define MULTIARCH "none"
#endif

/* A file that was found. */
struct found {
	char *path; /* owned: without symlinks */
	uint64_t ref;
	uint64_t size;
};

struct foresight {
	struct squash *image;
	size_t block_size;
	size_t bytes; /* that may still be read */
	struct found files[FILES_MAX];
	size_t count;
	size_t first;    /* that is the step's, not the plugin's */
	size_t current;  /* the file that is read */
	uint64_t offset; /* in it */
	char *loader;    /* directory of the first loader that was found */
	unsigned char buffer[SQUASH_READ_MAX];
};

/* --- finding -------------------------------------------------------------- */

/* A path that is walked: `done` is behind us, `rest` before. */
struct walk {
	char done[PATH_MAX];
	char rest[PATH_MAX];
	uint64_t parents[PATH_MAX / 2]; /* of each component of done */
	size_t depth;
	uint64_t ref;
};

/* Cut the first component off `rest`; false if there is none. */
static bool take_name(struct walk *walk, char ret_name[NAME_MAX + 1])
{
	size_t slashes = strspn(walk->rest, "/");
	size_t length = strcspn(walk->rest + slashes, "/");

	if (length == 0 || length > NAME_MAX)
		return false;
	memcpy(ret_name, walk->rest + slashes, length);
	ret_name[length] = '\0';
	memmove(walk->rest, walk->rest + slashes + length,
		strlen(walk->rest + slashes + length) + 1);
	return true;
}

static void go_up(struct walk *walk)
{
	if (walk->depth == 0)
		return;
	walk->ref = walk->parents[--walk->depth];
	*strrchr(walk->done, '/') = '\0';
}

/* What is before us is `target`, and then what was before. */
static int follow(struct squash *image, struct walk *walk, uint64_t link)
{
	char target[PATH_MAX];

	if (squash_readlink(image, link, target, sizeof(target)) < 0 ||
		strlen(target) + strlen(walk->rest) + 1 >= PATH_MAX)
		return -1;
	if (target[0] == '/')
		while (walk->depth > 0)
			go_up(walk);
	strcat(target, "/");
	strcat(target, walk->rest);
	strcpy(walk->rest, target);
	return 0;
}

static int go_down(struct walk *walk, const char *name, uint64_t ref)
{
	if (strlen(walk->done) + strlen(name) + 1 >= PATH_MAX)
		return -1;
	walk->parents[walk->depth++] = walk->ref;
	walk->ref = ref;
	strcat(walk->done, "/");
	strcat(walk->done, name);
	return 0;
}

/* One component further; -1 if it cannot be. */
static int go_on(struct squash *image, struct walk *walk, const char *name,
	int *symlinks)
{
	struct stat st;
	uint64_t ref;

	if (strcmp(name, ".") == 0)
		return 0;
	if (strcmp(name, "..") == 0) {
		go_up(walk);
		return 0;
	}
	if (squash_lookup(image, walk->ref, name, &ref) < 0 ||
		squash_stat(image, ref, &st) < 0)
		return -1;
	if (S_ISLNK(st.st_mode))
		return ++*symlinks > SYMLINKS_MAX ? -1
						  : follow(image, walk, ref);
	return go_down(walk, name, ref);
}

/* *ret_path is owned by the caller. */
static int find(struct squash *image, const char *path, struct found *ret_found)
{
	CLEANUP_FREE struct walk *walk = calloc(1, sizeof(*walk));
	char name[NAME_MAX + 1];
	int symlinks = 0;
	struct stat st;

	if (!walk || strlen(path) >= PATH_MAX)
		return -1;
	strcpy(walk->rest, path);
	walk->ref = squash_root(image);
	while (take_name(walk, name))
		if (go_on(image, walk, name, &symlinks) < 0)
			return -1;
	if (squash_stat(image, walk->ref, &st) < 0 || !S_ISREG(st.st_mode))
		return -1;
	ret_found->path = strdup(walk->done);
	ret_found->ref = walk->ref;
	ret_found->size = st.st_size;
	return ret_found->path ? 0 : -1;
}

/* --- the queue ------------------------------------------------------------ */

/* Where the file of that name is found; NULL if there is none. */
static const char *add(struct foresight *foresight, const char *path)
{
	struct found found;
	size_t i;

	if (foresight->count == FILES_MAX ||
		find(foresight->image, path, &found) < 0)
		return NULL;
	for (i = 0; i < foresight->count; i++)
		if (foresight->files[i].ref == found.ref) {
			free(found.path);
			return foresight->files[i].path;
		}
	foresight->files[foresight->count++] = found;
	return found.path;
}

static const char *add_in(struct foresight *foresight, const char *directory,
	const char *name)
{
	char path[PATH_MAX];

	if (snprintf(path, sizeof(path), "%s/%s", directory, name) >=
		(int)sizeof(path))
		return NULL;
	return add(foresight, path);
}

static void add_command(struct foresight *foresight, const char *command)
{
	static const char *const directories[] = { "/usr/local/sbin",
		"/usr/local/bin", "/usr/sbin", "/usr/bin", "/sbin", "/bin" };
	size_t i;

	if (command[0] == '/')
		add(foresight, command);
	else if (!strchr(command, '/'))
		for (i = 0; i < sizeof(directories) / sizeof(*directories); i++)
			if (add_in(foresight, directories[i], command))
				return;
}

static void add_library(struct foresight *foresight, const char *needed_by,
	const char *name)
{
	static const char *const directories[] = { "/lib/" MULTIARCH,
		"/usr/lib/" MULTIARCH, "/lib64", "/usr/lib64", "/lib",
		"/usr/lib", "/usr/local/lib" };
	CLEANUP_FREE char *own = strdup(needed_by), *beside = NULL;
	size_t i;

	if (strchr(name, '/')) {
		if (name[0] == '/')
			add(foresight, name);
		return;
	}
	if (!own)
		return;
	*strrchr(own, '/') = '\0';
	if (asprintf(&beside, "%s/../lib", own) < 0)
		beside = NULL;
	if (add_in(foresight, own, name) ||
		(beside && add_in(foresight, beside, name)) ||
		(foresight->loader &&
			add_in(foresight, foresight->loader, name)))
		return;
	for (i = 0; i < sizeof(directories) / sizeof(*directories); i++)
		if (add_in(foresight, directories[i], name))
			return;
}

static void add_loader(struct foresight *foresight, const char *path)
{
	const char *found = path[0] == '/' ? add(foresight, path) : NULL;

	if (!found || foresight->loader)
		return;
	foresight->loader = strdup(found);
	if (foresight->loader)
		*strrchr(foresight->loader, '/') = '\0';
}

/* --- reading -------------------------------------------------------------- */

struct reading {
	struct foresight *foresight;
	const struct found *file;
};

static ssize_t read_bytes(void *arg, uint64_t offset, void *buffer, size_t size)
{
	const struct reading *reading = arg;
	struct squash *image = reading->foresight->image;
	struct squash_data data;

	if (size > sizeof(reading->foresight->buffer) ||
		squash_read(image, reading->file->ref, offset, size,
			SQUASH_IN_TIME, reading->foresight->buffer, &data) < 0)
		return -1;
	size = data.size;
	memcpy(buffer, data.bytes, size);
	squash_release(image, &data);
	return size;
}

/* "#!/bin/sh -e": what stands there as a path. */
static void add_interpreter(struct foresight *foresight,
	struct reading *reading)
{
	char line[ELF_NAME_SIZE], *path;
	ssize_t length = read_bytes(reading, 0, line, sizeof(line) - 1);

	if (length < 0)
		return;
	line[length] = '\0';
	if (strncmp(line, "#!", 2) != 0)
		return;
	path = line + 2 + strspn(line + 2, " \t");
	path[strcspn(path, " \t\n")] = '\0';
	if (path[0] == '/')
		add(foresight, path);
}

static void add_needs(struct foresight *foresight, const struct found *file)
{
	struct reading reading = { foresight, file };
	CLEANUP_FREE struct elf_needs *needs = calloc(1, sizeof(*needs));
	size_t i;

	if (!needs)
		return;
	if (elf_needs(read_bytes, &reading, needs) < 0) {
		add_interpreter(foresight, &reading);
		return;
	}
	if (needs->loader[0])
		add_loader(foresight, needs->loader);
	for (i = 0; i < needs->count; i++)
		add_library(foresight, file->path, needs->names[i]);
}

static void next_file(struct foresight *foresight)
{
	add_needs(foresight, &foresight->files[foresight->current++]);
	foresight->offset = 0;
}

bool foresight_step(struct foresight *foresight)
{
	const struct found *file = &foresight->files[foresight->current];
	size_t size = foresight->block_size;
	struct squash_data data;

	if (foresight->current == foresight->count || foresight->bytes < size)
		return false;
	if (foresight->offset >= file->size ||
		foresight->offset >= FILE_BYTES_MAX ||
		squash_read(foresight->image, file->ref, foresight->offset,
			size, SQUASH_IN_TIME, foresight->buffer, &data) < 0) {
		next_file(foresight);
		return true;
	}
	squash_release(foresight->image, &data);
	foresight->offset += size;
	foresight->bytes -= size;
	return true;
}

struct foresight *foresight_open(struct squash *image, const char *command,
	size_t bytes)
{
	struct foresight *foresight = calloc(1, sizeof(*foresight));
	struct statvfs st;

	if (!foresight)
		return NULL;
	squash_statfs(image, &st);
	foresight->image = image;
	foresight->block_size = st.f_bsize;
	foresight->bytes = bytes < BYTES_MAX ? bytes : BYTES_MAX;
	add(foresight, "/etc/passwd");
	add(foresight, "/etc/group");
	foresight->first = foresight->count;
	if (command)
		add_command(foresight, command);
	return foresight;
}

void foresight_list(const struct foresight *foresight, char *text, size_t size)
{
	size_t i, used = 0, length;
	const char *path;

	for (i = foresight->first; i < foresight->count; i++) {
		path = foresight->files[i].path;
		length = strlen(path);
		if (strchr(path, '\n') || used + length + 2 > size)
			continue;
		memcpy(text + used, path, length);
		used += length;
		text[used++] = '\n';
	}
	text[used] = '\0';
}

void foresight_close(struct foresight *foresight)
{
	size_t i;

	if (!foresight)
		return;
	for (i = 0; i < foresight->count; i++)
		free(foresight->files[i].path);
	free(foresight->loader);
	free(foresight);
}
