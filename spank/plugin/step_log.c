/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * One line for each step that has an image, in slurmd's log: for whoever has to
 * find out later which images were used, and by whom.
 *
 * Job, step, user and end are Slurm's word.  The image is as the user has named
 * it; the UUID is what the user's own processes have read from it, over memory
 * that they share with slurmstepd: root neither opens the image nor asks the
 * server.  Both are therefore the user's word, and the image comes last, since
 * it may look like anything.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>

#include <slurm/slurm.h>

#include "common/cleanup.h"
#include "spank/plugin/io/say.h"
#include "spank/plugin/session.h"
#include "spank/plugin/step_log.h"

/* A signal is worse than any exit status. */
static int badness(int status)
{
	return WIFSIGNALED(status) ? 256 + WTERMSIG(status)
				   : WEXITSTATUS(status);
}

void step_log_task(int status)
{
	if (!session.has_ended || badness(status) > badness(session.worst))
		session.worst = status;
	session.has_ended = true;
}

void step_log_uuid(const struct environment *edits)
{
	const struct environment_entry *entry = edits->entries;

	for (; entry < edits->entries + edits->count; entry++)
		if (strcmp(entry->name, "SIF_UUID") == 0 && entry->value)
			memcpy(session.shared->uuid, entry->value,
				strnlen(entry->value, SESSION_UUID_SIZE));
}

void step_log_refused(void)
{
	if (session.shared)
		session.shared->refused = 1;
}

/* Anything can be there: a copy of what has the form of a UUID, or "-". */
static void take_uuid(char ret_uuid[SESSION_UUID_SIZE + 1])
{
	snprintf(ret_uuid, SESSION_UUID_SIZE + 1, "-");
	if (!session.shared)
		return;
	memcpy(ret_uuid, session.shared->uuid, SESSION_UUID_SIZE);
	ret_uuid[SESSION_UUID_SIZE] = '\0';
	if (strspn(ret_uuid, "0123456789abcdef-") != SESSION_UUID_SIZE)
		strcpy(ret_uuid, "-");
}

static void describe_step(uint32_t step, char *ret_name, size_t size)
{
	if (step == SLURM_BATCH_SCRIPT)
		snprintf(ret_name, size, "batch");
	else if (step == SLURM_INTERACTIVE_STEP)
		snprintf(ret_name, size, "interactive");
	else
		snprintf(ret_name, size, "%" PRIu32, step);
}

static void describe_end(char *ret_end, size_t size)
{
	if (error_is_set(&session.error) ||
		(session.shared && session.shared->refused))
		snprintf(ret_end, size, "refused");
	else if (!session.has_ended)
		snprintf(ret_end, size, "unknown");
	else if (WIFSIGNALED(session.worst))
		snprintf(ret_end, size, "signal:%d", WTERMSIG(session.worst));
	else
		snprintf(ret_end, size, "exit:%d", WEXITSTATUS(session.worst));
}

void step_log_write(spank_t spank)
{
	uint32_t job = 0, number = 0, tasks = 0;
	char step[16], end[16], uuid[SESSION_UUID_SIZE + 1];
	CLEANUP_FREE char *joined = NULL;
	bool joins = session_joins();
	uid_t uid = 0;

	if (!session.args.log_steps)
		return;
	spank_get_item(spank, S_JOB_ID, &job);
	spank_get_item(spank, S_JOB_STEPID, &number);
	spank_get_item(spank, S_JOB_UID, &uid);
	spank_get_item(spank, S_JOB_LOCAL_TASK_COUNT, &tasks);
	describe_step(number, step, sizeof(step));
	describe_end(end, sizeof(end));
	take_uuid(uuid);
	if (joins)
		joined = settings_print(&session.settings, SETTING_JOIN);
	say_info("step ended: job=%" PRIu32 " step=%s uid=%u tasks=%" PRIu32
		 " end=%s uuid=%s %s=%s",
		job, step, (unsigned int)uid, tasks, end, uuid,
		joins ? "joined" : "image",
		joined ? joined : settings_image(&session.settings));
}
