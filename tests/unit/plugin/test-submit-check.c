/* SPDX-License-Identifier: BSD-3-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "spank/plugin/submit_check.h"
#include "tests/unit/plugin/clean-environment.h"

static struct settings settings;
static bool given[SETTINGS_COUNT];
static struct report report;
static struct error err;

static int begin(void **state)
{
	(void)state;
	clean_environment();
	memset(&settings, 0, sizeof(settings));
	memset(given, 0, sizeof(given));
	memset(&report, 0, sizeof(report));
	memset(&err, 0, sizeof(err));
	return 0;
}

static int end(void **state)
{
	(void)state;
	settings_free(&settings);
	report_free(&report);
	return 0;
}

/* By an option of the command, or by its environment. */
static void set(enum setting setting, const char *value, bool is_option)
{
	given[setting] = is_option;
	assert_int_equal(settings_put(&settings, setting, value, &err), 0);
}

static int check_join(bool is_srun)
{
	return submit_check_join(&settings, given, is_srun, &err);
}

static int check_image(bool is_srun)
{
	return submit_check_image(&settings, given, is_srun, &report, &err);
}

/* --- beside --sif-join ---------------------------------------------------- */

static void options_that_a_container_has_already_are_refused(void **state)
{
	(void)state;
	set(SETTING_JOIN, "7.0", true);
	set(SETTING_BIND, "/x", true);
	assert_int_equal(check_join(true), -1);
	assert_non_null(strstr(err.text, "--sif-bind has no effect"));
}

static void options_of_the_task_are_not(void **state)
{
	(void)state;
	set(SETTING_JOIN, "7.0", true);
	set(SETTING_ENV, "A=1", true);
	set(SETTING_WORKDIR, "/x", true);
	assert_int_equal(check_join(true), 0);
}

static void the_environment_may_be_for_others(void **state)
{
	(void)state;
	set(SETTING_JOIN, "7.0", true);
	set(SETTING_BIND, "/x", false);
	assert_int_equal(check_join(true), 0);
	assert_true(settings_have_join(&settings));
}

static void sbatch_joins_nothing(void **state)
{
	(void)state;
	set(SETTING_JOIN, "7.0", true);
	assert_int_equal(check_join(false), -1);
	assert_non_null(strstr(err.text, "--sif-join works with srun only"));
	given[SETTING_JOIN] = false;
	assert_int_equal(check_join(false), 0);
	assert_false(settings_have_join(&settings));
}

/* --- without an image ----------------------------------------------------- */

static void an_option_that_needs_an_image_is_refused(void **state)
{
	(void)state;
	set(SETTING_BIND, "/x", true);
	set(SETTING_TMP, "private", false);
	assert_int_equal(check_image(true), -1);
	assert_non_null(strstr(err.text, "there is no image for --sif-bind:"));
	assert_non_null(strstr(err.text, "the step would run on the host"));
}

static void a_variable_that_needs_an_image_is_noted(void **state)
{
	(void)state;
	set(SETTING_TMP, "private", false);
	assert_int_equal(check_image(true), 0);
	assert_int_equal(report.count, 1);
	assert_non_null(strstr(report.lines[0].text,
		"there is no image for SPANK_SIF_TMP: the step runs on the "
		"host"));
}

static void a_default_asks_for_nothing(void **state)
{
	(void)state;
	set(SETTING_TMP, "host", true);
	assert_int_equal(check_image(true), 0);
	assert_int_equal(report.count, 0);
}

/* Its sruns may name an image. */
static void sbatch_cares_for_its_own_script_alone(void **state)
{
	(void)state;
	set(SETTING_BIND, "/x", true);
	assert_int_equal(check_image(false), 0);
	assert_int_equal(report.count, 0);
	set(SETTING_BATCH, "image", true);
	assert_int_equal(check_image(false), -1);
	assert_non_null(strstr(err.text, "the script would run on the host"));
}

static void none_is_an_answer(void **state)
{
	(void)state;
	set(SETTING_IMAGE, "none", true);
	set(SETTING_BIND, "/x", true);
	assert_int_equal(check_image(true), 0);
	assert_int_equal(report.count, 1);
	assert_non_null(strstr(report.lines[0].text, "--sif-bind: no effect"));
}

static void with_an_image_or_a_step_all_is_well(void **state)
{
	(void)state;
	set(SETTING_BIND, "/x", true);
	set(SETTING_IMAGE, "/a.sif", true);
	assert_int_equal(check_image(true), 0);
	settings_forget(&settings, SETTING_IMAGE);
	set(SETTING_JOIN, "7.0", true);
	assert_int_equal(check_image(true), 0);
	assert_int_equal(report.count, 0);
}

/* --- components ----------------------------------------------------------- */

static void lists_of_components_add_up(void **state)
{
	(void)state;
	setenv("SLURM_SIF_IMAGE", "/a.sif", 1);
	setenv("SLURM_SIF_BIND", "/x:/x", 1);
	set(SETTING_IMAGE, "/a.sif", true);
	set(SETTING_BIND, "/x,/y", true);
	assert_int_equal(submit_check_component(&settings, &err), 0);
}

static void other_values_of_components_are_refused(void **state)
{
	(void)state;
	setenv("SLURM_SIF_IMAGE", "/a.sif", 1);
	set(SETTING_IMAGE, "/a.sif", true);
	set(SETTING_TMP, "private", true);
	assert_int_equal(submit_check_component(&settings, &err), -1);
	assert_non_null(strstr(err.text, "--sif-tmp=private: "));
	assert_non_null(strstr(err.text, "the first has 'host'"));
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, begin, end)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(options_that_a_container_has_already_are_refused),
		TEST(options_of_the_task_are_not),
		TEST(the_environment_may_be_for_others),
		TEST(sbatch_joins_nothing),
		TEST(an_option_that_needs_an_image_is_refused),
		TEST(a_variable_that_needs_an_image_is_noted),
		TEST(a_default_asks_for_nothing),
		TEST(sbatch_cares_for_its_own_script_alone),
		TEST(none_is_an_answer),
		TEST(with_an_image_or_a_step_all_is_well),
		TEST(lists_of_components_add_up),
		TEST(other_values_of_components_are_refused),
	};

	return cmocka_run_group_tests_name("submit_check", tests, NULL, NULL);
}
