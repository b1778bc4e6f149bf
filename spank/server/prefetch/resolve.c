/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What the kernel does for open(2), in an image that is not mounted: one
 * component after the other, symlinks included.
 */
#include <limits.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "common/cleanup.h"
#include "spank/server/prefetch/resolve.h"

#define SYMLINKS_MAX 40
/* Without an index, one look-up reads the whole directory. */
#define DIRECTORY_SIZE_MAX (1024 * 1024)

/* A path on the way: `done` has been resolved, `rest` has not. */
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

/* Go on with the symlink's target, and then with the rest. */
static int follow(struct filesystem *image, struct walk *walk, uint64_t link)
{
	char target[PATH_MAX];

	if (fs_readlink(image, NULL, link, target, sizeof(target)) < 0 ||
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

static int look_up(struct filesystem *image, uint64_t directory,
	const char *name, uint64_t *ret_ref, struct stat *ret_st)
{
	if (fs_stat(image, NULL, directory, ret_st) < 0 ||
		ret_st->st_size > DIRECTORY_SIZE_MAX ||
		fs_lookup(image, NULL, directory, name, ret_ref) < 0)
		return -1;
	return fs_stat(image, NULL, *ret_ref, ret_st);
}

/* Resolve one component; -1 if that is impossible. */
static int go_on(struct filesystem *image, struct walk *walk, const char *name,
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
	if (look_up(image, walk->ref, name, &ref, &st) < 0)
		return -1;
	if (S_ISLNK(st.st_mode))
		return ++*symlinks > SYMLINKS_MAX ? -1
						  : follow(image, walk, ref);
	return go_down(walk, name, ref);
}

int resolve(struct filesystem *image, const char *path,
	struct deadline deadline, struct resolved *ret_resolved)
{
	CLEANUP_FREE struct walk *walk = calloc(1, sizeof(*walk));
	char name[NAME_MAX + 1];
	int symlinks = 0;
	struct stat st;

	if (!walk || strlen(path) >= PATH_MAX)
		return -1;
	strcpy(walk->rest, path);
	walk->ref = image->root;
	while (take_name(walk, name))
		if (deadline_left_ms(deadline) == 0 ||
			go_on(image, walk, name, &symlinks) < 0)
			return -1;
	if (fs_stat(image, NULL, walk->ref, &st) < 0 || !S_ISREG(st.st_mode))
		return -1;
	ret_resolved->path = strdup(walk->done);
	ret_resolved->ref = walk->ref;
	ret_resolved->size = st.st_size;
	return ret_resolved->path ? 0 : -1;
}
