/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What mount=host needs beside the rest: fusermount3, and a place in /run.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "spank/check/check.h"

/* See common/privileged/host_mountpoint.h. */
#define BASE "/run/spank-sif"

/* What keeps users from mounting with it; NULL: nothing. */
static const char *wrong_with_fusermount(void)
{
	struct statvfs system;
	struct stat status;

	if (stat(FUSERMOUNT_PATH, &status) < 0)
		return "it cannot be found: install the package fuse3";
	if (!(status.st_mode & S_ISUID))
		return "it is not setuid: chmod 4755";
	if (status.st_uid != 0)
		return "it does not belong to root: install the package fuse3 "
		       "again";
	if (!(status.st_mode & S_IXOTH))
		return "not every user may run it: chmod 4755";
	if (statvfs(FUSERMOUNT_PATH, &system) == 0 &&
		system.f_flag & (ST_NOSUID | ST_NOEXEC))
		return "its file system is mounted nosuid or noexec: mount it "
		       "without that";
	return NULL;
}

/* Ubuntu's AppArmor, from 25.04 on, allows fusermount3 some mount points only.
 * Root alone can read which profiles there are. */
static bool is_held_by_apparmor(void)
{
	char line[256];

	return check_read_line_of("grep -s '^fusermount3 (enforce)' "
				  "/sys/kernel/security/apparmor/profiles",
		       line, sizeof(line)) &&
	       !check_read_line_of("grep -hs '^[^#]*/run/spank-sif' "
				   "/etc/apparmor.d/fusermount3 "
				   "/etc/apparmor.d/local/fusermount3",
		       line, sizeof(line));
}

/* What keeps root from making the mount points; 0: nothing. */
static int wrong_with_base(void)
{
	struct statvfs system;
	struct stat status;

	if (lstat(BASE, &status) == 0 &&
		(!S_ISDIR(status.st_mode) || status.st_uid != 0 ||
			status.st_mode & (S_IWGRP | S_IWOTH)))
		return EPERM;
	if (access("/run", W_OK) < 0)
		return errno;
	if (statvfs("/run", &system) == 0 && system.f_files &&
		system.f_favail == 0)
		return ENOSPC;
	return 0;
}

/* slurmstepd locks its directory as long as it lives.  The lock that this takes
 * is gone when the descriptor is closed. */
static bool is_left_over(int base_fd, const char *name)
{
	CLEANUP_FD int fd = openat(base_fd, name,
		O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

	return fd >= 0 && flock(fd, LOCK_EX | LOCK_NB) == 0;
}

/* The directory of a step that was killed together with its slurmstepd. */
static bool find_left_over(char *ret_name, size_t size)
{
	DIR *base = opendir(BASE);
	struct dirent *entry;
	bool found = false;

	while (base && !found && (entry = readdir(base))) {
		found = entry->d_name[0] != '.' &&
			is_left_over(dirfd(base), entry->d_name);
		snprintf(ret_name, size, "%s", entry->d_name);
	}
	if (base)
		closedir(base);
	return found;
}

/* As root. */
static bool find_fault_of_base(struct check_finding *finding)
{
	int wrong = wrong_with_base();
	char name[256];

	if (wrong == EPERM)
		check_set(finding, CHECK_FAILURE,
			"'%s' is not a folder that only root may write to, as "
			"mount=host needs it: remove it",
			BASE);
	else if (wrong)
		check_set(finding, CHECK_FAILURE,
			"cannot make '%s', where mount=host mounts images: %s",
			BASE, strerror(wrong));
	else if (find_left_over(name, sizeof(name)))
		check_set(finding, CHECK_WARNING,
			"'%s/%s' is left of a step that was killed: restart "
			"slurmd, which removes it",
			BASE, name);
	else
		return false;
	return true;
}

void check_fusermount(const struct check_context *context,
	struct check_finding *finding)
{
	const char *wrong = wrong_with_fusermount();

	if (!context->mounts_on_host)
		check_set(finding, CHECK_SKIPPED, "only mount=host needs it");
	else if (wrong)
		check_set(finding, CHECK_FAILURE,
			"users cannot mount with '%s', as mount=host does: %s",
			FUSERMOUNT_PATH, wrong);
	else if (geteuid() == 0 && find_fault_of_base(finding))
		return;
	else if (is_held_by_apparmor())
		check_set(finding, CHECK_WARNING,
			"AppArmor has a profile of fusermount3, which does not "
			"mention '%s', where mount=host mounts images: see "
			"spank_sif(8)",
			BASE);
	else if (context->args.userns && context->has_job_mounts)
		check_set(finding, CHECK_WARNING,
			"mount=host and privilege=userns do not work together "
			"in jobs with a /tmp of their own (slurm.conf), unless "
			"job_container.conf has Shared=true");
	else
		check_set(finding, CHECK_OK, "%s", FUSERMOUNT_PATH);
}
