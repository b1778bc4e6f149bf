/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * cgroup membership, see proc(5) and cgroups(7).  A line of /proc/PID/cgroup is
 * "hierarchy:controllers:path"; an empty list of controllers means cgroup v2.
 * The hierarchies are expected where systemd mounts them.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "common/privileged/cgroup.h"

/* /proc/PID/cgroup: a few lines, with the names that Slurm and systemd choose.
 */
struct membership {
	char text[16384];
};

static int read_membership(pid_t pid, struct membership *ret_membership,
	struct error *err)
{
	char path[64];
	CLEANUP_FD int fd = -1;
	ssize_t length;

	snprintf(path, sizeof(path), "/proc/%d/cgroup", (int)pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return error_set(err, errno, "cannot open '%s'", path);
	length = read(fd, ret_membership->text,
		sizeof(ret_membership->text) - 1);
	if (length < 0)
		return error_set(err, errno, "cannot read '%s'", path);
	ret_membership->text[length] = '\0';
	return 0;
}

/* Does the membership have this line?  The newline is part of it. */
static int has_line(const struct membership *membership, const char *line)
{
	const char *found = strstr(membership->text, line);

	return found && (found == membership->text || found[-1] == '\n');
}

static int join_group(const char *procs, pid_t pid, struct error *err)
{
	/* Safe: only root (Slurm, systemd) creates and names these cgroups. */
	CLEANUP_FD int fd = open(procs, O_WRONLY | O_CLOEXEC);
	char number[16];

	snprintf(number, sizeof(number), "%d", (int)pid);
	if (fd < 0 || write(fd, number, strlen(number)) < 0)
		return error_set(err, errno, "cannot write to '%s'", procs);
	return 0;
}

int priv_cgroup_procs(const char *line, char ret_path[PATH_MAX])
{
	const char *controllers = strchr(line, ':');
	const char *group = controllers ? strchr(++controllers, ':') : NULL;
	int length, used;

	if (!group || group[1] != '/')
		return -1;
	length = group - controllers;
	group++;
	if (strncmp(controllers, "name=", 5) == 0) {
		controllers += 5;
		length -= 5;
	}
	used = snprintf(ret_path, PATH_MAX, PRIV_CGROUP_MOUNT "%s%.*s%.*s/%s",
		length ? "/" : "", length, controllers,
		(int)strcspn(group, "\n"), group, "cgroup.procs");
	return used < PATH_MAX ? 0 : -1;
}

int priv_cgroup_join(pid_t pid, pid_t like, struct error *err)
{
	struct membership mine, wanted;
	char line[PATH_MAX], procs[PATH_MAX];
	const char *next;
	size_t length;

	if (read_membership(pid, &mine, err) < 0 ||
		read_membership(like, &wanted, err) < 0)
		return -1;
	for (next = wanted.text; *next; next += length) {
		length = strcspn(next, "\n") + 1;
		if (length >= sizeof(line) || next[length - 1] != '\n')
			return error_set(err, 0, "a cgroup's name is too long");
		snprintf(line, sizeof(line), "%.*s", (int)length, next);
		if (has_line(&mine, line))
			continue;
		if (priv_cgroup_procs(line, procs) < 0)
			return error_set(err, 0,
				"cannot understand the line '%s' of "
				"/proc/%d/cgroup",
				line, (int)like);
		if (join_group(procs, pid, err) < 0)
			return -1;
	}
	return 0;
}
