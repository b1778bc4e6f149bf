/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * --sif-join: which mount namespace belongs to a step?  Slurm gives every task
 * its job and step in the environment.  So a process of the step has these,
 * belongs to the user, and has one of our images as '/'.
 *
 * Users can forge such a process, but only one of their own: they enter what
 * they have built themselves, and have no capability left inside.  The kernel
 * checks their right to inspect that process (PTRACE_MODE_READ, see proc(5)).
 */
#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "spank/plugin/join.h"
#include "spank/plugin/settings/envp.h"

/* The limit of execve(2). */
#define ENVIRON_SIZE (8 << 20)

/* Is `wanted` one of the variables in "NAME=VALUE\0NAME=VALUE\0"? */
static bool has_variable(const char *bytes, size_t size, const char *wanted)
{
	size_t length = strlen(wanted) + 1, i;

	for (i = 0; i + length <= size; i += strnlen(bytes + i, size - i) + 1)
		if (memcmp(bytes + i, wanted, length) == 0)
			return true;
	return false;
}

static size_t read_whole(int fd, char *bytes, size_t size)
{
	size_t used = 0;
	ssize_t got;

	while (used < size && (got = read(fd, bytes + used, size - used)) > 0)
		used += got;
	return used;
}

/* Does this line of mountinfo, see proc(5), say that '/' is one of our images?
 * The source of an image is its path, in which blanks are escaped. */
static bool is_our_root(const char *line)
{
	return strstr(line, " / / ") &&
	       (strstr(line, " - fuse.sif ") ||
		       strstr(line, " - overlay spank-sif "));
}

/* Lines are in the order of mount ids, which the kernel reuses: any line may be
 * that of the root. */
static bool is_in_image(int process_fd, char *bytes)
{
	CLEANUP_FD int fd =
		openat(process_fd, "mountinfo", O_RDONLY | O_CLOEXEC);
	char *rest = bytes, *line;

	if (fd < 0)
		return false;
	bytes[read_whole(fd, bytes, ENVIRON_SIZE - 1)] = '\0';
	while ((line = strsep(&rest, "\n")))
		if (is_our_root(line))
			return true;
	return false;
}

static bool is_of_step(int process_fd, const char *job, const char *step,
	char *bytes)
{
	CLEANUP_FD int fd = openat(process_fd, "environ", O_RDONLY | O_CLOEXEC);
	size_t used = fd < 0 ? 0 : read_whole(fd, bytes, ENVIRON_SIZE);

	return used > 0 && has_variable(bytes, used, job) &&
	       has_variable(bytes, used, step) &&
	       is_in_image(process_fd, bytes);
}

/* What the variables say about the container holds for tasks that join it. */
static int copy_vars(int process_fd, char *bytes, char **vars,
	struct error *err)
{
	static const char *const names[] = { "SIF_UUID=", "SIF_IMAGE=",
		"SIF_NAME=", "SIF_PARTITION=", "SINGULARITY_NAME=",
		"SINGULARITY_CONTAINER=", "APPTAINER_NAME=",
		"APPTAINER_CONTAINER=" };
	CLEANUP_FD int fd = openat(process_fd, "environ", O_RDONLY | O_CLOEXEC);
	size_t used = fd < 0 ? 0 : read_whole(fd, bytes, ENVIRON_SIZE - 1);
	size_t i, name;

	bytes[used] = '\0';
	for (i = 0; i < used; i += strlen(bytes + i) + 1)
		for (name = 0; name < sizeof(names) / sizeof(*names); name++)
			if (strncmp(bytes + i, names[name],
				    strlen(names[name])) == 0 &&
				container_vars_add(vars, err, "%s", bytes + i) <
					0)
				return -1;
	return 0;
}

/* The first process that fits, as a directory of `proc` that the caller owns,
 * and its mount namespace; -1 if there is none. */
static int find_process(DIR *proc, const char *job, const char *step,
	char *bytes, int *ret_namespace_fd)
{
	CLEANUP_FD int process_fd = -1;
	struct dirent *entry;
	struct stat status;

	while ((entry = readdir(proc))) {
		cleanup_fd(&process_fd);
		if (!isdigit((unsigned char)entry->d_name[0]))
			continue;
		process_fd = openat(dirfd(proc), entry->d_name,
			O_PATH | O_DIRECTORY | O_CLOEXEC);
		if (process_fd < 0 || fstat(process_fd, &status) < 0 ||
			status.st_uid != getuid() ||
			!is_of_step(process_fd, job, step, bytes))
			continue;
		*ret_namespace_fd =
			openat(process_fd, "ns/mnt", O_RDONLY | O_CLOEXEC);
		if (*ret_namespace_fd >= 0)
			return fd_take(&process_fd);
	}
	return -1;
}

/* The variables that Slurm sets in each task of the step. */
static int find_variables(const struct step_id *step, const char *job,
	char *ret_job, char *ret_step, size_t size, struct error *err)
{
	char text[STEP_ID_TEXT];

	step_id_print(step, text);
	if (!step->has_job && !job)
		return error_set(err, 0,
			"--sif-join=%s: name the job, as in --sif-join=7.0",
			text);
	if (step->has_job)
		snprintf(ret_job, size, "SLURM_JOB_ID=%ju",
			(uintmax_t)step->job);
	else
		snprintf(ret_job, size, "SLURM_JOB_ID=%s", job);
	snprintf(ret_step, size, "SLURM_STEP_ID=%ju", (uintmax_t)step->step);
	return 0;
}

int join_open(const char *proc, const struct step_id *step, char *const *job,
	char *vars[CONTAINER_VARS_MAX + 1], struct error *err)
{
	CLEANUP_FREE char *bytes = malloc(ENVIRON_SIZE);
	CLEANUP_FD int namespace_fd = -1;
	CLEANUP_FD int process_fd = -1;
	char wanted_job[64], wanted_step[64], text[STEP_ID_TEXT];
	DIR *processes;

	step_id_print(step, text);
	if (find_variables(step, envp_get(job, "SLURM_JOB_ID"), wanted_job,
		    wanted_step, sizeof(wanted_job), err) < 0)
		return -1;
	processes = opendir(proc);
	if (bytes && processes)
		process_fd = find_process(processes, wanted_job, wanted_step,
			bytes, &namespace_fd);
	if (!bytes || !processes)
		error_set(err, errno, "cannot look for the step %s", text);
	else if (process_fd < 0)
		error_set(err, 0,
			"cannot join the step %s: none of its processes runs "
			"in an image on this node (squeue --steps lists the "
			"steps and their nodes)",
			text);
	if (processes)
		closedir(processes);
	if (process_fd < 0 || copy_vars(process_fd, bytes, vars, err) < 0)
		return -1;
	return fd_take(&namespace_fd);
}
