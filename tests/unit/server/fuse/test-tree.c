/* SPDX-License-Identifier: BSD-3-Clause */
/* The tree: an image with mount points laid over it. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "spank/server/fuse/tree.h"
#include "tests/unit/server/squashfs/fixture.h"

static struct tree tree;

static int close_all(void **state)
{
	mountpoints_free(&tree.mountpoints);
	fs_close(tree.image);
	tree = (struct tree){ 0 };
	return fixture_remove(state);
}

/* "d/a", "d/b", "link", and "z". */
static void open_tree(void **state)
{
	fixture_run(*state, "mkdir d; touch d/a d/b z; ln -s z link");
	fixture_pack(*state, "");
	tree.image = fixture_open(*state);
}

static uint64_t find(uint64_t directory, const char *name)
{
	uint64_t node;

	if (tree_lookup(&tree, NULL, directory, name, &node) < 0) {
		assert_int_equal(errno, ENOENT);
		return 0;
	}
	return node;
}

static uint64_t make(uint64_t directory, const char *name, mode_t type)
{
	uint64_t node;

	assert_int_equal(tree_make(&tree, NULL, directory, name, type, &node),
		0);
	return node;
}

static struct stat status(uint64_t node)
{
	struct stat st;

	assert_int_equal(tree_stat(&tree, NULL, node, &st), 0);
	return st;
}

struct names {
	char text[256]; /* with a space after each */
	int most;       /* names that are taken at once */
	uint64_t next;
	ino_t parent; /* number of ".." */
};

static bool visit(const struct tree_entry *entry, void *arg)
{
	struct names *names = arg;
	size_t used = strlen(names->text);

	if (names->most-- == 0)
		return false;
	/* "." and ".." are not looked up. */
	assert_int_equal(entry->name[0] == '.', entry->node == 0);
	if (strcmp(entry->name, "..") == 0)
		names->parent = entry->number;
	snprintf(names->text + used, sizeof(names->text) - used, "%s ",
		entry->name);
	names->next = entry->next;
	return true;
}

/* All names, in parts of `most`. */
static struct names list(uint64_t directory, int most)
{
	struct names names = { .text = "" };

	do {
		names.most = most;
		assert_int_equal(tree_list(&tree, NULL, directory, names.next,
					 visit, &names),
			0);
	} while (names.most != most);
	return names;
}

static void assert_names(uint64_t directory, const char *expected)
{
	int most;

	for (most = 1; most < 8; most++)
		assert_string_equal(list(directory, most).text, expected);
}

static void image_shows(void **state)
{
	uint64_t folder;

	open_tree(state);
	folder = find(TREE_ROOT, "d");
	assert_true(folder != 0);
	assert_names(TREE_ROOT, ". .. d link z ");
	assert_names(folder, ". .. a b ");
	assert_int_equal(list(folder, 9).parent, status(TREE_ROOT).st_ino);
	assert_int_equal(list(TREE_ROOT, 9).parent, status(TREE_ROOT).st_ino);
	assert_int_equal(status(TREE_ROOT).st_nlink, 3);
}

static void what_is_made_shows_after_the_image(void **state)
{
	uint64_t folder, made, file, inner;

	open_tree(state);
	folder = find(TREE_ROOT, "d");
	made = make(folder, "made", S_IFDIR);
	file = make(folder, "file", S_IFREG);
	inner = make(made, "inner", S_IFDIR);
	assert_int_equal(find(folder, "made"), made);
	assert_int_equal(find(made, "inner"), inner);
	assert_int_equal(find(made, "a"), 0);
	assert_names(folder, ". .. a b made file ");
	assert_names(made, ". .. inner ");
	assert_int_equal(list(made, 9).parent, status(folder).st_ino);
	assert_int_equal(list(inner, 9).parent, status(made).st_ino);
	assert_int_equal(status(folder).st_nlink, 3);
	assert_int_equal(status(made).st_nlink, 3);
	assert_int_equal(status(made).st_mode, S_IFDIR | 0755);
	assert_int_equal(status(file).st_mode, S_IFREG | 0644);
	assert_int_equal(status(file).st_size, 0);
}

static void what_is_removed_is_gone(void **state)
{
	uint64_t folder, link;

	open_tree(state);
	folder = find(TREE_ROOT, "d");
	assert_int_equal(tree_unlink(&tree, NULL, TREE_ROOT, "link"), 0);
	assert_int_equal(find(TREE_ROOT, "link"), 0);
	assert_names(TREE_ROOT, ". .. d z ");
	assert_int_equal(tree_unlink(&tree, NULL, TREE_ROOT, "link"), -1);
	assert_int_equal(errno, ENOENT);
	/* Another kind in its place. */
	link = make(TREE_ROOT, "link", S_IFDIR);
	assert_int_equal(find(TREE_ROOT, "link"), link);
	assert_names(TREE_ROOT, ". .. d z link ");
	assert_int_equal(tree_unlink(&tree, NULL, TREE_ROOT, "d"), -1);
	assert_int_equal(errno, EISDIR);
	assert_names(folder, ". .. a b ");
}

static void assert_not_made(const char *name, mode_t type, int error)
{
	uint64_t node;

	assert_int_equal(tree_make(&tree, NULL, TREE_ROOT, name, type, &node),
		-1);
	assert_int_equal(errno, error);
}

static void some_cannot_be_made(void **state)
{
	char name[NAME_MAX + 2];
	uint64_t file, node;

	open_tree(state);
	memset(name, 'n', sizeof(name));
	name[NAME_MAX + 1] = '\0';
	assert_not_made("z", S_IFREG, EEXIST);
	assert_not_made("new", S_IFLNK, EPERM);
	assert_not_made("new", S_IFSOCK, EPERM);
	assert_not_made(name, S_IFREG, ENAMETOOLONG);
	/* Not below a file of the image, which is no directory. */
	file = find(TREE_ROOT, "z");
	assert_int_equal(tree_make(&tree, NULL, file, "x", S_IFREG, &node), -1);
	assert_int_equal(errno, ENOTDIR);
}

static void nothing_changes_once_it_is_sealed(void **state)
{
	open_tree(state);
	make(TREE_ROOT, "made", S_IFREG);
	tree.sealed = true;
	assert_not_made("new", S_IFDIR, EROFS);
	assert_int_equal(tree_unlink(&tree, NULL, TREE_ROOT, "z"), -1);
	assert_int_equal(errno, EROFS);
	assert_int_equal(tree_unlink(&tree, NULL, TREE_ROOT, "made"), -1);
	assert_int_equal(errno, EROFS);
	assert_names(TREE_ROOT, ". .. d link z made ");
}

static void files_are_read_and_links_are_not_made(void **state)
{
	unsigned char buffer[16];
	struct fs_data data;
	char target[8];
	uint64_t file;

	open_tree(state);
	file = make(TREE_ROOT, "made", S_IFREG);
	assert_int_equal(tree_read(&tree, NULL, file, 0, 16, buffer, &data),
		READ_DATA);
	assert_int_equal(data.size, 0);
	fs_release(tree.image, &data);
	assert_int_equal(tree_readlink(&tree, NULL, find(TREE_ROOT, "link"),
				 target, sizeof(target)),
		0);
	assert_string_equal(target, "z");
	assert_int_equal(
		tree_readlink(&tree, NULL, file, target, sizeof(target)), -1);
	assert_int_equal(errno, EINVAL);
}

static void all_files_can_belong_to_one(void **state)
{
	uint64_t made;

	open_tree(state);
	made = make(TREE_ROOT, "made", S_IFREG);
	tree.owned = true;
	tree.uid = 1234;
	tree.gid = 5678;
	assert_int_equal(status(TREE_ROOT).st_uid, 1234);
	assert_int_equal(status(find(TREE_ROOT, "z")).st_gid, 5678);
	assert_int_equal(status(made).st_uid, 1234);
}

static bool ignore(const struct tree_entry *entry, void *arg)
{
	(void)entry, (void)arg;
	return true;
}

/* The kernel's numbers are right; these are not: an error, or something of the
 * image, and no crash. */
static void nodes_may_be_anything(void **state)
{
	struct stat st;
	unsigned int seed = 5;
	uint64_t node;
	int i;

	open_tree(state);
	assert_int_equal(tree_stat(&tree, NULL, MOUNTPOINT_NODE | 77, &st), -1);
	assert_int_equal(errno, ENOENT);
	assert_int_equal(
		tree_list(&tree, NULL, MOUNTPOINT_NODE | 77, 0, ignore, NULL),
		-1);
	for (i = 0; i < 2000; i++) {
		node = (uint64_t)rand_r(&seed) << (i % 34) ^ rand_r(&seed);
		tree_stat(&tree, NULL, node, &st);
		tree_lookup(&tree, NULL, node, "a", &node);
		tree_list(&tree, NULL, node, rand_r(&seed), ignore, NULL);
	}
}

#define TEST(name) \
	cmocka_unit_test_setup_teardown(name, fixture_make, close_all)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(image_shows),
		TEST(what_is_made_shows_after_the_image),
		TEST(what_is_removed_is_gone),
		TEST(some_cannot_be_made),
		TEST(nothing_changes_once_it_is_sealed),
		TEST(files_are_read_and_links_are_not_made),
		TEST(all_files_can_belong_to_one),
		TEST(nodes_may_be_anything),
	};

	return cmocka_run_group_tests_name("tree", tests, NULL, NULL);
}
