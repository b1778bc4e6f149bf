/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef COMMON_PRIVILEGED_CAPS_H
#define COMMON_PRIVILEGED_CAPS_H

#include <stdbool.h>

#include "common/error.h"

/*
 * Capabilities of a task until it is in the container; see capabilities(7).
 * The order is: keep (as root), raise (as the user), drop.
 */

/*
 * Let the calling process keep CAP_SYS_ADMIN and CAP_SYS_CHROOT in its
 * permitted set when Slurm changes its uid from 0 to the user's; with
 * `with_overlay` CAP_DAC_OVERRIDE, too.  Drops at once every capability that is
 * needed neither for the change of ids nor for the container.  Requires uid 0.
 * execve(2) would clear what is kept.
 */
int priv_caps_keep(bool with_overlay, struct error *err);

/*
 * Make CAP_SYS_ADMIN and CAP_SYS_CHROOT effective, and no others.  Drops what
 * was kept for Slurm's change of ids.
 */
int priv_caps_raise(struct error *err);

/*
 * The same plus CAP_DAC_OVERRIDE.  Only for the one call that mounts an
 * overlay; call priv_caps_raise() right after it.
 */
int priv_caps_raise_overlay(struct error *err);

/*
 * Set no_new_privs: no program that this process executes from now on, helper
 * or command, gains privileges by execve(2), even if the user is root.
 */
int priv_set_no_new_privs(struct error *err);

/*
 * Drop every capability permanently: the sets are empty, and no_new_privs keeps
 * setuid programs in the container from regaining any.  Reads the result back,
 * and fails if a capability is left.
 */
int priv_caps_drop(struct error *err);

/*
 * Drop every capability without no_new_privs: for a process of the user that
 * has to execute a setuid program (fusermount3).
 */
int priv_caps_drop_allow_setuid(struct error *err);

#endif
