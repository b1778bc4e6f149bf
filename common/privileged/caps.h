/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef COMMON_PRIVILEGED_CAPS_H
#define COMMON_PRIVILEGED_CAPS_H

#include <stdbool.h>

#include "common/error.h"

/*
 * The capabilities of a task on its way into the container; see
 * capabilities(7).  In this order: keep (as root), raise (as the user), drop.
 */

/*
 * Let the calling process keep CAP_SYS_ADMIN and CAP_SYS_CHROOT, and for a step
 * `with_overlay` CAP_DAC_OVERRIDE, in its permitted set when it changes from
 * uid 0 to the user, and give up at once every capability that is needed
 * neither for that change nor for entering a container.  Requires uid 0.  Slurm
 * changes the uid afterwards; execve(2) would drop all of them.
 */
int priv_caps_keep(bool with_overlay, struct error *err);

/*
 * Make CAP_SYS_ADMIN and CAP_SYS_CHROOT effective, and these alone; what was
 * kept for Slurm's change of ids is given up.
 */
int priv_caps_raise(struct error *err);

/*
 * The same and CAP_DAC_OVERRIDE; only for the one call that mounts an overlay,
 * with priv_caps_raise() after it.
 */
int priv_caps_raise_overlay(struct error *err);

/*
 * Set no_new_privs: no program that this process runs from now on, as a helper
 * or as the command, gains anything by being executed, be the user root.
 */
int priv_set_no_new_privs(struct error *err);

/*
 * Give up every capability for good: empty sets, and no_new_privs, so that no
 * setuid program that the user reaches in the container gives any of them
 * back.  Reads back what it did, and fails if any of it is not so.
 */
int priv_caps_drop(struct error *err);

/*
 * Give up every capability, but not what a setuid program gives: for the user's
 * own process that has to execute one.
 */
int priv_caps_drop_allow_setuid(struct error *err);

#endif
