/* SPDX-License-Identifier: BSD-3-Clause */
/* Which name may have been meant. */
#include <fcntl.h>
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

#include "spank/plugin/nearest.h"

static char directory[] = "/tmp/nearest.XXXXXX";
static const char *const files[] = { "base.sif", "pytorch-24.05.sif",
	"pytorch-24.06.sif", "data.sqsh", ".hidden.sif", "new\nline.sif",
	"ab.sif" };

static int make_directory(void **state)
{
	char path[256];
	size_t i;

	(void)state;
	if (!mkdtemp(directory))
		return -1;
	for (i = 0; i < sizeof(files) / sizeof(*files); i++) {
		snprintf(path, sizeof(path), "%s/%s", directory, files[i]);
		close(open(path, O_CREAT | O_WRONLY | O_CLOEXEC, 0600));
	}
	snprintf(path, sizeof(path), "%s/folder.sif", directory);
	return mkdir(path, 0700);
}

static int remove_directory(void **state)
{
	char path[256];
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(files) / sizeof(*files); i++) {
		snprintf(path, sizeof(path), "%s/%s", directory, files[i]);
		unlink(path);
	}
	snprintf(path, sizeof(path), "%s/folder.sif", directory);
	rmdir(path);
	return rmdir(directory);
}

static void assert_nearest(const char *name, const char *expected)
{
	char found[NAME_MAX + 1] = "";

	assert_int_equal(nearest_name(directory, name, found),
		expected != NULL);
	assert_string_equal(found, expected ? expected : "");
}

static void a_few_characters(void **state)
{
	(void)state;
	assert_nearest("bse.sif", "base.sif");
	assert_nearest("bsae.sif", "base.sif");
	assert_nearest("Base.sif", "base.sif");
	assert_nearest("bases.sif", "base.sif");
	assert_nearest("BASE.SIF", "base.sif");
	assert_nearest("AB.sif", "ab.sif");
	assert_nearest("pytorhc-24.06.sif", "pytorch-24.06.sif");
	assert_nearest("pytorch-24.07.sif", "pytorch-24.05.sif");
}

static void the_ending(void **state)
{
	(void)state;
	assert_nearest("base", "base.sif");
	assert_nearest("base.img", "base.sif");
	assert_nearest("data.sif", "data.sqsh");
}

static void another_name(void **state)
{
	char longest[NAME_MAX + 2];

	(void)state;
	assert_nearest("absent.sif", NULL);
	assert_nearest("ac.sif", NULL);
	assert_nearest("x", NULL);
	assert_nearest("folder2.sif", NULL);
	assert_nearest(".hiden.sif", NULL);
	assert_nearest("newline.sif", NULL);
	memset(longest, 'a', sizeof(longest) - 1);
	longest[sizeof(longest) - 1] = '\0';
	assert_nearest(longest, NULL);
	longest[NAME_MAX] = '\0';
	assert_nearest(longest, NULL);
}

static void no_directory(void **state)
{
	char found[NAME_MAX + 1] = "";

	(void)state;
	assert_false(nearest_name("/nonesuch", "base.sif", found));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_few_characters),
		cmocka_unit_test(the_ending),
		cmocka_unit_test(another_name),
		cmocka_unit_test(no_directory),
	};

	return cmocka_run_group_tests_name("nearest", tests, make_directory,
		remove_directory);
}
