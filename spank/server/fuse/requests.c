/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The operations of the FUSE session (struct fuse_lowlevel_ops).  Each
 * translates between libfuse and tree.h.
 *
 * An image never changes, so the kernel may cache all of it forever: names,
 * also those that do not exist, attributes, contents, links and directories.
 * open, opendir, flush, access and the xattr calls are answered with ENOSYS;
 * the kernel remembers that and does without them.
 *
 * Node numbers are stateless, so forget needs no operation.
 *
 * Reference: fuse_lowlevel.h, and fs/fuse in the kernel.
 */
#include <errno.h>
#include <limits.h>
#include <stdint.h>
#include <string.h>

#include "spank/server/fuse/internal.h"
#include "spank/server/filesystem/damage.h"

/* 30 years.  More would overflow when the kernel converts it to jiffies. */
#define FOREVER_S 1000000000

/* st_blksize, whatever the image's block size is.  The C library's buffer for a
 * directory is that long, at least 32 KiB, and the kernel allocates as much for
 * each request.  With 1 MiB a walk took 1.45 times as long. */
#define BLOCK_SIZE 4096

/* How many background requests (readahead) the kernel may have pending. */
#define BACKGROUND_MAX 128

/* libfuse would enable others by default. */
#define WANTED_CAPABILITIES                                               \
	(FUSE_CAP_ASYNC_READ | FUSE_CAP_READDIRPLUS |                     \
		FUSE_CAP_PARALLEL_DIROPS | FUSE_CAP_CACHE_SYMLINKS |      \
		FUSE_CAP_EXPLICIT_INVAL_DATA | FUSE_CAP_NO_OPEN_SUPPORT | \
		FUSE_CAP_NO_OPENDIR_SUPPORT)

static void answer_init(void *userdata, struct fuse_conn_info *connection)
{
	(void)userdata;
	connection->want = connection->capable & WANTED_CAPABILITIES;
	/* Nothing is written, but libfuse computes from it how much one
	 * request may read (max_pages). */
	connection->max_write = FS_READ_MAX;
	connection->max_background = BACKGROUND_MAX;
	connection->congestion_threshold = BACKGROUND_MAX * 3 / 4;
}

void request_fail(fuse_req_t request, int error)
{
	if (error == EIO)
		damage_count();
	worker_check_sent(fuse_reply_err(request, error));
}

static int fill_attributes(const struct tree *tree,
	struct read_context *context, uint64_t node, struct stat *ret_st)
{
	if (tree_stat(tree, context, node, ret_st) < 0)
		return -1;
	ret_st->st_blksize = BLOCK_SIZE;
	return 0;
}

int request_fill_entry(const struct tree *tree, struct read_context *context,
	uint64_t node, struct fuse_entry_param *ret_entry)
{
	if (fill_attributes(tree, context, node, &ret_entry->attr) < 0)
		return -1;
	ret_entry->ino = node;
	ret_entry->generation = 0;
	ret_entry->entry_timeout = FOREVER_S;
	ret_entry->attr_timeout = FOREVER_S;
	return 0;
}

static void reply_node(fuse_req_t request, struct worker *worker, uint64_t node)
{
	struct fuse_entry_param entry;

	if (request_fill_entry(&worker->session->tree, &worker->context, node,
		    &entry) < 0)
		request_fail(request, errno);
	else
		worker_check_sent(fuse_reply_entry(request, &entry));
}

static void answer_lookup(fuse_req_t request, fuse_ino_t directory,
	const char *name)
{
	/* Inode 0: there is none, and the kernel may cache that. */
	static const struct fuse_entry_param none = {
		.entry_timeout = FOREVER_S,
	};
	struct worker *worker = worker_current();
	uint64_t node;

	if (tree_lookup(&worker->session->tree, &worker->context, directory,
		    name, &node) == 0)
		reply_node(request, worker, node);
	else if (errno == ENOENT)
		worker_check_sent(fuse_reply_entry(request, &none));
	else
		request_fail(request, errno);
}

static void answer_getattr(fuse_req_t request, fuse_ino_t node,
	struct fuse_file_info *file)
{
	struct worker *worker = worker_current();
	struct stat st;

	(void)file;
	if (fill_attributes(&worker->session->tree, &worker->context, node,
		    &st) < 0)
		request_fail(request, errno);
	else
		worker_check_sent(fuse_reply_attr(request, &st, FOREVER_S));
}

static void answer_readlink(fuse_req_t request, fuse_ino_t node)
{
	struct worker *worker = worker_current();
	char target[PATH_MAX];

	if (tree_readlink(&worker->session->tree, &worker->context, node,
		    target, sizeof(target)) < 0)
		request_fail(request, errno);
	else
		worker_check_sent(fuse_reply_readlink(request, target));
}

/* The kernel remembers ENOSYS, and opens files without asking. */
static void answer_open(fuse_req_t request, fuse_ino_t node,
	struct fuse_file_info *file)
{
	(void)node, (void)file;
	worker_check_sent(fuse_reply_err(request, ENOSYS));
}

static bool is_slow(enum read_result result)
{
	return result == READ_STORED || result == READ_WOULD_BLOCK;
}

/* tree_read(), which also says what to read ahead. */
static enum read_result read_once(struct worker *worker, uint64_t node,
	off_t offset, size_t size, struct fs_data *ret_data)
{
	struct session *session = worker->session;
	enum read_result result = tree_read(&session->tree, &worker->context,
		node, offset, size, worker->reply, ret_data);
	int error = errno;

	if (session->readahead)
		readahead_queue(session->readahead, ret_data,
			session->late + is_slow(result));
	errno = error;
	return result;
}

static void reply_data(fuse_req_t request, enum read_result result,
	const struct fs_data *data)
{
	if (result == READ_DATA)
		worker_check_sent(
			fuse_reply_buf(request, data->bytes, data->size));
	else
		request_fail(request, errno);
}

/* A read that takes long, while another thread leads. */
static enum read_result read_late(struct worker *worker, uint64_t node,
	off_t offset, size_t size, struct fs_data *ret_data)
{
	read_context_wait(&worker->context);
	worker->context.blocking = READ_MAY_BLOCK;
	return read_once(worker, node, offset, size, ret_data);
}

static void answer_read(fuse_req_t request, fuse_ino_t node, size_t size,
	off_t offset, struct fuse_file_info *file)
{
	struct worker *worker = worker_current();
	struct session *session = worker->session;
	struct fs_data data;
	enum read_result result;

	(void)file;
	if (size > FS_READ_MAX)
		size = FS_READ_MAX;
	result = read_once(worker, node, offset, size, &data);
	if (result == READ_STORED && leader_splice(worker, &data)) {
		fuse_reply_none(request);
	} else if (is_slow(result)) {
		fs_release(session->tree.image, &data);
		session->late++;
		result = read_late(worker, node, offset, size, &data);
		reply_data(request, result, &data);
		session->late--;
	} else {
		reply_data(request, result, &data);
	}
	fs_release(session->tree.image, &data);
}

static void answer_statfs(fuse_req_t request, fuse_ino_t node)
{
	struct statvfs st;

	(void)node;
	fs_statfs(worker_current()->session->tree.image, &st);
	worker_check_sent(fuse_reply_statfs(request, &st));
}

static void make_node(fuse_req_t request, uint64_t directory, const char *name,
	mode_t type)
{
	struct worker *worker = worker_current();
	uint64_t node;

	if (tree_make(&worker->session->tree, &worker->context, directory, name,
		    type, &node) < 0)
		request_fail(request, errno);
	else
		reply_node(request, worker, node);
}

static void answer_mkdir(fuse_req_t request, fuse_ino_t directory,
	const char *name, mode_t mode)
{
	(void)mode;
	make_node(request, directory, name, S_IFDIR);
}

static void answer_mknod(fuse_req_t request, fuse_ino_t directory,
	const char *name, mode_t mode, dev_t device)
{
	(void)device;
	make_node(request, directory, name, mode & S_IFMT);
}

static void answer_unlink(fuse_req_t request, fuse_ino_t directory,
	const char *name)
{
	struct worker *worker = worker_current();
	int failed = tree_unlink(&worker->session->tree, &worker->context,
		directory, name);

	worker_check_sent(fuse_reply_err(request, failed ? errno : 0));
}

const struct fuse_lowlevel_ops requests_ops = {
	.init = answer_init,
	.lookup = answer_lookup,
	.getattr = answer_getattr,
	.readlink = answer_readlink,
	.mknod = answer_mknod,
	.mkdir = answer_mkdir,
	.unlink = answer_unlink,
	.open = answer_open,
	.opendir = answer_open,
	.read = answer_read,
	.readdir = request_readdir,
	.readdirplus = request_readdirplus,
	.statfs = answer_statfs,
};
