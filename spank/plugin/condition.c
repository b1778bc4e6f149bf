/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What /proc says of a process, after proc(5).  The kernel answers it alone,
 * and takes no lock that a process has which waits for a file system: unlike
 * that of cmdline or maps, this can be read of any.
 */
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "spank/plugin/condition.h"

/* The kernel gives a page at a time. */
static bool read_file(const char *path, char *text, size_t size)
{
	CLEANUP_FD int fd = open(path, O_RDONLY | O_CLOEXEC);
	size_t length = 0;
	ssize_t got = 0;

	do {
		length += got;
		got = fd < 0 ? -1 : read(fd, text + length, size - 1 - length);
	} while (got > 0);
	text[length] = '\0';
	return got == 0;
}

static unsigned long long field(const char *status, const char *name, int base)
{
	const char *line = strstr(status, name);

	return line ? strtoull(line + strlen(name), NULL, base) : 0;
}

bool condition_read(pid_t pid, struct condition *ret_condition)
{
	char path[32], status[4096];
	unsigned long long pending;

	snprintf(path, sizeof(path), "/proc/%d/status", (int)pid);
	if (!read_file(path, status, sizeof(status)))
		return false;
	pending =
		field(status, "\nSigPnd:", 16) | field(status, "\nShdPnd:", 16);
	*ret_condition = (struct condition){
		.parent = field(status, "\nPPid:", 10),
		.uid = field(status, "\nUid:", 10),
		.killed = pending >> (SIGKILL - 1) & 1,
		.waiting = strstr(status, "\nState:\tD"),
		/* Its memory is the first that it lets go. */
		.exiting = !strstr(status, "\nVmSize:"),
		.ended = strstr(status, "\nState:\tZ") &&
			 field(status, "\nThreads:", 10) <= 1,
	};
	return true;
}

bool condition_has_mounted(pid_t pid, uint32_t minor)
{
	char path[64], device[32], table[65536];

	snprintf(path, sizeof(path), "/proc/%d/mountinfo", (int)pid);
	snprintf(device, sizeof(device), " 0:%" PRIu32 " ", minor);
	return read_file(path, table, sizeof(table)) && strstr(table, device);
}
