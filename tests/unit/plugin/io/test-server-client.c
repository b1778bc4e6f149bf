/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>

#include <cmocka.h>

#include "common/cleanup.h"
#include "spank/plugin/io/server_client.h"

/* The socket that all tasks inherit, and the server's end of it. */
static int tasks_fd, server_fd;

static int open_sockets(void **state)
{
	int ends[2];

	(void)state;
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) < 0)
		return -1;
	tasks_fd = ends[0];
	server_fd = ends[1];
	return 0;
}

static int close_sockets(void **state)
{
	(void)state;
	cleanup_fd(&tasks_fd);
	cleanup_fd(&server_fd);
	return 0;
}

static void hello_brings_a_socket_of_the_task(void **state)
{
	CLEANUP_FD int task = -1;
	CLEANUP_FD int servers_end = -1;
	CLEANUP_FD int unexpected_fd = -1;
	struct message message;
	struct error err = { 0 };

	(void)state;
	task = server_client_connect(tasks_fd, deadline_in_ms(1000), &err);
	assert_true(task >= 0);
	assert_int_equal(message_receive(server_fd, deadline_in_ms(1000),
				 &message, &servers_end),
		1);
	assert_int_equal(message.type, MESSAGE_HELLO);
	assert_true(servers_end >= 0);

	assert_int_equal(message_send(servers_end, MESSAGE_BUILD, "7", -1), 0);
	assert_int_equal(message_receive(task, deadline_in_ms(1000), &message,
				 &unexpected_fd),
		1);
	assert_int_equal(message.type, MESSAGE_BUILD);
	assert_string_equal(message.text, "7");
	/* The task's end of file tells the server that it has started. */
	cleanup_fd(&task);
	assert_int_equal(message_receive(servers_end, deadline_in_ms(1000),
				 &message, &unexpected_fd),
		0);
}

static void a_server_that_has_ended_is_named(void **state)
{
	struct error err = { 0 };

	(void)state;
	cleanup_fd(&server_fd);
	assert_int_equal(
		server_client_connect(tasks_fd, deadline_in_ms(1000), &err),
		-1);
	assert_non_null(strstr(err.text, "the image server ended before"));
	assert_false(err.told_elsewhere);
}

/* More than fit into the socket's queue: those that find no room wait until
 * the deadline. */
static void a_full_queue_is_waited_for(void **state)
{
	int fds[4096], count, rc = 0;
	struct error err = { 0 };

	(void)state;
	for (count = 0; count < 4096 && rc >= 0; count++)
		rc = fds[count] = server_client_connect(tasks_fd,
			deadline_in_ms(50), &err);
	assert_int_equal(rc, -1);
	assert_int_equal(err.num, ETIMEDOUT);
	while (count-- > 0)
		cleanup_fd(&fds[count]);
}

static void a_reason_is_told_by_who_gets_it(void **state)
{
	struct message message = { .type = MESSAGE_FAILED };
	struct error err = { 0 };

	(void)state;
	strcpy(message.text, "it is no image");
	assert_int_equal(server_client_take_failure(&message, &err), -1);
	assert_string_equal(err.text, "it is no image");
	assert_false(err.told_elsewhere);
}

static void what_another_task_tells_is_not_told_here(void **state)
{
	struct message message = { .type = MESSAGE_TOLD };
	struct error err = { 0 };

	(void)state;
	assert_int_equal(server_client_take_failure(&message, &err), -1);
	assert_true(err.told_elsewhere);
	assert_true(error_is_set(&err));
}

static void other_messages_are_no_failure(void **state)
{
	struct message message = { .text = "" };
	struct error err = { 0 };

	(void)state;
	for (message.type = MESSAGE_HELLO; message.type < MESSAGE_FAILED;
		message.type++)
		assert_int_equal(server_client_take_failure(&message, &err), 0);
	assert_false(error_is_set(&err));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
			hello_brings_a_socket_of_the_task, open_sockets,
			close_sockets),
		cmocka_unit_test_setup_teardown(
			a_server_that_has_ended_is_named, open_sockets,
			close_sockets),
		cmocka_unit_test_setup_teardown(a_full_queue_is_waited_for,
			open_sockets, close_sockets),
		cmocka_unit_test(a_reason_is_told_by_who_gets_it),
		cmocka_unit_test(what_another_task_tells_is_not_told_here),
		cmocka_unit_test(other_messages_are_no_failure),
	};

	return cmocka_run_group_tests_name("server_client", tests, NULL, NULL);
}
