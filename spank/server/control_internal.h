/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SPANK_SERVER_CONTROL_INTERNAL_H
#define SPANK_SERVER_CONTROL_INTERNAL_H

/* For control.c, and for its unit test, which looks at every state. */

#include "spank/server/control.h"
#include "spank/server/phases.h"
#include "spank/server/tasks.h"

struct control {
	struct tasks tasks;
	struct phases phases;
	long expected; /* tasks that have not said HELLO yet */
	struct service *service;
};

/* One round of the loop, which waits for something to happen, or not. */
enum control_status control_poll(struct control *control, bool waits,
	struct error *err);

#endif
