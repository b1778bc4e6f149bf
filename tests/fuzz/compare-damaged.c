/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Comparisons of damaged images, each in a process of its own, since
 * libsquashfuse does not always survive one.
 */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/fuzz/compare.h"

/* libsquashfuse can be sent round in circles. */
#define CPU_SECONDS 2

/* AddressSanitizer's is 1, libFuzzer's 77. */
#define EXIT_DIFFERENT 3

static int compare(int fd, bool builtin_only)
{
	struct comparison comparison = {
		.is_damaged = true,
		.builtin_only = builtin_only,
		.nodes_max = 400,
		.entries_max = 400,
		.bytes_max = 512 * 1024,
	};

	return compare_image(fd, &comparison);
}

void compare_damaged_builtin(int fd)
{
	compare(fd, true);
}

#ifdef __SANITIZE_ADDRESS__
#define HAS_SANITIZER
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define HAS_SANITIZER
#endif
#endif

#ifdef HAS_SANITIZER
#include <sanitizer/common_interface_defs.h>

static void die_quietly(void)
{
	_exit(EXIT_FAILURE);
}
#endif

/* A fuzzer's own ways to end would keep the image as one that breaks it. */
static void become_child(void)
{
	static const int fatal[] = { SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT,
		SIGXCPU, SIGALRM };
	const struct rlimit cpu = { CPU_SECONDS, CPU_SECONDS };
	const struct rlimit core = { 0, 0 };
	size_t i;

	for (i = 0; i < sizeof(fatal) / sizeof(fatal[0]); i++)
		signal(fatal[i], SIG_DFL);
	setrlimit(RLIMIT_CPU, &cpu);
	setrlimit(RLIMIT_CORE, &core);
#ifdef HAS_SANITIZER
	__sanitizer_set_death_callback(die_quietly);
#endif
}

/* The child's wait status. */
static int compare_in_child(int fd, bool builtin_only)
{
	int status;
	pid_t pid;

	fflush(NULL);
	pid = fork();
	if (pid == 0) {
		become_child();
		_exit(compare(fd, builtin_only) < 0 ? EXIT_DIFFERENT : 0);
	}
	if (pid < 0)
		abort();
	/* libFuzzer has a timer. */
	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			abort();
	return status;
}

enum compare_result compare_damaged_image(int fd)
{
	int status = compare_in_child(fd, false);

	if (status == 0)
		return COMPARE_SAME;
	if (WIFEXITED(status) && WEXITSTATUS(status) == EXIT_DIFFERENT)
		return COMPARE_DIFFERENT;
	return compare_in_child(fd, true) ? COMPARE_BUILTIN_CRASHED
					  : COMPARE_SQUASHFUSE_CRASHED;
}
