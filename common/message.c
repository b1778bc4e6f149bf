/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * One message of the control protocol is one packet: a byte of type, then the
 * text without its NUL.  At most one descriptor travels along (SCM_RIGHTS, see
 * unix(7)).  The sender is not trusted: an unknown type, a failure without a
 * reason, a truncated packet or a second descriptor is EPROTO, and no
 * descriptor of a refused packet is kept.
 */
#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>

#include "common/cleanup.h"
#include "common/message.h"

/*
 * Room for one descriptor.  CMSG_LEN, not CMSG_SPACE, whose padding would let a
 * second descriptor in unnoticed.
 */
union control {
	char bytes[CMSG_LEN(sizeof(int))];
	struct cmsghdr align;
};

int message_send(int socket, enum message_type type, const char *text, int fd)
{
	unsigned char code = type;
	struct iovec parts[2] = {
		{ .iov_base = &code, .iov_len = 1 },
		{ .iov_base = (char *)(text ? text : ""),
			.iov_len = text ? strlen(text) : 0 },
	};
	struct msghdr packet = { .msg_iov = parts, .msg_iovlen = 2 };
	union control control = { .bytes = { 0 } };
	struct cmsghdr *header;

	if (fd >= 0) {
		packet.msg_control = control.bytes;
		packet.msg_controllen = CMSG_LEN(sizeof(int));
		header = CMSG_FIRSTHDR(&packet);
		header->cmsg_level = SOL_SOCKET;
		header->cmsg_type = SCM_RIGHTS;
		header->cmsg_len = CMSG_LEN(sizeof(int));
		memcpy(CMSG_DATA(header), &fd, sizeof(int));
	}
	while (sendmsg(socket, &packet, MSG_NOSIGNAL | MSG_DONTWAIT) < 0)
		if (errno != EINTR)
			return -1;
	return 0;
}

static int passed_fd(struct msghdr *packet)
{
	struct cmsghdr *header = CMSG_FIRSTHDR(packet);
	int fd = -1;

	if (header && header->cmsg_level == SOL_SOCKET &&
		header->cmsg_type == SCM_RIGHTS &&
		header->cmsg_len == CMSG_LEN(sizeof(int)))
		memcpy(&fd, CMSG_DATA(header), sizeof(int));
	return fd;
}

/* Like recvmsg(2), by the deadline.  Another process with the same socket may
 * be faster.  A peer that ends with a message unread resets the connection:
 * the kernel says so once, and then gives what the peer sent before. */
static ssize_t receive_packet(int socket, struct deadline deadline,
	struct msghdr *packet)
{
	ssize_t length;
	int ready;

	do {
		ready = deadline_wait_readable(deadline, socket);
		if (ready == 0)
			errno = ETIMEDOUT;
		if (ready <= 0)
			return -1;
		length = recvmsg(socket, packet,
			MSG_CMSG_CLOEXEC | MSG_DONTWAIT);
	} while (length < 0 &&
		 (errno == EINTR || errno == EAGAIN || errno == ECONNRESET));
	return length;
}

int message_receive(int socket, struct deadline deadline,
	struct message *ret_message, int *ret_fd)
{
	unsigned char code = 0;
	struct message message = { .text = "" };
	struct iovec parts[2] = {
		{ .iov_base = &code, .iov_len = 1 },
		{ .iov_base = message.text,
			.iov_len = sizeof(message.text) - 1 },
	};
	union control control = { .bytes = { 0 } };
	struct msghdr packet = { .msg_iov = parts,
		.msg_iovlen = 2,
		.msg_control = control.bytes,
		.msg_controllen = CMSG_LEN(sizeof(int)) };
	CLEANUP_FD int fd = -1;
	ssize_t length = receive_packet(socket, deadline, &packet);

	if (length < 0)
		return -1;
	fd = passed_fd(&packet);
	if (length == 0 && fd < 0)
		return 0;
	if (packet.msg_flags & (MSG_TRUNC | MSG_CTRUNC) ||
		code < MESSAGE_HELLO || code > MESSAGE_LAST ||
		(code == MESSAGE_FAILED && !message.text[0])) {
		errno = EPROTO;
		return -1;
	}
	message.type = code;
	*ret_message = message;
	*ret_fd = fd_take(&fd);
	return 1;
}
