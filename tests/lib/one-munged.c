/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * For LD_PRELOAD: lets each slurmd of the cluster decode the same credential.
 * They share one munged, which calls it replayed the second time.  Slurm
 * configured with --enable-multiple-slurmd ignores that by itself.
 */
#include <dlfcn.h>
#include <stddef.h>
#include <sys/types.h>

/* As in munge.h, which a machine without Slurm's sources may not have. */
enum { SUCCESS = 0, SNAFU = 1, CRED_REPLAYED = 17 };

typedef int decode(const char *cred, void *ctx, void **ret_buf, int *ret_len,
	uid_t *ret_uid, gid_t *ret_gid);

decode munge_decode;

int munge_decode(const char *cred, void *ctx, void **ret_buf, int *ret_len,
	uid_t *ret_uid, gid_t *ret_gid)
{
	void *library = dlopen("libmunge.so.2", RTLD_LAZY);
	decode *real = library ? (decode *)dlsym(library, __func__) : NULL;
	int error = SNAFU;

	if (real)
		error = real(cred, ctx, ret_buf, ret_len, ret_uid, ret_gid);
	return error == CRED_REPLAYED ? SUCCESS : error;
}
