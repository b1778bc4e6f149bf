/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The three system calls of io_uring, and the two queues in memory that is
 * shared with the kernel.  liburing would be a dependency for less code than
 * this.
 *
 * seccomp does not see operations of io_uring.  So a ring is created, disabled,
 * before the image server enters its sandbox, in which no ring can be created.
 * Before it is enabled it is restricted to commands for the driver of one
 * attached descriptor, and no restriction can be changed.
 *
 * Reference: io_uring_setup(2), io_uring_enter(2), io_uring_register(2).
 */
#include <errno.h>
#include <linux/io_uring.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "spank/server/fuse/uring.h"

/* With more of them the caller submits more often. */
#define COMMANDS 8

/* Of Linux 5.19 to 6.6; headers may be older. */
#define OPERATION_COMMAND  46         /* IORING_OP_URING_CMD */
#define SETUP_SUBMIT_ALL   (1U << 7)  /* do not stop at a failing one */
#define SETUP_LONG         (1U << 10) /* SQE128 */
#define SETUP_ONE_THREAD   (1U << 12) /* SINGLE_ISSUER */
#define SETUP_WHEN_WAITING (1U << 13) /* DEFER_TASKRUN: no interruptions */
#define SETUP_IN_ORDER     (1U << 16) /* NO_SQARRAY */

static int call_register(int fd, unsigned int operation, const void *argument,
	unsigned int count)
{
	return syscall(SYS_io_uring_register, fd, operation, argument, count);
}

static int restrict_it(int fd)
{
	const struct io_uring_restriction rules[] = {
		{ .opcode = IORING_RESTRICTION_SQE_OP,
			.sqe_op = OPERATION_COMMAND },
		{ .opcode = IORING_RESTRICTION_SQE_FLAGS_ALLOWED,
			.sqe_flags = IOSQE_FIXED_FILE },
		{ .opcode = IORING_RESTRICTION_SQE_FLAGS_REQUIRED,
			.sqe_flags = IOSQE_FIXED_FILE },
	};

	return call_register(fd, IORING_REGISTER_RESTRICTIONS, rules,
		sizeof(rules) / sizeof(rules[0]));
}

/* The kernel chooses the address. */
static void *map(int fd, size_t size, off_t what)
{
	void *memory = mmap(NULL, size, PROT_READ | PROT_WRITE,
		MAP_SHARED | MAP_POPULATE, fd, what);

	return memory == MAP_FAILED ? NULL : memory;
}

/* Both queues in one mapping, the commands in another. */
static int map_all(struct uring *uring, const struct io_uring_params *params)
{
	size_t queues = params->cq_off.cqes +
			params->cq_entries * sizeof(struct io_uring_cqe);
	char *memory = map(uring->fd, queues, IORING_OFF_SQ_RING);

	if (!memory)
		return -1;
	uring->commands = map(uring->fd, sizeof(*uring->commands) * COMMANDS,
		IORING_OFF_SQES);
	if (!uring->commands) {
		munmap(memory, queues);
		return -1;
	}
	uring->submit_tail = (void *)(memory + params->sq_off.tail);
	uring->result_head = (void *)(memory + params->cq_off.head);
	uring->result_tail = (void *)(memory + params->cq_off.tail);
	uring->result_mask = params->cq_entries - 1;
	uring->results = (void *)(memory + params->cq_off.cqes);
	uring->queues = memory;
	uring->queues_size = queues;
	return 0;
}

int uring_open(unsigned int results, struct uring *ret_uring)
{
	struct io_uring_params params = {
		.flags = IORING_SETUP_R_DISABLED | IORING_SETUP_CQSIZE |
			 SETUP_SUBMIT_ALL | SETUP_LONG | SETUP_ONE_THREAD |
			 SETUP_WHEN_WAITING | SETUP_IN_ORDER,
		.cq_entries = results > COMMANDS ? results : COMMANDS,
	};
	struct uring uring = {
		.fd = syscall(SYS_io_uring_setup, COMMANDS, &params),
	};

	if (uring.fd < 0)
		return -1;
	if (restrict_it(uring.fd) < 0 || map_all(&uring, &params) < 0) {
		cleanup_fd(&uring.fd);
		return -1;
	}
	*ret_uring = uring;
	return 0;
}

void uring_close(struct uring *uring)
{
	munmap(uring->queues, uring->queues_size);
	munmap(uring->commands, sizeof(*uring->commands) * COMMANDS);
	cleanup_fd(&uring->fd);
}

int uring_attach(const struct uring *uring, int fd)
{
	return call_register(uring->fd, IORING_REGISTER_FILES, &fd, 1);
}

int uring_enable(const struct uring *uring)
{
	return call_register(uring->fd, IORING_REGISTER_ENABLE_RINGS, NULL, 0);
}

struct uring_command *uring_next(struct uring *uring, uint64_t data)
{
	struct uring_command *command;

	if (uring->queued == COMMANDS && uring_submit(uring, 0) < 0)
		return NULL;
	command = &uring->commands[uring->tail++ % COMMANDS];
	uring->queued++;
	memset(command, 0, sizeof(*command));
	command->type = OPERATION_COMMAND;
	command->flags = IOSQE_FIXED_FILE;
	command->data = data;
	return command;
}

int uring_submit(struct uring *uring, unsigned int wanted)
{
	int taken;

	__atomic_store_n(uring->submit_tail, uring->tail, __ATOMIC_RELEASE);
	do
		taken = syscall(SYS_io_uring_enter, uring->fd, uring->queued,
			wanted, IORING_ENTER_GETEVENTS, NULL, 0);
	while (taken < 0 && (errno == EINTR || errno == EAGAIN));
	if (taken < 0)
		return -1;
	uring->queued -= taken;
	return 0;
}

bool uring_take(struct uring *uring, uint64_t *ret_data, int *ret_result)
{
	uint32_t head = *uring->result_head;
	const struct io_uring_cqe *result;

	if (head == __atomic_load_n(uring->result_tail, __ATOMIC_ACQUIRE))
		return false;
	result = &uring->results[head & uring->result_mask];
	*ret_data = result->user_data;
	*ret_result = result->res;
	__atomic_store_n(uring->result_head, head + 1, __ATOMIC_RELEASE);
	return true;
}
