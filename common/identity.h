/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef COMMON_IDENTITY_H
#define COMMON_IDENTITY_H

#include <sys/types.h>

/* The ids that a program runs with.  `groups` is borrowed. */
struct identity {
	uid_t uid;
	gid_t gid;
	const gid_t *groups; /* supplementary groups */
	int groups_count;
};

#endif
