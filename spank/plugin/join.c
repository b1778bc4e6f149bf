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

#define NO_NUMBER UINT64_MAX

/* The number of `name`, "NAME=", in "NAME=VALUE\0NAME=VALUE\0"; `otherwise` if
 * it is not there. */
static uint64_t find_number(const char *bytes, size_t size, const char *name,
	uint64_t otherwise)
{
	size_t length = strlen(name), i;
	uint64_t number = NO_NUMBER;

	for (i = 0; i < size; i += strlen(bytes + i) + 1)
		if (strncmp(bytes + i, name, length) == 0) {
			step_id_parse_variable(bytes + i + length, &number);
			return number;
		}
	return otherwise;
}

/* Read all of the file, and put a NUL behind it. */
static size_t read_whole(int fd, char bytes[ENVIRON_SIZE])
{
	size_t used = 0, size = ENVIRON_SIZE - 1;
	ssize_t got;

	while (used < size && (got = read(fd, bytes + used, size - used)) > 0)
		used += got;
	bytes[used] = '\0';
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
	read_whole(fd, bytes);
	while ((line = strsep(&rest, "\n")))
		if (is_our_root(line))
			return true;
	return false;
}

static bool is_of_step(int process_fd, const struct step_id *step, char *bytes)
{
	CLEANUP_FD int fd = openat(process_fd, "environ", O_RDONLY | O_CLOEXEC);
	size_t used = fd < 0 ? 0 : read_whole(fd, bytes);

	return find_number(bytes, used, "SLURM_JOB_ID=", NO_NUMBER) ==
		       step->job &&
	       find_number(bytes, used, "SLURM_STEP_ID=", STEP_BATCH) ==
		       step->step &&
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
	size_t used = fd < 0 ? 0 : read_whole(fd, bytes);
	size_t i, name;

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
static int find_process(DIR *proc, const struct step_id *step, char *bytes,
	int *ret_namespace_fd)
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
			!is_of_step(process_fd, step, bytes))
			continue;
		*ret_namespace_fd =
			openat(process_fd, "ns/mnt", O_RDONLY | O_CLOEXEC);
		if (*ret_namespace_fd >= 0)
			return fd_take(&process_fd);
	}
	return -1;
}

/* Without a job it is a step of this one. */
static int complete(const struct step_id *step, const char *job,
	struct step_id *ret_step, struct error *err)
{
	char text[STEP_ID_TEXT];

	*ret_step = *step;
	if (step->has_job)
		return 0;
	step_id_print(step, text);
	if (!job || !step_id_parse_variable(job, &ret_step->job))
		return error_set(err, 0,
			"--sif-join=%s: name the job, as in --sif-join=7.0",
			text);
	return 0;
}

int join_open(const char *proc, const struct step_id *step, char *const *job,
	char *vars[CONTAINER_VARS_MAX + 1], struct error *err)
{
	CLEANUP_FREE char *bytes = malloc(ENVIRON_SIZE);
	CLEANUP_FD int namespace_fd = -1;
	CLEANUP_FD int process_fd = -1;
	char text[STEP_ID_TEXT];
	struct step_id wanted;
	DIR *processes;

	step_id_print(step, text);
	if (complete(step, envp_get(job, "SLURM_JOB_ID"), &wanted, err) < 0)
		return -1;
	processes = opendir(proc);
	if (bytes && processes)
		process_fd =
			find_process(processes, &wanted, bytes, &namespace_fd);
	if (!bytes || !processes)
		error_set(err, errno, "cannot look for the step %s", text);
	else if (process_fd < 0)
		error_set(err, 0,
			"cannot join the step %s: none of its processes runs "
			"in an image on this node (scontrol show step %ju "
			"lists the steps of the job and their nodes)",
			text, (uintmax_t)wanted.job);
	if (processes)
		closedir(processes);
	if (process_fd < 0 || copy_vars(process_fd, bytes, vars, err) < 0)
		return -1;
	return fd_take(&namespace_fd);
}
