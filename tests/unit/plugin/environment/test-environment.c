/* SPDX-License-Identifier: BSD-3-Clause */
/* The list of variables, its bytes, and who has the last word on each. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "spank/plugin/environment/rules.h"
#include "spank/plugin/environment/sh/environment.h"
#include "spank/plugin/environment/sh/names.h"

#define LIBS "/.singularity.d/libs"

/* What the scripts of an image made, beside what they started from. */
static struct environment edits_of(const struct environment_request *request,
	const char *const *image)
{
	CLEANUP_ENVIRONMENT struct environment made = { .count = 0 };
	struct environment edits = { .count = 0 };
	struct error err = { 0 };

	assert_int_equal(environment_rules_initial(request, &made, &err), 0);
	for (; image && *image; image++)
		assert_int_equal(
			environment_add(&made, *image, ENVIRONMENT_IMAGE, &err),
			0);
	assert_int_equal(environment_rules_edits(request, &made, &edits, &err),
		0);
	assert_string_equal(err.text, "");
	return edits;
}

static void assert_edit(const struct environment *edits, const char *name,
	const char *value, enum environment_source source)
{
	const struct environment_entry *entry = environment_entry(edits, name);

	if (!entry)
		fail_msg("no edit of %s", name);
	if (value) {
		assert_non_null(entry->value);
		assert_string_equal(entry->value, value);
	} else {
		assert_null(entry->value);
	}
	assert_int_equal(entry->source, source);
}

static void assert_no_edit(const struct environment *edits, const char *name)
{
	assert_null(environment_entry(edits, name));
}

static void a_name_is_there_once(void **state)
{
	CLEANUP_ENVIRONMENT struct environment list = { .count = 0 };
	struct error err = { 0 };

	(void)state;
	environment_set(&list, "A", "1", ENVIRONMENT_JOB, &err);
	environment_set(&list, "B", "", ENVIRONMENT_JOB, &err);
	environment_add(&list, "A=2=3", ENVIRONMENT_IMAGE, &err);
	environment_add(&list, "C", ENVIRONMENT_IMAGE, &err);
	assert_int_equal(list.count, 3);
	assert_string_equal(environment_value(&list, "A"), "2=3");
	assert_string_equal(environment_value(&list, "B"), "");
	assert_null(environment_value(&list, "C"));
	assert_non_null(environment_entry(&list, "C"));
	assert_null(environment_entry(&list, "D"));
	environment_remove(&list, "A");
	environment_remove(&list, "D");
	assert_int_equal(list.count, 2);
	assert_string_equal(environment_value(&list, "B"), "");
	environment_remove(&list, "C");
	environment_remove(&list, "B");
	environment_remove(&list, "B");
	assert_int_equal(list.count, 0);
}

static void an_own_value_can_be_set_again(void **state)
{
	CLEANUP_ENVIRONMENT struct environment list = { .count = 0 };
	struct error err = { 0 };

	(void)state;
	environment_set(&list, "A", "value", ENVIRONMENT_JOB, &err);
	environment_set(&list, "A", environment_value(&list, "A"),
		ENVIRONMENT_JOB, &err);
	assert_string_equal(environment_value(&list, "A"), "value");
}

static void too_many_names_are_refused(void **state)
{
	CLEANUP_ENVIRONMENT struct environment list = { .count = 0 };
	struct error err = { 0 };
	char name[16];
	int i;

	(void)state;
	for (i = 0; i < ENVIRONMENT_ENTRIES_MAX; i++) {
		snprintf(name, sizeof(name), "N%d", i);
		assert_int_equal(
			environment_set(&list, name, "", ENVIRONMENT_JOB, &err),
			0);
	}
	assert_int_equal(
		environment_set(&list, "N0", "1", ENVIRONMENT_JOB, &err), 0);
	assert_int_equal(environment_set(&list, "X", "", ENVIRONMENT_JOB, &err),
		-1);
	assert_non_null(strstr(err.text, "4096"));
}

static void bytes_bring_back_the_list(void **state)
{
	static const char *const texts[] = { "A=1", "EMPTY=", "GONE",
		"NASTY=\"'$(id)`x`\\\n\t=;\xff\x01", "BASH_FUNC_f%%=() { :\n}",
		NULL };
	CLEANUP_ENVIRONMENT struct environment list = { .count = 0 };
	CLEANUP_ENVIRONMENT struct environment back = { .count = 0 };
	struct error err = { 0 };
	char *bytes = NULL;
	size_t i, size;

	(void)state;
	for (i = 0; texts[i]; i++)
		environment_add(&list, texts[i], ENVIRONMENT_IMAGE, &err);
	assert_int_equal(environment_pack(&list, &bytes, &size, &err), 0);
	assert_int_equal(environment_unpack(bytes, size, ENVIRONMENT_OPTION,
				 &back, &err),
		0);
	free(bytes);
	assert_int_equal(back.count, list.count);
	for (i = 0; i < list.count; i++)
		assert_edit(&back, list.entries[i].name, list.entries[i].value,
			ENVIRONMENT_OPTION);
}

static void an_empty_list_has_no_bytes(void **state)
{
	CLEANUP_ENVIRONMENT struct environment list = { .count = 0 };
	struct error err = { 0 };
	char *bytes = NULL;
	size_t size = 1;

	(void)state;
	assert_int_equal(environment_pack(&list, &bytes, &size, &err), 0);
	assert_int_equal(size, 0);
	assert_int_equal(
		environment_unpack(bytes, 0, ENVIRONMENT_JOB, &list, &err), 0);
	assert_int_equal(list.count, 0);
	free(bytes);
}

static void bytes_of_anybody_are_refused(void **state)
{
	static const struct {
		const char *bytes;
		size_t size;
	} bad[] = {
		{ "A=1", 3 },        /* cut-short */
		{ "A=1\0B", 5 },     /* cut-short-second */
		{ "\0", 1 },         /* empty-entry */
		{ "A=1\0\0B=2", 8 }, /* empty-entry-between */
		{ "=1", 3 },         /* no-name */
	};
	struct environment list = { .count = 0 };
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		struct error err = { 0 };

		assert_int_equal(environment_unpack(bad[i].bytes, bad[i].size,
					 ENVIRONMENT_JOB, &list, &err),
			-1);
		assert_int_not_equal(err.text[0], '\0');
		assert_int_equal(list.count, 0);
	}
}

static void too_large_a_size_is_refused(void **state)
{
	struct environment list = { .count = 0 };
	struct error err = { 0 };

	(void)state;
	assert_int_equal(
		environment_unpack("", SIZE_MAX, ENVIRONMENT_JOB, &list, &err),
		-1);
	assert_int_equal(environment_unpack("", ENVIRONMENT_SIZE_MAX + 1,
				 ENVIRONMENT_JOB, &list, &err),
		-1);
}

static void envp_has_what_has_a_value(void **state)
{
	CLEANUP_ENVIRONMENT struct environment list = { .count = 0 };
	struct error err = { 0 };
	char **envp;

	(void)state;
	environment_add(&list, "A=1", ENVIRONMENT_JOB, &err);
	environment_add(&list, "GONE", ENVIRONMENT_JOB, &err);
	environment_add(&list, "B=", ENVIRONMENT_JOB, &err);
	envp = environment_to_envp(&list);
	assert_string_equal(envp[0], "A=1");
	assert_string_equal(envp[1], "B=");
	assert_null(envp[2]);
	free(envp);
}

static void what_a_source_takes_away_can_be_described(void **state)
{
	CLEANUP_ENVIRONMENT struct environment list = { .count = 0 };
	struct error err = { 0 };
	char text[12];

	(void)state;
	environment_add(&list, "A=1", ENVIRONMENT_IMAGE, &err);
	environment_add(&list, "B", ENVIRONMENT_OPTION, &err);
	environment_add(&list, "GONE", ENVIRONMENT_IMAGE, &err);
	assert_int_equal(environment_describe_absent(&list, ENVIRONMENT_IMAGE,
				 text, sizeof(text)),
		1);
	assert_string_equal(text, "GONE");
	environment_add(&list, "LONGER", ENVIRONMENT_IMAGE, &err);
	environment_add(&list, "MORE", ENVIRONMENT_IMAGE, &err);
	assert_int_equal(environment_describe_absent(&list, ENVIRONMENT_IMAGE,
				 text, sizeof(text)),
		3);
	assert_string_equal(text, "GONE LON...");
	assert_int_equal(environment_describe_absent(&list,
				 ENVIRONMENT_CONTAINER, text, sizeof(text)),
		0);
	assert_string_equal(text, "");
}

static void protected_names_are_known(void **state)
{
	static const char *const yes[] = { "SLURM_PROCID", "SLURMD_NODENAME",
		"SPANK_X", "_SLURM_SPANK_OPTION_a_b", "PMI_RANK", "PMI2_X",
		"PMIX_RANK", "OMPI_COMM_WORLD_RANK", "PALS_RANKID",
		"CUDA_VISIBLE_DEVICES", "ZE_AFFINITY_MASK" };
	static const char *const no[] = { "SLURM", "PMI", "CUDA", "PATH", "_",
		"CUDA_VISIBLE_DEVICES_X", "MY_SLURM_X", "" };
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(yes) / sizeof(*yes); i++)
		assert_true(environment_name_is_protected(yes[i]));
	for (i = 0; i < sizeof(no) / sizeof(*no); i++)
		assert_false(environment_name_is_protected(no[i]));
}

static void scripts_start_from_little(void **state)
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

static void the_job_passes_but_for_search_paths(void **state)
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

static void what_is_as_it_shall_be_is_no_edit(void **state)
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

static void cleaning_keeps_the_user_and_slurm(void **state)
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

static void the_image_wins_over_the_job(void **state)
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
	/* As the runtimes: empty is nothing, where the job has something. */
	assert_edit(&edits, "BAR", NULL, ENVIRONMENT_IMAGE);
	assert_edit(&edits, "EMPTY", "", ENVIRONMENT_IMAGE);
	assert_int_equal(edits.count, 6);
}

static void the_image_wins_over_cleaning(void **state)
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
	/* A setting that the job does not have. */
	assert_edit(&edits, "OMPI_MCA_b", "image", ENVIRONMENT_IMAGE);
}

static void prefixes_win_over_the_image(void **state)
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

static void a_prefixed_path_is_all_of_it(void **state)
{
	char *job[] = { "SINGULARITYENV_PREPEND_PATH=/s",
		"SINGULARITYENV_PATH=/mine", NULL };
	const struct environment_request request = { .job = job };
	CLEANUP_ENVIRONMENT struct environment edits = edits_of(&request, NULL);

	(void)state;
	assert_edit(&edits, "PATH", "/mine", ENVIRONMENT_PREFIX);
}

/* As apptainer 1.4.5 does with the same image. */
static void prefixes_are_evaluated(void **state)
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
		/* Where it would run something, or fails to read it. */
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

static void prefixes_refer_to_the_image_and_to_each_other(void **state)
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

static void no_eval_takes_prefixes_as_they_are(void **state)
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

static void options_extend_lists(void **state)
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

static void options_win_over_prefixes(void **state)
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

static void facts_win_over_all(void **state)
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

static void a_wrong_option_is_named(void **state)
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

		assert_int_equal(
			environment_rules_edits(&request, &image, &edits, &err),
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
		cmocka_unit_test(a_name_is_there_once),
		cmocka_unit_test(an_own_value_can_be_set_again),
		cmocka_unit_test(too_many_names_are_refused),
		cmocka_unit_test(bytes_bring_back_the_list),
		cmocka_unit_test(an_empty_list_has_no_bytes),
		cmocka_unit_test(bytes_of_anybody_are_refused),
		cmocka_unit_test(too_large_a_size_is_refused),
		cmocka_unit_test(envp_has_what_has_a_value),
		cmocka_unit_test(what_a_source_takes_away_can_be_described),
		cmocka_unit_test(protected_names_are_known),
		cmocka_unit_test(scripts_start_from_little),
		cmocka_unit_test(the_job_passes_but_for_search_paths),
		cmocka_unit_test(what_is_as_it_shall_be_is_no_edit),
		cmocka_unit_test(cleaning_keeps_the_user_and_slurm),
		cmocka_unit_test(the_image_wins_over_the_job),
		cmocka_unit_test(the_image_wins_over_cleaning),
		cmocka_unit_test(the_image_changes_no_protected_name),
		cmocka_unit_test(prefixes_win_over_the_image),
		cmocka_unit_test(prefixes_extend_search_paths),
		cmocka_unit_test(a_prefixed_path_is_all_of_it),
		cmocka_unit_test(prefixes_are_evaluated),
		cmocka_unit_test(prefixes_refer_to_the_image_and_to_each_other),
		cmocka_unit_test(no_eval_takes_prefixes_as_they_are),
		cmocka_unit_test(options_extend_lists),
		cmocka_unit_test(options_win_over_prefixes),
		cmocka_unit_test(facts_win_over_all),
		cmocka_unit_test(a_wrong_option_is_named),
		cmocka_unit_test(a_path_is_completed_at_its_end),
	};

	return cmocka_run_group_tests_name("environment", tests, NULL, NULL);
}
