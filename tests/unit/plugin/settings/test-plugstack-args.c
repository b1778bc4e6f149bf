/* SPDX-License-Identifier: BSD-3-Clause */
/* The grammar of plugstack.conf arguments. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "spank/plugin/settings/plugstack_args.h"

static void no_words_are_the_defaults(void **state)
{
	struct plugstack_args args = { 0 };
	struct error err = { 0 };

	(void)state;
	assert_int_equal(plugstack_args_parse(0, NULL, &args, &err), 0);
	assert_int_equal(args.timeout_s, PLUGSTACK_TIMEOUT_DEFAULT_S);
	assert_int_equal(args.cache_mib, PLUGSTACK_CACHE_DEFAULT_MIB);
	assert_int_equal(args.threads, 0);
	assert_string_equal(err.text, "");
}

static void the_last_value_wins(void **state)
{
	char *words[] = { "timeout=5", "cache=1", "timeout=600", "cache=512",
		"threads=8" };
	struct plugstack_args args = { 0 };
	struct error err = { 0 };

	(void)state;
	assert_int_equal(plugstack_args_parse(5, words, &args, &err), 0);
	assert_int_equal(args.timeout_s, 600);
	assert_int_equal(args.cache_mib, 512);
	assert_int_equal(args.threads, 8);
}

static void a_users_binds_are_counted(void **state)
{
	static const struct {
		char *word;
		const char *binds;
		bool is_good;
	} cases[] = {
		{ "binds-max=2", "/a,/b:/c", true },
		{ "binds-max=2", "/a,/b:/c,-/d", false },
		{ "binds-max=2", "", true },
		{ "bind=/a,/b,/c,/d", "/a,/b:/c", true },
	};
	struct plugstack_args args;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct settings settings = { .value = { { .is_set = false } } };
		struct error err = { 0 };
		char *words[] = { "binds-max=9", cases[i].word };

		assert_int_equal(plugstack_args_parse(2, words, &args, &err),
			0);
		assert_int_equal(settings_put(&settings, SETTING_BIND,
					 cases[i].binds, &err),
			0);
		assert_int_equal(
			plugstack_args_check_users(&args, &settings, &err),
			cases[i].is_good ? 0 : -1);
		assert_true(cases[i].is_good ||
			    strstr(err.text, "can have 2 binds, and this one "
					     "has 3"));
		settings_free(&settings);
		plugstack_args_free(&args);
	}
	assert_int_equal(
		plugstack_args_parse(0, NULL, &args, &(struct error){ 0 }), 0);
	assert_int_equal(args.binds_max, 128);
	plugstack_args_free(&args);
}

static void assert_default(const struct plugstack_args *args,
	enum setting setting, const char *text)
{
	char *printed = settings_print(&args->defaults, setting);

	assert_string_equal(printed, text);
	free(printed);
}

static bool mounts_on_host(const struct plugstack_args *args)
{
	return settings_is(&args->defaults, SETTING_HOST_MOUNT, WORD_YES);
}

static void the_modes_are_told_from_defaults(void **state)
{
	char *words[] = { "privilege=userns", "mount=host",
		"mount=/a.sif:/data", "uring=no", "overlay-partition=refuse",
		"reader=squashfuse" };
	char *layers[] = { "overlay=/$a.sqf:ro", "overlay=base",
		"overlay-writable=refuse" };
	char *undone[] = { "privilege=userns", "mount=host", "privilege=root",
		"mount=private", "uring=no", "uring=auto",
		"overlay-partition=refuse", "overlay-partition=use",
		"reader=squashfuse", "reader=builtin" };
	char *ignore[] = { "overlay-partition=ignore" };
	struct plugstack_args args = { 0 };
	struct error err = { 0 };

	(void)state;
	assert_int_equal(plugstack_args_parse(6, words, &args, &err), 0);
	assert_true(args.use_squashfuse);
	assert_false(args.use_uring);
	assert_true(args.refuse_overlays);
	assert_true(args.userns);
	assert_true(mounts_on_host(&args));
	assert_false(args.users_choose_mount);
	assert_default(&args, SETTING_MOUNT, "/a.sif:/data");
	plugstack_args_free(&args);
	assert_int_equal(plugstack_args_parse(3, layers, &args, &err), 0);
	assert_default(&args, SETTING_OVERLAY, "/$a.sqf:ro,base");
	assert_true(args.refuse_writable);
	plugstack_args_free(&args);
	assert_int_equal(plugstack_args_parse(10, undone, &args, &err), 0);
	assert_false(args.use_squashfuse);
	assert_true(args.use_uring);
	assert_false(args.refuse_overlays);
	assert_false(args.ignore_overlays);
	assert_false(args.userns);
	assert_false(mounts_on_host(&args));
	plugstack_args_free(&args);
	assert_int_equal(plugstack_args_parse(1, ignore, &args, &err), 0);
	assert_true(args.ignore_overlays);
	plugstack_args_free(&args);
}

/* Does a user who says `asked` get past mount=`mode`? */
static void assert_choice(char *mode, const char *asked, bool is_good)
{
	struct settings settings = { .value = { { .is_set = false } } };
	struct plugstack_args args = { 0 };
	struct error err = { 0 };

	assert_int_equal(plugstack_args_parse(1, &mode, &args, &err), 0);
	assert_int_equal(
		settings_put(&settings, SETTING_HOST_MOUNT, asked, &err), 0);
	assert_int_equal(plugstack_args_check_users(&args, &settings, &err),
		is_good ? 0 : -1);
	if (!is_good) {
		assert_non_null(strstr(err.text, "--sif-host-mount="));
		assert_non_null(strstr(err.text, "SPANK_SIF_HOST_MOUNT"));
		assert_non_null(strstr(err.text,
			strcmp(asked, "no") == 0 ? "mount=host,private"
						 : "mount=private,host"));
	}
	settings_free(&settings);
	plugstack_args_free(&args);
}

static void a_mode_may_be_the_users_to_choose(void **state)
{
	char *both[] = { "mount=private,host", "mount=host,private" };
	struct plugstack_args args = { 0 };
	struct error err = { 0 };
	int i;

	(void)state;
	for (i = 0; i < 2; i++) {
		assert_int_equal(plugstack_args_parse(1, &both[i], &args, &err),
			0);
		assert_int_equal(mounts_on_host(&args), i);
		assert_true(args.users_choose_mount);
		plugstack_args_free(&args);
		assert_choice(both[i], "yes", true);
		assert_choice(both[i], "no", true);
	}
	assert_choice("mount=private", "yes", false);
	assert_choice("mount=private", "no", true);
	assert_choice("mount=host", "no", false);
	assert_choice("mount=host", "yes", true);
	/* Where nothing is said of it. */
	assert_choice("timeout=5", "yes", false);
	assert_choice("timeout=5", "no", true);
}

static void a_bad_word_is_named(void **state)
{
	char *bad[] = { "timeout=", "timeout=0", "timeout=601", "timeout=5s",
		"timeout=-1", "timeout=99999999999999999999", "timeout",
		"Timeout=5", "cash=1", "cache=0", "cache=513", "cache=1M",
		"threads=0", "threads=9", "threads=", "binds-max=0",
		"binds-max=4097", "binds-max=", "privilege=auto",
		"privilege=", "mount=auto", "mount=host,host", "mount=host,",
		"mount=host,private,host", "host-mount=yes", "uring=yes",
		"reader=", "reader=squashfuse_ll", "overlay-partition=yes",
		"log=", "log=steps", "overlay=site/a.sqf",
		"overlay=/a.sqf,~/b.sqf", "overlay=$USER.sqf",
		"overlay=/a.sqf:/b", "overlay-writable=yes" };
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		char *words[] = { "timeout=5", bad[i] };
		struct plugstack_args args = { 0 };
		struct error err = { 0 };

		assert_int_equal(plugstack_args_parse(2, words, &args, &err),
			-1);
		assert_non_null(strstr(err.text, bad[i]));
		assert_int_equal(args.timeout_s, PLUGSTACK_TIMEOUT_DEFAULT_S);
	}
}

static void assert_bad(char *word, const char *part)
{
	char *words[] = { "home=no", word };
	struct plugstack_args args = { 0 };
	struct error err = { 0 };

	assert_int_equal(plugstack_args_parse(2, words, &args, &err), -1);
	if (!strstr(err.text, part))
		fail_msg("'%s' is not in '%s'", part, err.text);
	/* The word that was good does not count either. */
	assert_false(args.defaults.value[SETTING_HOME].is_set);
	assert_int_equal(args.binds.count, 0);
	assert_null(args.path);
}

static void a_bad_word_has_a_sentence(void **state)
{
	(void)state;
	assert_bad("timeout=0",
		"plugstack.conf: 'timeout=0': it is not a whole "
		"number of seconds from 1 to 600");
	assert_bad("cash=1",
		"plugstack.conf: 'cash=1': there is no such argument");
	assert_bad("", "plugstack.conf: '': there is no such argument");
	assert_bad("home", "there is no such argument");
	assert_bad("=no", "there is no such argument");
	assert_bad("image=/x.sif", "there is no such argument");
	assert_bad("join=7.0", "there is no such argument");
	assert_bad("tmp=shared", "'shared' is not one of host|private");
	assert_bad("path=", "'' is not an absolute path; give an absolute");
	assert_bad("path=images", "'images' is not an absolute path");
	assert_bad("path=/a:b", "'b' is not an absolute path");
	assert_bad("path=/a:./b", "'./b' is not an absolute path");
	assert_bad("path=/a::/b", "'' is not an absolute path");
	assert_bad("path=$USER", "'user' is not an absolute path");
	assert_bad("path=/a:/$HOST", "the variable HOST, which it contains, is "
				     "not set; give an absolute path, in which "
				     "$USER, $HOME, $UID and $SLURM_JOB_ID");
	assert_bad("home=/a/$HOST", "the variable HOST");
	assert_bad("workdir=$USER", "'user' is not an absolute path");
	assert_bad("bind=a:/b", "'a' is not an absolute path");
	assert_bad("bind=/a/$HOST:/b", "the variable HOST");
	assert_bad("bind=/a:/b/${HOST}", "the variable HOST");
	assert_bad("bind=/a:b", "the destination 'b' is not an absolute path");
	assert_bad("bind=-/a", "'-/a'");
	assert_bad("deny=all", "there is no option --sif-all to deny");
}

static void every_bad_word_is_named(void **state)
{
	char *words[] = { "timeout=x", "home=no", "bogus=1", "home=maybe" };
	struct plugstack_args args = { 0 };
	struct error err = { 0 };

	(void)state;
	assert_int_equal(plugstack_args_parse(4, words, &args, &err), -1);
	assert_ptr_equal(
		strstr(err.text, "plugstack.conf: 'timeout=x': it is not a "),
		err.text);
	assert_non_null(strstr(err.text, "; 'bogus=1': there is no such"));
	assert_non_null(strstr(err.text,
		"; 'home=maybe': 'maybe' is not one of yes|no|private"));
	assert_null(strstr(err.text, "'home=no'"));
	assert_false(args.defaults.value[SETTING_HOME].is_set);
}

static void image_directories(void **state)
{
	char *words[] = { "path=/a", "path=/$USER:~/c d:" };
	struct plugstack_args args = { 0 };
	struct error err = { 0 };

	(void)state;
	assert_int_equal(plugstack_args_parse(2, words, &args, &err), 0);
	assert_string_equal(args.path, "/$USER:~/c d:");
	plugstack_args_free(&args);
}

static void binds_of_the_site_add_up(void **state)
{
	char *words[] = { "bind=/a:/b:ro,?/c/$USER", "bind=!~:/d", "bind=" };
	struct plugstack_args args = { 0 };
	struct error err = { 0 };
	const struct bind_spec *list;

	(void)state;
	assert_int_equal(plugstack_args_parse(3, words, &args, &err), 0);
	assert_int_equal(args.binds.count, 3);
	list = args.binds.items;
	assert_string_equal(list[0].target, "/b");
	assert_true(list[0].is_read_only && !list[0].is_optional);
	assert_true(list[1].is_optional && !list[1].is_fixed);
	assert_true(list[2].is_fixed && !list[2].is_optional);
	plugstack_args_free(&args);
	assert_int_equal(args.binds.count, 0);
}

static void defaults_and_prohibitions(void **state)
{
	char *words[] = { "home=no", "home=yes", "env=A=1", "env=B=x=y",
		"deny=home,writable-tmpfs", "deny=join",
		"nv=", "workdir=/a/$USER" };
	struct plugstack_args args = { 0 };
	struct error err = { 0 };

	(void)state;
	assert_int_equal(plugstack_args_parse(8, words, &args, &err), 0);
	assert_default(&args, SETTING_HOME, "yes");
	assert_default(&args, SETTING_WORKDIR, "/a/$USER");
	assert_default(&args, SETTING_ENV, "A=1,B=x=y");
	assert_default(&args, SETTING_NV, "yes");
	assert_true(args.denied[SETTING_HOME]);
	assert_true(args.denied[SETTING_WRITABLE_TMPFS]);
	assert_true(args.denied[SETTING_JOIN]);
	assert_false(args.denied[SETTING_BIND]);
	plugstack_args_free(&args);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(no_words_are_the_defaults),
		cmocka_unit_test(a_users_binds_are_counted),
		cmocka_unit_test(the_last_value_wins),
		cmocka_unit_test(the_modes_are_told_from_defaults),
		cmocka_unit_test(a_mode_may_be_the_users_to_choose),
		cmocka_unit_test(a_bad_word_is_named),
		cmocka_unit_test(a_bad_word_has_a_sentence),
		cmocka_unit_test(every_bad_word_is_named),
		cmocka_unit_test(image_directories),
		cmocka_unit_test(binds_of_the_site_add_up),
		cmocka_unit_test(defaults_and_prohibitions),
	};

	return cmocka_run_group_tests_name("arguments", tests, NULL, NULL);
}
