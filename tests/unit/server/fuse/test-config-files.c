/* SPDX-License-Identifier: BSD-3-Clause */
/* What the config of an OCI image says, as files in the tree. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "spank/server/fuse/config_files.h"
#include "tests/unit/server/squashfs/fixture.h"

static struct tree tree;

static const struct oci_config config = {
	.environment = "export A='a'\n",
	.runscript = "exec \"$@\"\n",
	.directory = "/work",
};

static int close_all(void **state)
{
	mountpoints_free(&tree.mountpoints);
	fs_close(tree.image);
	tree = (struct tree){ 0 };
	return fixture_remove(state);
}

static void open_tree(void **state, const char *command)
{
	fixture_run(*state, command);
	fixture_pack(*state, "");
	tree.image = fixture_open(*state);
}

/* 0 if there is no such path. */
static uint64_t find(const char *path)
{
	uint64_t node = TREE_ROOT;
	char copy[64], *rest = copy, *name;

	snprintf(copy, sizeof(copy), "%s", path);
	while ((name = strsep(&rest, "/")))
		if (tree_lookup(&tree, NULL, node, name, &node) < 0)
			return 0;
	return node;
}

static void assert_reads(uint64_t node, uint64_t offset, size_t size,
	const char *expected)
{
	char buffer[64];
	struct fs_data data;

	assert_int_equal(
		tree_read(&tree, NULL, node, offset, size, buffer, &data),
		READ_DATA);
	assert_int_equal(data.size, strlen(expected));
	assert_memory_equal(data.bytes, expected, data.size);
	fs_release(tree.image, &data);
}

static void an_image_without_such_files_has_them(void **state)
{
	struct stat st;
	uint64_t script;
	char target[16];

	open_tree(state, "touch a");
	assert_int_equal(config_files_add(&tree, &config), 0);
	script = find(".singularity.d/env/10-docker2singularity.sh");
	assert_int_equal(tree_stat(&tree, NULL, script, &st), 0);
	assert_int_equal(st.st_mode, S_IFREG | 0755);
	assert_int_equal(st.st_size, strlen(config.environment));
	assert_reads(script, 0, 64, config.environment);
	assert_reads(script, 7, 3, "A='");
	assert_reads(script, 13, 64, "");
	assert_reads(script, 1 << 30, 64, "");
	assert_reads(find(".singularity.d/runscript"), 0, 64, config.runscript);
	assert_int_equal(tree_readlink(&tree, NULL,
				 find(".singularity.d/workdir"), target,
				 sizeof(target)),
		0);
	assert_string_equal(target, "/work");
	assert_int_equal(
		tree_readlink(&tree, NULL, script, target, sizeof(target)), -1);
	assert_int_equal(errno, EINVAL);
	assert_int_equal(tree_readlink(&tree, NULL,
				 find(".singularity.d/workdir"), target, 5),
		-1);
	assert_int_equal(errno, ENAMETOOLONG);
}

static void files_of_the_image_win(void **state)
{
	open_tree(state, "mkdir .singularity.d; echo own >.singularity.d/"
			 "runscript");
	assert_int_equal(config_files_add(&tree, &config), 0);
	assert_reads(find(".singularity.d/runscript"), 0, 64, "own\n");
	assert_reads(find(".singularity.d/env/10-docker2singularity.sh"), 0, 64,
		config.environment);
}

static void what_the_config_does_not_say_is_no_file(void **state)
{
	const struct oci_config bare = { .runscript = "true\n" };
	const struct oci_config none = { .runscript = NULL };

	open_tree(state, "touch a");
	assert_int_equal(config_files_add(&tree, &none), 0);
	assert_int_equal(find(".singularity.d"), 0);
	assert_int_equal(config_files_add(&tree, &bare), 0);
	assert_int_not_equal(find(".singularity.d/runscript"), 0);
	assert_int_equal(find(".singularity.d/workdir"), 0);
	assert_int_equal(find(".singularity.d/env/10-docker2singularity.sh"),
		0);
}

static void a_file_instead_of_the_directory_is_an_error(void **state)
{
	open_tree(state, "touch .singularity.d");
	assert_int_equal(config_files_add(&tree, &config), -1);
	assert_int_equal(errno, ENOTDIR);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define TEST(f) cmocka_unit_test_setup_teardown(f, fixture_make, close_all)
		TEST(an_image_without_such_files_has_them),
		TEST(files_of_the_image_win),
		TEST(what_the_config_does_not_say_is_no_file),
		TEST(a_file_instead_of_the_directory_is_an_error),
	};

	return cmocka_run_group_tests_name("config-files", tests, NULL, NULL);
}
