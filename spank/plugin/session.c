/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What slurmstepd knows of its step: which values hold, and whether the step
 * runs in an image at all.
 *
 * The commands complete what the user asks for and hand it on in the job's
 * environment (submit.c).  Where they have not, because the environment was
 * taken away or the command is another, Slurm's own value of the option counts.
 * Either is checked: a user can write both himself.
 */
#include <errno.h>
#include <string.h>
#include <sys/mman.h>

#include <slurm/slurm.h>

#include "spank/plugin/session.h"
#include "spank/plugin/settings/envp.h"

struct session session = {
	.servers = { IMAGE_SERVER_NONE, IMAGE_SERVER_NONE, IMAGE_SERVER_NONE,
		IMAGE_SERVER_NONE, IMAGE_SERVER_NONE, IMAGE_SERVER_NONE,
		IMAGE_SERVER_NONE, IMAGE_SERVER_NONE, IMAGE_SERVER_NONE },
	.host_mount = HOST_MOUNT_NONE,
	.watchdog = FUSE_WATCHDOG_NONE,
	.fuse_fds = { -1, -1, -1, -1, -1, -1, -1, -1, -1 },
};

/* The first failure is the cause; what follows from it is not worth saying. */
void session_record(const struct error *err)
{
	if (!error_is_set(&session.error))
		session.error = *err;
}

static void load_setting(enum setting setting, char *const *job)
{
	const struct setting_rule *rule = setting_rule(setting);
	const char *value = envp_get(job, rule->relay_variable);
	struct error err = { 0 };

	if (!value) {
		settings_move(&session.settings, setting, &session.raw);
		return;
	}
	settings_errors_set(&session.wrong, setting, NULL);
	if (settings_put(&session.settings, setting, value, &err) < 0) {
		error_prefix(&err, "%s", rule->relay_variable);
		settings_errors_set(&session.wrong, setting, &err);
	}
}

/*
 * The batch script and salloc's interactive step run on the host unless asked;
 * the step that only holds a job's processes always.
 */
static bool is_step_for_image(uint32_t step)
{
	if (step == SLURM_BATCH_SCRIPT || step == SLURM_INTERACTIVE_STEP)
		return settings_is(&session.settings, SETTING_BATCH,
			WORD_IMAGE);
	return step <= SLURM_MAX_NORMAL_STEP_ID;
}

/* One for the root, one for each further image; none to join a step. */
static void count_servers(void)
{
	session.servers_count =
		session_joins()
			? 0
			: 1 + settings_binds(&session.settings, SETTING_MOUNT)
					  ->count;
}

static int load_settings(char *const *job, struct error *err)
{
	int i;

	for (i = 0; i < SETTINGS_COUNT; i++)
		load_setting(i, job);
	return plugstack_args_check_users(&session.args, &session.settings,
		err);
}

void session_load(char *const *job, uint32_t step)
{
	struct error err = { 0 }, wrong = { 0 };
	int loaded = load_settings(job, &err);
	int i;

	for (i = 0; i < SETTINGS_COUNT; i++)
		session.is_default[i] = !session.settings.value[i].is_set;
	if (settings_add_defaults(&session.settings, &session.args.defaults,
		    &err) < 0)
		loaded = -1;
	session.runs_image = is_step_for_image(step) && session_wants_image();
	if (!session.runs_image)
		return;
	if (settings_errors_first(&session.wrong, &wrong))
		session_record(&wrong);
	if (loaded < 0 || settings_check(&session.settings, &err) < 0)
		session_record(&err);
	else
		count_servers();
}

int session_share(struct error *err)
{
	void *memory = mmap(NULL, sizeof(*session.shared),
		PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	if (memory == MAP_FAILED)
		return error_set(err, errno, "cannot allocate memory");
	session.shared = memory;
	return 0;
}

bool session_joins(void)
{
	return settings_join(&session.settings);
}

/* Whose value was refused is not one who asked for nothing. */
bool session_wants_image(void)
{
	return settings_have_image(&session.settings) || session_joins() ||
	       session.wrong.text[SETTING_IMAGE] ||
	       session.wrong.text[SETTING_JOIN];
}
