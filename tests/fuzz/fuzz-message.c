/* SPDX-License-Identifier: BSD-3-Clause */
/* Packets of the control protocol, as a hostile peer would send them. */
#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common/message.h"
#include "tests/fuzz/fuzz.h"

/* The kernel cuts a packet that is longer than the receiver's buffer. */
#define PACKET_MAX (2 * sizeof(struct message))

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct message message;
	int sockets[2], fd = -1, result;

	if (size > PACKET_MAX)
		return 0;
	FUZZ_ASSERT(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0,
			    sockets) == 0);
	FUZZ_ASSERT(
		send(sockets[0], data, size, MSG_DONTWAIT) == (ssize_t)size);
	close(sockets[0]);
	result = message_receive(sockets[1], deadline_in_ms(1000), &message,
		&fd);
	if (result > 0)
		FUZZ_ASSERT(memchr(message.text, '\0', sizeof(message.text)));
	FUZZ_ASSERT(fd == -1);
	close(sockets[1]);
	return 0;
}
