/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A child of slurmstepd, identified by its pidfd.  Slurm's own loop calls
 * wait3(-1) and silently reaps children that it does not know, so ECHILD is a
 * normal answer here.  PIDFD_GET_INFO still has the status then.
 */
#include <signal.h>
#include <stdint.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "common/child.h"

#ifndef P_PIDFD
#define P_PIDFD 3
#endif

/* linux/pidfd.h of Linux 6.15, which older headers lack. */
struct pidfd_info {
	uint64_t mask;
	uint64_t cgroup;
	uint32_t ids[11];
	int32_t exit_code;
};
#define PIDFD_GET_INFO_6_15 _IOWR(0xff, 11, struct pidfd_info)
#define PIDFD_INFO_EXIT     (UINT64_C(1) << 3)

static int status_of_reaped(const struct child *child)
{
	struct pidfd_info info = { .mask = PIDFD_INFO_EXIT };

	if (ioctl(child->pid_fd, PIDFD_GET_INFO_6_15, &info) < 0 ||
		!(info.mask & PIDFD_INFO_EXIT))
		return CHILD_STATUS_UNKNOWN;
	return info.exit_code;
}

/* siginfo has the parts of a wait(2) status; put them back together. */
static int status_of(const siginfo_t *info)
{
	if (info->si_code == CLD_EXITED)
		return W_EXITCODE(info->si_status, 0);
	return W_EXITCODE(0, info->si_status);
}

/*
 * If the child is traced (strace -f), the tracer is notified first, and we
 * cannot reap the child until then: waitid(2) succeeds without a pid.
 */
static bool reap_child(const struct child *child, int *ret_status)
{
	siginfo_t info = { .si_pid = 0 };

	if (waitid(P_PIDFD, child->pid_fd, &info, WEXITED | WNOHANG) < 0) {
		*ret_status = status_of_reaped(child);
		return true;
	}
	if (info.si_pid != child->pid)
		return false;
	*ret_status = status_of(&info);
	return true;
}

bool child_wait(const struct child *child, struct deadline deadline,
	int *ret_status)
{
	const struct timespec moment = { .tv_nsec = 1000000 };

	/* A pidfd is readable once its process has ended, see pidfd_open(2). */
	while (deadline_wait_readable(deadline, child->pid_fd) == 1) {
		if (reap_child(child, ret_status))
			return true;
		if (deadline_left_ms(deadline) == 0)
			break;
		nanosleep(&moment, NULL);
	}
	return false;
}

void child_kill(const struct child *child)
{
	syscall(SYS_pidfd_send_signal, child->pid_fd, SIGKILL, NULL, 0);
}

int child_open(pid_t pid)
{
	return syscall(SYS_pidfd_open, pid, 0);
}

void child_continue(int pid_fd)
{
	syscall(SYS_pidfd_send_signal, pid_fd, SIGCONT, NULL, 0);
}
