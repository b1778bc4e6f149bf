/* SPDX-License-Identifier: BSD-3-Clause */
/* SINGULARITYENV_NAME and APPTAINERENV_NAME. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "tests/unit/plugin/environment/edits.h"

#define LIBS "/.singularity.d/libs"

static void prefixes_override_the_image(void **state)
{
	char *job[] = { "FOO=job", "APPTAINERENV_FOO=a", "SINGULARITYENV_FOO=s",
		"SINGULARITYENV_BAR=$(id) `id` $HOME \"'\\",
		"SINGULARITYENV_HOME=/evil", "SINGULARITYENV_=x",
		"SINGULARITYENV_A-B=x", "APPTAINERENV_LD_LIBRARY_PATH=/mine",
		NULL };
	static const char *const image[] = { "FOO=image", "BAR=image", NULL };
	const struct environment_request request = { .job = job };
	CLEANUP_ENVIRONMENT struct environment edits =
		edits_of(&request, image);

	(void)state;
	assert_edit(&edits, "FOO", "a", ENVIRONMENT_PREFIX);
	assert_edit(&edits, "BAR", "$(id) `id` $HOME \"'\\",
		ENVIRONMENT_PREFIX);
	assert_edit(&edits, "LD_LIBRARY_PATH", "/mine:" LIBS,
		ENVIRONMENT_PREFIX);
	assert_no_edit(&edits, "HOME");
	assert_no_edit(&edits, "A-B");
	assert_no_edit(&edits, "");
}

static void prefixes_extend_search_paths(void **state)
{
	char *job[] = { "SINGULARITYENV_PREPEND_PATH=/s",
		"APPTAINERENV_PREPEND_PATH=/a", "SINGULARITYENV_APPEND_PATH=/z",
		"APPTAINERENV_APPEND_LD_LIBRARY_PATH=/l", NULL };
	static const char *const image[] = { "PATH=/image", NULL };
	const struct environment_request request = { .job = job };
	CLEANUP_ENVIRONMENT struct environment edits =
		edits_of(&request, image);

	(void)state;
	assert_edit(&edits, "PATH", "/a:/image:/z", ENVIRONMENT_PREFIX);
	assert_edit(&edits, "LD_LIBRARY_PATH", LIBS ":/l", ENVIRONMENT_PREFIX);
	assert_no_edit(&edits, "PREPEND_PATH");
	assert_no_edit(&edits, "APPEND_LD_LIBRARY_PATH");
}

static void a_prefixed_path_replaces_the_whole_path(void **state)
{
	char *job[] = { "SINGULARITYENV_PREPEND_PATH=/s",
		"SINGULARITYENV_PATH=/mine", NULL };
	const struct environment_request request = { .job = job };
	CLEANUP_ENVIRONMENT struct environment edits = edits_of(&request, NULL);

	(void)state;
	assert_edit(&edits, "PATH", "/mine", ENVIRONMENT_PREFIX);
}

/* apptainer 1.4.5 gives the same values with the same image. */
static void prefixed_values_are_evaluated(void **state)
{
	static const struct {
		const char *text, *value;
	} cases[] = {
		{ "$FOO ${FOO} $FOO$FOO ${FOO}_x $FOO_x",
			"bar bar barbar bar_x " },
		{ "$HOME-$JOB-$UNSET", "/home/a--" },
		{ "${FOO:-x}${UNSET:-y}${FOO:+z}", "baryz" },
		{ "\"x\" it's 5$ a\\b", "\"x\" it's 5$ a\\b" },
		{ "\\$y \\\\$FOO", "$y \\bar" },
		{ "a\nb", "a\nb" },
		/* Apptainer would execute something here, or fail. */
		{ "$(echo $FOO)", "$(echo $FOO)" },
		{ "`echo $FOO`", "`echo $FOO`" },
		{ "$((1+1))$FOO", "$((1+1))$FOO" },
		{ "${FOO", "${FOO" },
		{ "$FOO\\", "$FOO\\" },
	};
	static const char *const image[] = { "FOO=bar", NULL };
	char text[128];
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		char *job[] = { "HOME=/home/a", "JOB=job", text, NULL };
		const struct environment_request request = { .job = job };

		snprintf(text, sizeof(text), "APPTAINERENV_A=%s",
			cases[i].text);
		CLEANUP_ENVIRONMENT struct environment edits =
			edits_of(&request, image);
		assert_edit(&edits, "A", cases[i].value, ENVIRONMENT_PREFIX);
	}
}

static void prefixed_values_refer_to_the_image_and_each_other(void **state)
{
	char *job[] = { "PATH=/host", "PYTHONPATH=/host", "NEW=/host",
		"APPTAINERENV_PATH=/foo:$PATH",
		"SINGULARITYENV_LD_LIBRARY_PATH=/lib:$LD_LIBRARY_PATH",
		"SINGULARITYENV_PYTHONPATH=$PATH", "APPTAINERENV_B=$A",
		"APPTAINERENV_PYTHONPATH=/x:${PYTHONPATH}", "APPTAINERENV_A=1",
		"APPTAINERENV_NEW=/x:$NEW", NULL };
	static const char *const image[] = { "PATH=/image",
		"PYTHONPATH=/image/py", NULL };
	const struct environment_request request = { .job = job };
	CLEANUP_ENVIRONMENT struct environment edits =
		edits_of(&request, image);

	(void)state;
	assert_edit(&edits, "PATH", "/foo:/image", ENVIRONMENT_PREFIX);
	assert_edit(&edits, "LD_LIBRARY_PATH", "/lib:" LIBS,
		ENVIRONMENT_PREFIX);
	assert_edit(&edits, "PYTHONPATH", "/x:/image/py", ENVIRONMENT_PREFIX);
	assert_edit(&edits, "B", "1", ENVIRONMENT_PREFIX);
	assert_edit(&edits, "NEW", "/x:", ENVIRONMENT_PREFIX);
}

static void no_eval_leaves_prefixed_values_unchanged(void **state)
{
	char *job[] = { "APPTAINER_NO_EVAL=1", "APPTAINERENV_A=$FOO",
		"APPTAINERENV_PREPEND_PATH=$FOO", NULL };
	static const char *const image[] = { "FOO=bar", "PATH=/image", NULL };
	const struct environment_request request = { .job = job };
	CLEANUP_ENVIRONMENT struct environment edits =
		edits_of(&request, image);

	(void)state;
	assert_edit(&edits, "A", "$FOO", ENVIRONMENT_PREFIX);
	assert_edit(&edits, "PATH", "$FOO:/image", ENVIRONMENT_PREFIX);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(prefixes_override_the_image),
		cmocka_unit_test(prefixes_extend_search_paths),
		cmocka_unit_test(a_prefixed_path_replaces_the_whole_path),
		cmocka_unit_test(prefixed_values_are_evaluated),
		cmocka_unit_test(
			prefixed_values_refer_to_the_image_and_each_other),
		cmocka_unit_test(no_eval_leaves_prefixed_values_unchanged),
	};

	return cmocka_run_group_tests_name("prefixes", tests, NULL, NULL);
}
