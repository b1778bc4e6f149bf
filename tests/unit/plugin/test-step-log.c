/* SPDX-License-Identifier: BSD-3-Clause */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>

#include <cmocka.h>

#include <slurm/slurm.h>

#include "spank/plugin/step_log.h"
#include "tests/unit/plugin/spank-stub.h"

#define UUID "0b1c2d3e-4f50-6172-8394-a5b6c7d8e9f0"

static struct step step;
static struct step_shared shared;
static struct error err;

static int begin(void **state)
{
	(void)state;
	step = (struct step)STEP_NONE;
	memset(&shared, 0, sizeof(shared));
	step.shared = &shared;
	spank_stub_reset(NULL);
	spank_stub.job = 7;
	spank_stub.uid = 1000;
	spank_stub.tasks = 4;
	return settings_put(&step.settings, SETTING_IMAGE, "/a.sif", &err);
}

static int end(void **state)
{
	(void)state;
	settings_free(&step.settings);
	spank_stub_reset(NULL);
	return 0;
}

static void assert_log(bool is_refused, const char *line)
{
	step_log_write(NULL, &step, is_refused);
	assert_int_equal(spank_stub.lines_count, 1);
	assert_string_equal(spank_stub.lines[0], line);
}

static void one_line_has_who_what_and_how(void **state)
{
	(void)state;
	memcpy(shared.uuid, UUID, STEP_UUID_SIZE);
	step_log_task(&step, W_EXITCODE(0, 0));
	assert_log(false,
		"info: spank_sif: step ended: job=7 step=0 uid=1000 tasks=4 "
		"end=exit:0 uuid=" UUID " image=/a.sif");
}

static void the_worst_end_counts(void **state)
{
	(void)state;
	step_log_task(&step, W_EXITCODE(3, 0));
	step_log_task(&step, W_EXITCODE(0, SIGTERM));
	step_log_task(&step, W_EXITCODE(200, 0));
	assert_log(false,
		"info: spank_sif: step ended: job=7 step=0 uid=1000 tasks=4 "
		"end=signal:15 uuid=- image=/a.sif");
}

static void the_uuid_is_anybodys_word(void **state)
{
	(void)state;
	memset(shared.uuid, '\n', STEP_UUID_SIZE);
	assert_log(false,
		"info: spank_sif: step ended: job=7 step=0 uid=1000 tasks=4 "
		"end=unknown uuid=- image=/a.sif");
}

/* A name with a newline must not make a second line. */
static void the_image_is_the_users_word(void **state)
{
	(void)state;
	settings_forget(&step.settings, SETTING_IMAGE);
	assert_int_equal(settings_put(&step.settings, SETTING_IMAGE,
				 "/a\nspank_sif: step ended: job=8", &err),
		0);
	spank_stub.step = SLURM_BATCH_SCRIPT;
	assert_log(false,
		"info: spank_sif: step ended: job=7 step=batch uid=1000 "
		"tasks=4 end=unknown uuid=- "
		"image=/a\\012spank_sif: step ended: job=8");
}

static void a_task_that_was_refused_is_known(void **state)
{
	(void)state;
	step_log_refused(&step);
	step_log_task(&step, W_EXITCODE(1, 0));
	assert_log(false,
		"info: spank_sif: step ended: job=7 step=0 uid=1000 tasks=4 "
		"end=refused uuid=- image=/a.sif");
}

static void a_step_that_could_not_begin_is_refused(void **state)
{
	(void)state;
	step.shared = NULL;
	step_log_refused(&step);
	spank_stub.step = SLURM_INTERACTIVE_STEP;
	assert_log(true,
		"info: spank_sif: step ended: job=7 step=interactive uid=1000 "
		"tasks=4 end=refused uuid=- image=/a.sif");
}

static void a_joined_step_is_named(void **state)
{
	(void)state;
	assert_int_equal(
		settings_put(&step.settings, SETTING_JOIN, "6.batch", &err), 0);
	step_log_task(&step, W_EXITCODE(0, 0));
	assert_log(false,
		"info: spank_sif: step ended: job=7 step=0 uid=1000 tasks=4 "
		"end=exit:0 uuid=- joined=6.batch");
}

static void the_builder_passes_on_the_uuid(void **state)
{
	struct environment edits = { .count = 0 };

	(void)state;
	environment_set(&edits, "SIF_UUID", UUID " and more",
		ENVIRONMENT_CONTAINER, &err);
	step_log_uuid(&step, &edits);
	assert_memory_equal(shared.uuid, UUID, STEP_UUID_SIZE);
	environment_free(&edits);
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, begin, end)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(one_line_has_who_what_and_how),
		TEST(the_worst_end_counts),
		TEST(the_uuid_is_anybodys_word),
		TEST(the_image_is_the_users_word),
		TEST(a_task_that_was_refused_is_known),
		TEST(a_step_that_could_not_begin_is_refused),
		TEST(a_joined_step_is_named),
		TEST(the_builder_passes_on_the_uuid),
	};

	return cmocka_run_group_tests_name("step_log", tests, NULL, NULL);
}
