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
		if (session.raw.value[setting])
			settings_put(&session.settings, setting,
				session.raw.value[setting], &err);
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
		return settings_is(&session.settings, SETTING_BATCH, "image");
	return step <= SLURM_MAX_NORMAL_STEP_ID;
}

/* One for the root, one for each further image; none to join a step. */
static int count_servers(struct error *err)
{
	struct bind_list mounts;
	size_t count;

	session.servers_count = 0;
	if (session_joins())
		return 0;
	if (bind_list_parse(settings_get(&session.settings, SETTING_MOUNT),
		    BIND_SPEC_IMAGES, &mounts, err) < 0)
		return error_prefix(err, "--sif-mount");
	count = 1 + mounts.count;
	bind_list_free(&mounts);
	if (count > CONTAINER_IMAGES_MAX)
		return error_set(err, 0,
			"--sif-mount: a step can have %d further images, not "
			"more",
			CONTAINER_IMAGES_MAX - 1);
	session.servers_count = count; /* never more than there is room for */
	return 0;
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
		session.is_default[i] = !session.settings.value[i];
	if (settings_add_defaults(&session.settings, &session.args.defaults,
		    &err) < 0)
		loaded = -1;
	session.runs_image = is_step_for_image(step) && session_wants_image();
	if (!session.runs_image)
		return;
	if (settings_errors_first(&session.wrong, &wrong))
		session_record(&wrong);
	if (loaded < 0 || count_servers(&err) < 0)
		session_record(&err);
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
	return !settings_is(&session.settings, SETTING_JOIN, "none");
}

/* Whose value was refused is not one who asked for nothing. */
bool session_wants_image(void)
{
	return settings_have_image(&session.settings) || session_joins() ||
	       session.wrong.text[SETTING_IMAGE] ||
	       session.wrong.text[SETTING_JOIN];
}
