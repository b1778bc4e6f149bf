/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * One system call of a traced process that fails without having been made:
 *
 *   in   the call becomes close(-1), which every sandbox allows (seccomp would
 *        kill the process for number -1)
 *   out  the registers are restored, and the result becomes the error
 *
 * close itself is made: on Linux it frees the descriptor even when it fails.
 *
 * Most calls of slurmstepd are Slurm's own.  The plugin's are those with a
 * function of the plugin among their callers.  libdw unwinds the stack to find
 * them.  A search of the stack for return addresses would also find those of
 * functions that have returned.
 */
#include <ctype.h>
#include <elf.h>
#include <elfutils/libdwfl.h>
#include <seccomp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/uio.h>

#include "failing-call.h"

#define FRAMES_MAX 6
#define TEXT_SIZE  96

/* Return addresses into an object of the plugin, the innermost first. */
struct frames {
	char object[64];
	uint64_t offsets[FRAMES_MAX];
	size_t count;
	size_t visited; /* frames of any object */
};

static size_t peek(pid_t pid, uint64_t address, void *data, size_t size)
{
	struct iovec local = { .iov_base = data, .iov_len = size };
	struct iovec remote = { .iov_base = (void *)(uintptr_t)address,
		.iov_len = size };
	ssize_t got = process_vm_readv(pid, &local, 1, &remote, 1, 0);

	return got < 0 ? 0 : got;
}

static void get_registers(pid_t pid, struct user_regs_struct *registers)
{
	struct iovec part = { .iov_base = registers,
		.iov_len = sizeof(*registers) };

	if (ptrace(PTRACE_GETREGSET, pid, NT_PRSTATUS, &part) < 0)
		perror("step-trace: cannot read registers");
}

static void set_registers(pid_t pid, struct user_regs_struct *registers)
{
	struct iovec part = { .iov_base = registers,
		.iov_len = sizeof(*registers) };

	if (ptrace(PTRACE_SETREGSET, pid, NT_PRSTATUS, &part) < 0)
		perror("step-trace: cannot write registers");
}

static bool get_call(pid_t pid, struct __ptrace_syscall_info *ret_info)
{
	return ptrace(PTRACE_GET_SYSCALL_INFO, pid, sizeof(*ret_info),
		       ret_info) > 0 &&
	       ret_info->op == PTRACE_SYSCALL_INFO_ENTRY;
}

/*
 * On x86_64 glibc's clone3 has no unwind information at its system call; on
 * aarch64 it has.  This moves the thread to the return address, on top of the
 * stack.  Callers then restore the registers.
 */
static bool leave_clone3(pid_t pid, struct user_regs_struct *ret_before)
{
#if defined(__x86_64__)
	struct __ptrace_syscall_info info;
	struct user_regs_struct registers;

	if (!get_call(pid, &info) || info.entry.nr != SYS_clone3)
		return false;
	get_registers(pid, ret_before);
	registers = *ret_before;
	if (peek(pid, registers.rsp, &registers.rip, sizeof(uint64_t)) <
		sizeof(uint64_t))
		return false;
	registers.rsp += sizeof(uint64_t);
	set_registers(pid, &registers);
	return true;
#else
	(void)pid;
	(void)ret_before;
	return false;
#endif
}

/*
 * The .so or a program of the plugin.  What a signal has interrupted did not
 * make the call: glibc has every thread make the setresuid(2) of one, by a
 * signal.
 */
static int add_frame(Dwfl_Frame *frame, void *argument)
{
	struct frames *frames = argument;
	Dwfl *dwfl = dwfl_thread_dwfl(dwfl_frame_thread(frame));
	const char *name = NULL;
	Dwarf_Addr address, start;
	Dwfl_Module *module;
	bool is_interrupted;

	if (!dwfl_frame_pc(frame, &address, &is_interrupted) ||
		(is_interrupted && frames->visited > 0))
		return DWARF_CB_ABORT;
	frames->visited++;
	module = dwfl_addrmodule(dwfl, address);
	if (module)
		name = dwfl_module_info(module, NULL, &start, NULL, NULL, NULL,
			NULL, NULL);
	if (!name || !strstr(name, "/spank"))
		return DWARF_CB_OK;
	snprintf(frames->object, sizeof(frames->object), "%.60s",
		strrchr(name, '/') + 1);
	frames->offsets[frames->count++] = address - start;
	return frames->count < FRAMES_MAX ? DWARF_CB_OK : DWARF_CB_ABORT;
}

static void find_frames(struct frames *ret_frames, pid_t pid)
{
	static const Dwfl_Callbacks callbacks = {
		.find_elf = dwfl_linux_proc_find_elf,
		.find_debuginfo = dwfl_standard_find_debuginfo,
	};
	struct user_regs_struct before;
	bool has_left = leave_clone3(pid, &before);
	Dwfl *dwfl = dwfl_begin(&callbacks);

	*ret_frames = (struct frames){ .count = 0 };
	if (dwfl && dwfl_linux_proc_report(dwfl, pid) == 0 &&
		dwfl_report_end(dwfl, NULL, NULL) == 0 &&
		dwfl_linux_proc_attach(dwfl, pid, true) == 0)
		dwfl_getthread_frames(dwfl, pid, add_frame, ret_frames);
	dwfl_end(dwfl);
	if (has_left)
		set_registers(pid, &before);
}

static bool can_fail(uint64_t number)
{
	switch (number) {
	case SYS_exit: /* these do not return */
	case SYS_exit_group:
	case SYS_rt_sigreturn:
	case SYS_restart_syscall: /* the kernel's second half of a call */
	case SYS_getpid:          /* these have no error in their man pages */
	case SYS_getppid:
	case SYS_gettid:
	case SYS_getuid:
	case SYS_geteuid:
	case SYS_getgid:
	case SYS_getegid:
	case SYS_umask:
	case SYS_set_tid_address:
	case SYS_sched_yield:
#ifdef SYS_alarm
	case SYS_alarm:
#endif
	case SYS_rt_sigprocmask: /* fails only for wrong arguments */
	case SYS_futex:          /* the C library aborts the process */
		return false;
	default:
		return true;
	}
}

bool failing_call_is_apt(pid_t pid, bool is_own_program)
{
	struct __ptrace_syscall_info info;
	struct frames frames;

	if (!get_call(pid, &info) || !can_fail(info.entry.nr))
		return false;
	if (is_own_program)
		return true;
	find_frames(&frames, pid);
	return frames.count > 0;
}

/* As text if it points to text. */
static void print_argument(pid_t pid, uint64_t argument)
{
	char text[TEXT_SIZE + 1] = "";
	size_t length = 0;

	text[peek(pid, argument, text, TEXT_SIZE)] = '\0';
	while (isprint((unsigned char)text[length]))
		length++;
	if (length > 1 && !text[length])
		printf("\"%s\"", text);
	else
		printf("%lx", argument);
}

static void print_frames(pid_t pid)
{
	struct frames frames;
	size_t i;

	find_frames(&frames, pid);
	if (frames.count)
		printf(" at %s", frames.object);
	for (i = 0; i < frames.count; i++)
		printf(" %#lx", frames.offsets[i]);
}

void failing_call_print(pid_t pid)
{
	struct __ptrace_syscall_info info;
	char *name;
	int i;

	if (!get_call(pid, &info))
		return;
	name = seccomp_syscall_resolve_num_arch(SCMP_ARCH_NATIVE,
		info.entry.nr);
	printf("hit %s(", name ? name : "?");
	free(name);
	for (i = 0; i < 4; i++) {
		print_argument(pid, info.entry.args[i]);
		fputs(i < 3 ? ", " : ")", stdout);
	}
	print_frames(pid);
	putchar('\n');
}

#if defined(__x86_64__)
static void set_call(pid_t pid, struct user_regs_struct *registers)
{
	registers->orig_rax = SYS_close;
	registers->rdi = -1;
	set_registers(pid, registers);
}

static void set_result(struct user_regs_struct *registers, long result)
{
	registers->rax = result;
}
#elif defined(__aarch64__)
static void set_call(pid_t pid, struct user_regs_struct *registers)
{
	int number = SYS_close;
	struct iovec part = { .iov_base = &number, .iov_len = sizeof(number) };

	registers->regs[0] = -1;
	set_registers(pid, registers);
	if (ptrace(PTRACE_SETREGSET, pid, NT_ARM_SYSTEM_CALL, &part) < 0)
		perror("step-trace: cannot set the system call");
}

static void set_result(struct user_regs_struct *registers, long result)
{
	registers->regs[0] = result;
}
#else
#error "the registers of this machine's system calls are not known"
#endif

void failing_call_begin(struct failing_call *ret_call, pid_t pid)
{
	struct __ptrace_syscall_info info;
	struct user_regs_struct registers;

	get_registers(pid, &ret_call->before);
	registers = ret_call->before;
	if (get_call(pid, &info) && info.entry.nr != SYS_close)
		set_call(pid, &registers);
}

void failing_call_end(const struct failing_call *call, pid_t pid, int number)
{
	struct user_regs_struct registers = call->before;

	set_result(&registers, -number);
	set_registers(pid, &registers);
}
