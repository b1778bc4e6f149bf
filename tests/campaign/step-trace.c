/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Disturbs one process of the next step at a system call given by its number.
 * Traces slurmd and what it starts (ptrace(2)):
 *
 *	step-trace SLURMD-PID ORDER ROLE N [ERRNO]
 *
 * ORDER lists what slurmstepd forks in a step, in this order: server,task or
 * server,keeper,task.  ROLE is one of these, or slurmstepd.  Children have the
 * role of their parent; a process that executes a program which is not the
 * plugin's has no role any more.
 *
 * Without ERRNO the process is killed at its Nth stop; each system call has
 * two, on its way in and out of the kernel.  With ERRNO, such as ENOMEM, its
 * Nth call fails with that error without being made (failing-call.c); only
 * calls of the plugin count, not those of Slurm.
 *
 * Prints "ready", and at the end "hit" with the call, or "miss COUNT" with the
 * number of calls.
 */
#include <dirent.h>
#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/wait.h>
#include <unistd.h>

#include "failing-call.h"

#define TRACED_MAX 4096
#define TIMEOUT_S  30
#define OPTIONS                                                             \
	(PTRACE_O_TRACESYSGOOD | PTRACE_O_TRACEFORK | PTRACE_O_TRACEVFORK | \
		PTRACE_O_TRACECLONE | PTRACE_O_TRACEEXEC)

/* A thread; it has the role of its process. */
struct traced {
	pid_t pid;
	char role[16];   /* "": none */
	bool is_own;     /* all of the program is the plugin's */
	bool is_known;   /* its parent's event was seen */
	bool waits;      /* for that event */
	bool is_failing; /* its present call fails */
};

static struct traced traced[TRACED_MAX];
static const char *order, *wanted;
static long count, limit, children;
static int error_number; /* 0: kill */
static pid_t stepd;
static struct failing_call failing;

static struct traced *find(pid_t pid)
{
	int i;

	for (i = 0; i < TRACED_MAX - 1; i++)
		if (traced[i].pid == pid || traced[i].pid == 0)
			break;
	traced[i].pid = pid;
	return &traced[i];
}

static bool has_role(const struct traced *thread, const char *role)
{
	return strcmp(thread->role, role) == 0;
}

/* Stops tracing the others: a parent learns late of the end of a traced child.
 */
static void resume(struct traced *thread, int number)
{
	int request = PTRACE_DETACH;

	thread->waits = false;
	if (has_role(thread, wanted))
		request = PTRACE_SYSCALL;
	else if (has_role(thread, "") || has_role(thread, "slurmstepd"))
		request = PTRACE_CONT;
	ptrace(request, thread->pid, 0, number);
	if (request == PTRACE_DETACH)
		thread->pid = -1;
}

static pid_t process_of(pid_t pid)
{
	char path[32], line[256];
	int process = 0;
	FILE *file;

	snprintf(path, sizeof(path), "/proc/%d/status", pid);
	file = fopen(path, "re");
	while (file && fgets(line, sizeof(line), file))
		if (sscanf(line, "Tgid: %d", &process) == 1)
			break;
	if (file)
		fclose(file);
	return process;
}

/* The Nth word of ORDER; the last one for all further processes. */
static void name_child(char *role, size_t size)
{
	const char *word = order;
	long i;

	for (i = 0; i < children && strchr(word, ','); i++)
		word = strchr(word, ',') + 1;
	children++;
	snprintf(role, size, "%.*s", (int)strcspn(word, ","), word);
}

static void handle_fork(struct traced *parent)
{
	unsigned long pid = 0;
	struct traced *child;

	ptrace(PTRACE_GETEVENTMSG, parent->pid, 0, &pid);
	child = find(pid);
	child->is_known = true;
	child->is_own = parent->is_own;
	memcpy(child->role, parent->role, sizeof(child->role));
	if (has_role(parent, "slurmstepd") &&
		process_of(pid) != process_of(parent->pid))
		name_child(child->role, sizeof(child->role));
	if (child->waits)
		resume(child, 0);
}

/* The command line; slurmstepd also runs the epilog of plugins. */
static void read_words(pid_t pid, char *words, size_t size)
{
	char path[32];
	FILE *file;
	size_t i, got = 0;

	snprintf(path, sizeof(path), "/proc/%d/cmdline", pid);
	file = fopen(path, "re");
	if (file) {
		got = fread(words, 1, size - 1, file);
		fclose(file);
	}
	words[got] = '\0';
	for (i = 0; i < got; i++)
		if (!words[i])
			words[i] = ' ';
}

static void handle_exec(struct traced *thread)
{
	char words[256];

	read_words(thread->pid, words, sizeof(words));
	thread->is_own = strncmp(words, "spank-sif-", 10) == 0;
	if (thread->role[0]) {
		if (!thread->is_own)
			thread->role[0] = '\0';
	} else if (strstr(words, "slurmstepd") && !strstr(words, " spank ")) {
		strcpy(thread->role, "slurmstepd");
		stepd = thread->pid;
	}
}

static void kill_at_stop(struct traced *thread)
{
	if (++count != limit)
		return;
	kill(process_of(thread->pid), SIGKILL);
	puts("hit");
	exit(0);
}

/* First on its way in, then on its way out. */
static void fail_at_call(struct traced *thread)
{
	if (thread->is_failing) {
		failing_call_end(&failing, thread->pid, error_number);
		exit(0);
	}
	if (failing_call_is_apt(thread->pid, thread->is_own) &&
		++count == limit) {
		failing_call_print(thread->pid);
		failing_call_begin(&failing, thread->pid);
		thread->is_failing = true;
	}
}

static void handle_stop(struct traced *thread, int status)
{
	int event = status >> 16, number = WSTOPSIG(status);
	bool is_call = number == (SIGTRAP | 0x80);

	if (!thread->is_known) {
		thread->waits = true;
		return;
	}
	if (event == PTRACE_EVENT_FORK || event == PTRACE_EVENT_VFORK ||
		event == PTRACE_EVENT_CLONE)
		handle_fork(thread);
	if (event == PTRACE_EVENT_EXEC)
		handle_exec(thread);
	/* A stop may already be pending for threads without a role. */
	if (is_call && has_role(thread, wanted)) {
		if (error_number)
			fail_at_call(thread);
		else
			kill_at_stop(thread);
	}
	resume(thread, event || is_call ? 0 : number);
}

static void seize(const char *slurmd)
{
	char path[64];
	struct dirent *entry;
	struct traced *thread;
	DIR *threads;

	snprintf(path, sizeof(path), "/proc/%s/task", slurmd);
	threads = opendir(path);
	while (threads && (entry = readdir(threads))) {
		if (entry->d_name[0] == '.')
			continue;
		thread = find(atoi(entry->d_name));
		thread->is_known = true;
		if (ptrace(PTRACE_SEIZE, thread->pid, 0, OPTIONS) < 0)
			perror("step-trace: cannot trace slurmd");
	}
	puts("ready");
}

static int number_of(const char *name)
{
	int number;

	for (number = 1; number < 134; number++)
		if (strerrorname_np(number) &&
			strcmp(strerrorname_np(number), name) == 0)
			return number;
	fprintf(stderr, "step-trace: no errno '%s'\n", name);
	exit(2);
}

static void give_up(int number)
{
	(void)number;
}

int main(int argc, char *argv[])
{
	/* Without SA_RESTART, so that it interrupts the wait. */
	const struct sigaction action = { .sa_handler = give_up };
	struct traced *thread;
	int status;
	pid_t pid;

	if (argc != 5 && argc != 6)
		return 2;
	setvbuf(stdout, NULL, _IOLBF, 0);
	order = argv[2];
	wanted = argv[3];
	limit = atol(argv[4]);
	error_number = argc == 6 ? number_of(argv[5]) : 0;
	sigaction(SIGALRM, &action, NULL);
	alarm(TIMEOUT_S);
	seize(argv[1]);
	while ((pid = waitpid(-1, &status, __WALL)) > 0) {
		thread = find(pid);
		if (WIFSTOPPED(status)) {
			handle_stop(thread, status);
			continue;
		}
		thread->pid = -1;
		if (pid == stepd)
			break;
	}
	printf("miss %ld\n", count);
	return 0;
}
