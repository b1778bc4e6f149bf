/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Listings of directories for the kernel: a record for each entry, padded to
 * eight bytes; in a READDIRPLUS with all that a look-up of the name would tell,
 * which saves the kernel that request.
 */
#include <dirent.h>
#include <errno.h>
#include <string.h>

#include "spank/server/fuse/internal.h"

/* A listing that is being filled in. */
struct listing {
	const struct request *request;
	unsigned char *at;
	size_t left;
	bool plus;
};

/* An inode that cannot be read is listed all the same: looking it up fails. */
static void fill_entry(const struct listing *listing,
	const struct tree_entry *found, struct fuse_entry_out *entry)
{
	if (!found->node ||
		request_fill_entry(listing->request, found->node, entry) < 0)
		memset(entry, 0, sizeof(*entry));
}

static bool add(const struct tree_entry *found, void *arg)
{
	struct listing *listing = arg;
	size_t length = strlen(found->name);
	size_t before =
		listing->plus ? offsetof(struct fuse_direntplus, dirent) : 0;
	size_t used = before + FUSE_NAME_OFFSET + length;
	size_t padded = FUSE_DIRENT_ALIGN(used);
	struct fuse_dirent dirent = {
		.ino = found->number,
		.off = found->next,
		.namelen = length,
		.type = IFTODT(found->type),
	};

	if (padded > listing->left)
		return false;
	if (listing->plus)
		fill_entry(listing, found, (void *)listing->at);
	memcpy(listing->at + before, &dirent, FUSE_NAME_OFFSET);
	memcpy(listing->at + before + FUSE_NAME_OFFSET, found->name, length);
	memset(listing->at + used, 0, padded - used);
	listing->at += padded;
	listing->left -= padded;
	return true;
}

void request_readdir(const struct request *request)
{
	const struct fuse_read_in *in = request->argument;
	unsigned char *start = request->worker->reply;
	struct listing listing = {
		.request = request,
		.at = start,
		.left = in->size < SQUASH_READ_MAX ? in->size : SQUASH_READ_MAX,
		.plus = request->header->opcode == FUSE_READDIRPLUS,
	};

	if (tree_list(request->tree, request->context, request->header->nodeid,
		    in->offset, add, &listing) < 0 &&
		listing.at == start)
		request_fail_counted(request, errno);
	else
		request_reply(request, start, listing.at - start);
}
