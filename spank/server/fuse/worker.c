/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What lies between the kernel and libfuse.  A worker checks the length of a
 * request and passes it to the session.  libfuse calls an operation of
 * requests.c.  Its reply comes back here and goes to /dev/fuse, or into a ring
 * (ring_thread.c).
 *
 * libfuse does not check lengths.  So a request is passed on only if its
 * argument is complete.  Requests without an operation are answered here with
 * ENOSYS; for most of them the kernel remembers that and does not ask again.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "spank/server/fuse/internal.h"

/* How often a read may fail in a row, and a reply be sent.  A failure costs at
 * most the answer to that request; other requests wait. */
#define TRIES 3

/* For send_reply(): libfuse passes the session to it, but not the worker. */
static _Thread_local struct worker *current;

/* What a complete request has. */
struct shape {
	bool is_known;
	size_t size;   /* of the argument's fixed part */
	bool has_name; /* a name with its NUL follows */
};

static const struct shape shapes[] = {
	/* The part that all versions of the protocol have. */
	[FUSE_INIT] = { true, 16, false },
	[FUSE_LOOKUP] = { true, 0, true },
	[FUSE_FORGET] = { true, sizeof(struct fuse_forget_in), false },
	[FUSE_BATCH_FORGET] = { true, sizeof(struct fuse_batch_forget_in),
		false },
	[FUSE_INTERRUPT] = { true, 0, false },
	[FUSE_GETATTR] = { true, sizeof(struct fuse_getattr_in), false },
	[FUSE_READLINK] = { true, 0, false },
	[FUSE_MKNOD] = { true, sizeof(struct fuse_mknod_in), true },
	[FUSE_MKDIR] = { true, sizeof(struct fuse_mkdir_in), true },
	[FUSE_UNLINK] = { true, 0, true },
	[FUSE_OPEN] = { true, sizeof(struct fuse_open_in), false },
	[FUSE_OPENDIR] = { true, sizeof(struct fuse_open_in), false },
	[FUSE_READ] = { true, sizeof(struct fuse_read_in), false },
	[FUSE_READDIR] = { true, sizeof(struct fuse_read_in), false },
	[FUSE_READDIRPLUS] = { true, sizeof(struct fuse_read_in), false },
	[FUSE_RELEASE] = { true, sizeof(struct fuse_release_in), false },
	[FUSE_RELEASEDIR] = { true, sizeof(struct fuse_release_in), false },
	[FUSE_STATFS] = { true, 0, false },
	[FUSE_DESTROY] = { true, 0, false },
};

/* 0, or the errno to answer the request with. */
static int check_request(const struct fuse_in_header *header, size_t size)
{
	const char *argument = (const char *)(header + 1);
	const struct shape *shape;

	if (header->opcode >= sizeof(shapes) / sizeof(shapes[0]) ||
		!shapes[header->opcode].is_known)
		return ENOSYS;
	shape = &shapes[header->opcode];
	if (size < shape->size ||
		(shape->has_name && !memchr(argument + shape->size, '\0',
					    size - shape->size)))
		return EIO;
	return 0;
}

static int write_reply(struct worker *worker, const struct iovec *parts,
	int count)
{
	int tries;

	for (tries = 0; tries < TRIES; tries++)
		/* ENOENT: the request was interrupted, nobody waits. */
		if (writev(worker->session->fd, parts, count) >= 0 ||
			errno == ENOENT)
			return 0;
	return -1;
}

/* Answer the current request with an error. */
static void answer_error(struct worker *worker, int error)
{
	const struct fuse_in_header *request = (void *)worker->request;
	struct fuse_out_header header = {
		.len = sizeof(header),
		.error = -error,
		.unique = request->unique,
	};
	const struct iovec part = { &header, sizeof(header) };

	worker->send(worker, &part, 1);
}

int worker_open(struct worker *worker, struct session *session)
{
	void *memory =
		mmap(NULL, REQUEST_SIZE + FS_READ_MAX, PROT_READ | PROT_WRITE,
			MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	if (memory == MAP_FAILED)
		return -1;
	worker->session = session;
	worker->send = write_reply;
	worker->request = memory;
	worker->reply = worker->request + REQUEST_SIZE;
	return 0;
}

void worker_close(struct worker *worker)
{
	munmap(worker->request, REQUEST_SIZE + FS_READ_MAX);
}

struct worker *worker_current(void)
{
	return current;
}

/* Add the flags that libfuse does not pass on or does not know. */
static void amend_init(struct session *session, const struct iovec *reply)
{
	struct fuse_init_out *out = reply->iov_base;
	uint32_t flags2;

	out->flags |= session->init_flags;
	memcpy(&flags2, (char *)out + INIT_OUT_FLAGS2, sizeof(flags2));
	flags2 |= session->init_flags2;
	memcpy((char *)out + INIT_OUT_FLAGS2, &flags2, sizeof(flags2));
}

/* Never fails: libfuse would print the error, and the sandbox forbids the calls
 * that it prints with. */
static ssize_t send_reply(int fd, struct iovec *parts, int count,
	void *userdata)
{
	const struct fuse_out_header *header = parts[0].iov_base;
	struct session *session = userdata;

	(void)fd;
	if (session->init_pending && count == 2)
		amend_init(session, &parts[1]);
	if (current->send(current, parts, count) < 0)
		answer_error(current, EIO);
	return header->len;
}

/* Never called: the leader reads. */
static ssize_t read_nothing(int fd, void *buffer, size_t size, void *userdata)
{
	(void)fd, (void)buffer, (void)size, (void)userdata;
	errno = ENOSYS;
	return -1;
}

bool worker_take_replies(struct fuse_session *fuse, int fd)
{
#if FUSE_VERSION >= FUSE_MAKE_VERSION(3, 14)
	static const struct fuse_custom_io io = {
		.writev = send_reply,
		.read = read_nothing,
	};

	return fuse_session_custom_io(fuse, &io, fd) == 0;
#else
	(void)send_reply, (void)read_nothing, (void)fuse, (void)fd;
	return false;
#endif
}

int worker_connect_session(struct session *session)
{
	char path[32];

	if (worker_take_replies(session->fuse, session->fd))
		return 0;
	/* libfuse writes the replies.  It prints an error unless the session
	 * has exited, and the sandbox forbids the calls that it prints with.
	 * Nothing else that is used here looks at that flag. */
	fuse_session_exit(session->fuse);
	snprintf(path, sizeof(path), "/dev/fd/%d", session->fd);
	return fuse_session_mount(session->fuse, path);
}

void worker_check_sent(int sent)
{
	if (sent < 0 && sent != -ENOENT)
		answer_error(current, EIO);
}

/*
 * libfuse's table of requests names this function.  Through it a static link
 * would take in CUSE, and with that loops, exec and dlopen: 100 KiB.  It is
 * never called, since CUSE_INIT is not a known request.  It is weak because
 * libfuse 3.18 links its own anyway.
 */
__attribute__((weak)) void cuse_lowlevel_init(fuse_req_t request,
	fuse_ino_t node, const void *in);
__attribute__((weak)) void cuse_lowlevel_init(fuse_req_t request,
	fuse_ino_t node, const void *in)
{
	(void)node, (void)in;
	fuse_reply_err(request, ENOSYS);
}

static enum request_state check_failure(struct worker *worker)
{
	/* ENOENT: the request was interrupted while it was read. */
	if (errno == EINTR || errno == EAGAIN || errno == ENOENT)
		return REQUEST_NONE;
	/* ECONNABORTED: someone aborted the connection. */
	if (errno == ENODEV || errno == ECONNABORTED)
		return REQUEST_END;
	return ++worker->failures < TRIES ? REQUEST_NONE : REQUEST_FAILED;
}

enum request_state worker_check_read(struct worker *worker, ssize_t got)
{
	if (got < 0)
		return check_failure(worker);
	worker->failures = 0;
	if ((size_t)got < sizeof(struct fuse_in_header)) {
		errno = EIO;
		return REQUEST_FAILED;
	}
	return REQUEST_COMPLETE;
}

void worker_answer(struct worker *worker, size_t size)
{
	const struct fuse_in_header *header = (void *)worker->request;
	const struct fuse_buf buffer = { .size = size, .mem = worker->request };
	struct session *session = worker->session;
	int error = check_request(header, size - sizeof(*header));

	current = worker;
	if (error) {
		answer_error(worker, error);
		return;
	}
	/* Ignored: no request takes long enough to be interrupted.  libfuse
	 * would keep it, and send it back to the kernel if the request that it
	 * is for has been answered. */
	if (header->opcode == FUSE_INTERRUPT)
		return;
	if (header->opcode == FUSE_INIT)
		session_begin_init(session, (void *)(header + 1),
			size - sizeof(*header));
	fuse_session_process_buf(session->fuse, &buffer);
	if (header->opcode == FUSE_INIT)
		session_end_init(session);
}

void worker_answer_in_turn(struct worker *worker, size_t size)
{
	struct session *session = worker->session;
	bool in_turn = !atomic_load(&session->is_concurrent);

	if (in_turn)
		pthread_mutex_lock(&session->turn);
	worker->context = (struct read_context){ READ_NOWAIT, NULL, NULL };
	worker_answer(worker, size);
	if (in_turn)
		pthread_mutex_unlock(&session->turn);
}
