/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "common/tracing.h"

/* PR_GET_DUMPABLE: with any other value only root can trace the process. */
#define DUMPABLE_BY_USER 1

int tracing_forbid(struct error *err)
{
	int before = prctl(PR_GET_DUMPABLE, 0, 0, 0, 0);

	if (prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) < 0)
		return error_set(err, errno, "cannot forbid tracing");
	if (before == DUMPABLE_BY_USER && getuid() != 0)
		return error_set(err, 0,
			"other processes of its user could trace it; please "
			"tell the administrator (is fs.suid_dumpable 1 on this "
			"node?)");
	return 0;
}
