/* SPDX-License-Identifier: BSD-3-Clause */
/* What a step is refused for before anything is started for it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <slurm/slurm.h>

#include "spank/plugin/step_start.h"
#include "tests/unit/plugin/spank-stub.h"

static struct step step;
static struct error err;

static int start(void)
{
	struct plugstack_args args = { .timeout_s = 30 };

	step = (struct step)STEP_NONE;
	memset(&err, 0, sizeof(err));
	return step_start(NULL, &step, &args, &err);
}

static void assert_refused_for(const char *reason)
{
	assert_int_equal(start(), -1);
	assert_non_null(strstr(err.text, reason));
	assert_null(step.shared);
}

static void a_step_without_a_number_of_tasks_is_refused(void **state)
{
	static const char *const none[] = { NULL };

	(void)state;
	spank_stub_reset(none);
	spank_stub.tasks = 0;
	assert_refused_for("the number of the step's tasks on this node");
	spank_stub.tasks = 1;
	spank_stub.hides_tasks = true;
	assert_refused_for("the number of the step's tasks on this node");
	spank_stub.hides_tasks = false;
	assert_refused_for("the job's ids"); /* the stub has none */
	assert_int_equal(step.tasks_left, 1);
	spank_stub_reset(none);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_step_without_a_number_of_tasks_is_refused),
	};

	return cmocka_run_group_tests_name("step_start", tests, NULL, NULL);
}
