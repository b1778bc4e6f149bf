/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The kernel and the machine: what image server and container are made of.
 */
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/landlock.h>
#include <linux/major.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "common/error.h"
#include "common/privileged/mount.h"
#include "spank/check/check.h"

#define FUSE_MINOR 229

/* Only kernels with Debian's patch have it. */
#define USERNS_CLONE "/proc/sys/kernel/unprivileged_userns_clone"

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
	CLEANUP_FD int fd = open("/dev/fuse", O_RDWR | O_CLOEXEC);
	int failed = fd < 0 ? errno : 0;
	struct stat status;

	/* udev makes the file even if there is no module. */
	if (stat("/dev/fuse", &status) < 0 || failed == ENXIO ||
		failed == ENODEV)
		check_set(finding, CHECK_FAILURE,
			"cannot use /dev/fuse: %s; load the kernel module fuse "
			"(modprobe fuse, and a file in /etc/modules-load.d)",
			strerror(failed));
	else if (!S_ISCHR(status.st_mode) ||
		 status.st_rdev != makedev(MISC_MAJOR, FUSE_MINOR))
		check_set(finding, CHECK_FAILURE,
			"/dev/fuse is not the device %d:%d: remove it, then "
			"mknod /dev/fuse c %d %d, or restart udev",
			MISC_MAJOR, FUSE_MINOR, MISC_MAJOR, FUSE_MINOR);
	else if (failed && geteuid() == 0)
		check_set(finding, CHECK_FAILURE,
			"root cannot open /dev/fuse: %s; allow the device "
			"where slurmd runs (a container, or DeviceAllow= of "
			"its unit)",
			strerror(failed));
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
	/* Only with these two does the server start without it: sandbox.c. */
	if (abi < 0 && errno != ENOSYS && errno != EOPNOTSUPP)
		check_set(finding, CHECK_FAILURE,
			"Landlock is forbidden here (%s), and the image server "
			"does not start: if slurmd is in a container, allow "
			"the system calls landlock_*",
			strerror(errno));
	else if (abi < 0)
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

int check_as_user(int (*function)(const void *arg), const void *arg)
{
	pid_t pid = fork();
	int status;

	if (pid == 0) {
		if (geteuid() == 0 &&
			(setgroups(0, NULL) < 0 || setgid(65534) < 0 ||
				setuid(65534) < 0))
			_exit(EPERM);
		_exit(function(arg));
	}
	if (pid < 0 || waitpid(pid, &status, 0) < 0 || !WIFEXITED(status))
		return -1;
	return WEXITSTATUS(status);
}

static int try_user_namespace(const void *arg)
{
	(void)arg;
	return unshare(CLONE_NEWUSER | CLONE_NEWNS) < 0 ? errno : 0;
}

/* Ubuntu's AppArmor takes a new namespace's capabilities away, unless a profile
 * allows them.  Only root can read which profiles there are. */
static bool is_held_by_apparmor(void)
{
	char profile[256];

	return read_number("/proc/sys/kernel/"
			   "apparmor_restrict_unprivileged_userns") == 1 &&
	       !check_read_line_of("grep -s spank-sif-userns "
				   "/sys/kernel/security/apparmor/profiles",
		       profile, sizeof(profile));
}

void check_user_namespaces(const struct check_context *context,
	struct check_finding *finding)
{
	bool needed = context->args.userns;
	bool wanted = needed || !context->args.denied[SETTING_OVERLAY];
	const char *by =
		needed ? "privilege=userns" : "directories of --sif-overlay";
	int failed = check_as_user(try_user_namespace, NULL);

	if (failed && !wanted)
		check_set(finding, CHECK_SKIPPED,
			"not for users (%s), and nothing needs them",
			strerror(failed));
	else if (failed)
		check_set(finding, needed ? CHECK_FAILURE : CHECK_WARNING,
			"users cannot make user namespaces (%s), which %s "
			"need%s: %s",
			strerror(failed), by, needed ? "s" : "",
			read_number(USERNS_CLONE) == 0
				? "set the sysctl "
				  "kernel.unprivileged_userns_clone to 1"
				: "raise the sysctl user.max_user_namespaces");
	else if (wanted && is_held_by_apparmor())
		check_set(finding, CHECK_WARNING,
			"AppArmor restricts user namespaces, which %s need%s: "
			"give spank-sif-userns a profile with `userns,`, see "
			"spank_sif(8)",
			by, needed ? "s" : "");
	else
		check_set(finding, CHECK_OK, "users can make them");
}

/* The type of a context such as system_u:system_r:initrc_t:s0. */
static bool is_unconfined(const char *label)
{
	/* Those of the reference policy, of Fedora's, and of a shell. */
	static const char *const types[] = { ":initrc_t:",
		":unconfined_service_t:", ":unconfined_t:" };
	size_t i;

	for (i = 0; i < sizeof(types) / sizeof(types[0]); i++)
		if (strstr(label, types[i]))
			return true;
	return false;
}

static bool read_slurmd_label(char *label, size_t size)
{
	return check_read_line_of("ps -o label= -C slurmd 2>/dev/null", label,
		size);
}

static void check_slurmd_label(struct check_finding *finding)
{
	char label[256];

	if (!read_slurmd_label(label, sizeof(label)))
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

/* With a profile, the label is its name and "(enforce)" or "(complain)". */
static bool is_confined_by_apparmor(char *label, size_t size)
{
	char enabled[8];

	return check_read_line_of("cat /sys/module/apparmor/parameters/enabled "
				  "2>/dev/null",
		       enabled, sizeof(enabled)) &&
	       enabled[0] == 'Y' && read_slurmd_label(label, size) &&
	       strstr(label, "(enforce)");
}

void check_security_modules(const struct check_context *context,
	struct check_finding *finding)
{
	long enforcing = read_number("/sys/fs/selinux/enforce");
	char label[256];

	(void)context;
	if (enforcing == 1)
		check_slurmd_label(finding);
	else if (is_confined_by_apparmor(label, sizeof(label)))
		check_set(finding, CHECK_WARNING,
			"AppArmor confines slurmd (%s): its profile must allow "
			"what spank_sif(8) lists for SELinux, look for DENIED "
			"in the kernel's log",
			label);
	else
		check_set(finding, CHECK_OK,
			"SELinux is %s, AppArmor does not confine slurmd",
			enforcing == 0 ? "permissive" : "off");
}
