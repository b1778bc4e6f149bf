/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What /proc says about a process, see proc(5).  Only files are read here that
 * the kernel answers by itself, without a lock that a process may hold while it
 * waits for a file system.  Unlike cmdline and maps they can be read of any
 * process.
 *
 * All threads decide whether a process is dying.  SIGKILL is pending for each
 * thread separately, and not any more once the thread has begun to exit; the
 * first thread may be a zombie while another one waits.  A single killed thread
 * proves nothing, as execve kills all others.
 */
#include <dirent.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "spank/plugin/proc_state.h"

/* It lists the user's groups, of which there may be thousands. */
#define STATUS_SIZE   65536
#define STAT_SIZE     1024
#define CHILDREN_SIZE 1024

/* Flags in a thread's stat: PF_EXITING and PF_SIGNALED of linux/sched.h. */
#define FLAG_EXITING  0x4
#define FLAG_SIGNALED 0x400

/* read(2) returns a page at a time.  A file that does not fit is a failure:
 * part of it could be misread. */
static bool read_file(const char *path, char *text, size_t size)
{
	CLEANUP_FD int fd = open(path, O_RDONLY | O_CLOEXEC);
	size_t length = 0;
	ssize_t got = 0;

	do {
		length += got;
		got = fd < 0 ? -1 : read(fd, text + length, size - 1 - length);
	} while (got > 0);
	text[length] = '\0';
	return got == 0 && length < size - 1;
}

static unsigned long long field(const char *status, const char *name, int base)
{
	const char *line = strstr(status, name);

	return line ? strtoull(line + strlen(name), NULL, base) : 0;
}

bool proc_state_read(pid_t pid, struct proc_state *ret_state)
{
	char path[32], status[STATUS_SIZE];

	snprintf(path, sizeof(path), "/proc/%d/status", (int)pid);
	if (!read_file(path, status, sizeof(status)))
		return false;
	*ret_state = (struct proc_state){
		.parent = field(status, "\nPPid:", 10),
		.uid = field(status, "\nUid:", 10),
		/* A process that exits releases its memory first. */
		.exiting = !strstr(status, "\nVmSize:"),
		.ended = strstr(status, "\nState:\tZ") &&
			 field(status, "\nThreads:", 10) <= 1,
	};
	return true;
}

/* --- threads -------------------------------------------------------------- */

struct thread {
	char state; /* a letter, see proc(5) */
	bool killed;
};

static bool is_left(const struct thread *thread)
{
	return thread->state != 'Z' && thread->state != 'X';
}

/* The ninth field of stat.  The second may contain blanks and parentheses. */
static unsigned int flags_of(const char *stat)
{
	const char *rest = strrchr(stat, ')');
	unsigned int flags = 0;

	if (rest)
		sscanf(rest, ") %*c %*d %*d %*d %*d %*d %u", &flags);
	return flags;
}

/* A thread that exits by itself counts as killed only if it waits. */
static bool read_thread(pid_t pid, pid_t number, struct thread *ret_thread)
{
	char path[64], status[STATUS_SIZE], stat[STAT_SIZE];
	unsigned long long pending;
	unsigned int flags;
	const char *state;

	snprintf(path, sizeof(path), "/proc/%d/task/%d/status", (int)pid,
		(int)number);
	if (!read_file(path, status, sizeof(status)))
		return false;
	snprintf(path, sizeof(path), "/proc/%d/task/%d/stat", (int)pid,
		(int)number);
	if (!read_file(path, stat, sizeof(stat)))
		return false;
	state = strstr(status, "\nState:\t");
	pending =
		field(status, "\nSigPnd:", 16) | field(status, "\nShdPnd:", 16);
	flags = flags_of(stat);
	ret_thread->state = state ? state[strlen("\nState:\t")] : 'X';
	ret_thread->killed = pending >> (SIGKILL - 1) & 1 ||
			     flags & FLAG_SIGNALED ||
			     (flags & FLAG_EXITING && ret_thread->state == 'D');
	return true;
}

bool proc_state_is_dying(pid_t pid, bool *ret_waiting)
{
	bool any = false, all = true, waiting = false;
	struct dirent *entry;
	struct thread thread;
	char path[32];
	DIR *threads;

	snprintf(path, sizeof(path), "/proc/%d/task", (int)pid);
	threads = opendir(path);
	while (threads && all && (entry = readdir(threads))) {
		if (!read_thread(pid, atoi(entry->d_name), &thread) ||
			!is_left(&thread))
			continue;
		any = true;
		all = thread.killed;
		waiting = waiting || thread.state == 'D';
	}
	if (threads)
		closedir(threads);
	*ret_waiting = waiting;
	return any && all;
}

/* The third field of stat.  A thread that a tracer stopped has 't'. */
static bool is_stopped(pid_t pid, const char *number)
{
	char path[PATH_MAX], stat[STAT_SIZE];
	const char *rest;

	snprintf(path, sizeof(path), "/proc/%d/task/%s/stat", (int)pid, number);
	if (!read_file(path, stat, sizeof(stat)))
		return false;
	rest = strrchr(stat, ')');
	return rest && strlen(rest) > 2 && rest[2] == 'T';
}

/* Any thread: one that waits uninterruptibly is not stopped yet. */
bool proc_state_is_stopped(pid_t pid)
{
	struct dirent *entry;
	bool stopped = false;
	char path[32];
	DIR *threads;

	snprintf(path, sizeof(path), "/proc/%d/task", (int)pid);
	threads = opendir(path);
	while (threads && !stopped && (entry = readdir(threads)))
		stopped = is_stopped(pid, entry->d_name);
	if (threads)
		closedir(threads);
	return stopped;
}

/* --- children ------------------------------------------------------------- */

size_t proc_state_children(pid_t pid, pid_t *ret_pids, size_t room)
{
	char path[64], text[CHILDREN_SIZE], *at = text, *end;
	size_t count = 0;
	long number;

	snprintf(path, sizeof(path), "/proc/%d/task/%d/children", (int)pid,
		(int)pid);
	/* If it is too long, the first children will do; without it, "". */
	(void)read_file(path, text, sizeof(text));
	while (count < room && (number = strtol(at, &end, 10)) > 0) {
		ret_pids[count++] = number;
		at = end;
	}
	return count;
}

/* --- mounts --------------------------------------------------------------- */

/* Read line by line, as the table may be long. */
bool proc_state_has_mounted(pid_t pid, uint32_t minor)
{
	CLEANUP_FREE char *line = NULL;
	char path[32], device[32];
	bool found = false;
	size_t size = 0;
	FILE *table;

	snprintf(path, sizeof(path), "/proc/%d/mountinfo", (int)pid);
	snprintf(device, sizeof(device), " 0:%" PRIu32 " ", minor);
	table = fopen(path, "re");
	while (table && !found && getline(&line, &size, table) >= 0)
		found = strstr(line, device);
	if (table)
		fclose(table);
	return found;
}
