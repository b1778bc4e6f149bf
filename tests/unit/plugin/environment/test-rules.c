/* SPDX-License-Identifier: BSD-3-Clause */
/* Which source of a variable wins. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/unit/plugin/environment/edits.h"

#define LIBS "/.singularity.d/libs"

static void scripts_start_with_few_variables(void **state)
{
	char *job[] = { "HOME=/home/a", "PATH=/host", "FOO=bar",
		"SLURM_PROCID=3", NULL };
	char *vars[] = { "APPTAINER_NAME=x.sif", NULL };
	const struct environment_request request = { .job = job,
		.container_vars = vars };
	CLEANUP_ENVIRONMENT struct environment list = { .count = 0 };
	struct error err = { 0 };

	(void)state;
	assert_int_equal(environment_rules_initial(&request, &list, &err), 0);
	assert_int_equal(list.count, 4);
	assert_string_equal(environment_value(&list, "PS1"), "");
	assert_string_equal(environment_value(&list, "HOME"), "/home/a");
	assert_string_equal(environment_value(&list, "PATH"),
		ENVIRONMENT_DEFAULT_PATH);
	assert_string_equal(environment_value(&list, "APPTAINER_NAME"),
		"x.sif");
}

static void job_variables_pass_except_search_paths(void **state)
{
	char *job[] = { "FOO=a b", "PATH=/host/bin", "LD_LIBRARY_PATH=/host",
		"BASH_FUNC_module%%=() { :; }", "SINGULARITY_BIND=/x",
		"APPTAINER_CACHEDIR=/y", "SINGULARITYENV_A=1", "=odd", "odd",
		NULL };
	const struct environment_request request = { .job = job };
	CLEANUP_ENVIRONMENT struct environment edits = edits_of(&request, NULL);

	(void)state;
	assert_edit(&edits, "PATH", ENVIRONMENT_DEFAULT_PATH,
		ENVIRONMENT_DEFAULT);
	assert_edit(&edits, "LD_LIBRARY_PATH", LIBS, ENVIRONMENT_DEFAULT);
	assert_edit(&edits, "SINGULARITY_BIND", NULL, ENVIRONMENT_DEFAULT);
	assert_edit(&edits, "APPTAINER_CACHEDIR", NULL, ENVIRONMENT_DEFAULT);
	assert_edit(&edits, "SINGULARITYENV_A", NULL, ENVIRONMENT_DEFAULT);
	assert_edit(&edits, "A", "1", ENVIRONMENT_PREFIX);
	assert_int_equal(edits.count, 6);
}

static void an_unchanged_variable_is_no_edit(void **state)
{
	char *job[] = { "PATH=" ENVIRONMENT_DEFAULT_PATH,
		"LD_LIBRARY_PATH=" LIBS, "FOO=1", NULL };
	static const char *const image[] = { "FOO=1", NULL };
	const struct environment_request request = { .job = job };
	CLEANUP_ENVIRONMENT struct environment edits =
		edits_of(&request, image);

	(void)state;
	assert_int_equal(edits.count, 0);
}

static void cleaning_keeps_user_and_slurm_variables(void **state)
{
	char *job[] = { "FOO=1", "HOME=/h", "USER=u", "TERM=vt100",
		"http_proxy=p", "SLURM_PROCID=0", "PMIX_RANK=0",
		"CUDA_VISIBLE_DEVICES=1", "DISPLAY=:0", "LANG=de_DE", NULL };
	const struct environment_request request = { .job = job,
		.clean = true };
	CLEANUP_ENVIRONMENT struct environment edits = edits_of(&request, NULL);

	(void)state;
	assert_edit(&edits, "FOO", NULL, ENVIRONMENT_CLEAN);
	assert_edit(&edits, "DISPLAY", NULL, ENVIRONMENT_CLEAN);
	assert_edit(&edits, "LANG", "C", ENVIRONMENT_CLEAN);
	assert_edit(&edits, "PATH", ENVIRONMENT_DEFAULT_PATH,
		ENVIRONMENT_DEFAULT);
	assert_edit(&edits, "LD_LIBRARY_PATH", LIBS, ENVIRONMENT_DEFAULT);
	assert_int_equal(edits.count, 5);
}

static void the_image_overrides_the_job(void **state)
{
	char *job[] = { "FOO=job", "BAR=job", "PWD=/w", NULL };
	static const char *const image[] = { "FOO=image", "NEW=1",
		"BAR=", "EMPTY=", "PATH=/opt/bin:/bin", "PWD=/", "OLDPWD=/",
		"SHLVL=1", "_=/bin/sh", "LD_LIBRARY_PATH=/opt/lib", NULL };
	const struct environment_request request = { .job = job };
	CLEANUP_ENVIRONMENT struct environment edits =
		edits_of(&request, image);

	(void)state;
	assert_edit(&edits, "FOO", "image", ENVIRONMENT_IMAGE);
	assert_edit(&edits, "NEW", "1", ENVIRONMENT_IMAGE);
	assert_edit(&edits, "PATH", "/opt/bin:/bin", ENVIRONMENT_IMAGE);
	assert_edit(&edits, "LD_LIBRARY_PATH", "/opt/lib:" LIBS,
		ENVIRONMENT_IMAGE);
	/* As with the runtimes, an empty value unsets the job's variable. */
	assert_edit(&edits, "BAR", NULL, ENVIRONMENT_IMAGE);
	assert_edit(&edits, "EMPTY", "", ENVIRONMENT_IMAGE);
	assert_int_equal(edits.count, 6);
}

static void the_image_overrides_cleaning(void **state)
{
	char *job[] = { "FOO=job", "LANG=de_DE", NULL };
	static const char *const image[] = { "FOO=image", "LANG=C.UTF-8",
		NULL };
	const struct environment_request request = { .job = job,
		.clean = true };
	CLEANUP_ENVIRONMENT struct environment edits =
		edits_of(&request, image);

	(void)state;
	assert_edit(&edits, "FOO", "image", ENVIRONMENT_IMAGE);
	assert_edit(&edits, "LANG", "C.UTF-8", ENVIRONMENT_IMAGE);
}

static void the_image_changes_no_protected_name(void **state)
{
	char *job[] = { "SLURM_PROCID=0", "OMPI_MCA_a=job", NULL };
	static const char *const image[] = { "SLURM_PROCID=7", "PMI_RANK=7",
		"CUDA_VISIBLE_DEVICES=7", "OMPI_MCA_a=image",
		"OMPI_MCA_b=image", NULL };
	const struct environment_request request = { .job = job };
	CLEANUP_ENVIRONMENT struct environment edits =
		edits_of(&request, image);

	(void)state;
	assert_no_edit(&edits, "SLURM_PROCID");
	assert_no_edit(&edits, "PMI_RANK");
	assert_no_edit(&edits, "CUDA_VISIBLE_DEVICES");
	assert_no_edit(&edits, "OMPI_MCA_a");
	/* An MPI setting that the job does not have. */
	assert_edit(&edits, "OMPI_MCA_b", "image", ENVIRONMENT_IMAGE);
}

static void options_extend_search_paths(void **state)
{
	char *job[] = { "APPEND_PATH=job", NULL };
	char *options[] = { "PREPEND_PATH=/a", "APPEND_PATH=/b",
		"PREPEND_PATH=$X", "APPEND_LD_LIBRARY_PATH=/lib",
		"PREPEND_LD_LIBRARY_PATH=/l", "APPEND_PATH",
		"PREPEND_PYTHONPATH=/p", NULL };
	static const char *const image[] = { "PATH=/image", NULL };
	const struct environment_request request = { .job = job,
		.clean = true,
		.options = options };
	CLEANUP_ENVIRONMENT struct environment edits =
		edits_of(&request, image);

	(void)state;
	assert_edit(&edits, "PATH", "$X:/a:/image:/b", ENVIRONMENT_OPTION);
	assert_edit(&edits, "LD_LIBRARY_PATH", "/l:" LIBS ":/lib",
		ENVIRONMENT_OPTION);
	assert_no_edit(&edits, "PREPEND_PATH");
	assert_no_edit(&edits, "APPEND_PATH"); /* the job's passes */
	assert_edit(&edits, "PREPEND_PYTHONPATH", "/p", ENVIRONMENT_OPTION);
}

static void options_override_prefixes(void **state)
{
	char *job[] = { "FOO=job", "SINGULARITYENV_FOO=s", "BAR=job",
		"PATH=/host", "LD_LIBRARY_PATH=/host/lib",
		"CUDA_VISIBLE_DEVICES=1", NULL };
	char *options[] = { "FOO=option", "FOO=last=1", "BAR", "MISSING",
		"PATH", "LD_LIBRARY_PATH", "EMPTY=", "CUDA_VISIBLE_DEVICES=0,1",
		NULL };
	static const char *const image[] = { "BAR=image", "MISSING=image",
		NULL };
	const struct environment_request request = { .job = job,
		.clean = true,
		.options = options };
	CLEANUP_ENVIRONMENT struct environment edits =
		edits_of(&request, image);

	(void)state;
	assert_edit(&edits, "FOO", "last=1", ENVIRONMENT_OPTION);
	assert_no_edit(&edits, "BAR");
	assert_no_edit(&edits, "PATH");
	assert_edit(&edits, "MISSING", "image", ENVIRONMENT_IMAGE);
	assert_edit(&edits, "EMPTY", "", ENVIRONMENT_OPTION);
	assert_edit(&edits, "LD_LIBRARY_PATH", "/host/lib:" LIBS,
		ENVIRONMENT_OPTION);
	assert_edit(&edits, "CUDA_VISIBLE_DEVICES", "0,1", ENVIRONMENT_OPTION);
}

static void container_variables_override_all(void **state)
{
	char *job[] = { "SIF_IMAGE=job", "APPTAINER_NAME=outer", NULL };
	char *options[] = { "SIF_IMAGE=option", NULL };
	char *vars[] = { "SIF_IMAGE=/a.sif", "APPTAINER_NAME=a.sif", NULL };
	static const char *const image[] = { "SIF_IMAGE=image", NULL };
	const struct environment_request request = { .job = job,
		.options = options,
		.container_vars = vars };
	CLEANUP_ENVIRONMENT struct environment edits =
		edits_of(&request, image);

	(void)state;
	assert_edit(&edits, "SIF_IMAGE", "/a.sif", ENVIRONMENT_CONTAINER);
	assert_edit(&edits, "APPTAINER_NAME", "a.sif", ENVIRONMENT_CONTAINER);
}

static void an_invalid_option_is_named(void **state)
{
	char *bad[] = { "1A=x", "A-B", "=x", "", "A B=1", "\xc3\xa4=1" };
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		char *options[] = { "GOOD=1", bad[i], NULL };
		const struct environment_request request = { .options =
								     options };
		CLEANUP_ENVIRONMENT struct environment image = { 0 };
		CLEANUP_ENVIRONMENT struct environment edits = { 0 };
		struct error err = { 0 };

		assert_int_equal(environment_rules_edits(&request, &image,
					 &image, &edits, &err),
			-1);
		assert_non_null(strstr(err.text, "--sif-env: '"));
	}
}

static void a_path_is_completed_at_its_end(void **state)
{
	char *path = environment_rules_complete_path("/opt:/usr/bin");

	(void)state;
	assert_string_equal(path,
		"/opt:/usr/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/sbin:"
		"/bin");
	free(path);
	path = environment_rules_complete_path("");
	assert_string_equal(path, ENVIRONMENT_DEFAULT_PATH);
	free(path);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(scripts_start_with_few_variables),
		cmocka_unit_test(job_variables_pass_except_search_paths),
		cmocka_unit_test(an_unchanged_variable_is_no_edit),
		cmocka_unit_test(cleaning_keeps_user_and_slurm_variables),
		cmocka_unit_test(the_image_overrides_the_job),
		cmocka_unit_test(the_image_overrides_cleaning),
		cmocka_unit_test(the_image_changes_no_protected_name),
		cmocka_unit_test(options_extend_search_paths),
		cmocka_unit_test(options_override_prefixes),
		cmocka_unit_test(container_variables_override_all),
		cmocka_unit_test(an_invalid_option_is_named),
		cmocka_unit_test(a_path_is_completed_at_its_end),
	};

	return cmocka_run_group_tests_name("rules", tests, NULL, NULL);
}
