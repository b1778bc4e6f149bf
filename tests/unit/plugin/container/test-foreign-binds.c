/* SPDX-License-Identifier: BSD-3-Clause */
/* Binds in the variables of Singularity and Apptainer. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "spank/plugin/container/foreign_binds.h"

struct job {
	struct settings settings;
	struct plugstack_args args;
	struct error err;
};

static int make_job(void **state)
{
	struct job *job = calloc(1, sizeof(*job));

	unsetenv("SINGULARITY_BIND");
	unsetenv("SINGULARITY_BINDPATH");
	unsetenv("APPTAINER_BIND");
	unsetenv("APPTAINER_BINDPATH");
	*state = job;
	return plugstack_args_parse(0, NULL, &job->args, &job->err);
}

static int free_job(void **state)
{
	struct job *job = *state;

	settings_free(&job->settings);
	plugstack_args_free(&job->args);
	free(job);
	return 0;
}

static void put(struct job *job, const char *binds)
{
	assert_int_equal(
		settings_put(&job->settings, SETTING_BIND, binds, &job->err),
		0);
}

static void assert_binds(struct job *job, const char *expected)
{
	char *text;

	if (foreign_binds_add(&job->settings, &job->args, &job->err) < 0)
		fail_msg("%s", job->err.text);
	text = settings_print(&job->settings, SETTING_BIND);
	assert_string_equal(text, expected);
	free(text);
}

static void they_come_before_the_users_own(void **state)
{
	struct job *job = *state;

	setenv("APPTAINER_BIND", "/a:/x", 1);
	setenv("SINGULARITY_BIND", ",/s,,", 1);
	put(job, "/own:/y");
	assert_binds(job, "/s:/s,/a:/x,/own:/y");
	/* Once, also if an outer command has done so. */
	assert_binds(job, "/s:/s,/a:/x,/own:/y");
}

static void alone_they_are_the_list(void **state)
{
	struct job *job = *state;

	assert_binds(job, "");
	assert_false(job->settings.value[SETTING_BIND].is_set);
	setenv("A", "a", 1);
	setenv("SINGULARITY_BINDPATH", "/$A:/x:ro", 1);
	assert_binds(job, "/a:/x:ro");
	assert_true(job->settings.value[SETTING_BIND].is_set);
}

/* A '$' in a completed name is not expanded again. */
static void they_are_complete(void **state)
{
	struct job *job = *state;

	setenv("SINGULARITY_BIND", "/\\$A:/x", 1);
	put(job, "/\\$B:/y");
	assert_binds(job, "/$A:/x,/\\\\$B:/y");
	assert_int_equal(settings_complete(&job->settings, SETTING_BIND, NULL,
				 false, &job->err),
		0);
	assert_binds(job, "/$A:/x,/$B:/y");
}

static void an_emptied_or_denied_list_stays_so(void **state)
{
	char deny[] = "deny=bind", *word = deny;
	struct job *job = *state;

	setenv("SINGULARITY_BIND", "/s", 1);
	put(job, "none");
	assert_binds(job, "");
	settings_free(&job->settings);
	assert_int_equal(plugstack_args_parse(1, &word, &job->args, &job->err),
		0);
	assert_binds(job, "");
}

static void what_is_wrong_has_the_variables_name(void **state)
{
	struct job *job = *state;

	setenv("APPTAINER_BINDPATH", "/a:b", 1);
	put(job, "/own");
	assert_int_equal(
		foreign_binds_add(&job->settings, &job->args, &job->err), -1);
	assert_ptr_equal(strstr(job->err.text, "APPTAINER_BINDPATH: '/a:b': "),
		job->err.text);
	setenv("APPTAINER_BINDPATH", "$NONE/a", 1);
	assert_int_equal(
		foreign_binds_add(&job->settings, &job->args, &job->err), -1);
	assert_ptr_equal(strstr(job->err.text, "APPTAINER_BINDPATH: "),
		job->err.text);
}

static void assert_origin(const char *source, const char *origin)
{
	char text[] = "A=a", none[] = "APPTAINER_BIND=/a:b",
	     bind[] = "SINGULARITY_BIND=/s,./rel,/$A:/x,";
	char *const job[] = { text, none, bind, NULL };
	struct bind_spec spec = { .source = (char *)source, .target = "/t" };
	struct foreign_binds foreign;

	foreign_binds_load(job, &foreign);
	assert_string_equal(foreign_binds_origin(&foreign, &spec), origin);
	foreign_binds_free(&foreign);
}

static void where_a_bind_comes_from(void **state)
{
	(void)state;
	assert_origin("/s", "SINGULARITY_BIND");
	assert_origin("/a", "SINGULARITY_BIND");
	assert_origin("/any/where/rel", "SINGULARITY_BIND");
	assert_origin("/anyrel", "--sif-bind");
	assert_origin("/other", "--sif-bind");
	assert_origin(NULL, "--sif-bind");
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, make_job, free_job)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(they_come_before_the_users_own),
		TEST(alone_they_are_the_list),
		TEST(they_are_complete),
		TEST(an_emptied_or_denied_list_stays_so),
		TEST(what_is_wrong_has_the_variables_name),
		TEST(where_a_bind_comes_from),
	};

	return cmocka_run_group_tests_name("foreign_binds", tests, NULL, NULL);
}
