/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The control protocol.  Each test checks that the number of open descriptors
 * is unchanged: a refused message must not leak one.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "common/message.h"

struct fixture {
	int sockets[2]; /* written to [0], read from [1] */
	int open_fds;
};

static int count_fds(void)
{
	DIR *directory = opendir("/proc/self/fd");
	int count = 0;

	if (!directory)
		return -1;
	while (readdir(directory))
		count++;
	closedir(directory);
	return count;
}

static int setup(void **state)
{
	struct fixture *fixture = malloc(sizeof(*fixture));

	if (!fixture)
		return -1;
	fixture->open_fds = count_fds();
	*state = fixture;
	return socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0,
		fixture->sockets);
}

static int teardown(void **state)
{
	struct fixture *fixture = *state;
	int expected = fixture->open_fds;

	close(fixture->sockets[0]);
	close(fixture->sockets[1]);
	free(fixture);
	return count_fds() == expected ? 0 : -1;
}

/* Receive a message that must be refused. */
static void assert_refused(const struct fixture *fixture, int error)
{
	struct message message = { .type = MESSAGE_HELLO };
	int fd = -7;

	assert_int_equal(message_receive(fixture->sockets[1],
				 deadline_in_ms(1000), &message, &fd),
		-1);
	assert_int_equal(errno, error);
	assert_int_equal(fd, -7);
}

/* Send raw bytes with copies of `count` descriptors. */
static void send_raw(const struct fixture *fixture, const void *bytes,
	size_t size, size_t count)
{
	struct iovec part = { .iov_base = (void *)bytes, .iov_len = size };
	_Alignas(struct cmsghdr) char control[CMSG_SPACE(8 * sizeof(int))] = {
		0
	};
	struct msghdr packet = { .msg_iov = &part, .msg_iovlen = 1 };
	struct cmsghdr *header;
	size_t i;

	if (count) {
		packet.msg_control = control;
		packet.msg_controllen = CMSG_SPACE(count * sizeof(int));
		header = CMSG_FIRSTHDR(&packet);
		header->cmsg_level = SOL_SOCKET;
		header->cmsg_type = SCM_RIGHTS;
		header->cmsg_len = CMSG_LEN(count * sizeof(int));
		for (i = 0; i < count; i++)
			memcpy(CMSG_DATA(header) + i * sizeof(int),
				&fixture->sockets[0], sizeof(int));
	}
	assert_int_equal(sendmsg(fixture->sockets[0], &packet, 0), size);
}

static void without_descriptor(void **state)
{
	const struct fixture *fixture = *state;
	struct message message;
	int fd = -7;

	assert_int_equal(message_send(fixture->sockets[0], MESSAGE_FAILED,
				 "because", -1),
		0);
	assert_int_equal(message_receive(fixture->sockets[1],
				 deadline_in_ms(1000), &message, &fd),
		1);
	assert_int_equal(message.type, MESSAGE_FAILED);
	assert_string_equal(message.text, "because");
	assert_int_equal(fd, -1);
}

static void with_descriptor(void **state)
{
	const struct fixture *fixture = *state;
	struct message message;
	struct stat sent, received;
	int fd = -1;

	assert_int_equal(message_send(fixture->sockets[0], MESSAGE_HELLO, NULL,
				 fixture->sockets[0]),
		0);
	assert_int_equal(message_receive(fixture->sockets[1],
				 deadline_in_ms(1000), &message, &fd),
		1);
	assert_int_equal(message.type, MESSAGE_HELLO);
	assert_string_equal(message.text, "");
	assert_true(fcntl(fd, F_GETFD) & FD_CLOEXEC);
	assert_int_equal(fstat(fixture->sockets[0], &sent), 0);
	assert_int_equal(fstat(fd, &received), 0);
	assert_int_equal(sent.st_ino, received.st_ino);
	close(fd);
}

/* As of a builder that starts the command before it reads PREFETCH. */
static void sent_by_a_peer_that_ended_with_messages_unread(void **state)
{
	struct fixture *fixture = *state;
	struct message message;
	int fd = -7;

	assert_int_equal(
		message_send(fixture->sockets[1], MESSAGE_PREFETCH, "/a", -1),
		0);
	assert_int_equal(
		message_send(fixture->sockets[0], MESSAGE_BUILT, NULL, -1), 0);
	close(fixture->sockets[0]);
	fixture->sockets[0] = dup(fixture->sockets[1]);
	assert_int_equal(message_receive(fixture->sockets[1],
				 deadline_in_ms(1000), &message, &fd),
		1);
	assert_int_equal(message.type, MESSAGE_BUILT);
	assert_int_equal(message_receive(fixture->sockets[1],
				 deadline_in_ms(1000), &message, &fd),
		0);
}

static void longest_text(void **state)
{
	const struct fixture *fixture = *state;
	struct message message;
	char text[ERROR_TEXT_SIZE];
	int fd;

	memset(text, 'x', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	assert_int_equal(
		message_send(fixture->sockets[0], MESSAGE_FAILED, text, -1), 0);
	assert_int_equal(message_receive(fixture->sockets[1],
				 deadline_in_ms(1000), &message, &fd),
		1);
	assert_string_equal(message.text, text);
}

static void two_descriptors(void **state)
{
	const struct fixture *fixture = *state;

	send_raw(fixture, "\1", 1, 2);
	assert_refused(fixture, EPROTO);
}

static void nothing_but_a_descriptor(void **state)
{
	const struct fixture *fixture = *state;

	send_raw(fixture, "", 0, 1);
	assert_refused(fixture, EPROTO);
}

static void eight_descriptors(void **state)
{
	const struct fixture *fixture = *state;

	send_raw(fixture, "\1", 1, 8);
	assert_refused(fixture, EPROTO);
}

static void too_long(void **state)
{
	const struct fixture *fixture = *state;
	char bytes[1 + ERROR_TEXT_SIZE];

	memset(bytes, MESSAGE_FAILED, sizeof(bytes));
	send_raw(fixture, bytes, sizeof(bytes), 1);
	assert_refused(fixture, EPROTO);
}

static void unknown_type(void **state)
{
	const struct fixture *fixture = *state;
	const unsigned char types[] = { 0, MESSAGE_LAST + 1, 255 };
	size_t i;

	for (i = 0; i < sizeof(types); i++) {
		send_raw(fixture, &types[i], 1, 1);
		assert_refused(fixture, EPROTO);
	}
}

static void failure_without_a_reason(void **state)
{
	const struct fixture *fixture = *state;
	const unsigned char failed = MESSAGE_FAILED;

	send_raw(fixture, &failed, 1, 1);
	assert_refused(fixture, EPROTO);
}

static void peer_is_gone(void **state)
{
	struct fixture *fixture = *state;
	struct message message;
	int fd = -7;

	close(fixture->sockets[0]);
	fixture->sockets[0] = -1;
	assert_int_equal(message_receive(fixture->sockets[1],
				 deadline_in_ms(1000), &message, &fd),
		0);
	assert_int_equal(
		message_send(fixture->sockets[1], MESSAGE_READY, NULL, -1), -1);
	assert_int_equal(errno, EPIPE);
}

static void nobody_sends(void **state)
{
	const struct fixture *fixture = *state;
	struct message message;
	int fd;

	assert_int_equal(message_receive(fixture->sockets[1], deadline_in_ms(5),
				 &message, &fd),
		-1);
	assert_int_equal(errno, ETIMEDOUT);
}

static void nobody_reads(void **state)
{
	const struct fixture *fixture = *state;
	int rc, sent = 0;

	do
		rc = message_send(fixture->sockets[0], MESSAGE_READY, NULL, -1);
	while (rc == 0 && ++sent < 1000000);
	assert_int_equal(rc, -1);
	assert_int_equal(errno, EAGAIN);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(without_descriptor),
		TEST(with_descriptor),
		TEST(sent_by_a_peer_that_ended_with_messages_unread),
		TEST(longest_text),
		TEST(two_descriptors),
		TEST(nothing_but_a_descriptor),
		TEST(eight_descriptors),
		TEST(too_long),
		TEST(unknown_type),
		TEST(failure_without_a_reason),
		TEST(peer_is_gone),
		TEST(nobody_sends),
		TEST(nobody_reads),
	};

	return cmocka_run_group_tests_name("message", tests, NULL, NULL);
}
