/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The node's GPU drivers in the container.  spank-sif-gpus finds them; it is a
 * separate program because it reads JSON and YAML.  It prints one finding per
 * line, with TABs between the fields:
 *
 *   library FILE NAME   bind FILE to /.singularity.d/libs/NAME, where the
 *                       image's loader finds it (LD_LIBRARY_PATH)
 *   bind PATH TARGET    bind PATH to TARGET, read-only
 *   env NAME=VALUE
 *   note SENTENCE       for the user
 *
 * With exit status 1 it prints a sentence that says why there is no driver.  It
 * runs with the user's permissions, and its findings are applied with them.
 * The user can trace it, and ldconfig, which it runs, so its findings are
 * untrusted, and subject to the rules for the user's own binds.
 *
 * Devices are not bound: the container has the whole /dev, and the step's
 * device cgroup decides which devices each task can open.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/cleanup.h"
#include "common/privileged/run.h"
#include "spank/plugin/container/container_vars.h"
#include "spank/plugin/container/gpus.h"
#include "spank/plugin/settings/bind_list.h"
#include "spank/plugin/settings/envp.h"
#include "spank/plugin/settings/path.h"

#define LIBRARIES "/.singularity.d/libs"
/* A few hundred findings of a driver. */
#define OUTPUT_SIZE (256 * 1024)
/* Private: no driver needs what the host mounts later. */
#define FINDING_FLAGS (BIND_READ_ONLY | BIND_USER | BIND_PRIVATE)

struct driver {
	enum setting setting;
	const char *name; /* for the program */
};

/* CUDA users write "-1" for none, Slurm writes "NoDevFiles". */
static bool is_none(const char *devices)
{
	return !*devices || strcmp(devices, "-1") == 0 ||
	       strcmp(devices, "NoDevFiles") == 0;
}

/* Slurm sets some of these for the GPUs of a step, whatever their vendor. */
static bool has_gpus(char *const *job)
{
	static const char *const variables[] = { "SLURM_STEP_GPUS",
		"SLURM_JOB_GPUS", "CUDA_VISIBLE_DEVICES",
		"ROCR_VISIBLE_DEVICES", "GPU_DEVICE_ORDINAL" };
	const char *value;
	size_t i;

	for (i = 0; i < sizeof(variables) / sizeof(*variables); i++) {
		value = envp_get(job, variables[i]);
		if (value && !is_none(value))
			return true;
	}
	return false;
}

static int add_finding(char *line, struct binds *binds, char **vars,
	struct report *report, struct error *err)
{
	char *rest = line, *kind = strsep(&rest, "\t");
	char *first = strsep(&rest, "\t"), *second = strsep(&rest, "\t");
	char target[PATH_MAX];

	if (!first)
		return 0;
	if (strcmp(kind, "library") == 0 && second && !strchr(second, '/') &&
		snprintf(target, sizeof(target), LIBRARIES "/%s", second) <
			(int)sizeof(target))
		binds_add(binds, first, target, FINDING_FLAGS, "GPU");
	else if (strcmp(kind, "bind") == 0 && second && second[0] == '/') {
		path_normalize(second);
		binds_add(binds, first, second,
			FINDING_FLAGS | BIND_OPTIONAL | BIND_REPLACE, "GPU");
	} else if (strcmp(kind, "env") == 0 && strchr(first, '='))
		return container_vars_add(vars, err, "%s", first);
	else if (strcmp(kind, "note") == 0)
		report_note(report, "%s", first);
	return 0;
}

static int add_findings(char *findings, struct binds *binds, char **vars,
	struct report *report, struct error *err)
{
	char *line;

	while ((line = strsep(&findings, "\n")))
		if (add_finding(line, binds, vars, report, err) < 0)
			return -1;
	return 0;
}

/* Returns 1 if there is no driver, with the reason in *err. */
static int add_driver(const struct driver *driver, struct deadline deadline,
	struct binds *binds, char **vars, struct report *report,
	struct error *err)
{
	CLEANUP_FREE char *findings = malloc(OUTPUT_SIZE);
	CLEANUP_FD int null_fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
	char program[] = GPUS_PATH, name[16];
	char *argv[] = { program, name, NULL };
	int status;

	if (!findings || null_fd < 0)
		return error_set(err, errno, "cannot look for GPU drivers");
	snprintf(name, sizeof(name), "%s", driver->name);
	status = priv_run(GPUS_PATH, argv, null_fd, deadline, findings,
		OUTPUT_SIZE, err);
	if (status < 0)
		return error_prefix(err, "cannot look for GPU drivers");
	if (status == 0)
		return add_findings(findings, binds, vars, report, err);
	findings[strcspn(findings, "\n")] = '\0';
	error_set(err, 0, "%s", findings);
	return 1;
}

static bool is_wanted(enum word wish, char *const *job)
{
	if (wish == WORD_AUTO)
		return has_gpus(job);
	return wish != WORD_NO;
}

int gpus_plan(const struct plan_request *request, struct deadline deadline,
	struct binds *binds, char **vars, struct report *report,
	struct error *err)
{
	static const struct driver drivers[] = { { SETTING_NV, "nvidia" },
		{ SETTING_ROCM, "rocm" } };
	bool wants_any = false, found = false, told = false;
	enum word wish;
	size_t i;
	int added;

	for (i = 0; i < sizeof(drivers) / sizeof(*drivers); i++) {
		wish = settings_get(request->settings, drivers[i].setting)
			       ->word;
		if (!is_wanted(wish, request->job))
			continue;
		added = add_driver(&drivers[i], deadline, binds, vars, report,
			err);
		if (added < 0 || (added > 0 && wish == WORD_YES))
			return -1;
		wants_any = true;
		found = found || added == 0;
		if (added > 0 && wish == WORD_TRY) {
			report_note(report, "%s", err->text);
			told = true;
		}
	}
	if (wants_any && !found && !told)
		report_note(report,
			"the step has GPUs, but no NVIDIA or AMD driver was "
			"found on this node: GPU programs in the image will "
			"not work (--sif-nv=yes tells more)");
	return 0;
}
