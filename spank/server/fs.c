/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The FUSE side of the server: one function per request, each translating
 * between libfuse's low-level interface and tree.h.
 *
 * What an image shows never changes, so the kernel may keep all of it for as
 * long as it likes: names, also those that do not exist, attributes, contents,
 * links and directories.  open and opendir answer ENOSYS, which makes the
 * kernel do without them; so do access and the xattr calls, by not being here
 * (libfuse answers for us; squashfuse's xattrs must never be called).
 *
 * libfuse is given the descriptor: it neither mounts nor unmounts.
 *
 * Reference: fuse_lowlevel.h, and fs/fuse in the kernel.
 */
#define FUSE_USE_VERSION 35

#include <errno.h>
#include <fuse_lowlevel.h>
#include <limits.h>
#include <stdlib.h>

#include "common/cleanup.h"
#include "spank/server/fs.h"
#include "spank/server/fs_descriptor.h"
#include "spank/server/tree.h"

/* 30 years, without the overflows of "infinite" on the way to jiffies. */
#define FOREVER_S 1e9

struct fs {
	struct fuse_session *session;
	struct fuse_buf request; /* its memory is used again and again */
	struct tree tree;
};

/* A directory listing that is being filled in. */
struct listing {
	fuse_req_t req;
	const struct tree *tree;
	char *buffer;
	size_t size;
	size_t used;
	bool plus;
};

static struct tree *tree_of(fuse_req_t req)
{
	return &((struct fs *)fuse_req_userdata(req))->tree;
}

static void answer_init(void *data, struct fuse_conn_info *conn)
{
	(void)data;
	/* Splicing needs calls that the sandbox does not allow. */
	conn->want &= ~(FUSE_CAP_SPLICE_READ | FUSE_CAP_SPLICE_WRITE |
			FUSE_CAP_SPLICE_MOVE | FUSE_CAP_READDIRPLUS_AUTO |
			FUSE_CAP_AUTO_INVAL_DATA);
	conn->want |=
		conn->capable &
		(FUSE_CAP_ASYNC_READ | FUSE_CAP_READDIRPLUS |
			FUSE_CAP_PARALLEL_DIROPS | FUSE_CAP_CACHE_SYMLINKS |
			FUSE_CAP_EXPLICIT_INVAL_DATA |
			FUSE_CAP_NO_OPEN_SUPPORT | FUSE_CAP_NO_OPENDIR_SUPPORT);
}

static int fill_entry(const struct tree *tree, uint64_t node,
	struct fuse_entry_param *ret_entry)
{
	struct fuse_entry_param entry = {
		.ino = node,
		.attr_timeout = FOREVER_S,
		.entry_timeout = FOREVER_S,
	};

	if (tree_stat(tree, node, &entry.attr) < 0)
		return -1;
	*ret_entry = entry;
	return 0;
}

static void reply_node(fuse_req_t req, uint64_t node)
{
	struct fuse_entry_param entry;

	if (fill_entry(tree_of(req), node, &entry) < 0)
		fuse_reply_err(req, errno);
	else
		fuse_reply_entry(req, &entry);
}

static void answer_lookup(fuse_req_t req, fuse_ino_t parent, const char *name)
{
	/* Node 0: there is none, and the kernel may remember that. */
	struct fuse_entry_param none = { .entry_timeout = FOREVER_S };
	uint64_t node;

	if (tree_lookup(tree_of(req), parent, name, &node) == 0)
		reply_node(req, node);
	else if (errno == ENOENT)
		fuse_reply_entry(req, &none);
	else
		fuse_reply_err(req, errno);
}

static void answer_getattr(fuse_req_t req, fuse_ino_t node,
	struct fuse_file_info *file)
{
	struct stat st;

	(void)file;
	if (tree_stat(tree_of(req), node, &st) < 0)
		fuse_reply_err(req, errno);
	else
		fuse_reply_attr(req, &st, FOREVER_S);
}

static void answer_readlink(fuse_req_t req, fuse_ino_t node)
{
	char target[PATH_MAX];

	if (tree_readlink(tree_of(req), node, target, sizeof(target)) < 0)
		fuse_reply_err(req, errno);
	else
		fuse_reply_readlink(req, target);
}

static void answer_open(fuse_req_t req, fuse_ino_t node,
	struct fuse_file_info *file)
{
	(void)node;
	(void)file;
	fuse_reply_err(req, ENOSYS);
}

static void answer_read(fuse_req_t req, fuse_ino_t node, size_t size,
	off_t offset, struct fuse_file_info *file)
{
	CLEANUP_FREE char *buffer = malloc(size);
	ssize_t got;

	(void)file;
	if (!buffer) {
		fuse_reply_err(req, ENOMEM);
		return;
	}
	got = tree_read(tree_of(req), node, offset, size, buffer);
	if (got < 0)
		fuse_reply_err(req, errno);
	else
		fuse_reply_buf(req, buffer, got);
}

/* An inode that cannot be read is listed all the same: looking it up fails. */
static void fill_listed(const struct listing *listing,
	const struct tree_entry *found, struct fuse_entry_param *entry)
{
	if (found->node && fill_entry(listing->tree, found->node, entry) == 0)
		return;
	*entry = (struct fuse_entry_param){
		.attr = { .st_ino = found->number, .st_mode = found->type },
	};
}

static bool add_listed(const struct tree_entry *found, void *arg)
{
	struct listing *listing = arg;
	char *at = listing->buffer + listing->used;
	size_t left = listing->size - listing->used;
	struct fuse_entry_param entry;
	struct stat st = { .st_ino = found->number, .st_mode = found->type };
	size_t needed;

	if (listing->plus) {
		fill_listed(listing, found, &entry);
		needed = fuse_add_direntry_plus(listing->req, at, left,
			found->name, &entry, found->next);
	} else {
		needed = fuse_add_direntry(listing->req, at, left, found->name,
			&st, found->next);
	}
	if (needed > left)
		return false;
	listing->used += needed;
	return true;
}

static void reply_listing(fuse_req_t req, fuse_ino_t node, size_t size,
	off_t cookie, bool plus)
{
	CLEANUP_FREE char *buffer = malloc(size);
	struct listing listing = {
		.req = req,
		.tree = tree_of(req),
		.buffer = buffer,
		.size = size,
		.plus = plus,
	};

	if (!buffer)
		fuse_reply_err(req, ENOMEM);
	else if (tree_list(listing.tree, node, cookie, add_listed, &listing) <
			 0 &&
		 listing.used == 0)
		fuse_reply_err(req, errno);
	else
		fuse_reply_buf(req, buffer, listing.used);
}

static void answer_readdir(fuse_req_t req, fuse_ino_t node, size_t size,
	off_t cookie, struct fuse_file_info *file)
{
	(void)file;
	reply_listing(req, node, size, cookie, false);
}

static void answer_readdirplus(fuse_req_t req, fuse_ino_t node, size_t size,
	off_t cookie, struct fuse_file_info *file)
{
	(void)file;
	reply_listing(req, node, size, cookie, true);
}

static void answer_statfs(fuse_req_t req, fuse_ino_t node)
{
	struct statvfs st;

	(void)node;
	squash_statfs(tree_of(req)->image, &st);
	fuse_reply_statfs(req, &st);
}

static void make(fuse_req_t req, fuse_ino_t parent, const char *name,
	mode_t type)
{
	uint64_t node;

	if (tree_make(tree_of(req), parent, name, type, &node) < 0)
		fuse_reply_err(req, errno);
	else
		reply_node(req, node);
}

static void answer_mkdir(fuse_req_t req, fuse_ino_t parent, const char *name,
	mode_t mode)
{
	(void)mode;
	make(req, parent, name, S_IFDIR);
}

static void answer_mknod(fuse_req_t req, fuse_ino_t parent, const char *name,
	mode_t mode, dev_t device)
{
	(void)device;
	make(req, parent, name, mode & S_IFMT);
}

static void answer_unlink(fuse_req_t req, fuse_ino_t parent, const char *name)
{
	int failed = tree_unlink(tree_of(req), parent, name);

	fuse_reply_err(req, failed ? errno : 0);
}

static const struct fuse_lowlevel_ops operations = {
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
	.readdir = answer_readdir,
	.readdirplus = answer_readdirplus,
	.statfs = answer_statfs,
};

int fs_open(struct squash *image, int *fuse_fd, struct fs **ret_fs,
	struct error *err)
{
	char program[] = "spank-sif-server";
	char *argv[] = { program, NULL };
	struct fuse_args args = FUSE_ARGS_INIT(1, argv);
	CLEANUP_FREE struct fs *fs = calloc(1, sizeof(*fs));

	if (!fs || fs_descriptor_set_blocking(*fuse_fd, false) < 0)
		return error_set(err, errno, "cannot start to serve the image");
	fs->tree.image = image;
	fs->session =
		fuse_session_new(&args, &operations, sizeof(operations), fs);
	fuse_opt_free_args(&args);
	if (!fs->session)
		return error_set(err, 0, "libfuse cannot make a session");
	if (fs_descriptor_use(fs->session, *fuse_fd) != 0) {
		fuse_session_destroy(fs->session);
		return error_set(err, 0,
			"libfuse does not take the descriptor");
	}
	*fuse_fd = -1;
	*ret_fs = pointer_take(&fs);
	return 0;
}

int fs_fd(const struct fs *fs)
{
	return fuse_session_fd(fs->session);
}

int fs_serve_one(struct fs *fs)
{
	int got = fuse_session_receive_buf(fs->session, &fs->request);

	if (got == -EINTR || got == -EAGAIN)
		return 1;
	/* 0 is ENODEV; ECONNABORTED: someone aborted the connection. */
	if (got == 0 || got == -ECONNABORTED)
		return 0;
	if (got < 0) {
		errno = -got;
		return -1;
	}
	fuse_session_process_buf(fs->session, &fs->request);
	return fuse_session_exited(fs->session) ? 0 : 1;
}

int fs_serve(struct fs *fs)
{
	int more;

	if (fs_descriptor_set_blocking(fs_fd(fs), true) < 0)
		return -1;
	do
		more = fs_serve_one(fs);
	while (more > 0);
	return more;
}

void fs_own(struct fs *fs)
{
	fs->tree.owned = true;
	fs->tree.uid = getuid();
	fs->tree.gid = getgid();
}

void fs_seal(struct fs *fs)
{
	fs->tree.sealed = true;
}

void fs_close(struct fs *fs)
{
	if (!fs)
		return;
	fuse_session_destroy(fs->session);
	mountpoints_free(&fs->tree.mountpoints);
	free(fs->request.mem);
	free(fs);
}
