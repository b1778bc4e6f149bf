/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The image server parses data that a stranger wrote, and half a dozen
 * libraries decompress it.  An attacker who takes it over must gain nothing but
 * the image and the step's own view of it.  The sandbox is made in this order:
 *
 *   1. not dumpable: nobody traces the server or reads its memory
 *   2. resource limits: no core, no file grows, memory is bounded
 *   3. Landlock: no file can be opened, no port bound or connected
 *   4. seccomp: only the calls of the lists below
 *
 * All but the limits are read back: a sandbox that is silently missing is worse
 * than none.  The order matters: seccomp forbids the calls that the others
 * need.
 *
 * Exec, sockets, ptrace, signals to others and executable memory are forbidden.
 * Only the supervisor forks.  Threads may start until the sandbox is narrowed,
 * which applies to all of them; Landlock must be in force before the first
 * starts, since only new threads inherit it.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/io_uring.h>
#include <linux/landlock.h>
#include <sched.h>
#include <seccomp.h>
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "spank/server/sandbox.h"

/* One for each task of the step on this node, and a few. */
#define LIMIT_FILES  4096
#define LIMIT_MEMORY (1024UL * 1024 * 1024)

/* The structure of Landlock ABI 6; older headers have only its beginning. */
struct landlock_denials {
	uint64_t files;
	uint64_t ports;
	uint64_t scopes;
};

/*
 * Serving: requests come by read and are answered by writev, or both by
 * io_uring_enter; the image is read by pread64 or splice, threads wait for each
 * other by futex; the rest is malloc, abort, and the end.
 */
static const int serving_calls[] = {
	SCMP_SYS(read),
	SCMP_SYS(writev),
	SCMP_SYS(pread64),
	SCMP_SYS(preadv2), /* RWF_NOWAIT: is it in the page cache? */
	SCMP_SYS(fstat),   /* filesystem/damage.c: has the image changed? */
	SCMP_SYS(splice),
	SCMP_SYS(close),
	SCMP_SYS(poll), /* for a request; the pipe to slurmstepd, at the end */
	SCMP_SYS(ppoll),
	SCMP_SYS(sched_yield),
	SCMP_SYS(munmap),
	SCMP_SYS(mremap),
	SCMP_SYS(madvise),
	SCMP_SYS(brk),
	SCMP_SYS(futex),
	SCMP_SYS(io_uring_enter), /* fuse/rings.c */
	SCMP_SYS(restart_syscall),
	SCMP_SYS(rt_sigreturn),
	SCMP_SYS(rt_sigprocmask), /* abort() */
	SCMP_SYS(getpid),         /* abort() */
	SCMP_SYS(gettid),         /* abort() */
	SCMP_SYS(clock_gettime),  /* where the vDSO has none */
	SCMP_SYS(getrandom),      /* malloc() */
	SCMP_SYS(exit),
	SCMP_SYS(exit_group),
};

/*
 * Before, and in the supervisor: messages, deadlines, looking at the image; and
 * the threads that will serve it.
 */
static const int control_calls[] = {
	SCMP_SYS(recvmsg), SCMP_SYS(sendmsg), SCMP_SYS(alarm),
	SCMP_SYS(setitimer), /* alarm() where there is no such call */
	SCMP_SYS(getuid), SCMP_SYS(getgid),
	SCMP_SYS(newfstatat),         /* fstat() of newer C libraries */
	SCMP_SYS(pipe2),              /* fuse/splice.c */
	SCMP_SYS(fcntl),              /* waiting for requests, or not */
	SCMP_SYS(sched_getaffinity),  /* how many threads */
	SCMP_SYS(sched_getscheduler), /* fuse/readahead.c */
	SCMP_SYS(wait4),              /* the supervisor's */
	SCMP_SYS(getppid),
	SCMP_SYS(set_robust_list), /* a new thread says these two */
	SCMP_SYS(rseq),
	SCMP_SYS(seccomp), /* sandbox_narrow(); it can only narrow */
};

/* These fail instead of killing: the C library tries them, in vain. */
static const int refused_calls[] = {
	SCMP_SYS(open),
	SCMP_SYS(openat),
};

/* What clone(2) must share with its caller to make one more thread of it. */
#define THREAD_FLAGS (CLONE_VM | CLONE_SIGHAND | CLONE_THREAD)
/* What would make it more than a thread. */
#define OTHER_FLAGS                                                         \
	(CLONE_NEWNS | CLONE_NEWCGROUP | CLONE_NEWUTS | CLONE_NEWIPC |      \
		CLONE_NEWUSER | CLONE_NEWPID | CLONE_NEWNET | CLONE_VFORK | \
		CLONE_PTRACE)

/* The flags that fork() uses. */
#define FORK_FLAGS (CLONE_CHILD_SETTID | CLONE_CHILD_CLEARTID | SIGCHLD)

static int limit(int resource, rlim_t value, struct error *err)
{
	struct rlimit limit;

	if (getrlimit(resource, &limit) < 0)
		return error_set(err, errno, "cannot read a resource limit");
	if (limit.rlim_max > value) /* RLIM_INFINITY is the largest of all */
		limit.rlim_max = value;
	limit.rlim_cur = limit.rlim_max;
	if (setrlimit(resource, &limit) < 0)
		return error_set(err, errno, "cannot set a resource limit");
	return 0;
}

static int limit_resources(struct error *err)
{
	if (limit(RLIMIT_CORE, 0, err) < 0 || limit(RLIMIT_FSIZE, 0, err) < 0 ||
		limit(RLIMIT_NOFILE, LIMIT_FILES, err) < 0)
		return -1;
	return limit(RLIMIT_AS, LIMIT_MEMORY, err);
}

/* Everything that the kernel's Landlock can deny. */
static struct landlock_denials all_denials(int abi)
{
	struct landlock_denials denials = { .files = (1 << 13) - 1 };

	if (abi >= 2)
		denials.files |= 1 << 13; /* moving between directories */
	if (abi >= 3)
		denials.files |= 1 << 14; /* truncating */
	if (abi >= 4)
		denials.ports = 3; /* binding, connecting */
	if (abi >= 5)
		denials.files |= 1 << 15; /* ioctl on devices */
	if (abi >= 6)
		denials.scopes = 3; /* abstract sockets, signals */
	return denials;
}

static size_t size_of_denials(int abi)
{
	if (abi >= 6)
		return sizeof(struct landlock_denials);
	return abi >= 4 ? offsetof(struct landlock_denials, scopes)
			: offsetof(struct landlock_denials, ports);
}

static int deny_files(struct error *err)
{
	CLEANUP_FD int ruleset = -1;
	CLEANUP_FD int probe = -1;
	struct landlock_denials denials;
	int abi = syscall(SYS_landlock_create_ruleset, NULL, 0,
		LANDLOCK_CREATE_RULESET_VERSION);

	if (abi < 0 && (errno == ENOSYS || errno == EOPNOTSUPP))
		return 0; /* not in this kernel, or switched off */
	if (abi < 0)
		return error_set(err, errno, "cannot use Landlock");
	denials = all_denials(abi);
	ruleset = syscall(SYS_landlock_create_ruleset, &denials,
		size_of_denials(abi), 0);
	if (ruleset < 0 || syscall(SYS_landlock_restrict_self, ruleset, 0) < 0)
		return error_set(err, errno, "cannot use Landlock");
	probe = open("/", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (probe >= 0)
		return error_set(err, 0, "Landlock is not in force");
	return 0;
}

static int add_rules(scmp_filter_ctx filter, uint32_t action, const int *calls,
	size_t count)
{
	int rc = 0;
	size_t i;

	/* Calls that this architecture does not have are negative. */
	for (i = 0; i < count && rc == 0; i++)
		if (calls[i] >= 0)
			rc = seccomp_rule_add(filter, action, calls[i], 0);
	return rc;
}

/* One call, if its argument of that number is one of `values`. */
static int allow_values(scmp_filter_ctx filter, int call, unsigned int argument,
	const unsigned int *values, size_t count)
{
	int rc = 0;
	size_t i;

	for (i = 0; i < count && rc == 0; i++)
		rc = seccomp_rule_add(filter, SCMP_ACT_ALLOW, call, 1,
			SCMP_CMP(argument, SCMP_CMP_EQ, values[i], 0));
	return rc;
}

/* Calls that are allowed with some arguments only. */
static int allow_conditionally(scmp_filter_ctx filter)
{
	/* Reading back; and libseccomp sets no_new_privs once more. */
	static const unsigned int prctls[] = { PR_GET_SECCOMP, PR_GET_DUMPABLE,
		PR_SET_NO_NEW_PRIVS };
	int rc;

	rc = seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(mmap), 1,
		SCMP_A2(SCMP_CMP_MASKED_EQ, PROT_EXEC, 0));
	if (rc == 0)
		rc = seccomp_rule_add(filter, SCMP_ACT_ALLOW,
			SCMP_SYS(mprotect), 1,
			SCMP_A2(SCMP_CMP_MASKED_EQ, PROT_EXEC, 0));
	/* abort(), of the process that has entered; in a server that it forks
	 * abort() is seen as SIGSYS. */
	if (rc == 0)
		rc = seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(tgkill),
			1, SCMP_A0(SCMP_CMP_EQ, (scmp_datum_t)getpid(), 0));
	if (rc == 0)
		rc = allow_values(filter, SCMP_SYS(prctl), 0, prctls,
			sizeof(prctls) / sizeof(int));
	return rc;
}

/* A ring that exists can be put into use.  None can be created. */
static int allow_rings(scmp_filter_ctx filter)
{
	static const unsigned int operations[] = { IORING_REGISTER_FILES,
		IORING_REGISTER_ENABLE_RINGS };

	return allow_values(filter, SCMP_SYS(io_uring_register), 1, operations,
		sizeof(operations) / sizeof(int));
}

/* fork(), and the prctl(2)s of its child: supervisor.c. */
static int allow_replacements(scmp_filter_ctx filter)
{
	static const unsigned int prctls[] = { PR_SET_PDEATHSIG, PR_SET_NAME };
	int rc = seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(clone), 1,
		SCMP_A0(SCMP_CMP_EQ, FORK_FLAGS, 0));

	/* Its own, affinity.c and fuse/ring_thread.c; those of other processes
	 * are not. */
	if (rc == 0)
		rc = seccomp_rule_add(filter, SCMP_ACT_ALLOW,
			SCMP_SYS(sched_setaffinity), 1,
			SCMP_A0(SCMP_CMP_EQ, 0, 0));
	/* Harmless: end_like() of main.c, and the C library's own signal once
	 * there are threads. */
	if (rc == 0)
		rc = seccomp_rule_add(filter, SCMP_ACT_ALLOW,
			SCMP_SYS(rt_sigaction), 0);
	if (rc == 0)
		rc = allow_values(filter, SCMP_SYS(prctl), 0, prctls,
			sizeof(prctls) / sizeof(int));
	return rc;
}

/* A filter cannot see the flags of clone3(2), so the C library has to use
 * clone(2).  New threads inherit the caller's scheduling policy, which they
 * set. */
static int allow_threads(scmp_filter_ctx filter)
{
	static const int policies[] = { SCHED_OTHER, SCHED_BATCH };
	int rc = seccomp_rule_add(filter, SCMP_ACT_ERRNO(ENOSYS),
		SCMP_SYS(clone3), 0);
	size_t i;

	if (rc == 0)
		rc = seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(clone),
			1,
			SCMP_A0(SCMP_CMP_MASKED_EQ, THREAD_FLAGS | OTHER_FLAGS,
				THREAD_FLAGS));
	for (i = 0; i < sizeof(policies) / sizeof(int) && rc == 0; i++)
		rc = seccomp_rule_add(filter, SCMP_ACT_ALLOW,
			SCMP_SYS(sched_setscheduler), 2,
			SCMP_A0(SCMP_CMP_EQ, 0, 0),
			SCMP_A1(SCMP_CMP_EQ, policies[i], 0));
	return rc;
}

static int load_filter(scmp_filter_ctx filter, bool with_control)
{
	int rc = add_rules(filter, SCMP_ACT_ALLOW, serving_calls,
		sizeof(serving_calls) / sizeof(int));

	if (rc == 0 && with_control)
		rc = add_rules(filter, SCMP_ACT_ALLOW, control_calls,
			sizeof(control_calls) / sizeof(int));
	if (rc == 0 && with_control)
		rc = allow_threads(filter);
	if (rc == 0 && with_control)
		rc = allow_replacements(filter);
	if (rc == 0 && with_control)
		rc = allow_rings(filter);
	if (rc == 0)
		rc = allow_conditionally(filter);
	if (rc == 0)
		rc = add_rules(filter, SCMP_ACT_ERRNO(EACCES), refused_calls,
			sizeof(refused_calls) / sizeof(int));
	/* All threads, or none. */
	if (rc == 0)
		rc = seccomp_attr_set(filter, SCMP_FLTATR_CTL_TSYNC, 1);
	if (rc == 0)
		rc = seccomp_load(filter);
	return rc;
}

static int filter_calls(bool with_control, struct error *err)
{
	scmp_filter_ctx filter = seccomp_init(SCMP_ACT_KILL_PROCESS);
	int rc;

	if (!filter)
		return error_set(err, ENOMEM, "cannot use seccomp");
	rc = load_filter(filter, with_control);
	seccomp_release(filter);
	if (rc < 0)
		return error_set(err, -rc, "cannot use seccomp");
	if (prctl(PR_GET_SECCOMP) != 2)
		return error_set(err, 0, "seccomp is not in force");
	if (prctl(PR_GET_DUMPABLE) != 0)
		return error_set(err, 0, "the server can be traced");
	return 0;
}

int sandbox_enter(struct error *err)
{
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
		return error_set(err, errno, "cannot set no_new_privs");
	if (prctl(PR_SET_DUMPABLE, 0) < 0)
		return error_set(err, errno, "cannot forbid tracing");
	if (limit_resources(err) < 0 || deny_files(err) < 0)
		return -1;
	return filter_calls(true, err);
}

int sandbox_narrow(struct error *err)
{
	return filter_calls(false, err);
}
