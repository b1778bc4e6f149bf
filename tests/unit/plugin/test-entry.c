/* SPDX-License-Identifier: BSD-3-Clause */
/* A task that does not get in; a child process plays the image server. */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "common/cleanup.h"
#include "common/message.h"
#include "spank/plugin/entry.h"

#define IMAGE "/images/a.sif"

static struct settings settings;
static struct plugstack_args args;
static uint32_t reported;

static int begin(void **state)
{
	struct error err;

	(void)state;
	reported = 0;
	return settings_put(&settings, SETTING_IMAGE, IMAGE, &err);
}

static int end(void **state)
{
	(void)state;
	settings_free(&settings);
	return 0;
}

/* What the server sends in answer to HELLO. */
struct answer {
	enum message_type type; /* 0: nothing more */
	const char *text;
	const char *file; /* sent along, or NULL */
};

/* Ends with 0 if the task closes its socket. */
static void __attribute__((noreturn))
serve(int hello_fd, const struct answer *answers)
{
	struct deadline deadline = deadline_in_ms(10000);
	struct message message;
	int task, fd;

	if (message_receive(hello_fd, deadline, &message, &task) != 1 ||
		message.type != MESSAGE_HELLO || task < 0)
		_exit(2);
	for (; answers->type; answers++) {
		fd = answers->file ? open(answers->file, O_RDONLY | O_CLOEXEC)
				   : -1;
		if (message_send(task, answers->type, answers->text, fd) < 0)
			_exit(3);
	}
	if (!answers->text)
		_exit(0);
	_exit(message_receive(task, deadline, &message, &fd) != 0);
}

#define END_OF_FILE \
	{           \
		0   \
	}
/* The server stays until the task has closed its socket. */
#define WAIT                        \
	{                           \
		0, .text = "waits", \
	}

static int enter(int hello_fd, struct error *err)
{
	static char *job[] = { NULL };
	const struct entry_request request = {
		.plan = {
			.settings = &settings,
			.args = &args,
			.job = job,
		},
		.tasks_fds = &hello_fd,
		.timeout_s = 1,
		.reported = &reported,
	};
	struct entry_result result;
	struct report report = { .debug = false };

	*err = (struct error){ 0 };
	return entry_run(&request, &result, &report, err);
}

static void fail_to_enter(const struct answer *answers, struct error *err)
{
	int ends[2], status;
	pid_t server;

	assert_int_equal(
		socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends), 0);
	server = fork();
	if (server == 0)
		serve(ends[1], answers);
	close(ends[1]);
	assert_int_equal(enter(ends[0], err), -1);
	close(ends[0]);
	assert_int_equal(waitpid(server, &status, 0), server);
	assert_int_equal(status, 0);
}

static void a_reason_of_the_server_is_told_by_one_task(void **state)
{
	static const struct answer failed[] = {
		{ MESSAGE_FAILED, "it is empty", NULL }, WAIT
	};
	static const struct answer told[] = { { MESSAGE_TOLD, NULL, NULL },
		WAIT };
	struct error err;

	(void)state;
	fail_to_enter(failed, &err);
	assert_string_equal(err.text, "it is empty");
	assert_false(err.told_elsewhere);
	fail_to_enter(told, &err);
	assert_true(err.told_elsewhere);
}

static void the_end_of_the_server_is_told_once(void **state)
{
	static const struct answer nothing[] = { END_OF_FILE };
	struct error err;

	(void)state;
	fail_to_enter(nothing, &err);
	assert_string_equal(err.text,
		"the image server ended before the container of the image "
		"'" IMAGE "' was complete");
	assert_false(err.told_elsewhere);
	fail_to_enter(nothing, &err);
	assert_true(err.told_elsewhere);
}

static void a_server_that_is_gone_is_told_once(void **state)
{
	struct error err;
	int ends[2];

	(void)state;
	assert_int_equal(
		socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends), 0);
	close(ends[1]);
	assert_int_equal(enter(ends[0], &err), -1);
	assert_non_null(strstr(err.text,
		"the image server ended before a task could reach it"));
	assert_false(err.told_elsewhere);
	assert_int_equal(enter(ends[0], &err), -1);
	assert_true(err.told_elsewhere);
	close(ends[0]);
}

static void a_server_without_answer_is_late(void **state)
{
	static const struct answer nothing[] = { WAIT };
	struct error err;

	(void)state;
	fail_to_enter(nothing, &err);
	assert_non_null(strstr(err.text,
		"the container of the image '" IMAGE
		"' was not complete after 1 s: is the image's file system "
		"slow, or hung?"));
}

/* It may have been taken over by its user. */
static void a_wrong_answer_is_an_error(void **state)
{
	static const struct answer wrong[][4] = {
		{ { MESSAGE_READY, "a=b", NULL }, WAIT },
		{ { MESSAGE_ENTER, NULL, NULL }, WAIT },
		{ { MESSAGE_SHARED, NULL, NULL }, WAIT },
		{ { MESSAGE_SHARED, NULL, "/dev/null" },
			{ MESSAGE_SHARED, NULL, "/dev/null" }, WAIT },
	};
	struct error err;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(wrong) / sizeof(*wrong); i++) {
		reported = 0;
		fail_to_enter(wrong[i], &err);
		assert_string_equal(err.text,
			"cannot receive from the image server: Protocol error");
	}
}

static void what_the_builder_shares_is_checked(void **state)
{
	static const struct answer file[] = {
		{ MESSAGE_SHARED, NULL, "/etc/passwd" }, WAIT
	};
	struct error err;

	(void)state;
	fail_to_enter(file, &err);
	assert_string_equal(err.text,
		"the environment is truncated: Protocol error");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_reason_of_the_server_is_told_by_one_task),
		TEST(the_end_of_the_server_is_told_once),
		TEST(a_server_that_is_gone_is_told_once),
		TEST(a_server_without_answer_is_late),
		TEST(a_wrong_answer_is_an_error),
		TEST(what_the_builder_shares_is_checked),
	};

	return cmocka_run_group_tests_name("entry", tests, NULL, NULL);
}
