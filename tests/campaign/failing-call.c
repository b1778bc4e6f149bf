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
 * Most calls of slurmstepd are Slurm's own.  Return addresses on the stack show
 * which are the plugin's.
 */
#include <ctype.h>
#include <elf.h>
#include <seccomp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/uio.h>

#include "failing-call.h"

#define STACK_WORDS 2048
#define FRAMES_MAX  6
#define TEXT_SIZE   96

/* Where a process has the code of the plugin. */
struct code {
	char name[64];
	uint64_t begin, end, offset;
};

static size_t peek(pid_t pid, uint64_t address, void *data, size_t size)
{
	struct iovec local = { .iov_base = data, .iov_len = size };
	struct iovec remote = { .iov_base = (void *)(uintptr_t)address,
		.iov_len = size };
	ssize_t got = process_vm_readv(pid, &local, 1, &remote, 1, 0);

	return got < 0 ? 0 : got;
}

/* Of the .so or of a program of the plugin. */
static bool find_code(pid_t pid, struct code *ret_code)
{
	char path[32], line[512], name[256] = "", rights[8];
	struct code code;
	bool found = false;
	FILE *maps;

	snprintf(path, sizeof(path), "/proc/%d/maps", pid);
	maps = fopen(path, "re");
	while (!found && maps && fgets(line, sizeof(line), maps))
		found = sscanf(line, "%lx-%lx %7s %lx %*s %*s %255s",
				&code.begin, &code.end, rights, &code.offset,
				name) == 5 &&
			rights[2] == 'x' && strstr(name, "/spank");
	if (maps)
		fclose(maps);
	if (!found)
		return false;
	snprintf(code.name, sizeof(code.name), "%.60s", strrchr(name, '/') + 1);
	*ret_code = code;
	return true;
}

/*
 * Is there a call instruction before this address?  If not, it is the address
 * of a function that is on the stack, such as a hook's.
 */
static bool is_after_call(pid_t pid, uint64_t address)
{
#if defined(__x86_64__)
	uint8_t bytes[6];

	if (peek(pid, address - sizeof(bytes), bytes, sizeof(bytes)) < 6)
		return false;
	/* call rel32; call *mem, with 4 bytes of displacement, 1, or none */
	return bytes[1] == 0xe8 || (bytes[0] == 0xff && bytes[1] >> 3 == 2) ||
	       (bytes[0] == 0xff && bytes[1] >> 3 == 022) ||
	       (bytes[3] == 0xff && bytes[4] >> 3 == 012) ||
	       (bytes[4] == 0xff && (bytes[5] >> 3 & 7) == 2);
#else
	uint32_t word;

	if (peek(pid, address - sizeof(word), &word, sizeof(word)) < 4)
		return false;
	return word >> 26 == 0x25 || (word & 0xfffffc1f) == 0xd63f0000;
#endif
}

/* Return addresses into that code, the innermost first. */
static size_t find_frames(pid_t pid, uint64_t stack, const struct code *code,
	uint64_t *ret_frames, size_t room)
{
	uint64_t words[STACK_WORDS];
	size_t i, count = 0, got = 0, part;

	/* Page by page to the end of the stack. */
	while (got < sizeof(words)) {
		part = peek(pid, stack + got, (char *)words + got,
			4096 - (stack + got) % 4096 < sizeof(words) - got
				? 4096 - (stack + got) % 4096
				: sizeof(words) - got);
		if (part == 0)
			break;
		got += part;
	}
	for (i = 0; i < got / sizeof(*words) && count < room; i++)
		if (words[i] >= code->begin && words[i] < code->end &&
			is_after_call(pid, words[i]))
			ret_frames[count++] =
				words[i] - code->begin + code->offset;
	return count;
}

static bool get_call(pid_t pid, struct __ptrace_syscall_info *ret_info)
{
	return ptrace(PTRACE_GET_SYSCALL_INFO, pid, sizeof(*ret_info),
		       ret_info) > 0 &&
	       ret_info->op == PTRACE_SYSCALL_INFO_ENTRY;
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
	struct code code;
	uint64_t frame;

	if (!get_call(pid, &info) || !can_fail(info.entry.nr))
		return false;
	if (is_own_program)
		return true;
	return find_code(pid, &code) &&
	       find_frames(pid, info.stack_pointer, &code, &frame, 1) > 0;
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

static void print_frames(pid_t pid, uint64_t stack)
{
	uint64_t frames[FRAMES_MAX];
	struct code code;
	size_t i, count;

	if (!find_code(pid, &code))
		return;
	count = find_frames(pid, stack, &code, frames, FRAMES_MAX);
	if (count)
		printf(" at %s", code.name);
	for (i = 0; i < count; i++)
		printf(" %#lx", frames[i]);
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
	print_frames(pid, info.stack_pointer);
	putchar('\n');
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
