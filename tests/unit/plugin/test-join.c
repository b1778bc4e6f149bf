/* SPDX-License-Identifier: BSD-3-Clause */
/* Processes are folders of a /proc that the test makes. */
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

#include "common/cleanup.h"
#include "spank/plugin/join.h"

#define SIF_ROOT                                 \
	"40 30 0:41 / /proc rw - proc proc rw\n" \
	"39 29 0:40 / / ro,nosuid - fuse.sif /a.sif ro\n"
#define LAYER_ROOT "39 29 0:40 / / rw - overlay spank-sif rw\n"
#define HOST_ROOT  "39 29 8:1 / / rw - ext4 /dev/sda1 rw\n"
/* An image that the host shows somewhere else. */
#define OTHER_MOUNT HOST_ROOT "41 39 0:40 / /mnt ro - fuse.sif /a.sif ro\n"

static char proc[] = "/tmp/test-join-XXXXXX";
static char *vars[CONTAINER_VARS_MAX + 1];
static struct error err;
static char *const job_7[] = { "SLURM_JOB_ID=7", NULL };

static void write_file(const char *path, const char *bytes, size_t size)
{
	CLEANUP_FD int fd = open(path, O_WRONLY | O_CREAT | O_EXCL, 0600);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, bytes, size), size);
}

static void remove_process(int pid)
{
	static const char *const names[] = { "environ", "mountinfo", "ns/mnt" };
	char path[128];
	size_t i;

	for (i = 0; i < 3; i++) {
		snprintf(path, sizeof(path), "%s/%d/%s", proc, pid, names[i]);
		unlink(path);
	}
	snprintf(path, sizeof(path), "%s/%d/ns", proc, pid);
	rmdir(path);
	snprintf(path, sizeof(path), "%s/%d", proc, pid);
	rmdir(path);
}

/* `environ` has a NUL behind each variable; the namespace's file has the pid.
 */
static void add_process(int pid, const char *environ_bytes, size_t size,
	const char *mountinfo)
{
	char path[128], text[16];

	remove_process(pid);
	snprintf(path, sizeof(path), "%s/%d", proc, pid);
	assert_int_equal(mkdir(path, 0700), 0);
	snprintf(path, sizeof(path), "%s/%d/ns", proc, pid);
	assert_int_equal(mkdir(path, 0700), 0);
	snprintf(path, sizeof(path), "%s/%d/environ", proc, pid);
	write_file(path, environ_bytes, size);
	snprintf(path, sizeof(path), "%s/%d/mountinfo", proc, pid);
	write_file(path, mountinfo, strlen(mountinfo));
	snprintf(path, sizeof(path), "%s/%d/ns/mnt", proc, pid);
	snprintf(text, sizeof(text), "%d", pid);
	write_file(path, text, strlen(text));
}

#define ADD(pid, environ, mountinfo) \
	add_process(pid, environ, sizeof(environ), mountinfo)

static int make_proc(void **state)
{
	(void)state;
	return mkdtemp(proc) ? 0 : -1;
}

static int remove_proc(void **state)
{
	int pid;

	(void)state;
	for (pid = 1; pid < 10; pid++)
		remove_process(pid);
	return rmdir(proc);
}

static int begin(void **state)
{
	int pid;

	(void)state;
	for (pid = 1; pid < 10; pid++)
		remove_process(pid);
	memset(&err, 0, sizeof(err));
	return 0;
}

static int end(void **state)
{
	(void)state;
	container_vars_free(vars);
	memset(vars, 0, sizeof(vars));
	return 0;
}

/* The pid of the process whose namespace is joined; 0 if there is none. */
static int join(const char *text, char *const *job)
{
	CLEANUP_FD int fd = -1;
	struct step_id step;
	char pid[16] = "";

	assert_true(step_id_parse(text, &step));
	fd = join_open(proc, &step, job, vars, &err);
	if (fd < 0)
		return 0;
	assert_true(read(fd, pid, sizeof(pid) - 1) > 0);
	return atoi(pid);
}

static void a_process_of_the_step_in_an_image_is_found(void **state)
{
	(void)state;
	ADD(1, "PATH=/bin", SIF_ROOT);
	ADD(2, "SLURM_JOB_ID=7\0SLURM_STEP_ID=1", SIF_ROOT);
	ADD(3, "SLURM_JOB_ID=8\0SLURM_STEP_ID=0", SIF_ROOT);
	ADD(4, "PATH=/bin\0SLURM_STEP_ID=0\0SLURM_JOB_ID=7", SIF_ROOT);
	assert_int_equal(join("7.0", NULL), 4);
	assert_int_equal(join("8.0", job_7), 3);
	assert_int_equal(join("1", job_7), 2);
}

static void a_writable_image_is_one_too(void **state)
{
	(void)state;
	ADD(2, "SLURM_JOB_ID=7\0SLURM_STEP_ID=0", LAYER_ROOT);
	assert_int_equal(join("0", job_7), 2);
}

static void a_process_on_the_host_is_not_joined(void **state)
{
	(void)state;
	ADD(2, "SLURM_JOB_ID=7\0SLURM_STEP_ID=0", HOST_ROOT);
	ADD(3, "SLURM_JOB_ID=7\0SLURM_STEP_ID=0", OTHER_MOUNT);
	assert_int_equal(join("0", job_7), 0);
	assert_non_null(
		strstr(err.text, "cannot join the step 0: none of its"));
}

/* Names and values are compared as a whole. */
static void similar_variables_are_others(void **state)
{
	(void)state;
	ADD(2, "SLURM_JOB_ID=77\0SLURM_STEP_ID=0", SIF_ROOT);
	ADD(3, "SLURM_JOB_ID=7\0SLURM_STEP_ID=01", SIF_ROOT);
	ADD(4, "XSLURM_JOB_ID=7\0SLURM_STEP_ID=0", SIF_ROOT);
	ADD(5, "A=SLURM_JOB_ID=7\0SLURM_STEP_ID=0", SIF_ROOT);
	ADD(6, "SLURM_JOB_ID=7\0SLURM_STEP_ID=", SIF_ROOT);
	ADD(7, "SLURM_JOB_ID=7\0SLURM_STEP_ID=0x", SIF_ROOT);
	assert_int_equal(join("0", job_7), 0);
}

static void steps_have_names(void **state)
{
	(void)state;
	ADD(2, "SLURM_JOB_ID=7\0SLURM_STEP_ID=4294967291", SIF_ROOT);
	ADD(3, "SLURM_JOB_ID=7\0SLURM_STEP_ID=4294967290", SIF_ROOT);
	assert_int_equal(join("batch", job_7), 2);
	assert_int_equal(join("7.interactive", NULL), 3);
	ADD(4, "SLURM_JOB_ID=8\0SLURM_STEP_ID=-5", SIF_ROOT);
	ADD(5, "SLURM_JOB_ID=8\0SLURM_STEP_ID=-6", SIF_ROOT);
	assert_int_equal(join("8.batch", NULL), 4);
	assert_int_equal(join("8.interactive", NULL), 5);
	assert_int_equal(join("8.5", NULL), 0);
	ADD(6, "SLURM_JOB_ID=9\0SLURM_NODEID=0", SIF_ROOT);
	assert_int_equal(join("9.0", NULL), 0);
	assert_int_equal(join("9.batch", NULL), 6);
}

static void the_job_must_be_known(void **state)
{
	(void)state;
	assert_int_equal(join("0", NULL), 0);
	assert_string_equal(err.text,
		"--sif-join=0: name the job, as in --sif-join=7.0");
}

static void what_the_container_is_is_taken_over(void **state)
{
	(void)state;
	ADD(2,
		"SIF_NAME=a.sif\0SLURM_JOB_ID=7\0SECRET=1\0SLURM_STEP_ID=0\0"
		"APPTAINER_CONTAINER=/a.sif\0SIF_NAMES=x",
		SIF_ROOT);
	assert_int_equal(join("0", job_7), 2);
	assert_string_equal(vars[0], "SIF_NAME=a.sif");
	assert_string_equal(vars[1], "APPTAINER_CONTAINER=/a.sif");
	assert_null(vars[2]);
}

static void a_process_that_has_just_ended_is_left_out(void **state)
{
	char path[128];

	(void)state;
	ADD(2, "SLURM_JOB_ID=7\0SLURM_STEP_ID=0", SIF_ROOT);
	ADD(3, "SLURM_JOB_ID=7\0SLURM_STEP_ID=0", SIF_ROOT);
	snprintf(path, sizeof(path), "%s/2/ns/mnt", proc);
	assert_int_equal(unlink(path), 0);
	assert_int_equal(join("0", job_7), 3);
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, begin, end)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_process_of_the_step_in_an_image_is_found),
		TEST(a_writable_image_is_one_too),
		TEST(a_process_on_the_host_is_not_joined),
		TEST(similar_variables_are_others),
		TEST(steps_have_names),
		TEST(the_job_must_be_known),
		TEST(what_the_container_is_is_taken_over),
		TEST(a_process_that_has_just_ended_is_left_out),
	};

	return cmocka_run_group_tests_name("join", tests, make_proc,
		remove_proc);
}
