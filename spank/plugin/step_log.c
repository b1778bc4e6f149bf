/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * One line in slurmd's log for each step that has an image, for administrators
 * who have to find out later which images were used, and by whom.
 *
 * Job, step, user and end come from Slurm.  The image is what the user named;
 * the UUID is what the user's own processes read from it and stored in memory
 * that they share with slurmstepd.  Root neither opens the image nor asks the
 * server.  So neither is trusted, and the image comes last, since it may
 * contain anything.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>

#include <slurm/slurm.h>

#include "common/cleanup.h"
#include "spank/plugin/io/say.h"
#include "spank/plugin/step.h"
#include "spank/plugin/step_log.h"

/* A signal is worse than any exit status. */
static int badness(int status)
{
	return WIFSIGNALED(status) ? 256 + WTERMSIG(status)
				   : WEXITSTATUS(status);
}

void step_log_task(struct step *step, int status)
{
	if (!step->has_ended || badness(status) > badness(step->worst))
		step->worst = status;
	step->has_ended = true;
}

void step_log_uuid(const struct step *step, const struct environment *edits)
{
	const struct environment_entry *entry = edits->entries;

	for (; entry < edits->entries + edits->count; entry++)
		if (strcmp(entry->name, "SIF_UUID") == 0 && entry->value)
			memcpy(step->shared->uuid, entry->value,
				strnlen(entry->value, STEP_UUID_SIZE));
}

void step_log_refused(const struct step *step)
{
	if (step->shared)
		step->shared->refused = 1;
}

/* The memory may contain anything: copy what has the form of a UUID, or "-". */
static void take_uuid(const struct step *step,
	char ret_uuid[STEP_UUID_SIZE + 1])
{
	snprintf(ret_uuid, STEP_UUID_SIZE + 1, "-");
	if (!step->shared)
		return;
	memcpy(ret_uuid, step->shared->uuid, STEP_UUID_SIZE);
	ret_uuid[STEP_UUID_SIZE] = '\0';
	if (strspn(ret_uuid, "0123456789abcdef-") != STEP_UUID_SIZE)
		strcpy(ret_uuid, "-");
}

static void describe_number(uint32_t number, char *ret_name, size_t size)
{
	if (number == SLURM_BATCH_SCRIPT)
		snprintf(ret_name, size, "batch");
	else if (number == SLURM_INTERACTIVE_STEP)
		snprintf(ret_name, size, "interactive");
	else
		snprintf(ret_name, size, "%" PRIu32, number);
}

static void describe_end(const struct step *step, bool is_refused,
	char *ret_end, size_t size)
{
	if (is_refused || (step->shared && step->shared->refused))
		snprintf(ret_end, size, "refused");
	else if (!step->has_ended)
		snprintf(ret_end, size, "unknown");
	else if (WIFSIGNALED(step->worst))
		snprintf(ret_end, size, "signal:%d", WTERMSIG(step->worst));
	else
		snprintf(ret_end, size, "exit:%d", WEXITSTATUS(step->worst));
}

void step_log_write(spank_t spank, const struct step *step, bool is_refused)
{
	uint32_t job = 0, number = 0, tasks = 0;
	char name[16], end[16], uuid[STEP_UUID_SIZE + 1];
	CLEANUP_FREE char *joined = NULL;
	bool joins = settings_have_join(&step->settings);
	uid_t uid = 0;

	spank_get_item(spank, S_JOB_ID, &job);
	spank_get_item(spank, S_JOB_STEPID, &number);
	spank_get_item(spank, S_JOB_UID, &uid);
	spank_get_item(spank, S_JOB_LOCAL_TASK_COUNT, &tasks);
	describe_number(number, name, sizeof(name));
	describe_end(step, is_refused, end, sizeof(end));
	take_uuid(step, uuid);
	if (joins)
		joined = settings_print(&step->settings, SETTING_JOIN);
	say_info("step ended: job=%" PRIu32 " step=%s uid=%u tasks=%" PRIu32
		 " end=%s uuid=%s %s=%s",
		job, name, (unsigned int)uid, tasks, end, uuid,
		joins ? "joined" : "image",
		joined ? joined : settings_image(&step->settings));
}
