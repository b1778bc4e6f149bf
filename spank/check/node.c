/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The kernel and the machine: what image server and container are made of.
 */
#include <errno.h>
#include <linux/landlock.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/error.h"
#include "common/privileged/mount.h"
#include "spank/check/check.h"

/* What a server with the default cache needs beside it, and a margin. */
#define MEMORY_MIN_MIB 256

/* The number at the beginning of a file of /proc or /sys; -1: none. */
static long read_number(const char *path)
{
	FILE *file = fopen(path, "re");
	long number;

	if (!file || fscanf(file, "%ld", &number) != 1)
		number = -1;
	if (file)
		fclose(file);
	return number;
}

void check_kernel(const struct check_context *context,
	struct check_finding *finding)
{
	struct error err = { 0 };
	struct utsname name;

	(void)context;
	uname(&name);
	if (priv_mount_check(&err) < 0)
		check_set(finding, CHECK_FAILURE, "%s (this is %s)", err.text,
			name.release);
	else
		check_set(finding, CHECK_OK, "Linux %s", name.release);
}

void check_fuse(const struct check_context *context,
	struct check_finding *finding)
{
	bool by_users = context->mounts_on_host || context->args.userns;
	struct stat status;

	if (stat("/dev/fuse", &status) < 0)
		check_set(finding, CHECK_FAILURE,
			"there is no /dev/fuse: load the kernel module fuse "
			"(modprobe fuse, and a file in /etc/modules-load.d)");
	else if (by_users && (status.st_mode & 0666) != 0666)
		check_set(finding, CHECK_FAILURE,
			"/dev/fuse has the mode %04o, and mount=host and "
			"privilege=userns need 0666, udev's default",
			status.st_mode & 07777);
	else
		check_set(finding, CHECK_OK, "/dev/fuse, mode %04o",
			status.st_mode & 07777);
}

void check_landlock(const struct check_context *context,
	struct check_finding *finding)
{
	int abi = syscall(SYS_landlock_create_ruleset, NULL, 0,
		LANDLOCK_CREATE_RULESET_VERSION);

	(void)context;
	if (abi < 0)
		check_set(finding, CHECK_WARNING,
			"the kernel does not offer Landlock (%s): seccomp "
			"alone confines the image server; add landlock to the "
			"kernel's parameter lsm=",
			strerror(errno));
	else
		check_set(finding, CHECK_OK, "ABI %d", abi);
}

void check_seccomp(const struct check_context *context,
	struct check_finding *finding)
{
	uint32_t action = SECCOMP_RET_KILL_PROCESS;

	(void)context;
	if (syscall(SYS_seccomp, SECCOMP_GET_ACTION_AVAIL, 0, &action) < 0)
		check_set(finding, CHECK_FAILURE,
			"the kernel has no seccomp filters (%s): the image "
			"server does not start without them; use a kernel with "
			"CONFIG_SECCOMP_FILTER",
			strerror(errno));
	else
		check_set(finding, CHECK_OK, "filters are available");
}

/* Can a user make one?  Root tries as nobody. */
static int try_user_namespace(void)
{
	pid_t pid = fork();
	int status;

	if (pid == 0) {
		if (geteuid() == 0 && (setgid(65534) < 0 || setuid(65534) < 0))
			_exit(EPERM);
		_exit(unshare(CLONE_NEWUSER | CLONE_NEWNS) < 0 ? errno : 0);
	}
	if (pid < 0 || waitpid(pid, &status, 0) < 0 || !WIFEXITED(status))
		return EAGAIN;
	return WEXITSTATUS(status);
}

void check_user_namespaces(const struct check_context *context,
	struct check_finding *finding)
{
	const char *apparmor =
		"/proc/sys/kernel/apparmor_restrict_unprivileged_userns";
	int failed = try_user_namespace();

	if (failed && !context->args.userns)
		check_set(finding, CHECK_SKIPPED,
			"not for users (%s); only privilege=userns needs them",
			strerror(failed));
	else if (failed)
		check_set(finding, CHECK_FAILURE,
			"users cannot make user namespaces (%s), which "
			"privilege=userns needs: raise the sysctl "
			"user.max_user_namespaces",
			strerror(failed));
	else if (context->args.userns && read_number(apparmor) == 1)
		check_set(finding, CHECK_WARNING,
			"AppArmor restricts user namespaces: give "
			"spank-sif-userns a profile with `userns,`, see "
			"spank_sif(8)");
	else
		check_set(finding, CHECK_OK, "users can make them");
}

static long available_mib(void)
{
	FILE *file = fopen("/proc/meminfo", "re");
	char line[256];
	long kib = -1;

	while (file && kib < 0 && fgets(line, sizeof(line), file))
		sscanf(line, "MemAvailable: %ld", &kib);
	if (file)
		fclose(file);
	return kib / 1024;
}

void check_memory(const struct check_context *context,
	struct check_finding *finding)
{
	long mib = available_mib();

	(void)context;
	if (mib < MEMORY_MIN_MIB)
		check_set(finding, CHECK_WARNING,
			"%ld MiB are available: an image server needs 20 MiB "
			"and its cache (cache= in plugstack.conf)",
			mib);
	else
		check_set(finding, CHECK_OK, "%ld MiB are available", mib);
}

/* The type of a context such as system_u:system_r:initrc_t:s0. */
static bool is_unconfined(const char *label)
{
	/* Of the reference policy, of Fedora's, and of a shell. */
	static const char *const types[] = { ":initrc_t:",
		":unconfined_service_t:", ":unconfined_t:" };
	size_t i;

	for (i = 0; i < sizeof(types) / sizeof(types[0]); i++)
		if (strstr(label, types[i]))
			return true;
	return false;
}

static void check_slurmd_label(struct check_finding *finding)
{
	char label[256];

	if (!check_read_line_of("ps -o label= -C slurmd 2>/dev/null", label,
		    sizeof(label)))
		check_set(finding, CHECK_OK,
			"SELinux is enforcing, and no slurmd runs here");
	else if (is_unconfined(label))
		check_set(finding, CHECK_OK,
			"SELinux is enforcing, and does not confine slurmd "
			"(%s)",
			label);
	else
		check_set(finding, CHECK_WARNING,
			"SELinux is enforcing and may confine slurmd (%s): "
			"spank_sif(8) lists what its policy must allow, look "
			"for denials with ausearch -m avc",
			label);
}

void check_security_modules(const struct check_context *context,
	struct check_finding *finding)
{
	long enforcing = read_number("/sys/fs/selinux/enforce");

	(void)context;
	if (enforcing == 1)
		check_slurmd_label(finding);
	else
		check_set(finding, CHECK_OK, "SELinux is %s",
			enforcing == 0 ? "permissive" : "off");
}
