/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SPANK_PLUGIN_PROC_STATE_H
#define SPANK_PLUGIN_PROC_STATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* The state of a process. */
struct proc_state {
	pid_t parent;
	uid_t uid;
	bool exiting; /* may have released files and mounts, or has ended */
	bool ended;   /* a zombie, all threads of which have ended */
};

/* False if there is no such process.  Never waits. */
bool proc_state_read(pid_t pid, struct proc_state *ret_state);

/*
 * Has every thread that is left been killed, or does it wait while it exits?
 * Stores whether any thread is in an uninterruptible wait.  False if there is
 * no such process.  Never waits.
 */
bool proc_state_is_dying(pid_t pid, bool *ret_waiting);

/* Has a signal stopped any of its threads?  Never waits. */
bool proc_state_is_stopped(pid_t pid);

/*
 * Store the children of the process's first thread, at most `room`, and return
 * how many; none if the kernel does not list them (CONFIG_PROC_CHILDREN).
 * Never waits.
 */
size_t proc_state_children(pid_t pid, pid_t *ret_pids, size_t room);

/* Is the file system of device 0:`minor` mounted in the process's namespace? */
bool proc_state_has_mounted(pid_t pid, uint32_t minor);

#endif
