/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The administrator's variables in path=, bind=, home= and workdir=, in the
 * form that expand.c takes.
 */
#include <limits.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "spank/plugin/settings/admin_variables.h"
#include "spank/plugin/settings/expand.h"

/* Room for the strings of a passwd entry. */
#define ENTRY_SIZE (1 << 16)

int admin_variables_check(const char *text, struct error *err)
{
	char *const samples[] = { "USER=user", "HOME=/home", "UID=1",
		"SLURM_JOB_ID=1", NULL };
	char path[PATH_MAX];

	if (expand_absolute(text, samples, path, err) < 0)
		return error_hint(err,
			"give an absolute path, in which $USER, $HOME, $UID "
			"and $SLURM_JOB_ID can be");
	return 0;
}

static void load_user(struct admin_variables *variables, char ***end)
{
	CLEANUP_FREE char *buffer = malloc(ENTRY_SIZE);
	struct passwd entry, *found = NULL;

	if (!buffer ||
		getpwuid_r(getuid(), &entry, buffer, ENTRY_SIZE, &found) != 0 ||
		!found || strlen(entry.pw_name) >= LOGIN_NAME_MAX ||
		strlen(entry.pw_dir) >= PATH_MAX)
		return;
	sprintf(variables->user, "USER=%s", entry.pw_name);
	sprintf(variables->home, "HOME=%s", entry.pw_dir);
	*(*end)++ = variables->user;
	*(*end)++ = variables->home;
}

void admin_variables_load(uint32_t job, struct admin_variables *ret_variables)
{
	char **end = ret_variables->list;

	load_user(ret_variables, &end);
	sprintf(ret_variables->uid, "UID=%u", (unsigned int)getuid());
	*end++ = ret_variables->uid;
	sprintf(ret_variables->job, "SLURM_JOB_ID=%u", job);
	if (job != 0)
		*end++ = ret_variables->job;
	*end = NULL;
}
