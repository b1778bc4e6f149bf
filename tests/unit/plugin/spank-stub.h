/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef TESTS_UNIT_PLUGIN_SPANK_STUB_H
#define TESTS_UNIT_PLUGIN_SPANK_STUB_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * The functions of Slurm that the plugin calls, for tests without Slurm.  A
 * step is what `spank_stub` says; what is printed is kept.
 */

#define SPANK_STUB_LINES 16

struct spank_stub {
	uint32_t job, step, tasks, node;
	bool hides_tasks; /* `tasks` cannot be had */
	uint32_t uid;
	int task;
	char **argv; /* NULL-terminated, or NULL */
	char **env;  /* what spank_setenv() changes; owned by the stub */
	char *lines[SPANK_STUB_LINES]; /* "error: ...", "note: ...", "info: " */
	size_t lines_count;
};

extern struct spank_stub spank_stub;

/* Forget everything; set the environment of the step to copies of these. */
void spank_stub_reset(const char *const *env);

#endif
