/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Listings of directories.  A READDIRPLUS also has what a look-up of each name
 * would return, which saves the kernel that request.
 */
#include <errno.h>

#include "spank/server/fuse/internal.h"

/* A listing that is being filled in. */
struct listing {
	struct worker *worker;
	fuse_req_t request;
	char *at;
	size_t left;
	bool plus;
};

static size_t add_name(const struct listing *listing,
	const struct tree_entry *found)
{
	const struct stat st = {
		.st_ino = found->number,
		.st_mode = found->type,
	};

	return fuse_add_direntry(listing->request, listing->at, listing->left,
		found->name, &st, found->next);
}

/* "." and ".." are not looked up.  An entry whose inode cannot be read is
 * listed anyway.  With inode 0 the kernel uses only the name. */
static size_t add_plus(const struct listing *listing,
	const struct tree_entry *found)
{
	struct worker *worker = listing->worker;
	struct fuse_entry_param entry;

	if (!found->node || request_fill_entry(&worker->session->tree,
				    &worker->context, found->node, &entry) < 0)
		entry = (struct fuse_entry_param){
			.attr.st_ino = found->number,
			.attr.st_mode = found->type,
		};
	return fuse_add_direntry_plus(listing->request, listing->at,
		listing->left, found->name, &entry, found->next);
}

static bool add_entry(const struct tree_entry *found, void *arg)
{
	struct listing *listing = arg;
	size_t size = listing->plus ? add_plus(listing, found)
				    : add_name(listing, found);

	if (size > listing->left)
		return false;
	listing->at += size;
	listing->left -= size;
	return true;
}

static void list(fuse_req_t request, uint64_t directory, size_t size,
	uint64_t cookie, bool plus)
{
	struct worker *worker = worker_current();
	char *start = (char *)worker->reply;
	struct listing listing = {
		.worker = worker,
		.request = request,
		.at = start,
		.left = size < FS_READ_MAX ? size : FS_READ_MAX,
		.plus = plus,
	};

	if (tree_list(&worker->session->tree, &worker->context, directory,
		    cookie, add_entry, &listing) < 0 &&
		listing.at == start)
		request_fail(request, errno);
	else
		worker_check_sent(
			fuse_reply_buf(request, start, listing.at - start));
}

void request_readdir(fuse_req_t request, fuse_ino_t directory, size_t size,
	off_t cookie, struct fuse_file_info *file)
{
	(void)file;
	list(request, directory, size, cookie, false);
}

void request_readdirplus(fuse_req_t request, fuse_ino_t directory, size_t size,
	off_t cookie, struct fuse_file_info *file)
{
	(void)file;
	list(request, directory, size, cookie, true);
}
