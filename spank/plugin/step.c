/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What slurmstepd knows of its step: which settings hold, and whether the step
 * runs in an image at all.
 *
 * srun, sbatch and salloc resolve what the user asks for and pass it on in the
 * job's environment (submit.c).  If they have not, because the environment was
 * emptied or another command was used, Slurm's own value of the option counts.
 * Both are checked here: a user can write either.
 */
#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <slurm/slurm.h>

#include "spank/plugin/settings/envp.h"
#include "spank/plugin/step.h"

void step_take_option(struct step *step, enum setting setting,
	const char *value)
{
	struct error err = { 0 };

	/* 22.05's slurmstepd calls twice; a list would double. */
	settings_forget(&step->options, setting);
	if (settings_put(&step->options, setting, value, &err) == 0) {
		settings_errors_set(&step->wrong, setting, NULL);
		return;
	}
	error_prefix(&err, "--sif-%s", setting_rule(setting)->name);
	settings_errors_set(&step->wrong, setting, &err);
}

static void load_setting(struct step *step, enum setting setting,
	char *const *job)
{
	const struct setting_rule *rule = setting_rule(setting);
	const char *value = envp_get(job, rule->relay_variable);
	struct error err = { 0 };

	if (!value) {
		settings_move(&step->settings, setting, &step->options);
		return;
	}
	settings_errors_set(&step->wrong, setting, NULL);
	if (settings_put(&step->settings, setting, value, &err) < 0) {
		error_prefix(&err, "%s", rule->relay_variable);
		settings_errors_set(&step->wrong, setting, &err);
	}
}

/*
 * The batch script and salloc's interactive step run on the host unless the
 * user asks otherwise.  The step that only holds a job's processes always does.
 */
static bool is_step_for_image(const struct step *step, uint32_t number)
{
	if (number == SLURM_BATCH_SCRIPT || number == SLURM_INTERACTIVE_STEP)
		return settings_is(&step->settings, SETTING_BATCH, WORD_IMAGE);
	return number <= SLURM_MAX_NORMAL_STEP_ID;
}

/* One for the root, one for each further image; none to join a step. */
static size_t count_servers(const struct settings *settings)
{
	struct further_images images;

	if (settings_have_join(settings))
		return 0;
	settings_further_images(settings, &images);
	return 1 + images.count;
}

int step_load(struct step *step, const struct plugstack_args *args,
	char *const *job, uint32_t number, struct error *err)
{
	int i, loaded;

	for (i = 0; i < SETTINGS_COUNT; i++)
		load_setting(step, i, job);
	loaded = plugstack_args_check_users(args, &step->settings, err);
	for (i = 0; i < SETTINGS_COUNT; i++)
		step->is_default[i] = !step->settings.value[i].is_set;
	if (settings_add_defaults(&step->settings, &args->defaults, err) < 0)
		loaded = -1;
	step->runs_image =
		is_step_for_image(step, number) &&
		settings_want_container(&step->settings, &step->wrong);
	if (!step->runs_image)
		return 0;
	if (settings_errors_first(&step->wrong, err) || loaded < 0)
		return -1;
	if (settings_check(&step->settings, err) < 0)
		return -1;
	step->servers_count = count_servers(&step->settings);
	return 0;
}

int step_share(struct step *step, struct error *err)
{
	void *memory = mmap(NULL, sizeof(*step->shared), PROT_READ | PROT_WRITE,
		MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	if (memory == MAP_FAILED)
		return error_set(err, errno, "cannot allocate memory");
	step->shared = memory;
	return 0;
}

bool step_is_contained(const struct step *step)
{
	return getpid() != step->pid;
}

const char *step_image_name(const struct step *step, size_t i)
{
	struct further_images images;

	if (i == 0)
		return settings_image(&step->settings);
	settings_further_images(&step->settings, &images);
	return images.items[i - 1]->source;
}
