/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The plugin's global variable; see session.h.
 */
#include "spank/plugin/session.h"

struct session session = {
	.step = STEP_NONE,
	.task = TASK_NONE,
};

void session_record(const struct error *err)
{
	if (!error_is_set(&session.error))
		session.error = *err;
}
