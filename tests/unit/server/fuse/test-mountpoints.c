/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "spank/server/fuse/mountpoints.h"

#define ROOT  1
#define OTHER 77

static const struct mountpoint *add(struct mountpoints *mountpoints,
	uint64_t directory, const char *name, mode_t mode)
{
	const struct mountpoint *entry = NULL;

	assert_int_equal(
		mountpoints_add(mountpoints, directory, name, mode, &entry), 0);
	return entry;
}

static void empty_has_nothing(void **state)
{
	struct mountpoints mountpoints = { 0 };
	size_t position = 0;

	(void)state;
	assert_null(mountpoints_find(&mountpoints, ROOT, "a"));
	assert_null(mountpoints_find_node(&mountpoints, MOUNTPOINT_NODE));
	assert_null(mountpoints_next(&mountpoints, ROOT, &position));
	mountpoints_free(&mountpoints);
}

static void found_in_its_directory_only(void **state)
{
	struct mountpoints mountpoints = { 0 };
	const struct mountpoint *entry;

	(void)state;
	add(&mountpoints, OTHER, "a", S_IFREG);
	entry = add(&mountpoints, ROOT, "a", S_IFDIR | 0700);
	assert_int_equal(entry->mode, S_IFDIR | 0755);
	assert_true(entry->node & MOUNTPOINT_NODE);
	assert_ptr_equal(mountpoints_find(&mountpoints, ROOT, "a"), entry);
	assert_ptr_equal(mountpoints_find_node(&mountpoints, entry->node),
		entry);
	assert_int_equal(mountpoints_find(&mountpoints, OTHER, "a")->mode,
		S_IFREG | 0644);
	assert_null(mountpoints_find(&mountpoints, ROOT, "b"));
	mountpoints_free(&mountpoints);
}

static void whiteout_is_found_but_not_listed(void **state)
{
	struct mountpoints mountpoints = { 0 };
	const struct mountpoint *entry;
	size_t position = 0;

	(void)state;
	entry = add(&mountpoints, ROOT, "a", 0);
	assert_int_equal(entry->mode, 0);
	assert_non_null(mountpoints_find(&mountpoints, ROOT, "a"));
	assert_null(mountpoints_find_node(&mountpoints, entry->node));
	assert_null(mountpoints_next(&mountpoints, ROOT, &position));
	mountpoints_free(&mountpoints);
}

static void replaced_keeps_its_number_for_itself(void **state)
{
	struct mountpoints mountpoints = { 0 };
	size_t position = 0;
	uint64_t first;

	(void)state;
	first = add(&mountpoints, ROOT, "a", S_IFREG)->node;
	add(&mountpoints, ROOT, "a", 0);
	assert_int_not_equal(add(&mountpoints, ROOT, "a", S_IFDIR)->node,
		first);
	assert_non_null(mountpoints_find_node(&mountpoints, first));
	assert_int_equal(mountpoints_find(&mountpoints, ROOT, "a")->mode,
		S_IFDIR | 0755);
	assert_non_null(mountpoints_next(&mountpoints, ROOT, &position));
	assert_null(mountpoints_next(&mountpoints, ROOT, &position));
	mountpoints_free(&mountpoints);
}

static void full_is_enospc(void **state)
{
	struct mountpoints mountpoints = { 0 };
	const struct mountpoint *entry = NULL;
	char name[16];
	int i;

	(void)state;
	for (i = 0; i < MOUNTPOINTS_MAX; i++) {
		snprintf(name, sizeof(name), "%d", i);
		add(&mountpoints, ROOT, name, S_IFDIR);
	}
	assert_int_equal(
		mountpoints_add(&mountpoints, ROOT, "more", S_IFDIR, &entry),
		-1);
	assert_int_equal(errno, ENOSPC);
	assert_null(entry);
	assert_non_null(mountpoints_find(&mountpoints, ROOT, "4095"));
	mountpoints_free(&mountpoints);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(empty_has_nothing),
		cmocka_unit_test(found_in_its_directory_only),
		cmocka_unit_test(whiteout_is_found_but_not_listed),
		cmocka_unit_test(replaced_keeps_its_number_for_itself),
		cmocka_unit_test(full_is_enospc),
	};

	return cmocka_run_group_tests_name("mountpoints", tests, NULL, NULL);
}
