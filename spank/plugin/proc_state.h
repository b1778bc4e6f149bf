/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SPANK_PLUGIN_PROC_STATE_H
#define SPANK_PLUGIN_PROC_STATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* How a process is. */
struct proc_state {
	pid_t parent;
	uid_t uid;
	bool exiting; /* may have let go of files and mounts, or has ended */
	bool ended;   /* a zombie, all threads of which have ended */
};

/* False if there is no such process.  Never waits. */
bool proc_state_read(pid_t pid, struct proc_state *ret_state);

/*
 * Has all that is left of the process been killed, or does it wait on its way
 * out?  Stores whether any of it waits in the kernel, SIGKILL or not.  False if
 * there is no such process.  Never waits.
 */
bool proc_state_is_dying(pid_t pid, bool *ret_waiting);

/* Has a signal stopped it, or any thread of it?  Never waits. */
bool proc_state_is_stopped(pid_t pid);

/*
 * The children of a process's first thread, `room` of them at most; none where
 * the kernel does not tell (CONFIG_PROC_CHILDREN).  Never waits.
 */
size_t proc_state_children(pid_t pid, pid_t *ret_pids, size_t room);

/* Is the file system of device 0:`minor` mounted where the process is? */
bool proc_state_has_mounted(pid_t pid, uint32_t minor);

#endif
