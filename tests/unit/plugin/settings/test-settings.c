/* SPDX-License-Identifier: BSD-3-Clause */
/* What can be asked of a container: names, values, how they add up. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "spank/plugin/settings/settings.h"

static void put(struct settings *settings, enum setting setting,
	const char *value)
{
	struct error err = { 0 };

	if (settings_put(settings, setting, value, &err) < 0)
		fail_msg("'%s' refused: %s", value, err.text);
}

static void assert_value(const struct settings *settings, enum setting setting,
	const char *value)
{
	char *text = settings_print(settings, setting);

	assert_non_null(text);
	assert_string_equal(text, value);
	free(text);
}

/* `part` is what the sentence has to contain. */
static void assert_wrong(enum setting setting, const char *value,
	const char *part)
{
	struct settings settings = { .value = { { .is_set = false } } };
	struct error err = { 0 };

	if (settings_put(&settings, setting, value, &err) == 0)
		fail_msg("'%s' was taken", value);
	if (!strstr(err.text, part))
		fail_msg("'%s' is not in '%s'", part, err.text);
	assert_false(settings.value[setting].is_set);
}

static void the_table_is_complete(void **state)
{
	char upper[64], *c;
	int i;

	(void)state;
	for (i = 0; i < SETTINGS_COUNT; i++) {
		const struct setting_rule *rule = setting_rule(i);

		assert_non_null(rule->name);
		assert_non_null(rule->arginfo);
		assert_non_null(rule->usage);
		assert_non_null(rule->parse);
		assert_non_null(rule->print);
		snprintf(upper, sizeof(upper), "SPANK_SIF_%s", rule->name);
		for (c = upper; *c; c++)
			*c = *c == '-'                ? '_'
			     : *c >= 'a' && *c <= 'z' ? *c - 'a' + 'A'
						      : *c;
		assert_string_equal(rule->variable, upper);
		memcpy(upper, "SLURM", 5);
		assert_string_equal(rule->relay_variable, upper);
		assert_int_equal(setting_find(rule->name, strlen(rule->name)),
			i);
	}
}

static void names_are_found_whole(void **state)
{
	(void)state;
	assert_int_equal(setting_find("bind=x", 4), SETTING_BIND);
	assert_int_equal(setting_find("bin", 3), SETTINGS_COUNT);
	assert_int_equal(setting_find("bindx", 5), SETTINGS_COUNT);
	assert_int_equal(setting_find("", 0), SETTINGS_COUNT);
}

static void an_item_is_never_empty(void **state)
{
	(void)state;
	assert_wrong(SETTING_ENV, "FOO,", "has an empty item");
	assert_wrong(SETTING_ENV, ",FOO=1", "has an empty item");
	assert_wrong(SETTING_ENV, "=", "'=' is not NAME");
	assert_wrong(SETTING_ENV, "=x", "'=x' is not NAME");
	assert_wrong(SETTING_BIND, "/a,,/b", "has an empty item");
	assert_wrong(SETTING_BIND, "/tmp:", "the destination is missing");
	assert_wrong(SETTING_MOUNT, "a.sif:/a,", "has an empty item");
	assert_wrong(SETTING_OVERLAY, "a.sqf,,b.sqf", "has an empty item");
}

/* Its items would take dozens of times the memory. */
static void a_value_is_no_longer_than_a_variable(void **state)
{
	struct settings settings = { .value = { { .is_set = false } } };
	size_t size = 128 * 1024;
	char *text = malloc(size + 1), *c;

	(void)state;
	assert_non_null(text);
	for (c = text; c < text + size; c++)
		*c = (c - text) % 2 ? ',' : 'a';
	text[size - 1] = 'a';
	text[size] = '\0';
	assert_wrong(SETTING_OVERLAY, text,
		"the value is longer than 131071 characters");
	text[size - 1] = '\0';
	put(&settings, SETTING_OVERLAY, text);
	settings_free(&settings);
	free(text);
}

static void a_home_is_one_directory(void **state)
{
	struct settings settings = { .value = { { .is_set = false } } };

	(void)state;
	assert_wrong(SETTING_HOME, "/a:/b",
		"'/a:/b' is not one directory: for the home /b that shows /a, "
		"give --sif-home=/b and --sif-bind=/a:/b");
	assert_wrong(SETTING_HOME, "$PWD/x:$HOME", "--sif-home=$HOME and");
	assert_wrong(SETTING_HOME, "work:/home/alice", "--sif-bind=work:/home");
	put(&settings, SETTING_HOME, "/a:b");
	settings_free(&settings);
}

static void fallbacks_are_good_values(void **state)
{
	struct settings none = { .value = { { .is_set = false } } }, settings;
	char *text;
	int i;

	(void)state;
	memset(&settings, 0, sizeof(settings));
	assert_false(settings_have_image(&none));
	for (i = 0; i < SETTINGS_COUNT; i++) {
		assert_true(settings_is_fallback(&none, i));
		text = settings_print(&none, i);
		put(&settings, i, text);
		assert_value(&settings, i, text);
		assert_true(settings_is_fallback(&settings, i));
		free(text);
	}
	assert_false(settings_have_image(&settings));
	assert_false(settings_have_join(&settings));
	settings_free(&settings);
}

/* What a rule may take, and the same of all rules: the list has what any of
 * them parses, so that a new rule is tested without a new line here. */
static const char *const samples[] = { "", "none", "auto", "try", "yes", "no",
	"on", "0", "host", "image", "private", "a.sif", "/a b/c,d.sif", "~/x",
	"$HOME/\\$x", "/a", "/a:/b:ro", "?/a\\,b:/c\\:d,-/tmp,/x:/y:rw,ro",
	"/a,/b,/c", "a.sif:/a,b.sqsh:/b", "A=1,B,C=x\\,y,D=a=b", "A=\\\\x",
	"2g", "512", "yes,50%", "yes,1K", "7.0", "batch", "7.interactive",
	"4294967295.12", "3" };

static void assert_same(const struct settings *a, const struct settings *b,
	enum setting setting)
{
	const struct setting_value *x = settings_get(a, setting);
	const struct setting_value *y = settings_get(b, setting);
	char *text = settings_print(a, setting);

	assert_int_equal(x->is_set, y->is_set);
	assert_int_equal(x->word, y->word);
	assert_int_equal(!x->path, !y->path);
	assert_int_equal(x->binds.count, y->binds.count);
	assert_int_equal(x->items.count, y->items.count);
	assert_int_equal(x->size.number, y->size.number);
	assert_int_equal(x->has_step, y->has_step);
	assert_value(b, setting, text);
	free(text);
}

static void what_is_printed_parses_to_the_same(void **state)
{
	struct error err;
	size_t i, taken;
	int rule;

	(void)state;
	for (rule = 0; rule < SETTINGS_COUNT; rule++) {
		for (i = 0, taken = 0; i < sizeof(samples) / sizeof(*samples);
			i++) {
			struct settings first, second;
			char *text;

			memset(&first, 0, sizeof(first));
			memset(&second, 0, sizeof(second));
			if (settings_put(&first, rule, samples[i], &err) < 0)
				continue;
			taken++;
			text = settings_print(&first, rule);
			put(&second, rule, text);
			assert_same(&first, &second, rule);
			free(text);
			settings_free(&first);
			settings_free(&second);
		}
		if (taken < 2)
			fail_msg("no two samples for --sif-%s",
				setting_rule(rule)->name);
	}
}

/* The help text and the parser know the same words. */
static void help_lists_the_words(void **state)
{
	const struct setting_rule *rule;
	int i, word;

	(void)state;
	for (i = 0; i < SETTINGS_COUNT; i++) {
		rule = setting_rule(i);
		for (word = 0; word < WORDS_COUNT; word++)
			if (rule->words & MAY_BE(word))
				assert_non_null(
					strstr(rule->arginfo, word_name(word)));
	}
}

static void the_last_value_wins(void **state)
{
	struct settings settings = { .value = { { .is_set = false } } };

	(void)state;
	put(&settings, SETTING_IMAGE, "a.sif");
	put(&settings, SETTING_IMAGE, "b.sif");
	assert_value(&settings, SETTING_IMAGE, "b.sif");
	assert_true(settings_have_image(&settings));
	put(&settings, SETTING_IMAGE, "none");
	assert_false(settings_have_image(&settings));
	settings_forget(&settings, SETTING_IMAGE);
	assert_false(settings.value[SETTING_IMAGE].is_set);
	settings_free(&settings);
}

static void lists_add_up(void **state)
{
	struct settings settings = { .value = { { .is_set = false } } };

	(void)state;
	put(&settings, SETTING_ENV, "A=1");
	put(&settings, SETTING_ENV, "");
	put(&settings, SETTING_ENV, "B=2,C");
	assert_value(&settings, SETTING_ENV, "A=1,B=2,C");
	put(&settings, SETTING_ENV, "none");
	assert_true(settings.value[SETTING_ENV].is_set);
	assert_value(&settings, SETTING_ENV, "");
	put(&settings, SETTING_ENV, "D=4");
	assert_value(&settings, SETTING_ENV, "D=4");
	settings_free(&settings);
}

static void a_switch_alone_means_yes(void **state)
{
	struct settings settings = { .value = { { .is_set = false } } };

	(void)state;
	put(&settings, SETTING_CLEANENV, "");
	assert_true(settings_is(&settings, SETTING_CLEANENV, WORD_YES));
	put(&settings, SETTING_DEBUG, "(null)");
	assert_true(settings_is(&settings, SETTING_DEBUG, WORD_YES));
	put(&settings, SETTING_WRITABLE_TMPFS, "");
	assert_value(&settings, SETTING_WRITABLE_TMPFS, "yes");
	assert_wrong(SETTING_TMP, "(null)", "host|private");
	settings_free(&settings);
}

static void a_wrong_value_changes_nothing(void **state)
{
	struct settings settings = { .value = { { .is_set = false } } };
	struct error err = { 0 };

	(void)state;
	put(&settings, SETTING_HOME, "no");
	assert_int_equal(settings_put(&settings, SETTING_HOME, "x", &err), -1);
	assert_value(&settings, SETTING_HOME, "no");
	put(&settings, SETTING_ENV, "A=1");
	assert_int_equal(settings_put(&settings, SETTING_ENV, "2", &err), -1);
	assert_value(&settings, SETTING_ENV, "A=1");
	settings_free(&settings);
}

static void wrong_values_have_a_sentence(void **state)
{
	char path[5000];

	(void)state;
	memset(path, 'a', sizeof(path));
	path[0] = '/';
	path[4096] = '\0';
	assert_wrong(SETTING_IMAGE, "", "the path of an image");
	assert_wrong(SETTING_IMAGE, path, "longer than 4095 characters");
	assert_wrong(SETTING_HOME, path, "longer than 4095 characters");
	assert_wrong(SETTING_HOME, "sub/x", "begin a path with '/'");
	assert_wrong(SETTING_HOME, "maybe",
		"'maybe' is not one of yes|no|private, nor an absolute path");
	assert_wrong(SETTING_WORKDIR, "x", "begin it with '/'");
	assert_wrong(SETTING_BATCH, "hos", "host|image");
	assert_wrong(SETTING_BATCH, "host|image", "host|image");
	assert_wrong(SETTING_NV, "Auto", "auto|try|yes|no");
	assert_wrong(SETTING_ENV, "A-B=1", "'A-B=1'");
	assert_wrong(SETTING_ENV, "A=1,9", "'9'");
	assert_wrong(SETTING_BIND, "/a:b", "'/a:b'");
	assert_wrong(SETTING_MOUNT, "/a", "IMAGE:DST");
}

static void sizes(void **state)
{
	static const char *const good[] = { "1k", "512k", "16M", "2g", "50%",
		"999999999999999m" };
	static const char *const bad[] = { "", "0", "01g", "g", "2gb", "-1",
		"1.5g", "2t", "9999999999999999" };
	struct settings settings = { .value = { { .is_set = false } } };
	char value[64];
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(good) / sizeof(*good); i++) {
		snprintf(value, sizeof(value), "yes,%s", good[i]);
		put(&settings, SETTING_WRITABLE_TMPFS, value);
		assert_value(&settings, SETTING_WRITABLE_TMPFS, value);
	}
	put(&settings, SETTING_WRITABLE_TMPFS, "yes");
	assert_int_equal(
		settings_get(&settings, SETTING_WRITABLE_TMPFS)->size.number,
		0);
	settings_free(&settings);
	for (i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		snprintf(value, sizeof(value), "yes,%s", bad[i]);
		assert_wrong(SETTING_WRITABLE_TMPFS, value, "yes,SIZE");
	}
}

static void sizes_in_bytes(void **state)
{
	static const struct {
		const char *text;
		uint64_t bytes;
	} cases[] = { { "1k", 1024 }, { "512K", 512 << 10 }, { "3", 3 << 20 },
		{ "2m", 2 << 20 }, { "1g", 1 << 30 }, { "50%", 4000 },
		{ "100%", 8000 }, { "101%", UINT64_MAX },
		{ "999999999999999g", UINT64_MAX } };
	struct memory_size size = { .number = 0 };
	size_t i;

	(void)state;
	assert_int_equal(memory_size_bytes(&size, 8000), 0);
	for (i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		assert_true(memory_size_parse(cases[i].text, &size));
		assert_int_equal(memory_size_bytes(&size, 8000),
			cases[i].bytes);
	}
}

static void a_size_alone_is_enough_and_counts_mib(void **state)
{
	static const char *const values[][2] = { { "2g", "yes,2g" },
		{ "50%", "yes,50%" }, { "512", "yes,512m" },
		{ "yes,512", "yes,512m" }, { "10", "yes,10m" } };
	struct settings settings = { .value = { { .is_set = false } } };
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(values) / sizeof(*values); i++) {
		put(&settings, SETTING_WRITABLE_TMPFS, values[i][0]);
		assert_value(&settings, SETTING_WRITABLE_TMPFS, values[i][1]);
	}
	settings_free(&settings);
	assert_wrong(SETTING_WRITABLE_TMPFS, "00", "yes,SIZE");
	assert_wrong(SETTING_WRITABLE_TMPFS, "no,2g", "yes,SIZE");
}

static void other_words_for_yes_and_no(void **state)
{
	static const char *const yes[] = { "1", "true", "True", "on", "YES" };
	static const char *const no[] = { "0", "false", "FALSE", "off", "No" };
	static const enum setting settings_of[] = { SETTING_CLEANENV,
		SETTING_HOME, SETTING_WRITABLE_TMPFS, SETTING_NV, SETTING_ROCM,
		SETTING_HOST_MOUNT, SETTING_DEBUG };
	struct settings settings = { .value = { { .is_set = false } } };
	size_t i, word;

	(void)state;
	for (i = 0; i < sizeof(settings_of) / sizeof(*settings_of); i++)
		for (word = 0; word < sizeof(yes) / sizeof(*yes); word++) {
			put(&settings, settings_of[i], yes[word]);
			assert_value(&settings, settings_of[i], "yes");
			put(&settings, settings_of[i], no[word]);
			assert_value(&settings, settings_of[i], "no");
		}
	settings_free(&settings);
	assert_wrong(SETTING_DEBUG, "2", "yes|no");
	assert_wrong(SETTING_TMP, "1", "host|private");
	assert_wrong(SETTING_BATCH, "on", "host|image");
}

static void images_that_are_no_files(void **state)
{
	(void)state;
	assert_wrong(SETTING_IMAGE, "docker://debian:12",
		"'apptainer pull image.sif docker://debian:12'");
	assert_wrong(SETTING_IMAGE, "library://a/b/c", "nothing is pulled");
	assert_wrong(SETTING_IMAGE, "oras://x/y:1", "nothing is pulled");
	assert_wrong(SETTING_IMAGE, "shub://x", "nothing is pulled");
	assert_wrong(SETTING_IMAGE, "https://x/y.sif", "nothing is pulled");
	assert_wrong(SETTING_IMAGE, "docker-archive:x.tar",
		"'apptainer build image.sif docker-archive:x.tar'");
	assert_wrong(SETTING_IMAGE, "instance://web", "--sif-join=JOB.STEP");
	assert_wrong(SETTING_MOUNT, "a.sif:/a,docker://debian:12:/b",
		"'apptainer pull image.sif docker://debian:12'");
	assert_wrong(SETTING_MOUNT, "docker-archive:x.tar:/b",
		"'apptainer build image.sif docker-archive:x.tar'");
	assert_wrong(SETTING_MOUNT, "docker://debian",
		"'apptainer pull image.sif docker://debian'");
}

static void too_many_variables(void **state)
{
	struct settings settings = { .value = { { .is_set = false } } };
	struct error err = { 0 };
	int i;

	(void)state;
	for (i = 0; i < SETTINGS_ENV_MAX; i++)
		put(&settings, SETTING_ENV, "A=1\\,2");
	assert_int_equal(settings_check(&settings, &err), 0);
	put(&settings, SETTING_ENV, "A");
	assert_int_equal(settings_check(&settings, &err), -1);
	assert_non_null(strstr(err.text, "256 variables"));
	settings_free(&settings);
}

static void assert_unfit(const struct settings *settings, const char *part)
{
	struct error err = { 0 };

	assert_int_equal(settings_check(settings, &err), -1);
	assert_non_null(strstr(err.text, part));
}

static void further_images_of_mounts_and_binds(void **state)
{
	struct settings settings = { .value = { { .is_set = false } } };
	struct further_images images;
	char mount[32];
	struct error err;
	int i;

	(void)state;
	put(&settings, SETTING_MOUNT, "a.sif:/a:src=/x,b.sif:/b");
	put(&settings, SETTING_BIND, "/h:/h,c.sif:/c:image-src=/y");
	settings_further_images(&settings, &images);
	assert_int_equal(images.count, 3);
	assert_string_equal(images.items[0]->image_path, "/x");
	assert_null(images.items[1]->image_path);
	assert_string_equal(images.items[2]->source, "c.sif");
	assert_int_equal(settings_check(&settings, &err), 0);
	put(&settings, SETTING_BIND, "d.sif:/a/:image-src=/");
	assert_unfit(&settings, "there is more than one image for '/a'");
	put(&settings, SETTING_BIND, "none");
	for (i = 2; i <= SETTINGS_MOUNTS_MAX; i++) {
		assert_int_equal(settings_check(&settings, &err), 0);
		snprintf(mount, sizeof(mount), "m.sif:/%d:image-src=/", i);
		put(&settings, SETTING_BIND, mount);
	}
	assert_unfit(&settings, "a step can have 8 further images");
	settings_free(&settings);
}

static void steps_to_join(void **state)
{
	static const char *const good[] = { "0", "7.0", "4294967295.12",
		"batch", "7.batch", "7.interactive", "none" };
	static const char *const bad[] = { "", ".", "7.", ".7", "7.0.0", "a",
		"7.a", "a.7", "-1", "7.extern", "99999999999.0",
		"7.99999999999", "7.0 " };
	struct settings settings = { .value = { { .is_set = false } } };
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(good) / sizeof(*good); i++) {
		put(&settings, SETTING_JOIN, good[i]);
		assert_value(&settings, SETTING_JOIN, good[i]);
		assert_int_equal(settings_have_join(&settings),
			strcmp(good[i], "none") != 0);
	}
	settings_free(&settings);
	for (i = 0; i < sizeof(bad) / sizeof(*bad); i++)
		assert_wrong(SETTING_JOIN, bad[i], "is not the id of a step");
}

static void what_is_denied(void **state)
{
	bool denied[SETTINGS_COUNT] = { [SETTING_HOME] = true,
		[SETTING_BIND] = true };
	struct settings settings = { .value = { { .is_set = false } } };
	struct error err = { 0 };

	(void)state;
	put(&settings, SETTING_TMP, "private");
	put(&settings, SETTING_BIND, "none");
	assert_int_equal(settings_check_denied(&settings, denied, &err), 0);
	put(&settings, SETTING_HOME, "yes");
	assert_int_equal(settings_check_denied(&settings, denied, &err), -1);
	assert_non_null(strstr(err.text, "--sif-home"));
	assert_non_null(strstr(err.text, "SPANK_SIF_HOME"));
	settings_free(&settings);
	/* A part of an image is a further image. */
	denied[SETTING_MOUNT] = true;
	denied[SETTING_BIND] = false;
	put(&settings, SETTING_BIND, "/h:/h");
	assert_int_equal(settings_check_denied(&settings, denied, &err), 0);
	put(&settings, SETTING_BIND, "a.sif:/a:image-src=/");
	assert_int_equal(settings_check_denied(&settings, denied, &err), -1);
	assert_non_null(strstr(err.text, "image-src="));
	settings_free(&settings);
}

static void defaults_come_where_nothing_is(void **state)
{
	struct settings settings = { .value = { { .is_set = false } } },
			defaults = { .value = { { .is_set = false } } };
	struct error err = { 0 };

	(void)state;
	put(&defaults, SETTING_HOME, "no");
	put(&defaults, SETTING_TMP, "private");
	put(&defaults, SETTING_ENV, "A=site");
	put(&defaults, SETTING_MOUNT, "a.sif:/a");
	put(&defaults, SETTING_OVERLAY, "/site.sqf:ro");
	put(&settings, SETTING_OVERLAY, "/a.sqf:ro,/b.ext3");
	put(&settings, SETTING_HOME, "yes");
	put(&settings, SETTING_ENV, "A=mine");
	assert_int_equal(settings_add_defaults(&settings, &defaults, &err), 0);
	assert_value(&settings, SETTING_HOME, "yes");
	assert_value(&settings, SETTING_TMP, "private");
	assert_value(&settings, SETTING_ENV, "A=site,A=mine");
	assert_value(&settings, SETTING_MOUNT, "a.sif:/a");
	/* The user's are over the site's. */
	assert_value(&settings, SETTING_OVERLAY,
		"/site.sqf:ro,/a.sqf:ro,/b.ext3");
	settings_free(&settings);
	put(&settings, SETTING_ENV, "none");
	assert_int_equal(settings_add_defaults(&settings, &defaults, &err), 0);
	assert_value(&settings, SETTING_ENV, "");
	settings_free(&settings);
	settings_free(&defaults);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_table_is_complete),
		cmocka_unit_test(names_are_found_whole),
		cmocka_unit_test(an_item_is_never_empty),
		cmocka_unit_test(a_value_is_no_longer_than_a_variable),
		cmocka_unit_test(a_home_is_one_directory),
		cmocka_unit_test(fallbacks_are_good_values),
		cmocka_unit_test(what_is_printed_parses_to_the_same),
		cmocka_unit_test(help_lists_the_words),
		cmocka_unit_test(the_last_value_wins),
		cmocka_unit_test(lists_add_up),
		cmocka_unit_test(a_switch_alone_means_yes),
		cmocka_unit_test(a_wrong_value_changes_nothing),
		cmocka_unit_test(wrong_values_have_a_sentence),
		cmocka_unit_test(sizes),
		cmocka_unit_test(sizes_in_bytes),
		cmocka_unit_test(a_size_alone_is_enough_and_counts_mib),
		cmocka_unit_test(other_words_for_yes_and_no),
		cmocka_unit_test(images_that_are_no_files),
		cmocka_unit_test(too_many_variables),
		cmocka_unit_test(further_images_of_mounts_and_binds),
		cmocka_unit_test(steps_to_join),
		cmocka_unit_test(what_is_denied),
		cmocka_unit_test(defaults_come_where_nothing_is),
	};

	return cmocka_run_group_tests_name("settings", tests, NULL, NULL);
}
