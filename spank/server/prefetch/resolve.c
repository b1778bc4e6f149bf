/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What the kernel does for open(2), in an image that is not mounted: one
 * component after the other, symlinks included.
 */
#include <errno.h>
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
	off_t directory_size_max;
	int symlinks; /* so far */
};

static int fail(int error)
{
	errno = error;
	return -1;
}

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

	if (++walk->symlinks > SYMLINKS_MAX)
		return fail(ELOOP);
	if (fs_readlink(image, NULL, link, target, sizeof(target)) < 0)
		return -1;
	if (strlen(target) + strlen(walk->rest) + 1 >= PATH_MAX)
		return fail(ENAMETOOLONG);
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
		return fail(ENAMETOOLONG);
	walk->parents[walk->depth++] = walk->ref;
	walk->ref = ref;
	strcat(walk->done, "/");
	strcat(walk->done, name);
	return 0;
}

static int look_up(struct filesystem *image, const struct walk *walk,
	const char *name, uint64_t *ret_ref, struct stat *ret_st)
{
	if (fs_stat(image, NULL, walk->ref, ret_st) < 0)
		return -1;
	if (ret_st->st_size > walk->directory_size_max)
		return fail(EFBIG);
	if (fs_lookup(image, NULL, walk->ref, name, ret_ref) < 0)
		return -1;
	return fs_stat(image, NULL, *ret_ref, ret_st);
}

/* Resolve one component; -1 if that is impossible. */
static int go_on(struct filesystem *image, struct walk *walk, const char *name)
{
	struct stat st;
	uint64_t ref;

	if (strcmp(name, ".") == 0)
		return 0;
	if (strcmp(name, "..") == 0) {
		go_up(walk);
		return 0;
	}
	if (look_up(image, walk, name, &ref, &st) < 0)
		return -1;
	return S_ISLNK(st.st_mode) ? follow(image, walk, ref)
				   : go_down(walk, name, ref);
}

static int go(struct filesystem *image, struct walk *walk,
	struct deadline deadline)
{
	char name[NAME_MAX + 1];

	walk->ref = image->root;
	while (take_name(walk, name)) {
		if (deadline_left_ms(deadline) == 0)
			return fail(ETIMEDOUT);
		if (go_on(image, walk, name) < 0)
			return -1;
	}
	/* What is left is a name that no directory can have. */
	return walk->rest[strspn(walk->rest, "/")] ? fail(ENAMETOOLONG) : 0;
}

static int resolve(struct filesystem *image, const char *path,
	struct deadline deadline, off_t directory_size_max,
	struct resolved *ret_resolved)
{
	CLEANUP_FREE struct walk *walk = calloc(1, sizeof(*walk));
	struct stat st;

	if (!walk)
		return fail(ENOMEM);
	if (strlen(path) >= PATH_MAX)
		return fail(ENAMETOOLONG);
	strcpy(walk->rest, path);
	walk->directory_size_max = directory_size_max;
	if (go(image, walk, deadline) < 0 ||
		fs_stat(image, NULL, walk->ref, &st) < 0)
		return -1;
	*ret_resolved = (struct resolved){
		.path = strdup(walk->done),
		.ref = walk->ref,
		.size = st.st_size,
		.type = st.st_mode & S_IFMT,
	};
	return ret_resolved->path ? 0 : fail(ENOMEM);
}

int resolve_node(struct filesystem *image, const char *path,
	struct deadline deadline, struct resolved *ret_resolved)
{
	return resolve(image, path, deadline, INT64_MAX, ret_resolved);
}

int resolve_file(struct filesystem *image, const char *path,
	struct deadline deadline, struct resolved *ret_resolved)
{
	struct resolved found;

	if (resolve(image, path, deadline, DIRECTORY_SIZE_MAX, &found) < 0)
		return -1;
	if (!S_ISREG(found.type)) {
		free(found.path);
		return -1;
	}
	*ret_resolved = found;
	return 0;
}
