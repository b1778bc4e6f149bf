/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Which items of --sif-overlay are directories, and in which order they may be.
 * Mounts are tested with live steps.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "spank/plugin/container/host_layers.h"
#include "tests/unit/scratch.h"

/* In the items '@' stands for the scratch directory. */
static void parse(const char *items, struct overlay_list *ret_list)
{
	char text[8 * PATH_MAX];
	size_t used = 0;
	struct error err = { 0 };

	for (; *items; items++)
		if (*items == '@')
			used += snprintf(text + used, sizeof(text) - used, "%s",
				scratch_directory());
		else
			text[used++] = *items;
	text[used] = '\0';
	assert_int_equal(overlay_list_parse(text, ret_list, &err), 0);
}

/* Returns the number of directories, or -1. */
static int find(const char *items, bool has_tmpfs, bool *ret_is_writable,
	struct error *err)
{
	struct host_layers layers = HOST_LAYERS_NONE;
	struct report report = { .debug = false };
	struct overlay_list list;
	int found;

	*err = (struct error){ 0 };
	parse(items, &list);
	found = host_layers_find(&list, has_tmpfs, &layers, &report, err);
	if (found == 0)
		found = layers.count;
	*ret_is_writable = layers.writable_fd >= 0;
	host_layers_free(&layers);
	report_free(&report);
	overlay_list_free(&list);
	return found;
}

static void directories_are_found(void **state)
{
	struct error err;
	bool is_writable;

	(void)state;
	scratch_mkdir("d");
	scratch_mkdir("e");
	scratch_write("file", "");
	assert_int_equal(find("@/file,@/d:ro,@/e", false, &is_writable, &err),
		2);
	assert_true(is_writable);
	assert_int_equal(find("@/d:ro,@/e:ro", true, &is_writable, &err), 2);
	assert_false(is_writable);
	assert_int_equal(find("@/file:ro,name", false, &is_writable, &err), 0);
	assert_false(is_writable);
}

static void upper_is_the_layer_where_it_is(void **state)
{
	struct host_layers layers = HOST_LAYERS_NONE;
	struct report report = { .debug = false };
	struct overlay_list list;
	struct error err = { 0 };

	(void)state;
	scratch_mkdir("d");
	scratch_mkdir("e");
	scratch_mkdir("e/upper");
	scratch_mkdir("f");
	scratch_symlink("f/upper", "/etc");
	parse("@/d:ro,@/e:ro,@/f:ro", &list);
	assert_int_equal(host_layers_find(&list, false, &layers, &report, &err),
		0);
	assert_null(layers.layers[0].name);
	assert_string_equal(layers.layers[1].name, "upper");
	assert_null(layers.layers[2].name);
	host_layers_free(&layers);
	overlay_list_free(&list);
}

static void refused(const char *items, bool has_tmpfs, const char *sentence)
{
	struct error err;
	bool is_writable;

	assert_int_equal(find(items, has_tmpfs, &is_writable, &err), -1);
	if (!strstr(err.text, sentence))
		fail_msg("'%s' is refused with '%s'", items, err.text);
}

static void only_the_last_is_written_to(void **state)
{
	(void)state;
	scratch_mkdir("d");
	scratch_mkdir("e");
	scratch_write("file", "");
	refused("@/d,@/e", false, "/d' is under another layer");
	refused("@/d,@/file", false, "/d' is under another layer");
	refused("@/d:ro,@/file", false, "/file' cannot be over the directory");
	refused("@/d:ro,name", false, "'name' cannot be over the directory");
	refused("@/d:ro,@/e", true, "are two writable layers");
	assert_int_equal(access(scratch_path("d/upper"), F_OK), -1);
	refused("@/missing", false, "/missing' on this node: No such file");
	refused("@/d:ro,@/missing", false, "/missing' on this node");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(directories_are_found, scratch_clear),
		cmocka_unit_test_teardown(upper_is_the_layer_where_it_is,
			scratch_clear),
		cmocka_unit_test_teardown(only_the_last_is_written_to,
			scratch_clear),
	};

	return cmocka_run_group_tests_name("host layers", tests, scratch_make,
		scratch_remove);
}
