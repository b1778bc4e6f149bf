/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Starts an unprivileged program from slurmstepd, which is root:
 *
 *   parent  open and check the program (a path from configure, never a user's)
 *   parent  fork
 *   child   descriptors, signals, out-of-memory score
 *   child   groups, gid, uid: all three ids of each, read back
 *   child   no capability, no_new_privs, then execve by descriptor
 *
 * slurmstepd has several threads, so between fork and exec there are only
 * system calls: no allocation, no lock, no log (signal-safety(7)).  The ids are
 * changed by raw calls, because glibc's wrappers would signal threads that do
 * not exist in the child.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/close_range.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/child.h"
#include "common/cleanup.h"
#include "common/privileged/caps.h"
#include "common/privileged/spawn_as_user.h"
#include "common/server_start.h"

#ifndef P_PIDFD
#define P_PIDFD 3
#endif
/* linux/pidfd.h of Linux 6.9. */
#ifndef PIDFD_SIGNAL_PROCESS_GROUP
#define PIDFD_SIGNAL_PROCESS_GROUP (1UL << 2)
#endif

/* The program to execute, in the child; close-on-exec. */
#define PROGRAM_FD (SERVER_DAMAGE_FD + 1)

static int check_owner(const struct stat *status, const char *path,
	struct error *err)
{
	if (status->st_uid != 0)
		return error_set(err, 0,
			"'%s' does not belong to root; please tell the "
			"administrator to run 'chown root %s'",
			path, path);
	if (status->st_mode & (S_IWGRP | S_IWOTH))
		return error_set(err, 0,
			"'%s' is writable by others than root; please tell the "
			"administrator to run 'chmod go-w %s'",
			path, path);
	return 0;
}

/* Checked here because the child could only report that execve failed. */
static int check_executable(int fd, const struct stat *status, const char *path,
	struct error *err)
{
	struct statvfs system;

	if (!S_ISREG(status->st_mode) || !(status->st_mode & S_IXOTH))
		return error_set(err, 0,
			"'%s' cannot be executed by users; please tell the "
			"administrator to run 'chmod 0711 %s'",
			path, path);
	if (fstatvfs(fd, &system) == 0 && system.f_flag & ST_NOEXEC)
		return error_set(err, 0,
			"'%s' is on a file system that is mounted noexec; "
			"please tell the administrator to mount it exec, or to "
			"install with another --libexecdir",
			path);
	return 0;
}

/*
 * If users can read the program, they can trace its process from execve on,
 * before main() can forbid that.  The group bits count, too: an access control
 * list shows there.
 */
static int check_unreadable(const struct stat *status, const char *path,
	struct error *err)
{
	if (status->st_mode & (S_IRGRP | S_IROTH))
		return error_set(err, 0,
			"'%s' can be read by others than root, who could trace "
			"it; please tell the administrator to run 'chmod 0711 "
			"%s'",
			path, path);
	return 0;
}

/* Check all directories above `path`, up to '/'. */
static int check_parents(const char *path, struct error *err)
{
	char parent[PATH_MAX];
	struct stat status;
	char *slash;

	if (snprintf(parent, sizeof(parent), "%s", path) >= (int)sizeof(parent))
		return error_set(err, ENAMETOOLONG, "'%s'", path);
	while ((slash = strrchr(parent, '/'))) {
		slash[slash == parent] = '\0';
		if (stat(parent, &status) < 0)
			return error_set(err, errno, "cannot inspect '%s'",
				parent);
		if (check_owner(&status, parent, err) < 0)
			return -1;
		if (slash == parent)
			break;
	}
	return 0;
}

int priv_spawn_open(const char *path, struct error *err)
{
	CLEANUP_FD int fd = open(path, O_PATH | O_CLOEXEC);
	struct stat status;

	if (fd < 0 || fstat(fd, &status) < 0)
		return error_set(err, errno,
			"cannot open '%s', which belongs to the installation",
			path);
	if (check_owner(&status, path, err) < 0 ||
		check_unreadable(&status, path, err) < 0 ||
		check_executable(fd, &status, path, err) < 0 ||
		check_parents(path, err) < 0)
		return -1;
	return fd_take(&fd);
}

/* A descriptor of -1, which means none, stays -1. */
static bool move_away(int fd, int *ret_fd)
{
	*ret_fd = fd < 0 ? -1 : fcntl(fd, F_DUPFD_CLOEXEC, 16);
	return fd < 0 || *ret_fd >= 0;
}

static bool hand_out(int fd, int number)
{
	if (fd >= 0)
		return dup2(fd, number) >= 0;
	close(number); /* slurmstepd may use this number */
	return true;
}

/*
 * 0 to 2 become /dev/null: descriptor 2 of slurmstepd is a pipe to srun, and
 * srun would wait until the child closes it.
 */
static bool set_descriptors(const struct spawn_fds *fds)
{
	int null_fd = open("/dev/null", O_RDWR | O_CLOEXEC);
	int control, lifeline, program, extra, damage, fd;

	/* Copies above the numbers that are assigned below. */
	if (null_fd < 0 || !move_away(fds->control, &control) ||
		!move_away(fds->lifeline, &lifeline) ||
		!move_away(fds->program, &program) ||
		!move_away(fds->extra, &extra) ||
		!move_away(fds->damage, &damage))
		return false;
	for (fd = 0; fd <= 2; fd++)
		if (dup2(null_fd, fd) < 0)
			return false;
	if (!hand_out(control, SERVER_CONTROL_FD) ||
		!hand_out(lifeline, SERVER_LIFELINE_FD) ||
		!hand_out(extra, SERVER_EXTRA_FD) ||
		!hand_out(damage, SERVER_DAMAGE_FD) ||
		dup3(program, PROGRAM_FD, O_CLOEXEC) < 0)
		return false;
	return syscall(SYS_close_range, PROGRAM_FD + 1, UINT_MAX, 0) == 0;
}

static void set_signals(void)
{
	struct sigaction action = { .sa_handler = SIG_IGN };
	sigset_t none;
	int number;

	for (number = 1; number < NSIG; number++)
		sigaction(number, &action, NULL);
	/* For its own alarm(2).  A fault such as SIGSEGV kills it in any case:
	 * the kernel does not let it ignore those. */
	action.sa_handler = SIG_DFL;
	sigaction(SIGALRM, &action, NULL);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
}

/* slurmstepd is exempt from the out-of-memory killer; the child must not be. */
static void reset_oom_score(void)
{
	int fd = open("/proc/self/oom_score_adj", O_WRONLY | O_CLOEXEC);

	if (fd < 0)
		return;
	if (write(fd, "0", 1) < 0)
		errno = 0; /* not worth failing a step */
	close(fd);
}

static bool set_identity(const struct identity *identity)
{
	uid_t ruid, euid, suid;
	gid_t rgid, egid, sgid;
	uid_t uid = identity->uid;
	gid_t gid = identity->gid;

	if (syscall(SYS_setgroups, identity->groups_count, identity->groups) <
			0 ||
		syscall(SYS_setresgid, gid, gid, gid) < 0 ||
		syscall(SYS_setresuid, uid, uid, uid) < 0)
		return false;
	if (getresuid(&ruid, &euid, &suid) < 0 ||
		getresgid(&rgid, &egid, &sgid) < 0)
		return false;
	return ruid == uid && euid == uid && suid == uid && rgid == gid &&
	       egid == gid && sgid == gid &&
	       getgroups(0, NULL) == identity->groups_count;
}

static void __attribute__((noreturn)) run_child(const struct spawn_fds *fds,
	char *const argv[], char *const envp[], const struct identity *identity)
{
	struct error err;

	if (!set_descriptors(fds))
		_exit(SERVER_EXIT_DESCRIPTORS);
	set_signals();
	reset_oom_score();
	/* proctrack/linuxproc never kills a process called slurmstepd. */
	prctl(PR_SET_NAME, argv[0]);
	umask(077);
	/* Its descendants become its children when their parent ends. */
	prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0);
	if (setsid() < 0 || chdir("/") < 0)
		_exit(SERVER_EXIT_PRIVILEGES);
	if (!set_identity(identity))
		_exit(SERVER_EXIT_IDENTITY);
	/* A job of root still has them; after this execve(2) restores none. */
	if ((fds->allow_setuid ? priv_caps_drop_allow_setuid(&err)
			       : priv_caps_drop(&err)) < 0)
		_exit(SERVER_EXIT_PRIVILEGES);
	/* Safe: priv_spawn_open() has checked this file as root. */
	syscall(SYS_execveat, PROGRAM_FD, "", argv, envp, AT_EMPTY_PATH);
	/* After a change of uid execve(2) checks RLIMIT_NPROC. */
	_exit(errno == EAGAIN ? SERVER_EXIT_PROCESSES : SERVER_EXIT_PROGRAM);
}

int priv_spawn(const struct spawn_fds *fds, char *const argv[],
	char *const envp[], const struct identity *identity,
	struct child *ret_child, struct error *err)
{
	struct child child;

	child.pid = fork();
	if (child.pid == 0)
		run_child(fds, argv, envp, identity);
	if (child.pid < 0)
		return error_set(err, errno, "cannot fork");
	child.pid_fd = syscall(SYS_pidfd_open, child.pid, 0);
	if (child.pid_fd < 0) {
		error_set(err, errno, "cannot open a pidfd");
		/* Safe: it has not been reaped, so the pid is its own. */
		kill(child.pid, SIGKILL);
		/* Without waiting: it may hang in a file system. */
		waitpid(child.pid, NULL, WNOHANG);
		return -1;
	}
	*ret_child = child;
	return 0;
}

void priv_spawn_kill(const struct child *child)
{
	siginfo_t info;

	child_kill(child);
	if (syscall(SYS_pidfd_send_signal, child->pid_fd, SIGKILL, NULL,
		    PIDFD_SIGNAL_PROCESS_GROUP) == 0 ||
		errno != EINVAL)
		return;
	/* Safe: it has not been reaped, so its pid, which is also the id of
	 * its group (setsid), is its own. */
	if (child->pid > 1 && waitid(P_PIDFD, child->pid_fd, &info,
				      WEXITED | WNOHANG | WNOWAIT) == 0)
		kill(-child->pid, SIGKILL);
}

bool priv_spawn_wait(struct child *child, struct deadline deadline,
	int *ret_status)
{
	if (deadline_wait_readable(deadline, child->pid_fd) != 1)
		return false;
	/* Before it is reaped, see there. */
	priv_spawn_kill(child);
	if (!child_wait(child, deadline, ret_status))
		return false;
	child->pid = 0;
	cleanup_fd(&child->pid_fd);
	return true;
}
