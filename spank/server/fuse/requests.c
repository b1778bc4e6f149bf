/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * One function per request of the kernel, each translating between the FUSE
 * protocol and tree.h; and the table in which they are found.
 *
 * What an image shows never changes, so the kernel may keep all of it for as
 * long as it likes: names, also those that do not exist, attributes, contents,
 * links and directories.  What is not in the table of functions is answered
 * with ENOSYS: of open, opendir, flush, access and the xattr calls the kernel
 * remembers that, and does without them.
 *
 * Reference: linux/fuse.h, and fs/fuse in the kernel.
 */
#include <errno.h>
#include <limits.h>
#include <stdint.h>
#include <string.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "spank/server/fuse/internal.h"
#include "spank/server/fuse/rings.h"
#include "spank/server/squashfs/damage.h"

/* 30 years, without the overflows of "infinite" on the way to jiffies. */
#define FOREVER_S 1000000000

/* For st_blksize, whatever the image's is: as long as that, but 32 KiB at
 * least, the C library makes its buffer for a directory, and the kernel one of
 * its own for each request.  With 1 MiB a walk took 1.45 times as long. */
#define BLOCK_SIZE 4096

/* How many requests the kernel may have waiting that nobody waits for. */
#define BACKGROUND_MAX 128
#define WRITE_MAX      4096 /* the least that there is; nothing is written */

/* Where flags2 is in fuse_init_in, and the flag that says that it is. */
#define INIT_FLAGS2     16
#define INIT_OUT_FLAGS2 32 /* and in fuse_init_out */
#define INIT_EXTENDED   (1U << 30)

#define WANTED_FLAGS                                                    \
	(FUSE_ASYNC_READ | FUSE_DO_READDIRPLUS | FUSE_PARALLEL_DIROPS | \
		FUSE_CACHE_SYMLINKS | FUSE_EXPLICIT_INVAL_DATA |        \
		FUSE_NO_OPEN_SUPPORT | FUSE_NO_OPENDIR_SUPPORT |        \
		FUSE_MAX_PAGES)

int request_send(const struct request *request, int error, const void *bytes,
	size_t size)
{
	struct fuse_out_header header = {
		.len = sizeof(header) + size,
		.error = -error,
		.unique = request->header->unique,
	};
	struct iovec parts[] = {
		{ .iov_base = &header, .iov_len = sizeof(header) },
		{ .iov_base = (void *)bytes, .iov_len = size },
	};
	ssize_t sent = -1;
	int tries;

	for (tries = 0; sent < 0 && tries < REPLY_TRIES; tries++) {
		sent = writev(request->worker->session->fd, parts, 2);
		/* Who asked does not wait any more. */
		if (sent < 0 && errno == ENOENT)
			return 0;
	}
	return sent < 0 ? -1 : 0;
}

/* Who gets no answer would wait for ever. */
void request_reply(const struct request *request, const void *bytes,
	size_t size)
{
	if (request->worker->send(request, 0, bytes, size) < 0)
		request_fail(request, EIO);
}

void request_fail(const struct request *request, int error)
{
	request->worker->send(request, error, NULL, 0);
}

void request_fail_counted(const struct request *request, int error)
{
	if (error == EIO)
		damage_count();
	request_fail(request, error);
}

int request_fill_attributes(const struct request *request, uint64_t node,
	struct fuse_attr *ret_attributes)
{
	struct stat st;

	if (tree_stat(request->tree, request->context, node, &st) < 0)
		return -1;
	*ret_attributes = (struct fuse_attr){
		.ino = st.st_ino,
		.size = st.st_size,
		.blocks = st.st_blocks,
		.atime = st.st_atim.tv_sec,
		.mtime = st.st_mtim.tv_sec,
		.ctime = st.st_ctim.tv_sec,
		.mode = st.st_mode,
		.nlink = st.st_nlink,
		.uid = st.st_uid,
		.gid = st.st_gid,
		.rdev = (minor(st.st_rdev) & 0xff) | major(st.st_rdev) << 8 |
			(minor(st.st_rdev) & ~0xffU) << 12,
		.blksize = BLOCK_SIZE,
	};
	return 0;
}

int request_fill_entry(const struct request *request, uint64_t node,
	struct fuse_entry_out *ret_entry)
{
	struct fuse_entry_out entry = {
		.nodeid = node,
		.entry_valid = FOREVER_S,
		.attr_valid = FOREVER_S,
	};

	if (request_fill_attributes(request, node, &entry.attr) < 0)
		return -1;
	*ret_entry = entry;
	return 0;
}

/* They came with Linux 5.17, and are not in every header. */
static uint32_t more_flags(const struct request *request)
{
	const struct fuse_init_in *in = request->argument;
	uint32_t flags2;

	if (request->size < INIT_FLAGS2 + sizeof(flags2) ||
		!(in->flags & INIT_EXTENDED))
		return 0;
	memcpy(&flags2, (const char *)request->argument + INIT_FLAGS2,
		sizeof(flags2));
	return flags2;
}

/* Requests will come by rings, if the kernel offers that and we can. */
static bool start_rings(struct session *session, uint32_t offered)
{
	session->over_rings = session->rings && (offered & OVER_IO_URING) &&
			      rings_start(session->rings, session) == 0;
	if (!session->over_rings) {
		rings_close(session->rings);
		session->rings = NULL;
	}
	return session->over_rings;
}

static void answer_init(const struct request *request)
{
	const struct fuse_init_in *in = request->argument;
	struct session *session = request->worker->session;
	const uint32_t offered = more_flags(request);
	const uint32_t over_rings = OVER_IO_URING;
	struct fuse_init_out out = {
		.major = FUSE_KERNEL_VERSION,
		.minor = FUSE_KERNEL_MINOR_VERSION,
		.max_readahead = in->max_readahead,
		.flags = in->flags & WANTED_FLAGS,
		.max_background = BACKGROUND_MAX,
		.congestion_threshold = BACKGROUND_MAX * 3 / 4,
		.max_write = WRITE_MAX,
		.time_gran = 1,
		.max_pages = SQUASH_READ_MAX / getpagesize(),
	};

	session->can_resend = offered & HAS_RESEND;
	if (start_rings(session, offered)) {
		out.flags |= INIT_EXTENDED;
		memcpy((char *)&out + INIT_OUT_FLAGS2, &over_rings,
			sizeof(over_rings));
	}
	request_reply(request, &out, sizeof(out));
	/* If the kernel then refuses them it goes on without: all requests come
	 * by /dev/fuse, to one thread. */
	if (session->over_rings)
		rings_begin(session->rings);
}

static void reply_node(const struct request *request, uint64_t node)
{
	struct fuse_entry_out entry;

	if (request_fill_entry(request, node, &entry) < 0)
		request_fail_counted(request, errno);
	else
		request_reply(request, &entry, sizeof(entry));
}

static void answer_lookup(const struct request *request)
{
	/* Node 0: there is none, and the kernel may remember that. */
	const struct fuse_entry_out none = { .entry_valid = FOREVER_S };
	uint64_t node;

	if (tree_lookup(request->tree, request->context,
		    request->header->nodeid, request->argument, &node) == 0)
		reply_node(request, node);
	else if (errno == ENOENT)
		request_reply(request, &none, sizeof(none));
	else
		request_fail_counted(request, errno);
}

static void answer_getattr(const struct request *request)
{
	struct fuse_attr_out out = { .attr_valid = FOREVER_S };

	if (request_fill_attributes(request, request->header->nodeid,
		    &out.attr) < 0)
		request_fail_counted(request, errno);
	else
		request_reply(request, &out, sizeof(out));
}

static void answer_readlink(const struct request *request)
{
	char target[PATH_MAX];

	if (tree_readlink(request->tree, request->context,
		    request->header->nodeid, target, sizeof(target)) < 0)
		request_fail_counted(request, errno);
	else
		request_reply(request, target, strlen(target));
}

/* What is stored as it is need not be copied into the server. */
static bool send_stored(const struct request *request,
	const struct squash_data *data)
{
	const struct worker *worker = request->worker;

	return worker->pipe &&
	       splice_reply(worker->pipe, worker->session->fd,
		       request->header->unique, squash_fd(request->tree->image),
		       data->stored_offset, data->size);
}

/* Another thread is going to be busy with it. */
static bool is_slow(enum read_result result)
{
	return result == READ_STORED || result == READ_WOULD_BLOCK;
}

static void answer_read(const struct request *request)
{
	const struct fuse_read_in *in = request->argument;
	struct session *session = request->worker->session;
	size_t size = in->size < SQUASH_READ_MAX ? in->size : SQUASH_READ_MAX;
	struct squash_data data;
	enum read_result result = tree_read(request->tree, request->context,
		request->header->nodeid, in->offset, size,
		request->worker->reply, &data);
	int error = errno;

	if (session->helpers)
		readahead_queue(session->helpers, &data,
			session->late + is_slow(result));
	switch (result) {
	case READ_DATA:
		request_reply(request, data.bytes, data.size);
		break;
	case READ_STORED:
		request->worker->is_put_off = !send_stored(request, &data);
		break;
	case READ_WOULD_BLOCK:
		request->worker->is_put_off = true;
		break;
	case READ_ERROR:
		request_fail_counted(request, error);
	}
	squash_release(session->tree.image, &data);
}

static void answer_statfs(const struct request *request)
{
	struct fuse_statfs_out out = { 0 };
	struct statvfs st;

	squash_statfs(request->tree->image, &st);
	out.st = (struct fuse_kstatfs){
		.blocks = st.f_blocks,
		.files = st.f_files,
		.bsize = st.f_bsize,
		.namelen = st.f_namemax,
		.frsize = st.f_frsize,
	};
	request_reply(request, &out, sizeof(out));
}

static void make(const struct request *request, const char *name, mode_t type)
{
	uint64_t node;

	if (tree_make(request->tree, request->context, request->header->nodeid,
		    name, type, &node) < 0)
		request_fail_counted(request, errno);
	else
		reply_node(request, node);
}

static void answer_mkdir(const struct request *request)
{
	const struct fuse_mkdir_in *in = request->argument;

	make(request, (const char *)(in + 1), S_IFDIR);
}

static void answer_mknod(const struct request *request)
{
	const struct fuse_mknod_in *in = request->argument;

	make(request, (const char *)(in + 1), in->mode & S_IFMT);
}

static void answer_unlink(const struct request *request)
{
	int failed = tree_unlink(request->tree, request->context,
		request->header->nodeid, request->argument);

	request_fail(request, failed ? errno : 0);
}

/* References are stateless: nothing is forgotten, and nothing interrupted. */
static void answer_nothing(const struct request *request)
{
	(void)request;
}

static void answer_success(const struct request *request)
{
	request_fail(request, 0);
}

struct operation {
	void (*answer)(const struct request *request);
	size_t size;   /* of the fixed part of the argument */
	bool has_name; /* after it, with its NUL */
};

static const struct operation operations[] = {
	/* Of its argument only what all protocol versions have is looked at. */
	[FUSE_INIT] = { answer_init, 16, false },
	[FUSE_LOOKUP] = { answer_lookup, 0, true },
	[FUSE_FORGET] = { answer_nothing, 0, false },
	[FUSE_BATCH_FORGET] = { answer_nothing, 0, false },
	[FUSE_INTERRUPT] = { answer_nothing, 0, false },
	[FUSE_GETATTR] = { answer_getattr, 0, false },
	[FUSE_READLINK] = { answer_readlink, 0, false },
	[FUSE_MKNOD] = { answer_mknod, sizeof(struct fuse_mknod_in), true },
	[FUSE_MKDIR] = { answer_mkdir, sizeof(struct fuse_mkdir_in), true },
	[FUSE_UNLINK] = { answer_unlink, 0, true },
	[FUSE_READ] = { answer_read, sizeof(struct fuse_read_in), false },
	[FUSE_READDIR] = { request_readdir, sizeof(struct fuse_read_in),
		false },
	[FUSE_READDIRPLUS] = { request_readdir, sizeof(struct fuse_read_in),
		false },
	[FUSE_STATFS] = { answer_statfs, 0, false },
	[FUSE_RELEASE] = { answer_success, 0, false },
	[FUSE_RELEASEDIR] = { answer_success, 0, false },
	[FUSE_DESTROY] = { answer_success, 0, false },
};

static bool is_whole(const struct operation *operation,
	const struct request *request)
{
	const char *name = (const char *)request->argument + operation->size;

	return request->size >= operation->size &&
	       (!operation->has_name ||
		       memchr(name, '\0', request->size - operation->size));
}

static void answer(const struct request *request)
{
	static const struct operation unknown = { 0 };
	uint32_t opcode = request->header->opcode;
	const struct operation *operation = &unknown;

	if (opcode < sizeof(operations) / sizeof(operations[0]))
		operation = &operations[opcode];
	if (!operation->answer)
		request_fail(request, ENOSYS);
	else if (!is_whole(operation, request))
		request_fail(request, EIO);
	else
		operation->answer(request);
}

static int check_failure(struct worker *worker)
{
	/* ENOENT: the request was taken back while it was being read. */
	if (errno == EINTR || errno == EAGAIN || errno == ENOENT)
		return 2;
	/* ECONNABORTED: someone aborted the connection. */
	if (errno == ENODEV || errno == ECONNABORTED)
		return 0;
	return ++worker->failures < REPLY_TRIES ? 2 : -1;
}

int worker_check_read(struct worker *worker, ssize_t got)
{
	if (got < 0)
		return check_failure(worker);
	worker->failures = 0;
	if ((size_t)got < sizeof(struct fuse_in_header)) {
		errno = EIO;
		return -1;
	}
	return 1;
}

bool worker_answer(struct worker *worker, size_t size)
{
	struct request request = {
		.worker = worker,
		.tree = &worker->session->tree,
		.context = &worker->context,
		.header = (void *)worker->request,
		.argument = worker->request + sizeof(struct fuse_in_header),
		.size = size - sizeof(struct fuse_in_header),
	};

	worker->is_put_off = false;
	answer(&request);
	return !worker->is_put_off;
}
