/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A container that is not built, up to where the first task would need
 * capabilities; this test plays the servers.  Their answers are sent first, and
 * wait in the socket.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "common/cleanup.h"
#include "common/message.h"
#include "spank/plugin/builder.h"
#include "tests/unit/scratch.h"

#define READY "offset=1 size=2 compression=gzip"

static struct settings settings;
static struct plugstack_args args;
static struct connection connections[CONTAINER_IMAGES_MAX];
static int fuse_fds[CONTAINER_IMAGES_MAX];
static int tasks_fds[CONTAINER_IMAGES_MAX];
static int server, builders_end; /* of the root's socket */
static struct error err;

static void put(enum setting setting, const char *text)
{
	assert_int_equal(settings_put(&settings, setting, text, &err), 0);
}

static int begin(void **state)
{
	size_t i;
	int ends[2];

	if (scratch_clear(state) < 0 ||
		socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) < 0)
		return -1;
	server = ends[0];
	builders_end = ends[1];
	for (i = 0; i < CONTAINER_IMAGES_MAX; i++) {
		connections[i] = (struct connection){ .number = 7 };
		fuse_fds[i] = tasks_fds[i] = -1;
	}
	scratch_write("a.sif", "x");
	put(SETTING_IMAGE, scratch_path("a.sif"));
	return 0;
}

static int end(void **state)
{
	(void)state;
	settings_free(&settings);
	cleanup_fd(&server);
	cleanup_fd(&builders_end);
	return 0;
}

static void answer(enum message_type type, const char *text)
{
	assert_int_equal(message_send(server, type, text, -1), 0);
}

static void fail_to_build(void)
{
	static char *job[] = { NULL };
	const struct builder_request request = {
		.container = {
			.plan = {
				.settings = &settings,
				.args = &args,
				.job = job,
				.connections = connections,
				.host_namespace_fd = -1,
			},
			.server = builders_end,
			.tasks_fds = tasks_fds,
			.fuse_fds = fuse_fds,
			.deadline = deadline_in_ms(300),
		},
		.timeout_s = 1,
	};
	struct environment_edits edits = { .list = { .count = 0 } };
	struct report report = { .debug = false };

	err = (struct error){ 0 };
	assert_int_equal(builder_run(&request, &edits, &report, &err), -1);
	environment_edits_free(&edits);
	report_free(&report);
}

static void assert_says(const char *part)
{
	if (!strstr(err.text, part))
		fail_msg("'%s' is not in '%s'", part, err.text);
}

/* The builder has sent this next, with the file of that name or none. */
static void assert_sent(enum message_type type, const char *text,
	const char *file)
{
	struct message message;
	struct stat sent, expected;
	CLEANUP_FD int fd = -1;

	assert_int_equal(
		message_receive(server, deadline_in_ms(0), &message, &fd), 1);
	assert_int_equal(message.type, type);
	assert_string_equal(message.text, text);
	if (!file) {
		assert_int_equal(fd, -1);
		return;
	}
	assert_int_equal(fstat(fd, &sent), 0);
	assert_int_equal(stat(scratch_path(file), &expected), 0);
	assert_int_equal(sent.st_ino, expected.st_ino);
}

#define ROOT "use=root owner=image"

static void a_refused_image_is_named_and_the_other_tasks_are_told(void **state)
{
	(void)state;
	answer(MESSAGE_FAILED, "it is empty");
	fail_to_build();
	assert_says("cannot use the image '");
	assert_says("/a.sif': it is empty");
	assert_sent(MESSAGE_IMAGE, ROOT, "a.sif");
	assert_sent(MESSAGE_TOLD, "", NULL);
	assert_int_equal(connections[0].number, 0);
}

static void layers_go_first_and_the_one_at_fault_is_named(void **state)
{
	char layers[3 * PATH_MAX];

	(void)state;
	scratch_write("one.sqf", "1");
	scratch_write("two.sqf", "2");
	snprintf(layers, sizeof(layers), "%s:ro,%s", scratch_path("one.sqf"),
		scratch_path("two.sqf"));
	put(SETTING_OVERLAY, layers);
	answer(MESSAGE_FAILED, "layer 2: it is truncated");
	fail_to_build();
	assert_says("--sif-overlay: cannot use the image '");
	assert_says("/two.sqf': it is truncated");
	assert_sent(MESSAGE_LAYER, "", "one.sqf");
	assert_sent(MESSAGE_LAYER, "", "two.sqf");
	assert_sent(MESSAGE_IMAGE, ROOT, "a.sif");
	assert_sent(MESSAGE_TOLD, "", NULL);
}

/* The kernel's overlay has it, above the files. */
static void a_directory_is_not_sent(void **state)
{
	char layers[3 * PATH_MAX];

	(void)state;
	scratch_write("one.sqf", "1");
	scratch_mkdir("directory");
	snprintf(layers, sizeof(layers), "%s,%s:ro", scratch_path("one.sqf"),
		scratch_path("directory"));
	put(SETTING_OVERLAY, layers);
	answer(MESSAGE_FAILED, "no");
	fail_to_build();
	assert_sent(MESSAGE_LAYER, "", "one.sqf");
	assert_sent(MESSAGE_IMAGE, ROOT, "a.sif");
}

static void with_a_writable_layer_the_user_owns_all_files(void **state)
{
	(void)state;
	put(SETTING_WRITABLE_TMPFS, "yes");
	answer(MESSAGE_FAILED, "no");
	fail_to_build();
	assert_sent(MESSAGE_IMAGE, "use=root owner=user", "a.sif");
}

static void a_slow_image_is_told_with_its_path(void **state)
{
	(void)state;
	fail_to_build();
	assert_says("cannot read the image '");
	assert_says("in time: is its file system slow, or hung?");
	assert_sent(MESSAGE_IMAGE, ROOT, "a.sif");
	assert_sent(MESSAGE_TOLD, "", NULL);
}

static void the_reason_of_the_server_replaces_its_consequence(void **state)
{
	(void)state;
	put(SETTING_IMAGE, "/nonesuch/a.sif");
	answer(MESSAGE_PREFETCH, "");
	answer(MESSAGE_FAILED, "the cause");
	fail_to_build();
	assert_string_equal(err.text, "the cause");
}

/* A server that was taken over must not keep the task here. */
static void only_one_message_before_the_reason_is_skipped(void **state)
{
	(void)state;
	put(SETTING_IMAGE, "/nonesuch/a.sif");
	answer(MESSAGE_PREFETCH, "");
	answer(MESSAGE_PREFETCH, "");
	answer(MESSAGE_FAILED, "the cause");
	fail_to_build();
	assert_says("cannot open the image '/nonesuch/a.sif'");
}

/* --- further images ------------------------------------------------------- */

/* Ends with 0 once the builder has gone. */
static void __attribute__((noreturn))
serve_further(int hello_fd, const char *reason)
{
	struct deadline deadline = deadline_in_ms(10000);
	struct message message;
	int task, fd;

	if (message_receive(hello_fd, deadline, &message, &task) != 1 ||
		message_send(task, MESSAGE_BUILD, "0", -1) < 0 ||
		message_receive(task, deadline, &message, &fd) != 1 ||
		message.type != MESSAGE_IMAGE ||
		strcmp(message.text, "use=data owner=image part=/sub") != 0)
		_exit(1);
	_exit(message_send(task, MESSAGE_FAILED, reason, -1) < 0);
}

/* The step has data.sqf at /data, too.  Returns its server's end of the
 * socket by which tasks reach that server. */
static int add_further(enum setting setting, const char *option)
{
	char image[2 * PATH_MAX];
	int ends[2];

	scratch_write("data.sqf", "x");
	snprintf(image, sizeof(image), "%s:/data:%s", scratch_path("data.sqf"),
		option);
	put(setting, image);
	assert_int_equal(
		socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends), 0);
	tasks_fds[1] = ends[0];
	return ends[1];
}

static void a_refused_further_image_is_named_with_its_option(void **state)
{
	int server_fd = add_further(SETTING_MOUNT, "src=/sub"), status;
	pid_t pid = fork();

	(void)state;
	if (pid == 0)
		serve_further(server_fd, "it has no '/sub'");
	close(server_fd);
	answer(MESSAGE_READY, READY);
	fail_to_build();
	close(tasks_fds[1]);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
	assert_says("--sif-mount: cannot use the image '");
	assert_says("/data.sqf': it has no '/sub'");
	assert_sent(MESSAGE_IMAGE, ROOT, "a.sif");
	assert_sent(MESSAGE_TOLD, "", NULL);
	assert_int_equal(connections[1].number, 0);
}

static void a_further_server_that_is_gone_is_told_with_its_option(void **state)
{
	(void)state;
	close(add_further(SETTING_BIND, "image-src=/"));
	answer(MESSAGE_READY, READY);
	fail_to_build();
	close(tasks_fds[1]);
	assert_says("--sif-bind: the image server ended before a task could");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_refused_image_is_named_and_the_other_tasks_are_told),
		TEST(layers_go_first_and_the_one_at_fault_is_named),
		TEST(a_directory_is_not_sent),
		TEST(with_a_writable_layer_the_user_owns_all_files),
		TEST(a_slow_image_is_told_with_its_path),
		TEST(the_reason_of_the_server_replaces_its_consequence),
		TEST(only_one_message_before_the_reason_is_skipped),
		TEST(a_refused_further_image_is_named_with_its_option),
		TEST(a_further_server_that_is_gone_is_told_with_its_option),
	};

	return cmocka_run_group_tests_name("builder", tests, scratch_make,
		scratch_remove);
}
