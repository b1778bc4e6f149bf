/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What the image server reports about the file of its image, as a sentence for
 * the user.  slurmstepd reads a struct of a fixed size, from memory whose size
 * nobody can change.  The server runs as the user, so its numbers are not
 * trusted; only that user reads the sentence.
 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "spank/plugin/damage.h"

int damage_open(void)
{
	CLEANUP_FD int fd =
		memfd_create("spank-sif", MFD_CLOEXEC | MFD_ALLOW_SEALING);

	if (fd < 0 || ftruncate(fd, sizeof(struct damage)) < 0 ||
		fcntl(fd, F_ADD_SEALS,
			F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW) < 0)
		return -1;
	return fd_take(&fd);
}

bool damage_read(int fd, struct damage *ret_damage)
{
	return pread(fd, ret_damage, sizeof(*ret_damage), 0) ==
		       (ssize_t)sizeof(*ret_damage) &&
	       (ret_damage->failures > 0 ||
		       ret_damage->changed & DAMAGE_WRITTEN);
}

static int describe_reason(const struct damage *damage, struct error *err)
{
	if (damage->size_now != damage->size_before)
		return error_set(err, 0,
			"the file was changed while the step ran (it had "
			"%llu bytes and now has %llu); give a "
			"new image another name, or rename it into place",
			(unsigned long long)damage->size_before,
			(unsigned long long)damage->size_now);
	if (damage->changed)
		return error_set(err, 0,
			"the file was changed while the step ran; give a new "
			"image another name, or rename it into place");
	if (damage->error)
		return error_set(err, damage->error,
			"the file has not changed, but the system cannot read "
			"it");
	return error_set(err, 0,
		"the file has not changed while the step ran: it is damaged; "
		"copy or build it again");
}

int damage_describe(const struct damage *damage, const char *name,
	struct error *err)
{
	unsigned long long failures = damage->failures;
	const char *s = failures == 1 ? "" : "s";

	describe_reason(damage, err);
	if (failures == 0)
		return error_prefix(err,
			"warning: what the step read of the image '%s' may be "
			"wrong",
			name);
	if (!damage->has_offset)
		return error_prefix(err, "%llu read%s of the image '%s' failed",
			failures, s, name);
	return error_prefix(err,
		"%llu read%s of the image '%s' failed, the first at byte %llu "
		"of the file",
		failures, s, name, (unsigned long long)damage->offset);
}
