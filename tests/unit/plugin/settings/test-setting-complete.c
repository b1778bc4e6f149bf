/* SPDX-License-Identifier: BSD-3-Clause */
/* What a command makes of a value where the user gives it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "spank/plugin/settings/settings.h"

static char directory[] = "/tmp/setting-complete.XXXXXX";

/* A directory with one image, and the variables A and HOME. */
static int set_up(void **state)
{
	FILE *file;

	(void)state;
	if (!mkdtemp(directory) || chdir(directory) < 0)
		return -1;
	file = fopen("here.sif", "w");
	if (!file || fclose(file) != 0)
		return -1;
	return setenv("A", "a", 1) || setenv("ROOT", "/", 1) ||
	       setenv("HOME", "/home/u", 1) || unsetenv("NONE");
}

static int tear_down(void **state)
{
	(void)state;
	return unlink("here.sif") < 0 || rmdir(directory) < 0 ? -1 : 0;
}

/* Returns what settings_complete() does, and stores the completed text, or the
 * sentence that says what is wrong. */
static int complete(enum setting setting, const char *text,
	const char *inherited, bool site_has_images, char **ret_text)
{
	struct settings settings;
	struct error err = { 0 };
	int done;

	memset(&settings, 0, sizeof(settings));
	if (settings_put(&settings, setting, text, &err) < 0)
		fail_msg("'%s' refused: %s", text, err.text);
	done = settings_complete(&settings, setting, inherited, site_has_images,
		&err);
	*ret_text = done < 0 ? strdup(err.text)
			     : settings_print(&settings, setting);
	settings_free(&settings);
	return done;
}

/* A leading '@' of `expected` is the working directory. */
static void assert_inherits(enum setting setting, const char *text,
	const char *inherited, const char *expected)
{
	char wanted[4096], *printed;

	snprintf(wanted, sizeof(wanted), "%s%s",
		expected[0] == '@' ? directory : "",
		expected + (expected[0] == '@'));
	if (complete(setting, text, inherited, true, &printed) < 0)
		fail_msg("'%s': %s", text, printed);
	assert_string_equal(printed, wanted);
	free(printed);
}

static void assert_complete(enum setting setting, const char *text,
	const char *expected)
{
	assert_inherits(setting, text, NULL, expected);
}

static void assert_wrong(enum setting setting, const char *text,
	const char *part)
{
	char *sentence;

	assert_int_equal(complete(setting, text, NULL, true, &sentence), -1);
	if (!strstr(sentence, part))
		fail_msg("'%s' is not in '%s'", part, sentence);
	free(sentence);
}

static void images(void **state)
{
	char *text;

	(void)state;
	assert_complete(SETTING_IMAGE, "none", "none");
	assert_complete(SETTING_IMAGE, "./$A.sif", "@/a.sif");
	assert_complete(SETTING_IMAGE, "~/x.sif", "/home/u/x.sif");
	assert_complete(SETTING_IMAGE, "here.sif", "@/here.sif");
	/* One of the site's directories may have it, if there are any. */
	assert_complete(SETTING_IMAGE, "there.sif", "there.sif");
	assert_int_equal(
		complete(SETTING_IMAGE, "there.sif", NULL, false, &text), 0);
	assert_non_null(strstr(text, "/there.sif"));
	free(text);
	assert_wrong(SETTING_IMAGE, "/$NONE.sif", "the variable NONE");
}

static void directories(void **state)
{
	(void)state;
	assert_complete(SETTING_HOME, "private", "private");
	assert_complete(SETTING_HOME, "~/$A/../b//", "/home/u/b");
	assert_complete(SETTING_WORKDIR, "/$A/.", "/a");
	assert_complete(SETTING_WORKDIR, "", "");
	assert_wrong(SETTING_WORKDIR, "$A", "is not an absolute path");
}

static void binds(void **state)
{
	char wanted[256], *text;

	(void)state;
	assert_complete(SETTING_BIND, "?/x/$A:/y//z:ro,-~/d",
		"?/x/a:/y/z:ro,-/home/u/d");
	/* Both sides of the bind are the same. */
	assert_int_equal(complete(SETTING_BIND, "./sub", NULL, false, &text),
		0);
	snprintf(wanted, sizeof(wanted), "%s/sub:%s/sub", directory, directory);
	assert_string_equal(text, wanted);
	free(text);
}

static void layers(void **state)
{
	(void)state;
	assert_complete(SETTING_OVERLAY, "~/e.ext3:ro,/$A.sqf,there.sqf",
		"/home/u/e.ext3:ro,/a.sqf,there.sqf");
	assert_complete(SETTING_OVERLAY, "/a:ro,/b:ro,/$A", "/b:ro,/a");
	assert_wrong(SETTING_OVERLAY, "/$NONE.sqf", "the variable NONE");
}

static void words_and_variables_stay(void **state)
{
	(void)state;
	assert_complete(SETTING_ENV, "A=$A,B", "A=$A,B");
	assert_complete(SETTING_TMP, "private", "private");
	assert_complete(SETTING_JOIN, "7.0", "7.0");
}

/* A '$' in what an outer command has completed is one of a name, and a bare
 * name is one of the site's, whatever is in this directory. */
static void what_is_inherited_is_complete(void **state)
{
	(void)state;
	assert_inherits(SETTING_IMAGE, "/$A.sif", "/$A.sif", "/$A.sif");
	assert_inherits(SETTING_IMAGE, "here.sif", "here.sif", "here.sif");
	assert_inherits(SETTING_IMAGE, "here.sif", "other.sif", "@/here.sif");
	assert_inherits(SETTING_HOME, "/~$NONE", "/~$NONE", "/~$NONE");
	assert_inherits(SETTING_BIND, "/$A:/x,-/~", "/$A:/x,-/~", "/$A:/x,-/~");
	assert_inherits(SETTING_BIND, "/$A:/x,/$A:/y", "/$A:/x",
		"/$A:/x,/a:/y");
	assert_inherits(SETTING_MOUNT, "here.sif:/x,/b.sif:/$A", "here.sif:/x",
		"here.sif:/x,/b.sif:/a");
	assert_inherits(SETTING_OVERLAY, "/$A:ro,/$A/b", "/$A", "/$A:ro,/a/b");
	/* Nonsense in the variable is not inherited. */
	assert_inherits(SETTING_BIND, "/$A:/x", ",", "/a:/x");
}

static void destinations(void **state)
{
	(void)state;
	assert_wrong(SETTING_BIND, "/a:$A/..", "is not an absolute path");
	assert_wrong(SETTING_BIND, "/a:$ROOT/",
		"nothing can be bound at '/', the root of the image");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(images),
		cmocka_unit_test(directories),
		cmocka_unit_test(binds),
		cmocka_unit_test(layers),
		cmocka_unit_test(words_and_variables_stay),
		cmocka_unit_test(what_is_inherited_is_complete),
		cmocka_unit_test(destinations),
	};

	return cmocka_run_group_tests_name("setting_complete", tests, set_up,
		tear_down);
}
