/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SPANK_CHECK_CHECK_H
#define SPANK_CHECK_CHECK_H

#include <stdbool.h>

/*
 * One question about this machine.  Each check fills in a sentence: what was
 * found, and what to do unless that is CHECK_OK.
 */
enum check_result {
	CHECK_OK,
	CHECK_WARNING, /* it works, but not everywhere or not as well */
	CHECK_FAILURE, /* steps with an image fail here, or are not in it */
	CHECK_SKIPPED, /* this caller cannot tell, or it is not needed */
};

struct check_finding {
	enum check_result result;
	char text[1024];
};

/* What plugstack.conf asks of the machine. */
struct check_context {
	bool mounts_on_host;  /* mount=host, alone or as a choice */
	bool uses_userns;     /* privilege=userns */
	bool uses_squashfuse; /* reader=squashfuse */
};

typedef void check_function(const struct check_context *context,
	struct check_finding *finding);

/* Set the result and its sentence. */
void check_set(struct check_finding *finding, enum check_result result,
	const char *format, ...) __attribute__((format(printf, 3, 4)));

/* node.c: the kernel and the machine. */
check_function check_kernel, check_fuse, check_landlock, check_seccomp,
	check_user_namespaces, check_memory, check_security_modules;

/* install.c: files, Slurm and plugstack.conf. */
check_function check_plugin, check_programs, check_release, check_plugstack,
	check_fusermount;

/* Read the plugin's line; nothing is set if there is none. */
void check_read_plugstack(struct check_context *context);

/* image.c: start a server, mount a test image, read it. */
check_function check_image;

/*
 * cluster.c: run spank-sif-check on all nodes that are idle or mixed.  Prints a
 * line for each node, and returns the exit status.
 */
int check_cluster(void);

#endif
