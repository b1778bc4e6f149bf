/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The libraries that the host's loader knows, as `ldconfig -p` lists them:
 *
 *	<TAB>libcuda.so.1 (libc6,x86-64) => /usr/lib64/libcuda.so.1
 *
 * This runs ldconfig instead of reading /etc/ld.so.cache, whose format is
 * internal to glibc.  It ignores the text in parentheses: the names of ABIs are
 * internal, too, and shared_object.h finds out the ABI of a file.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "common/deadline.h"
#include "spank/gpus/loader_cache.h"

#define LDCONFIG            "/sbin/ldconfig"
#define LDCONFIG_TIMEOUT_MS 5000

/* A line has about 80 bytes; large hosts have several thousand libraries. */
#define TEXT_SIZE_MAX (4 * 1024 * 1024)

/* Its standard output is `output`, descriptors 0 and 2 are /dev/null. */
static int start_ldconfig(int output, pid_t *ret_pid, struct error *err)
{
	char *const argv[] = { "ldconfig", "-p", NULL };
	char *const environment[] = { "LC_ALL=C", NULL };
	posix_spawn_file_actions_t actions;
	int num;

	posix_spawn_file_actions_init(&actions);
	posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
	posix_spawn_file_actions_adddup2(&actions, output, 1);
	posix_spawn_file_actions_addopen(&actions, 2, "/dev/null", O_WRONLY, 0);
	num = posix_spawn(ret_pid, LDCONFIG, &actions, NULL, argv, environment);
	posix_spawn_file_actions_destroy(&actions);
	if (num)
		return error_set(err, num, "cannot execute '" LDCONFIG " -p'");
	return 0;
}

static int read_output(int fd, char *text, struct error *err)
{
	struct deadline deadline = deadline_in_ms(LDCONFIG_TIMEOUT_MS);
	size_t used = 0;
	ssize_t got = 1;
	int ready;

	while (got > 0 && used < TEXT_SIZE_MAX - 1) {
		ready = deadline_wait_readable(deadline, fd);
		if (ready == 0)
			return error_set(err, 0,
				"'" LDCONFIG " -p' did not end within %d s",
				LDCONFIG_TIMEOUT_MS / 1000);
		got = ready < 0
			      ? -1
			      : read(fd, text + used, TEXT_SIZE_MAX - 1 - used);
		if (got < 0)
			return error_set(err, errno,
				"cannot read from '" LDCONFIG " -p'");
		used += got;
	}
	text[used] = '\0';
	return 0;
}

/*
 * After the end of its output it has usually exited, and the signal has no
 * effect; otherwise we do not want to wait for it.
 */
static int stop_ldconfig(pid_t pid, struct error *err)
{
	int status = 0;

	kill(pid, SIGKILL);
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	if (WIFEXITED(status) && WEXITSTATUS(status) != 0)
		return error_set(err, 0,
			"'" LDCONFIG " -p' ended with status %d",
			WEXITSTATUS(status));
	return 0;
}

int loader_cache_load(char **ret_text, struct error *err)
{
	CLEANUP_FREE char *text = malloc(TEXT_SIZE_MAX);
	CLEANUP_FD int output = -1;
	CLEANUP_FD int input = -1;
	int fds[2], status;
	pid_t pid;

	if (!text || pipe2(fds, O_CLOEXEC) < 0)
		return error_set(err, errno,
			"cannot execute '" LDCONFIG " -p'");
	input = fds[0];
	output = fds[1];
	if (start_ldconfig(output, &pid, err) < 0)
		return -1;
	cleanup_fd(&output);
	status = read_output(input, text, err);
	if (stop_ldconfig(pid, status < 0 ? &(struct error){ 0 } : err) < 0)
		return -1;
	if (status == 0)
		*ret_text = pointer_take(&text);
	return status;
}

/* Cut the line into name and path, if it is one of a library. */
static bool parse_line(char *line, char **ret_name, char **ret_path)
{
	char *name = line + strspn(line, " \t");
	char *flags = strstr(name, " (");
	char *path = flags ? strstr(flags, ") => ") : NULL;

	if (!path || path[strlen(") => ")] != '/')
		return false;
	*flags = '\0';
	*ret_name = name;
	*ret_path = path + strlen(") => ");
	return true;
}

int loader_cache_next(char **position, char **ret_name, char **ret_path)
{
	char *line;

	while ((line = strsep(position, "\n")))
		if (parse_line(line, ret_name, ret_path))
			return 1;
	return 0;
}
