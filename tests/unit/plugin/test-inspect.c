/* SPDX-License-Identifier: BSD-3-Clause */
/* priv_run() is this file's: it answers as spank-sif-inspect would. */
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "common/privileged/run.h"
#include "spank/plugin/inspect.h"
#include "tests/unit/plugin/clean-environment.h"

static char top[] = "/tmp/test-inspect-XXXXXX";
static struct settings settings;
static struct plugstack_args args;
static struct report report;
static struct error err;

static int answer_status;
static const char *answer = "";
static char asked[64]; /* the kinds that were asked for, in order */

int priv_run(const char *path, char *const argv[], int input_fd,
	struct deadline deadline, char *ret_output, size_t size,
	struct error *ignored)
{
	(void)path;
	(void)deadline;
	(void)ignored;
	assert_true(fcntl(input_fd, F_GETFD) >= 0);
	snprintf(asked + strlen(asked), sizeof(asked) - strlen(asked), "%s ",
		argv[1]);
	snprintf(ret_output, size, "%s", answer);
	return answer_status;
}

static char *below_top(const char *name)
{
	static char paths[4][128];
	static int next;
	char *path = paths[next++ % 4];

	snprintf(path, sizeof(paths[0]), "%s/%s", top, name);
	return path;
}

static int make_top(void **state)
{
	int fd;

	(void)state;
	if (!mkdtemp(top) || mkdir(below_top("images"), 0700) < 0)
		return -1;
	fd = open(below_top("images/pytorch.sif"), O_WRONLY | O_CREAT, 0600);
	return fd < 0 ? -1 : close(fd);
}

static int remove_top(void **state)
{
	(void)state;
	return unlink(below_top("images/pytorch.sif")) ||
	       rmdir(below_top("images")) || rmdir(top);
}

static int begin(void **state)
{
	char word[128];
	char *words[] = { word, NULL };

	(void)state;
	clean_environment();
	memset(&settings, 0, sizeof(settings));
	memset(&report, 0, sizeof(report));
	memset(&err, 0, sizeof(err));
	answer_status = 0;
	answer = "";
	asked[0] = '\0';
	snprintf(word, sizeof(word), "path=/no/such:%s", below_top("images"));
	return plugstack_args_parse(1, words, &args, &err);
}

static int end(void **state)
{
	(void)state;
	settings_free(&settings);
	report_free(&report);
	plugstack_args_free(&args);
	return 0;
}

static int inspect(const char *image, bool is_srun)
{
	assert_int_equal(settings_put(&settings, SETTING_IMAGE, image, &err),
		0);
	return inspect_images(&settings, &args, is_srun, &report, &err);
}

static void assert_noted(const char *words)
{
	assert_int_equal(report.count, 1);
	if (!strstr(report.lines[0].text, words))
		fail_msg("'%s' is not in '%s'", words, report.lines[0].text);
}

static void an_image_is_found_by_its_name(void **state)
{
	(void)state;
	assert_int_equal(inspect("pytorch", false), 0);
	assert_string_equal(asked, "root ");
	assert_int_equal(report.count, 0);
	assert_null(getenv("SLURM_SIF_ABSENT"));
}

static void a_bad_image_is_refused_with_the_reason(void **state)
{
	(void)state;
	answer_status = 1;
	answer = "it is no SIF image\nmore";
	assert_int_equal(inspect("pytorch.sif", true), -1);
	assert_non_null(strstr(err.text, "pytorch.sif': it is no SIF image"));
	assert_null(strstr(err.text, "more"));
}

/* A login node may lack the program; the node tells then. */
static void a_program_that_fails_refuses_nothing(void **state)
{
	(void)state;
	answer_status = -1;
	assert_int_equal(inspect("pytorch.sif", true), 0);
	answer_status = 127;
	assert_int_equal(inspect("pytorch.sif", true), 0);
}

static void further_images_are_data(void **state)
{
	char *mounts = below_top("images/pytorch.sif:/data");

	(void)state;
	assert_int_equal(settings_put(&settings, SETTING_MOUNT, mounts, &err),
		0);
	assert_int_equal(inspect("pytorch", true), 0);
	assert_string_equal(asked, "root data ");
}

static void put_layers(const char *layers)
{
	assert_int_equal(settings_put(&settings, SETTING_OVERLAY, layers, &err),
		0);
}

static void layers_are_inspected_before_data(void **state)
{
	(void)state;
	put_layers("pytorch.sif:ro,pytorch");
	assert_int_equal(
		settings_put(&settings, SETTING_MOUNT, "pytorch:/d", &err), 0);
	answer = "offset=0 size=9 compression=none layers=ext\n";
	assert_int_equal(inspect("pytorch", true), 0);
	assert_string_equal(asked, "root layer layer data ");
	/* The node tells that it is not written to. */
	assert_int_equal(report.count, 0);
}

static void a_bad_layer_is_refused_with_the_reason(void **state)
{
	(void)state;
	put_layers("/dev/null");
	answer_status = 1;
	answer = "it is no image\n";
	assert_int_equal(inspect("/nonesuch", true), -1);
	assert_string_equal(err.text,
		"--sif-overlay: cannot use the image '/dev/null': it is no "
		"image");
}

static void an_ext_layer_without_ro_may_be_refused(void **state)
{
	(void)state;
	args.refuse_writable = true;
	answer = "offset=0 size=9 compression=none layers=ext\n";
	put_layers("pytorch:ro");
	assert_int_equal(inspect("pytorch", true), 0);
	put_layers("none");
	put_layers("pytorch");
	assert_int_equal(inspect("pytorch", true), -1);
	assert_non_null(strstr(err.text,
		"--sif-overlay: cannot use the image 'pytorch': it is an ext "
		"file system"));
}

/* The image server does not read it. */
static void a_directory_is_no_file_to_inspect(void **state)
{
	(void)state;
	put_layers(below_top("images"));
	assert_int_equal(inspect("pytorch", true), 0);
	assert_string_equal(asked, "root ");
}

/* Of the root's image the nodes tell it. */
static void a_layer_with_a_similar_name_is_noted_by_srun(void **state)
{
	(void)state;
	put_layers(below_top("images/pytorhc.sif"));
	assert_int_equal(inspect("pytorch", true), 0);
	assert_noted("did you mean 'pytorch.sif'?");
	assert_null(getenv("SLURM_SIF_ABSENT"));
	report_free(&report);
	put_layers("none");
	put_layers("/no/such/x.sqf");
	assert_int_equal(inspect("pytorch", true), 0);
	assert_int_equal(report.count, 0);
}

static void overlay_partitions_are_noted_if_ignored(void **state)
{
	(void)state;
	answer = "offset=0 size=9 compression=gzip overlays=2\n";
	assert_int_equal(inspect("pytorch", true), 0);
	assert_int_equal(report.count, 0);
	args.ignore_overlays = true;
	assert_int_equal(inspect("pytorch", true), 0);
	assert_noted("has 2 overlay partitions, which are ignored");
	assert_string_equal(asked, "root root-alone ");
}

static void a_similar_name_is_suggested(void **state)
{
	(void)state;
	assert_int_equal(inspect("pytroch", false), 0);
	assert_noted("did you mean 'pytorch.sif'?");
	assert_non_null(strstr(getenv("SLURM_SIF_ABSENT"), " pytorch.sif"));
}

static void a_similar_path_is_suggested(void **state)
{
	(void)state;
	assert_int_equal(inspect(below_top("images/pytorhc.sif"), false), 0);
	assert_noted("did you mean 'pytorch.sif'?");
}

static void a_path_that_nothing_is_like_is_noted(void **state)
{
	(void)state;
	assert_int_equal(inspect("/no/such/x.sif", false), 0);
	assert_noted("cannot see the image '/no/such/x.sif' from here (No such "
		     "file or directory)");
	assert_null(strchr(getenv("SLURM_SIF_ABSENT"), ' '));
}

static void srun_leaves_it_to_the_nodes(void **state)
{
	(void)state;
	assert_int_equal(inspect("/no/such/x.sif", true), 0);
	assert_int_equal(report.count, 0);
	report.debug = true;
	assert_int_equal(inspect("/no/such/x.sif", true), 0);
	assert_noted("only the nodes can tell");
}

static void what_is_no_file_is_not_read(void **state)
{
	(void)state;
	assert_int_equal(inspect("/proc/self/maps", true), -1);
	assert_non_null(strstr(err.text, "it is not a regular file"));
	assert_string_equal(asked, "");
}

static void the_name_of_an_earlier_image_is_forgotten(void **state)
{
	(void)state;
	setenv("SLURM_SIF_ABSENT", "sbatch other.sif", 1);
	assert_int_equal(inspect("pytorch", true), 0);
	assert_null(getenv("SLURM_SIF_ABSENT"));
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, begin, end)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(an_image_is_found_by_its_name),
		TEST(a_bad_image_is_refused_with_the_reason),
		TEST(a_program_that_fails_refuses_nothing),
		TEST(further_images_are_data),
		TEST(layers_are_inspected_before_data),
		TEST(a_bad_layer_is_refused_with_the_reason),
		TEST(an_ext_layer_without_ro_may_be_refused),
		TEST(a_directory_is_no_file_to_inspect),
		TEST(a_layer_with_a_similar_name_is_noted_by_srun),
		TEST(overlay_partitions_are_noted_if_ignored),
		TEST(a_similar_name_is_suggested),
		TEST(a_similar_path_is_suggested),
		TEST(a_path_that_nothing_is_like_is_noted),
		TEST(srun_leaves_it_to_the_nodes),
		TEST(what_is_no_file_is_not_read),
		TEST(the_name_of_an_earlier_image_is_forgotten),
	};

	return cmocka_run_group_tests_name("inspect", tests, make_top,
		remove_top);
}
