/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Where a task starts in the container.  Directories are entered by name, as
 * the user, and inside: the task's directory on the host cannot be reached from
 * the new root.
 */
#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "spank/plugin/settings/envp.h"
#include "spank/plugin/working_directory.h"

/* A link to the WorkingDir of an OCI image: spank/server/fuse/config_files.c.
 */
#define IMAGE_DIRECTORY "/.singularity.d/workdir"

/*
 * Returns 0 with the kernel's name for the directory, or the errno of why not.
 * A directory that is not below '/' has a name that begins with
 * "(unreachable)", see getcwd(3).
 */
static int change_to(const char *directory, char ret_name[PATH_MAX])
{
	if (directory[0] != '/')
		return ENOENT;
	if (chdir(directory) < 0 || !getcwd(ret_name, PATH_MAX))
		return errno;
	return ret_name[0] == '/' ? 0 : ENOENT;
}

/* The job's $PWD may be a name with symlinks, which shells keep.  It is right
 * if it leads to the directory where the task is. */
static void keep_job_pwd(char *const *job, char pwd[PATH_MAX])
{
	const char *name = envp_get(job, "PWD");
	struct stat named, now;

	if (name && name[0] == '/' && strlen(name) < PATH_MAX &&
		stat(name, &named) == 0 && stat(".", &now) == 0 &&
		named.st_dev == now.st_dev && named.st_ino == now.st_ino)
		strcpy(pwd, name);
}

int working_directory_change(const char *wanted, const char *before,
	char *const *job, char ret_pwd[PATH_MAX], int *ret_moved,
	struct error *err)
{
	int reason = change_to(wanted ? wanted : before, ret_pwd);

	*ret_moved = reason;
	/* $PWD is not asked here: a directory that is bound twice has two
	 * names, and $PWD may have the one that was not asked for. */
	if (wanted)
		return reason ? error_set(err, reason,
					"cannot start in '%s' in the image "
					"(--sif-workdir)",
					wanted)
			      : 0;
	if (!reason) {
		keep_job_pwd(job, ret_pwd);
		return 0;
	}
	if (change_to(IMAGE_DIRECTORY, ret_pwd) == 0)
		return 0;
	if (chdir("/") < 0)
		return error_set(err, errno,
			"cannot change to '/' of the container");
	strcpy(ret_pwd, "/");
	return 0;
}
