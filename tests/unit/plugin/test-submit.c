/* SPDX-License-Identifier: BSD-3-Clause */
/* In a folder of its own, in which there is no image unless a test makes one.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "spank/plugin/submit.h"
#include "tests/unit/plugin/clean-environment.h"

static char top[] = "/tmp/test-submit-XXXXXX";
static struct submission submission;
static struct plugstack_args args;
static struct report report;
static struct error earlier, err;

static int make_top(void **state)
{
	(void)state;
	return mkdtemp(top) && chdir(top) == 0 ? 0 : -1;
}

static int remove_top(void **state)
{
	(void)state;
	return chdir("/") || rmdir(top);
}

static int begin(void **state)
{
	char *none[] = { NULL };

	(void)state;
	clean_environment();
	memset(&submission, 0, sizeof(submission));
	memset(&report, 0, sizeof(report));
	memset(&earlier, 0, sizeof(earlier));
	memset(&err, 0, sizeof(err));
	return plugstack_args_parse(0, none, &args, &err);
}

static int end(void **state)
{
	(void)state;
	settings_free(&submission.settings);
	settings_errors_free(&submission.wrong);
	report_free(&report);
	plugstack_args_free(&args);
	return 0;
}

static int finish(void)
{
	return submit_finish(&submission, &args, &earlier, &report, &err);
}

static void take(enum setting setting, const char *value)
{
	assert_int_equal(submit_take_option(&submission, setting, value, &err),
		0);
}

static void assert_variable(const char *name, const char *value)
{
	const char *found = getenv(name);

	if (!value) {
		assert_null(found);
		return;
	}
	assert_non_null(found);
	assert_string_equal(found, value);
}

static char *below_top(const char *name)
{
	static char path[128];

	snprintf(path, sizeof(path), "%s/%s", top, name);
	return path;
}

static void without_options_nothing_is_passed_on(void **state)
{
	size_t i;

	(void)state;
	submit_load(&submission, true);
	assert_int_equal(finish(), 0);
	for (i = 0; environ && environ[i]; i++)
		assert_null(strstr(environ[i], "_SIF_"));
	assert_int_equal(report.count, 0);
}

static void a_relative_path_becomes_absolute(void **state)
{
	(void)state;
	submit_load(&submission, true);
	take(SETTING_IMAGE, "./a.sif");
	take(SETTING_BIND, "./data:/data");
	assert_int_equal(finish(), 0);
	assert_variable("SPANK_SIF_IMAGE", below_top("a.sif"));
	assert_variable("SLURM_SIF_IMAGE", below_top("a.sif"));
	assert_variable("SLURM_SIF_BIND", below_top("data:/data"));
}

static void variables_are_expanded_here(void **state)
{
	(void)state;
	setenv("MY_DATA", "/scratch/x", 1);
	submit_load(&submission, true);
	take(SETTING_IMAGE, "/a.sif");
	take(SETTING_WORKDIR, "$MY_DATA/./run");
	assert_int_equal(finish(), 0);
	assert_variable("SLURM_SIF_WORKDIR", "/scratch/x/run");
}

static void layers_of_the_runtimes_count_if_no_option_does(void **state)
{
	char layers[160];

	(void)state;
	snprintf(layers, sizeof(layers), "%s:ro,/b.sqf", below_top("a.sqf"));
	setenv("SINGULARITY_OVERLAYIMAGE", "a.sqf:ro,/b.sqf", 1);
	submit_load(&submission, true);
	take(SETTING_IMAGE, "/a.sif");
	assert_int_equal(finish(), 0);
	assert_variable("SPANK_SIF_OVERLAY", layers);
	assert_variable("SLURM_SIF_OVERLAY", layers);
	/* An srun of that job adds none twice. */
	settings_free(&submission.settings);
	memset(&submission, 0, sizeof(submission));
	setenv("APPTAINER_OVERLAY", "/c.sqf", 1);
	submit_load(&submission, true);
	take(SETTING_OVERLAY, "/b.sqf");
	assert_int_equal(finish(), 0);
	assert_variable("SLURM_SIF_OVERLAY", layers);
}

static void the_environment_speaks_where_no_option_does(void **state)
{
	(void)state;
	setenv("SPANK_SIF_IMAGE", "/env.sif", 1);
	setenv("SPANK_SIF_TMP", "private", 1);
	submit_load(&submission, true);
	take(SETTING_TMP, "host");
	assert_int_equal(finish(), 0);
	assert_variable("SLURM_SIF_IMAGE", "/env.sif");
	assert_variable("SLURM_SIF_TMP", "host");
	assert_true(submission.given[SETTING_TMP]);
	assert_false(submission.given[SETTING_IMAGE]);
}

/* An srun in a job script whose environment was emptied of SPANK_SIF_*. */
static void what_an_outer_command_has_passed_on_is_taken(void **state)
{
	(void)state;
	setenv("SLURM_SIF_IMAGE", "/with $dollar.sif", 1);
	submit_load(&submission, true);
	assert_int_equal(finish(), 0);
	assert_variable("SLURM_SIF_IMAGE", "/with $dollar.sif");
	assert_int_equal(report.count, 0);
}

static void slurm_does_not_replay_the_options(void **state)
{
	(void)state;
	setenv("SLURM_SPANK__SLURM_SPANK_OPTION_spank_sif_sif_writable_tmpfs",
		"yes", 1);
	setenv("SLURM_SPANK__SLURM_SPANK_OPTION_other_x", "1", 1);
	submit_load(&submission, true);
	assert_variable(
		"SLURM_SPANK__SLURM_SPANK_OPTION_spank_sif_sif_writable_tmpfs",
		NULL);
	assert_variable("SLURM_SPANK__SLURM_SPANK_OPTION_other_x", "1");
}

static void join_is_for_this_command_alone(void **state)
{
	(void)state;
	setenv("SLURM_SIF_JOIN", "7.0", 1);
	submit_load(&submission, true);
	assert_variable("SLURM_SIF_JOIN", NULL);
	take(SETTING_JOIN, "8.0");
	assert_int_equal(finish(), 0);
	assert_variable("SLURM_SIF_JOIN", "8.0");
	assert_variable("SPANK_SIF_JOIN", NULL);
}

static void a_wrong_option_is_refused_at_once(void **state)
{
	(void)state;
	submit_load(&submission, true);
	assert_int_equal(
		submit_take_option(&submission, SETTING_TMP, "x", &err), -1);
	assert_non_null(strstr(err.text, "--sif-tmp: "));
}

static void a_wrong_variable_is_refused_where_an_image_is_wanted(void **state)
{
	(void)state;
	setenv("SPANK_SIF_TMP", "x", 1);
	submit_load(&submission, true);
	assert_int_equal(finish(), 0);
	take(SETTING_IMAGE, "/a.sif");
	assert_int_equal(finish(), -1);
	assert_non_null(strstr(err.text, "SPANK_SIF_TMP: "));
}

static void a_good_option_undoes_a_wrong_variable(void **state)
{
	(void)state;
	setenv("SPANK_SIF_TMP", "x", 1);
	submit_load(&submission, true);
	take(SETTING_IMAGE, "/a.sif");
	take(SETTING_TMP, "host");
	assert_int_equal(finish(), 0);
}

/* A line of plugstack.conf that is wrong. */
static void an_earlier_failure_counts_where_an_image_is_wanted(void **state)
{
	(void)state;
	error_set(&earlier, 0, "plugstack.conf is wrong");
	submit_load(&submission, true);
	assert_int_equal(finish(), 0);
	take(SETTING_IMAGE, "/a.sif");
	assert_int_equal(finish(), -1);
	assert_string_equal(err.text, "plugstack.conf is wrong");
}

static void what_is_denied_is_refused(void **state)
{
	char word[] = "deny=bind";
	char *words[] = { word, NULL };

	(void)state;
	plugstack_args_free(&args);
	assert_int_equal(plugstack_args_parse(1, words, &args, &err), 0);
	submit_load(&submission, true);
	take(SETTING_IMAGE, "/a.sif");
	take(SETTING_BIND, "/x");
	assert_int_equal(finish(), -1);
	assert_non_null(strstr(err.text, "--sif-bind"));
	assert_variable("SLURM_SIF_IMAGE", NULL);
}

/* Slurm calls once for each component, with one value for all. */
static void components_have_the_same_options(void **state)
{
	(void)state;
	submit_load(&submission, true);
	take(SETTING_IMAGE, "/a.sif");
	assert_int_equal(finish(), 0);
	assert_true(submission.is_finished);
	assert_int_equal(finish(), 0);
	take(SETTING_IMAGE, "/b.sif");
	assert_int_equal(finish(), -1);
	assert_non_null(strstr(err.text, "all components of a command"));
}

static void sbatch_leaves_join_to_its_sruns(void **state)
{
	(void)state;
	setenv("SPANK_SIF_JOIN", "nonsense", 1);
	submit_load(&submission, false);
	assert_int_equal(finish(), 0);
}

static void sbatch_notes_an_image_that_it_cannot_see(void **state)
{
	(void)state;
	submit_load(&submission, false);
	take(SETTING_IMAGE, "/no/such/a.sif");
	assert_int_equal(finish(), 0);
	assert_int_equal(report.count, 1);
	assert_non_null(strstr(report.lines[0].text,
		"cannot see the image '/no/such/a.sif' from here"));
}

static void debug_is_for_the_report(void **state)
{
	(void)state;
	submit_load(&submission, true);
	take(SETTING_IMAGE, "/no/such/a.sif");
	take(SETTING_DEBUG, "yes");
	assert_int_equal(finish(), 0);
	assert_true(report.debug);
	assert_int_equal(report.count, 1);
	assert_int_equal(report.lines[0].kind, REPORT_DETAIL);
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, begin, end)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(without_options_nothing_is_passed_on),
		TEST(a_relative_path_becomes_absolute),
		TEST(variables_are_expanded_here),
		TEST(layers_of_the_runtimes_count_if_no_option_does),
		TEST(the_environment_speaks_where_no_option_does),
		TEST(what_an_outer_command_has_passed_on_is_taken),
		TEST(slurm_does_not_replay_the_options),
		TEST(join_is_for_this_command_alone),
		TEST(a_wrong_option_is_refused_at_once),
		TEST(a_wrong_variable_is_refused_where_an_image_is_wanted),
		TEST(a_good_option_undoes_a_wrong_variable),
		TEST(an_earlier_failure_counts_where_an_image_is_wanted),
		TEST(what_is_denied_is_refused),
		TEST(components_have_the_same_options),
		TEST(sbatch_leaves_join_to_its_sruns),
		TEST(sbatch_notes_an_image_that_it_cannot_see),
		TEST(debug_is_for_the_report),
	};

	return cmocka_run_group_tests_name("submit", tests, make_top,
		remove_top);
}
