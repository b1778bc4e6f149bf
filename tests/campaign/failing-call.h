/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef TESTS_FAILING_CALL_H
#define TESTS_FAILING_CALL_H

#include <stdbool.h>
#include <sys/types.h>
#include <sys/user.h>

/* All functions expect a thread that ptrace(2) has stopped at a system call. */

struct failing_call {
	struct user_regs_struct before;
};

/*
 * Whether it enters a call that can fail and is the plugin's: any call of a
 * program of the plugin, or one below a function of spank_sif.so.
 */
bool failing_call_is_apt(pid_t pid, bool is_own_program);

/* "hit openat(ffffff9c, "/etc/passwd") at spank_sif.so+0x1234 ..." */
void failing_call_print(pid_t pid);

/* On its way in: prevents the call. */
void failing_call_begin(struct failing_call *ret_call, pid_t pid);

/* On its way out: sets the result. */
void failing_call_end(const struct failing_call *call, pid_t pid, int number);

#endif
