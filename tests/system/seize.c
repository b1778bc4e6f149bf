/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Test program: a user who tries to trace each of their processes from its
 * first moment, to control it before it has confined itself.
 *
 *	seize [SECONDS]
 *
 * Loops over the newest pids with PTRACE_SEIZE, for SECONDS or until it is
 * killed.  It prints the name of each process that it catches and releases it.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

/* How many pids after the newest, threads included. */
#define WINDOW 64
/* Processes that were caught, which it does not try again. */
#define NUMBERS 65536

static pid_t caught[NUMBERS];

static pid_t newest_pid(FILE *loadavg)
{
	int pid = 0;

	rewind(loadavg);
	fflush(loadavg);
	return fscanf(loadavg, "%*s %*s %*s %*s %d", &pid) == 1 ? pid : 0;
}

static void print_name(pid_t pid)
{
	char path[64], name[256];
	FILE *file;
	size_t length;

	snprintf(path, sizeof(path), "/proc/%d/cmdline", (int)pid);
	file = fopen(path, "r");
	length = file ? fread(name, 1, sizeof(name) - 1, file) : 0;
	name[length] = '\0';
	if (file)
		fclose(file);
	puts(name);
	fflush(stdout);
}

static void try_pid(pid_t pid)
{
	int status;

	if (pid <= 1 || pid == getpid() || caught[pid % NUMBERS] == pid)
		return;
	if (ptrace(PTRACE_SEIZE, pid, NULL, NULL) < 0)
		return;
	ptrace(PTRACE_INTERRUPT, pid, NULL, NULL);
	if (waitpid(pid, &status, __WALL) == pid && WIFSTOPPED(status)) {
		caught[pid % NUMBERS] = pid;
		print_name(pid);
		ptrace(PTRACE_DETACH, pid, NULL, NULL);
	}
}

int main(int argc, char *argv[])
{
	time_t end = time(NULL) + (argc > 1 ? atoi(argv[1]) : 3600);
	FILE *loadavg = fopen("/proc/loadavg", "r");
	pid_t newest, pid;

	if (!loadavg)
		return EXIT_FAILURE;
	while (time(NULL) < end) {
		newest = newest_pid(loadavg);
		for (pid = newest; pid > newest - WINDOW; pid--)
			try_pid(pid);
	}
	return EXIT_SUCCESS;
}
