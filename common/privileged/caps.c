/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Capabilities of a task between root and execve.  The order of events:
 *
 *   task_init_privileged (root)   keep:  permitted is cut, KEEPCAPS is set
 *   Slurm becomes the user               permitted stays, effective is empty
 *   task_init (user)              raise: effective gets what mounts need
 *   container built or entered    drop:  nothing is left, and none can return
 *
 * Raw capget(2) and capset(2), because libcap would have to be loaded into
 * slurmstepd.
 */
#include <errno.h>
#include <linux/capability.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "common/privileged/caps.h"

#define CAP_BIT(cap) (UINT64_C(1) << (cap))

/* For unshare, mounts, setns and pivot_root; see their man pages. */
#define CAPS_MOUNT (CAP_BIT(CAP_SYS_ADMIN) | CAP_BIT(CAP_SYS_CHROOT))
/*
 * An overlay works with the credentials of its mounter, and its work directory
 * has mode 000.  It uses them on its own layers only, after the kernel has
 * checked the caller's permissions.
 */
#define CAPS_OVERLAY (CAPS_MOUNT | CAP_BIT(CAP_DAC_OVERRIDE))
/* For Slurm's change of ids, which happens between keep and raise. */
#define CAPS_IDS (CAP_BIT(CAP_SETUID) | CAP_BIT(CAP_SETGID))

struct caps {
	uint64_t effective;
	uint64_t permitted;
	uint64_t inheritable;
};

static uint64_t from_halves(uint32_t low, uint32_t high)
{
	return low | (uint64_t)high << 32;
}

static int caps_get(struct caps *ret_caps)
{
	struct __user_cap_header_struct header = {
		.version = _LINUX_CAPABILITY_VERSION_3,
	};
	struct __user_cap_data_struct data[2];

	if (syscall(SYS_capget, &header, data) < 0)
		return -1;
	ret_caps->effective = from_halves(data[0].effective, data[1].effective);
	ret_caps->permitted = from_halves(data[0].permitted, data[1].permitted);
	ret_caps->inheritable =
		from_halves(data[0].inheritable, data[1].inheritable);
	return 0;
}

static int caps_set(struct caps caps)
{
	struct __user_cap_header_struct header = {
		.version = _LINUX_CAPABILITY_VERSION_3,
	};
	struct __user_cap_data_struct data[2] = {
		{ caps.effective, caps.permitted, caps.inheritable },
		{ caps.effective >> 32, caps.permitted >> 32,
			caps.inheritable >> 32 },
	};

	return syscall(SYS_capset, &header, data);
}

int priv_caps_keep(bool with_overlay, struct error *err)
{
	struct caps caps;

	if (caps_get(&caps) < 0)
		return error_set(err, errno, "cannot read the capabilities");
	caps.permitted &= (with_overlay ? CAPS_OVERLAY : CAPS_MOUNT) | CAPS_IDS;
	caps.effective &= caps.permitted;
	caps.inheritable = 0;
	if ((caps.permitted & CAPS_MOUNT) != CAPS_MOUNT)
		return error_set(err, EPERM,
			"slurmstepd lacks CAP_SYS_ADMIN or CAP_SYS_CHROOT");
	if (caps_set(caps) < 0)
		return error_set(err, errno, "cannot reduce the capabilities");
	if (prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0) < 0)
		return error_set(err, errno, "cannot keep capabilities");
	return 0;
}

int priv_caps_raise(struct error *err)
{
	struct caps caps;

	/* What an overlay needs stays permitted until it is mounted. */
	if (caps_get(&caps) < 0)
		return error_set(err, errno, "cannot read the capabilities");
	caps.permitted &= CAPS_OVERLAY;
	caps.effective = CAPS_MOUNT;

	if (caps_set(caps) < 0)
		return error_set(err, errno,
			"cannot raise CAP_SYS_ADMIN and CAP_SYS_CHROOT");
	return 0;
}

int priv_caps_raise_overlay(struct error *err)
{
	struct caps caps = {
		.effective = CAPS_OVERLAY,
		.permitted = CAPS_OVERLAY,
	};

	if (caps_set(caps) < 0)
		return error_set(err, errno, "cannot raise CAP_DAC_OVERRIDE");
	return 0;
}

int priv_set_no_new_privs(struct error *err)
{
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
		return error_set(err, errno, "cannot set no_new_privs");
	return 0;
}

int priv_caps_drop(struct error *err)
{
	struct caps caps = { 0 };
	bool gone;

	if (caps_set(caps) < 0)
		return error_set(err, errno, "cannot drop the capabilities");
	if (prctl(PR_SET_KEEPCAPS, 0, 0, 0, 0) < 0 ||
		prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0) < 0 ||
		prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
		return error_set(err, errno,
			"cannot drop the capabilities permanently");
	gone = caps_get(&caps) == 0 && !caps.effective && !caps.permitted &&
	       !caps.inheritable;
	if (!gone || prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) != 1)
		return error_set(err, EPERM,
			"capabilities are left after the drop");
	return 0;
}

int priv_caps_drop_allow_setuid(struct error *err)
{
	const struct caps caps = { 0 };

	if (caps_set(caps) < 0 ||
		prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0) < 0)
		return error_set(err, errno, "cannot drop the capabilities");
	return 0;
}
