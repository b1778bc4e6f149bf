/* SPDX-License-Identifier: BSD-3-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include <slurm/slurm.h>

#include "spank/plugin/step.h"

static struct step step;
static struct plugstack_args args;
static struct error err;

static int begin(void **state)
{
	char *none[] = { NULL };

	(void)state;
	step = (struct step)STEP_NONE;
	memset(&err, 0, sizeof(err));
	return plugstack_args_parse(0, none, &args, &err);
}

static int end(void **state)
{
	(void)state;
	settings_free(&step.settings);
	settings_free(&step.options);
	settings_errors_free(&step.wrong);
	plugstack_args_free(&args);
	return 0;
}

static void set_args(char *word)
{
	char *words[] = { word, NULL };

	plugstack_args_free(&args);
	assert_int_equal(plugstack_args_parse(1, words, &args, &err), 0);
}

static int load(uint32_t number, const char *const *job)
{
	return step_load(&step, &args, (char *const *)job, number, &err);
}

#define LOAD(number, ...) \
	load(number, (const char *const[]){ __VA_ARGS__, NULL })

static void without_an_image_nothing_is_done(void **state)
{
	(void)state;
	assert_int_equal(LOAD(0, "PATH=/bin"), 0);
	assert_false(step.runs_image);
	assert_int_equal(step.servers_count, 0);
}

static void what_a_command_has_passed_on_counts(void **state)
{
	(void)state;
	step_take_option(&step, SETTING_IMAGE, "relative.sif");
	assert_int_equal(LOAD(0, "SLURM_SIF_IMAGE=/shared/a.sif"), 0);
	assert_true(step.runs_image);
	assert_string_equal(settings_image(&step.settings), "/shared/a.sif");
	assert_int_equal(step.servers_count, 1);
}

static void slurms_own_option_counts_without_it(void **state)
{
	(void)state;
	step_take_option(&step, SETTING_IMAGE, "/shared/b.sif");
	assert_int_equal(LOAD(0, "PATH=/bin"), 0);
	assert_true(step.runs_image);
	assert_string_equal(settings_image(&step.settings), "/shared/b.sif");
}

/* As slurmstepd of Slurm 22.05 does. */
static void an_option_that_is_handed_over_twice_counts_once(void **state)
{
	(void)state;
	step_take_option(&step, SETTING_IMAGE, "/shared/a.sif");
	step_take_option(&step, SETTING_MOUNT, "/b.sif:/data");
	step_take_option(&step, SETTING_MOUNT, "/b.sif:/data");
	assert_int_equal(LOAD(0, "PATH=/bin"), 0);
	assert_int_equal(step.servers_count, 2);
	assert_string_equal(step_image_name(&step, 0), "/shared/a.sif");
	assert_string_equal(step_image_name(&step, 1), "/b.sif");
}

static void a_wrong_value_fails_with_its_name(void **state)
{
	(void)state;
	assert_int_equal(LOAD(0, "SLURM_SIF_IMAGE=/a.sif", "SLURM_SIF_TMP=x"),
		-1);
	assert_true(step.runs_image);
	assert_non_null(strstr(err.text, "SLURM_SIF_TMP: "));
}

/* Whoever asked for an image must not run on the host. */
static void a_wrong_image_is_an_image(void **state)
{
	(void)state;
	step_take_option(&step, SETTING_IMAGE, "");
	assert_int_equal(LOAD(0, "PATH=/bin"), -1);
	assert_true(step.runs_image);
	assert_non_null(strstr(err.text, "--sif-image: "));
}

static void a_wrong_option_does_not_matter_beside_a_good_value(void **state)
{
	(void)state;
	step_take_option(&step, SETTING_IMAGE, "");
	assert_int_equal(LOAD(0, "SLURM_SIF_IMAGE=/a.sif"), 0);
	assert_true(step.runs_image);
}

static void a_wrong_value_does_not_matter_without_an_image(void **state)
{
	(void)state;
	assert_int_equal(LOAD(0, "SLURM_SIF_TMP=x"), 0);
	assert_false(step.runs_image);
}

static void batch_and_interactive_steps_run_on_the_host(void **state)
{
	static const uint32_t numbers[] = { SLURM_BATCH_SCRIPT,
		SLURM_INTERACTIVE_STEP };
	size_t i;

	for (i = 0; i < 2; i++) {
		begin(state);
		assert_int_equal(LOAD(numbers[i], "SLURM_SIF_IMAGE=/a.sif"), 0);
		assert_false(step.runs_image);
		assert_int_equal(LOAD(numbers[i], "SLURM_SIF_IMAGE=/a.sif",
					 "SLURM_SIF_BATCH=image"),
			0);
		assert_true(step.runs_image);
		settings_free(&step.settings);
	}
}

static void the_step_that_holds_the_job_is_left_alone(void **state)
{
	(void)state;
	assert_int_equal(LOAD(SLURM_EXTERN_CONT, "SLURM_SIF_IMAGE=/a.sif",
				 "SLURM_SIF_BATCH=image"),
		0);
	assert_false(step.runs_image);
}

static void defaults_hold_for_what_the_user_does_not_say(void **state)
{
	char word[] = "tmp=private";

	(void)state;
	set_args(word);
	assert_int_equal(LOAD(0, "SLURM_SIF_IMAGE=/a.sif"), 0);
	assert_true(settings_is(&step.settings, SETTING_TMP, WORD_PRIVATE));
	assert_true(step.is_default[SETTING_TMP]);
	assert_false(step.is_default[SETTING_IMAGE]);
}

static void the_user_wins_over_a_default(void **state)
{
	char word[] = "tmp=private";

	(void)state;
	set_args(word);
	assert_int_equal(
		LOAD(0, "SLURM_SIF_IMAGE=/a.sif", "SLURM_SIF_TMP=host"), 0);
	assert_true(settings_is(&step.settings, SETTING_TMP, WORD_HOST));
	assert_false(step.is_default[SETTING_TMP]);
}

static void what_is_denied_is_refused_here_too(void **state)
{
	char word[] = "deny=bind";

	(void)state;
	set_args(word);
	assert_int_equal(LOAD(0, "SLURM_SIF_IMAGE=/a.sif", "SLURM_SIF_BIND=/x"),
		-1);
	assert_true(step.runs_image);
	assert_non_null(strstr(err.text, "--sif-bind"));
	assert_int_equal(step.servers_count, 0);
}

static void a_joined_step_has_no_server(void **state)
{
	(void)state;
	assert_int_equal(LOAD(0, "SLURM_SIF_JOIN=7.0"), 0);
	assert_true(step.runs_image);
	assert_int_equal(step.servers_count, 0);
}

static void there_is_a_limit_to_images(void **state)
{
	(void)state;
	assert_int_equal(LOAD(0, "SLURM_SIF_IMAGE=/a.sif",
				 "SLURM_SIF_MOUNT=/1:/1,/2:/2,/3:/3,/4:/4,"
				 "/5:/5,/6:/6,/7:/7,/8:/8"),
		0);
	assert_int_equal(step.servers_count, CONTAINER_IMAGES_MAX);
	settings_free(&step.settings);
	begin(state);
	assert_int_equal(LOAD(0, "SLURM_SIF_IMAGE=/a.sif",
				 "SLURM_SIF_MOUNT=/1:/1,/2:/2,/3:/3,/4:/4,"
				 "/5:/5,/6:/6,/7:/7,/8:/8,/9:/9"),
		-1);
	assert_int_equal(step.servers_count, 0);
}

static void tasks_share_memory_with_slurmstepd(void **state)
{
	int status;

	(void)state;
	assert_int_equal(step_share(&step, &err), 0);
	if (fork() == 0) {
		step.shared->refused = 1;
		_exit(0);
	}
	assert_true(wait(&status) > 0);
	assert_int_equal(step.shared->refused, 1);
	munmap(step.shared, sizeof(*step.shared));
}

static void a_child_of_slurmstepd_is_contained(void **state)
{
	int status;

	(void)state;
	step.pid = getpid();
	assert_false(step_is_contained(&step));
	if (fork() == 0)
		_exit(step_is_contained(&step));
	assert_true(wait(&status) > 0);
	assert_int_equal(WEXITSTATUS(status), 1);
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, begin, end)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(without_an_image_nothing_is_done),
		TEST(what_a_command_has_passed_on_counts),
		TEST(slurms_own_option_counts_without_it),
		TEST(an_option_that_is_handed_over_twice_counts_once),
		TEST(a_wrong_value_fails_with_its_name),
		TEST(a_wrong_image_is_an_image),
		TEST(a_wrong_option_does_not_matter_beside_a_good_value),
		TEST(a_wrong_value_does_not_matter_without_an_image),
		TEST(batch_and_interactive_steps_run_on_the_host),
		TEST(the_step_that_holds_the_job_is_left_alone),
		TEST(defaults_hold_for_what_the_user_does_not_say),
		TEST(the_user_wins_over_a_default),
		TEST(what_is_denied_is_refused_here_too),
		TEST(a_joined_step_has_no_server),
		TEST(there_is_a_limit_to_images),
		TEST(tasks_share_memory_with_slurmstepd),
		TEST(a_child_of_slurmstepd_is_contained),
	};

	return cmocka_run_group_tests_name("step", tests, NULL, NULL);
}
