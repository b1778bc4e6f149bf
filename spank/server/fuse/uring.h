/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SPANK_SERVER_FUSE_URING_H
#define SPANK_SERVER_FUSE_URING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * A ring of io_uring(7) that can do one thing: give commands to the driver of
 * one descriptor (IORING_OP_URING_CMD), here /dev/fuse.  The kernel restricts
 * it to that, irrevocably, before the ring is enabled.  -1 is failure with
 * errno.
 */
struct uring {
	int fd;
	unsigned int queued; /* commands not yet given to the kernel */
	unsigned int tail;   /* of the commands; not shared */
	struct uring_command *commands;
	uint32_t *submit_tail; /* shared with the kernel, as are the next */
	uint32_t *result_head, *result_tail;
	uint32_t result_mask;
	const struct io_uring_cqe *results;
	void *queues; /* where these lie */
	size_t queues_size;
};

/* The driver's own part of a command. */
#define URING_COMMAND_SIZE 80

/* The kernel's io_uring_sqe of 128 bytes. */
struct uring_command {
	uint8_t type;
	uint8_t flags;
	uint16_t unused;
	int32_t file;
	uint32_t operation;
	uint32_t unused_too;
	uint64_t address;
	uint32_t length;
	uint32_t more_flags;
	uint64_t data; /* comes back with the result */
	uint64_t unused_as_well;
	unsigned char argument[URING_COMMAND_SIZE];
};
_Static_assert(sizeof(struct uring_command) == 128, "as the kernel has it");

/* With room for `results`; no more commands than that can be pending. */
int uring_open(unsigned int results, struct uring *ret_uring);

/* Not while a thread waits for a result. */
void uring_close(struct uring *uring);

/* Set the descriptor that the commands are for; once. */
int uring_attach(const struct uring *uring, int fd);

/* From now on this thread, and no other, can give commands. */
int uring_enable(const struct uring *uring);

/*
 * The next command, zeroed except for its type: the caller fills in
 * `operation`, `argument`, and what the operation wants.  It is valid until
 * uring_submit().  NULL with errno.
 */
struct uring_command *uring_next(struct uring *uring, uint64_t data);

/* Submit the commands, and wait for `wanted` results. */
int uring_submit(struct uring *uring, unsigned int wanted);

/* Take the next result, if there is one: 0 or a negative errno. */
bool uring_take(struct uring *uring, uint64_t *ret_data, int *ret_result);

#endif
