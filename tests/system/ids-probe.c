/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A SPANK plugin for tests: records the privileges with which each hook runs.
 *
 *   plugstack.conf:  required ids-probe.so FILE before
 *                    required spank_sif.so
 *                    required ids-probe.so FILE after
 *
 * Each hook that spank_sif has appends to FILE, with one write,
 *
 *   == PHASE|HOOK|PROCESS      PHASE is the argument after FILE
 *
 * and /proc/thread-self/status.  65-ids.bats reads what it finds in /proc in
 * the same way.  PROCESS is the program's name, or "task" in a process that
 * slurmstepd has forked.  FILE must be visible in the container, too, for
 * task_init.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <slurm/slurm.h>
#include <slurm/spank.h>

#include "common/cleanup.h"

#define HOOK(name)                                                    \
	int slurm_spank_##name(spank_t spank, int argc, char *argv[]) \
	{                                                             \
		(void)spank;                                          \
		return record(#name, argc, argv);                     \
	}

SPANK_PLUGIN(ids_probe, 1)

/* Set by init, for all hooks of a process and its forks. */
static struct {
	pid_t pid;
	char name[16];
} program;

static const char *process_name(void)
{
	if (program.pid == 0) {
		program.pid = getpid();
		prctl(PR_GET_NAME, program.name);
	}
	return getpid() == program.pid ? program.name : "task";
}

/* slurmd, which is first, creates the file; users then write to it. */
static int open_log(const char *path)
{
	int fd = open(path, O_WRONLY | O_APPEND | O_CLOEXEC);

	if (fd >= 0 || errno != ENOENT)
		return fd;
	fd = open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0666);
	if (fd >= 0)
		fchmod(fd, 0666);
	return fd;
}

/* Returns the length, or -1. */
static ssize_t read_status(char *buffer, size_t size)
{
	CLEANUP_FD int fd =
		open("/proc/thread-self/status", O_RDONLY | O_CLOEXEC);

	return fd < 0 ? -1 : read(fd, buffer, size);
}

static int record(const char *hook, int argc, char *argv[])
{
	char text[8192];
	CLEANUP_FD int fd = -1;
	ssize_t length;
	int begin;

	if (argc < 2)
		return 0;
	begin = snprintf(text, sizeof(text), "== %s|%s|%s\n", argv[1], hook,
		process_name());
	length = read_status(text + begin, sizeof(text) - begin);
	fd = open_log(argv[0]);
	if (length < 0 || fd < 0 ||
		write(fd, text, begin + length) != begin + length)
		slurm_error("ids_probe: %s: cannot record in '%s': %s", hook,
			argv[0], strerror(errno));
	return 0;
}

HOOK(init)
HOOK(init_post_opt)
HOOK(task_init_privileged)
HOOK(task_post_fork)
HOOK(task_init)
HOOK(task_exit)
HOOK(exit)
