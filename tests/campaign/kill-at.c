/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Kills one process of the next step at its Nth stop, where each system call
 * has two: on its way in and out of the kernel.  Traces slurmd and what it
 * starts (ptrace(2)):
 *
 *	kill-at SLURMD-PID ORDER ROLE N
 *
 * ORDER lists what slurmstepd forks in a step, in this order: server,task or
 * server,keeper,task.  ROLE is one of it, or slurmstepd.  Prints "ready", and
 * in the end "hit", or "miss COUNT" with the stops that the role has had.
 */
#include <errno.h>
#include <dirent.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/wait.h>
#include <unistd.h>

#define TRACED_MAX 4096
#define TIMEOUT_S  20
#define OPTIONS                                                       \
	(PTRACE_O_TRACESYSGOOD | PTRACE_O_TRACEFORK |                 \
		PTRACE_O_TRACEVFORK | PTRACE_O_TRACECLONE |           \
		PTRACE_O_TRACEEXEC)

/* A thread; those of a process have its role. */
struct traced {
	pid_t pid;
	char role[16]; /* "": of no concern */
	bool is_known; /* its parent's event has been seen */
	bool waits;    /* for that */
};

static struct traced traced[TRACED_MAX];
static const char *order, *wanted;
static long stops, limit, children;

static struct traced *find(pid_t pid)
{
	int i;

	for (i = 0; i < TRACED_MAX - 1; i++)
		if (traced[i].pid == pid || traced[i].pid == 0)
			break;
	traced[i].pid = pid;
	return &traced[i];
}

static void resume(struct traced *thread, int number)
{
	thread->waits = false;
	ptrace(strcmp(thread->role, wanted) == 0 ? PTRACE_SYSCALL : PTRACE_CONT,
		thread->pid, 0, number);
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

/* The Nth word of the order, the last for all that follow. */
static void name_child(char *role, size_t size)
{
	const char *word = order;
	long i;

	for (i = 0; i < children && strchr(word, ','); i++)
		word = strchr(word, ',') + 1;
	children++;
	snprintf(role, size, "%.*s", (int)strcspn(word, ","), word);
}

static void hear_fork(struct traced *parent)
{
	unsigned long pid = 0;
	struct traced *child;

	ptrace(PTRACE_GETEVENTMSG, parent->pid, 0, &pid);
	child = find(pid);
	child->is_known = true;
	child->role[0] = '\0';
	if (process_of(pid) == process_of(parent->pid))
		memcpy(child->role, parent->role, sizeof(child->role));
	else if (strcmp(parent->role, "slurmstepd") == 0)
		name_child(child->role, sizeof(child->role));
	if (child->waits)
		resume(child, 0);
}

/* slurmstepd also runs the epilog of plugins. */
static void hear_exec(struct traced *thread)
{
	char path[32], words[256] = "";
	FILE *file;
	size_t i, got = 0;

	snprintf(path, sizeof(path), "/proc/%d/cmdline", thread->pid);
	file = fopen(path, "re");
	if (file) {
		got = fread(words, 1, sizeof(words) - 1, file);
		fclose(file);
	}
	for (i = 0; i < got; i++)
		if (!words[i])
			words[i] = ' ';
	if (!thread->role[0] && strstr(words, "slurmstepd") &&
		!strstr(words, " spank "))
		strcpy(thread->role, "slurmstepd");
	/* A task is one until it is the user's command. */
	else if (strcmp(thread->role, "task") == 0)
		strcpy(thread->role, "command");
}

static void hear_stop(struct traced *thread, int status)
{
	int event = status >> 16, number = WSTOPSIG(status);

	if (!thread->is_known) {
		thread->waits = true;
		return;
	}
	if (event == PTRACE_EVENT_FORK || event == PTRACE_EVENT_VFORK ||
		event == PTRACE_EVENT_CLONE)
		hear_fork(thread);
	if (event == PTRACE_EVENT_EXEC)
		hear_exec(thread);
	if (number == (SIGTRAP | 0x80) && ++stops == limit) {
		kill(process_of(thread->pid), SIGKILL);
		puts("hit");
		exit(0);
	}
	resume(thread, event || number == (SIGTRAP | 0x80) ? 0 : number);
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
			perror("kill-at: cannot trace slurmd");
	}
	puts("ready");
}

static void give_up(int number)
{
	(void)number;
}

int main(int argc, char *argv[])
{
	/* Without SA_RESTART: it ends the wait. */
	const struct sigaction action = { .sa_handler = give_up };
	struct traced *thread;
	bool was_seen = false;
	int status;
	pid_t pid;

	if (argc != 5)
		return 2;
	setvbuf(stdout, NULL, _IOLBF, 0);
	order = argv[2];
	wanted = argv[3];
	limit = atol(argv[4]);
	sigaction(SIGALRM, &action, NULL);
	alarm(TIMEOUT_S);
	seize(argv[1]);
	while ((pid = waitpid(-1, &status, __WALL)) > 0) {
		thread = find(pid);
		if (WIFSTOPPED(status)) {
			hear_stop(thread, status);
			was_seen |= strcmp(thread->role, wanted) == 0;
			if (strcmp(thread->role, "command") == 0 &&
				strcmp(wanted, "task") == 0)
				break;
			continue;
		}
		if (was_seen && strcmp(thread->role, wanted) == 0 &&
			process_of(pid) == 0)
			break;
		thread->pid = -1;
	}
	printf("miss %ld\n", stops);
	return 0;
}
