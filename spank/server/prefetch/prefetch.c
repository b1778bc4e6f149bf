/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A queue of files.  The blocks of each file are read one after the other. Then
 * the file is examined: a script names its interpreter, a program its loader
 * and libraries.  These are looked for, one path a step, before the next file.
 *
 * The loader knows better where a library is: it has a cache, run paths and
 * variables.  Here a library is looked for beside the file that needs it, in
 * ../lib, beside the loader, and in the directories of the distributions.
 *
 * The image may be anything.  So each block that is decompressed counts,
 * whether or not it can be read.  Work that needs no block, such as a long path
 * or list, is bounded by the clock or by its size.
 */
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/deadline.h"
#include "spank/server/prefetch/elf_dynamic.h"
#include "spank/server/prefetch/prefetch.h"
#include "spank/server/prefetch/resolve.h"

#define FILES_MAX 48
/* The most of one file: a whole C library, the beginning of a larger one. */
#define FILE_BYTES_MAX (2 * 1024 * 1024)
#define BYTES_MAX      (8 * 1024 * 1024)
/* Time limit, from prefetch_open() on. */
#define PREFETCH_MS 200
/* Parts of a file beyond this are left out: the list of blocks up to there is
 * long. */
#define OFFSET_MAX      (1024LL * 1024 * 1024)
#define DIRECTORIES_MAX 10

#if defined(__x86_64__)
#define MULTIARCH "x86_64-linux-gnu"
#elif defined(__aarch64__)
#define MULTIARCH "aarch64-linux-gnu"
#elif defined(__powerpc64__)
#define MULTIARCH "powerpc64le-linux-gnu"
#else
#define MULTIARCH "none"
#endif

/* The files to look for, one path a step. */
struct search {
	struct elf_needs needs;
	size_t name; /* of these */
	const char *directories[DIRECTORIES_MAX];
	size_t directories_count;
	size_t next_directory; /* of these */
	/* Directories beside the file that needs them. */
	char own[PATH_MAX];
	char lib[PATH_MAX];
};

struct prefetch {
	struct filesystem *image;
	struct deadline deadline;
	size_t block_size;
	size_t bytes; /* that may still be read */
	struct search search;
	struct resolved files[FILES_MAX];
	size_t count;
	size_t first;    /* of the step's own, after the plugin's */
	size_t current;  /* the file that is read */
	uint64_t offset; /* in it */
	char *loader;    /* directory of the first loader that was found */
	unsigned char buffer[FS_READ_MAX];
};

static bool is_late(const struct prefetch *prefetch)
{
	return deadline_left_ms(prefetch->deadline) == 0;
}

/* --- the queue ------------------------------------------------------------ */

/* The path of the file without symlinks; NULL if there is no such file. */
static const char *add_file(struct prefetch *prefetch, const char *path)
{
	struct resolved found;
	size_t i;

	if (prefetch->count == FILES_MAX ||
		resolve_file(prefetch->image, path, prefetch->deadline,
			&found) < 0)
		return NULL;
	for (i = 0; i < prefetch->count; i++)
		if (prefetch->files[i].ref == found.ref) {
			free(found.path);
			return prefetch->files[i].path;
		}
	prefetch->files[prefetch->count++] = found;
	return found.path;
}

static const char *add_in(struct prefetch *prefetch, const char *directory,
	const char *name)
{
	char path[PATH_MAX];

	if (snprintf(path, sizeof(path), "%s/%s", directory, name) >=
		(int)sizeof(path))
		return NULL;
	return add_file(prefetch, path);
}

static void add_loader(struct prefetch *prefetch, const char *path)
{
	const char *found = path[0] == '/' ? add_file(prefetch, path) : NULL;

	if (!found || prefetch->loader)
		return;
	prefetch->loader = strdup(found);
	if (prefetch->loader)
		*strrchr(prefetch->loader, '/') = '\0';
}

/* --- searching ------------------------------------------------------------ */

static void add_directory(struct search *search, const char *directory)
{
	if (directory && search->directories_count < DIRECTORIES_MAX)
		search->directories[search->directories_count++] = directory;
}

static void search_command(struct search *search, const char *name)
{
	static const char *const directories[] = { "/usr/local/sbin",
		"/usr/local/bin", "/usr/sbin", "/usr/bin", "/sbin", "/bin" };
	size_t i;

	if (strlen(name) >= sizeof(search->needs.names[0]))
		return;
	strcpy(search->needs.names[0], name);
	search->needs.count = 1;
	for (i = 0; i < sizeof(directories) / sizeof(*directories); i++)
		add_directory(search, directories[i]);
}

/* What `needs` names, for the file at the path `needed_by`. */
static void search_libraries(struct prefetch *prefetch, const char *needed_by)
{
	static const char *const directories[] = { "/lib/" MULTIARCH,
		"/usr/lib/" MULTIARCH, "/lib64", "/usr/lib64", "/lib",
		"/usr/lib", "/usr/local/lib" };
	struct search *search = &prefetch->search;
	size_t i;

	search->name = search->next_directory = search->directories_count = 0;
	strcpy(search->own, needed_by);
	*strrchr(search->own, '/') = '\0';
	add_directory(search, search->own);
	if (snprintf(search->lib, sizeof(search->lib), "%s/../lib",
		    search->own) < (int)sizeof(search->lib))
		add_directory(search, search->lib);
	add_directory(search, prefetch->loader);
	for (i = 0; i < sizeof(directories) / sizeof(*directories); i++)
		add_directory(search, directories[i]);
}

static void search_on(struct prefetch *prefetch)
{
	struct search *search = &prefetch->search;
	const char *name = search->needs.names[search->name], *found = NULL;
	bool is_path = strchr(name, '/');

	if (!is_path)
		found = add_in(prefetch,
			search->directories[search->next_directory++], name);
	else if (name[0] == '/')
		add_file(prefetch, name);
	if (!found && !is_path &&
		search->next_directory < search->directories_count)
		return;
	search->name++;
	search->next_directory = 0;
}

/* --- reading -------------------------------------------------------------- */

/* A file that is examined. */
struct reading {
	struct prefetch *prefetch;
	const struct resolved *file;
	uint64_t read; /* so much of its beginning is in the cache */
	uint64_t last; /* and this block, or none */
};

/* False if there are not so many left. */
static bool charge(struct prefetch *prefetch, size_t blocks)
{
	if (prefetch->bytes / prefetch->block_size < blocks)
		return false;
	prefetch->bytes -= blocks * prefetch->block_size;
	return true;
}

/* Most of these reads are in the block of the read before. */
static bool charge_read(const struct reading *reading, uint64_t offset,
	size_t size)
{
	uint64_t block_size = reading->prefetch->block_size;
	uint64_t first = offset / block_size;
	uint64_t last = (offset + size - 1) / block_size;

	if (offset + size <= reading->read ||
		(first == reading->last && last == first))
		return true;
	return charge(reading->prefetch, last - first + 1);
}

static ssize_t read_bytes(void *arg, uint64_t offset, void *buffer, size_t size)
{
	struct reading *reading = arg;
	struct prefetch *prefetch = reading->prefetch;
	struct fs_data data;

	if (size == 0 || size > sizeof(prefetch->buffer) ||
		offset >= OFFSET_MAX || is_late(prefetch) ||
		!charge_read(reading, offset, size) ||
		fs_read(prefetch->image, NULL, reading->file->ref, offset, size,
			prefetch->buffer, &data) != READ_DATA)
		return -1;
	reading->last = (offset + size - 1) / prefetch->block_size;
	size = data.size;
	memcpy(buffer, data.bytes, size);
	fs_release(prefetch->image, &data);
	return size;
}

/* The path in "#!/bin/sh -e". */
static void add_interpreter(struct prefetch *prefetch, struct reading *reading)
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
		add_file(prefetch, path);
}

static void add_needs(struct prefetch *prefetch, const struct resolved *file)
{
	struct elf_needs *needs = &prefetch->search.needs;
	struct reading reading = { prefetch, file, prefetch->offset,
		UINT64_MAX };

	if (elf_needs(read_bytes, &reading, needs) < 0) {
		needs->count = 0;
		add_interpreter(prefetch, &reading);
		return;
	}
	if (needs->loader[0])
		add_loader(prefetch, needs->loader);
	search_libraries(prefetch, file->path);
}

static void end_file(struct prefetch *prefetch)
{
	add_needs(prefetch, &prefetch->files[prefetch->current++]);
	prefetch->offset = 0;
}

/* Read the next block; false if there is none, or it cannot be read. */
static bool read_on(struct prefetch *prefetch)
{
	const struct resolved *file = &prefetch->files[prefetch->current];
	struct fs_data data;

	if (prefetch->offset >= file->size ||
		prefetch->offset >= FILE_BYTES_MAX || !charge(prefetch, 1) ||
		fs_read(prefetch->image, NULL, file->ref, prefetch->offset,
			prefetch->block_size, prefetch->buffer,
			&data) != READ_DATA)
		return false;
	fs_release(prefetch->image, &data);
	prefetch->offset += prefetch->block_size;
	return true;
}

bool prefetch_step(struct prefetch *prefetch)
{
	if (is_late(prefetch))
		return false;
	if (prefetch->search.name < prefetch->search.needs.count)
		search_on(prefetch);
	else if (prefetch->current == prefetch->count ||
		 prefetch->bytes < prefetch->block_size)
		return false;
	else if (!read_on(prefetch))
		end_file(prefetch);
	return true;
}

struct prefetch *prefetch_open(struct filesystem *image, const char *command,
	size_t bytes)
{
	struct prefetch *prefetch = calloc(1, sizeof(*prefetch));
	struct statvfs st;

	if (!prefetch)
		return NULL;
	fs_statfs(image, &st);
	prefetch->image = image;
	prefetch->deadline = deadline_in_ms(PREFETCH_MS);
	prefetch->block_size = st.f_bsize;
	prefetch->bytes = bytes < BYTES_MAX ? bytes : BYTES_MAX;
	add_file(prefetch, "/etc/passwd");
	add_file(prefetch, "/etc/group");
	prefetch->first = prefetch->count;
	if (command && command[0] == '/')
		add_file(prefetch, command);
	else if (command && !strchr(command, '/'))
		search_command(&prefetch->search, command);
	return prefetch;
}

void prefetch_list(const struct prefetch *prefetch, char *text, size_t size)
{
	size_t i, used = 0, length;
	const char *path;

	for (i = prefetch->first; i < prefetch->count; i++) {
		path = prefetch->files[i].path;
		length = strlen(path);
		if (strchr(path, '\n') || used + length + 2 > size)
			continue;
		memcpy(text + used, path, length);
		used += length;
		text[used++] = '\n';
	}
	text[used] = '\0';
}

void prefetch_close(struct prefetch *prefetch)
{
	size_t i;

	if (!prefetch)
		return;
	for (i = 0; i < prefetch->count; i++)
		free(prefetch->files[i].path);
	free(prefetch->loader);
	free(prefetch);
}
