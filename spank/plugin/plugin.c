/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The hooks that Slurm calls, in the order of a step; see spank(8) for where
 * each runs and doc/privileges.md for with which rights:
 *
 *   init                    srun, sbatch, salloc; slurmd; slurmstepd as root
 *   init_post_opt           the same; slurmstepd: start the image server
 *   task_init_privileged    each task, root: keep what entering needs
 *   task_post_fork          slurmstepd, root: the server joins the first task
 *   task_init               each task, the user: enter the container
 *   task_exit, exit         slurmstepd, root: report and end the server
 *
 * Only task_init fails a step, as -1 would, see end_task().  In any other hook
 * a failure drains the node or is lost, and a positive number counts as success
 * (Slurm 22.05).  Those hooks record their failures in the session, and
 * task_init tells them.
 */
#include <stdint.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <unistd.h>

#include <slurm/slurm.h>
#include <slurm/spank.h>

#include "common/deadline.h"
#include "common/privileged/caps.h"
#include "common/privileged/host_mountpoint.h"
#include "spank/plugin/image_server.h"
#include "spank/plugin/io/say.h"
#include "spank/plugin/options.h"
#include "spank/plugin/plugstack.h"
#include "spank/plugin/release_mark.h"
#include "spank/plugin/session.h"
#include "spank/plugin/step_end.h"
#include "spank/plugin/step_log.h"
#include "spank/plugin/step_start.h"
#include "spank/plugin/task_report.h"

SPANK_PLUGIN(spank_sif, 1)

/* spank-sif-check reads it in the file, as only Slurm can load a plugin. */
__attribute__((used)) static const struct release_mark release_mark = {
	RELEASE_MARK, SLURM_VERSION_NUMBER, PACKAGE_VERSION
};

#if SLURM_VERSION_NUMBER >= SLURM_VERSION_NUM(25, 5, 0)
/* init returns 0; if Slurm counts it as failed all the same, the job fails, and
 * the node is not drained. */
int slurm_spank_init_failure_mode = ESPANK_JOB_FAILURE;
#endif

/* What a task is called until it executes the command: the longest name that
 * the kernel allows, without a space, at which proctrack/linuxproc stops
 * reading. */
#define TASK_NAME "spank-sif-task"

/* Does this release have contain_spank?  See step_is_contained(). */
#define MAY_BE_CONTAINED (SLURM_VERSION_NUMBER >= SLURM_VERSION_NUM(24, 5, 0))

/* --- init ----------------------------------------------------------------- */

/* The line in plugstack.conf is wrong.  Steps without an image do not care; the
 * administrator reads it when slurmd starts, users when they want an image. */
static void record_plugstack_error(struct error *err)
{
	if (spank_context() != S_CTX_REMOTE)
		plugstack_hint(err);
	if (spank_context() == S_CTX_SLURMD)
		say_error("%s", err->text);
	session_record(err);
}

/*
 * Slurm loads the object once and then calls each hook for each line, with the
 * arguments of that line: there would be two servers and one session.  The
 * plugin does not guess which line is meant, as one may deny what the other
 * does not.
 */
static int refuse_second(void)
{
	struct error err;

	error_set(&err, 0,
		"spank_sif.so is listed twice in plugstack.conf: no step can "
		"have an image until you remove one of the lines and restart "
		"slurmd");
	record_plugstack_error(&err);
	return 0;
}

int slurm_spank_init(spank_t spank, int argc, char *argv[])
{
	struct error err = { 0 };
	spank_context_t context = spank_context();

	if (session.is_loaded)
		return refuse_second();
	session.is_loaded = true;
	if (context == S_CTX_SLURMD)
		say_loaded();
	if (plugstack_args_parse(argc, argv, &session.args, &err) < 0)
		record_plugstack_error(&err);
	/* Only nodes have the programs. */
	if ((context == S_CTX_SLURMD || context == S_CTX_REMOTE) &&
		image_server_check_program(&session.args, &err) < 0)
		record_plugstack_error(&err);
	if (context == S_CTX_SLURMD) {
		if (plugstack_check_slurm(&session.args, &err) < 0)
			say_error("%s", err.text);
		priv_host_mountpoint_sweep();
	}
	if (context != S_CTX_LOCAL && context != S_CTX_ALLOCATOR &&
		context != S_CTX_REMOTE)
		return 0;
	if (options_register(spank, &err) < 0) {
		say_error("%s", err.text);
		session_record(&err);
	}
	/* Before Slurm calls back for the options of its command line. */
	if (context != S_CTX_REMOTE)
		submit_load(&session.submission, context == S_CTX_LOCAL);
	return 0;
}

/* --- init_post_opt -------------------------------------------------------- */

/* srun, sbatch, salloc: refuse a submission that could not run. */
static int finish_submission(void)
{
	struct submission *submission = &session.submission;
	struct report report = { 0 };
	struct error err = { 0 };
	bool is_first = !submission->is_finished;
	int finished;
	size_t i;

	finished = submit_finish(submission, &session.args, &session.error,
		&report, &err);
	/* Once, not for each component of a heterogeneous command. */
	for (i = 0; i < report.count && is_first; i++)
		say_note("%s", report.lines[i].text);
	report_free(&report);
	if (finished < 0)
		say_error("%s", err.text);
	return finished;
}

static void start_step(spank_t spank)
{
	struct step *step = &session.step;
	uint32_t number = SLURM_EXTERN_CONT;
	struct error err = { 0 };
	char **job = NULL;

	step->pid = getpid();
	step->begin_us = deadline_now_us();
	spank_get_item(spank, S_JOB_STEPID, &number);
	spank_get_item(spank, S_JOB_ENV, &job);
	if (step_load(step, &session.args, job, number, &err) < 0)
		session_record(&err);
	if (step->runs_image && !error_is_set(&session.error) &&
		step_start(spank, step, &session.args, &err) < 0)
		session_record(&err);
	if (step->runs_image && MAY_BE_CONTAINED)
		deputy_start(&session.deputy);
	step->started_us = deadline_now_us();
}

int slurm_spank_init_post_opt(spank_t spank, int argc, char *argv[])
{
	(void)argc;
	(void)argv;
	if (spank_context() != S_CTX_REMOTE)
		return finish_submission();
	start_step(spank);
	return 0;
}

/* --- the tasks ------------------------------------------------------------ */

int slurm_spank_task_init_privileged(spank_t spank, int argc, char *argv[])
{
	struct error err = { 0 };

	(void)spank;
	(void)argc;
	(void)argv;
	if (!session.step.runs_image)
		return 0;
	/* Before its user can stop it: proctrack/linuxproc kills no process
	 * called slurmstepd, and the node is drained then. */
	prctl(PR_SET_NAME, TASK_NAME);
	if (!error_is_set(&session.error) &&
		task_prepare(&session.task, &session.step, &session.args,
			&err) < 0)
		session_record(&err);
	return 0;
}

int slurm_spank_task_post_fork(spank_t spank, int argc, char *argv[])
{
	struct task_event event = { .number = task_local_number(spank) };

	(void)argc;
	(void)argv;
	if (!session.step.runs_image)
		return 0;
	spank_get_item(spank, S_TASK_PID, &event.pid);
	deputy_do(&session.deputy, step_task_forked, &session.step, &event);
	return 0;
}

/* A failure recorded by an earlier hook applies to all tasks of the node. */
static void say_failure(spank_t spank, struct error *err)
{
	struct step_shared *shared = session.step.shared;

	if (error_is_set(&session.error)) {
		*err = session.error;
		if (shared)
			report_common_failure(&shared->reported, err);
		else
			err->told_elsewhere = task_local_number(spank) != 0;
	}
	if (!err->told_elsewhere)
		say_error("%s", err->text);
}

/*
 * With `required`, Slurm turns -1 into exit status 1.  With `optional` it would
 * run the command on the host or in an incomplete container, with whatever
 * rights are left.
 */
static void __attribute__((noreturn)) end_task(void)
{
	struct error err;

	priv_caps_drop(&err);
	_exit(EXIT_FAILURE);
}

int slurm_spank_task_init(spank_t spank, int argc, char *argv[])
{
	struct step *step = &session.step;
	struct report report = {
		.begin_us = step->begin_us,
		.debug = settings_is(&step->settings, SETTING_DEBUG, WORD_YES),
	};
	struct error err = { 0 };
	bool entered;

	(void)argc;
	(void)argv;
	if (!step->runs_image)
		return 0;
	/* First of all, before names are looked up or a program is run. */
	entered = priv_set_no_new_privs(&err) == 0 &&
		  !error_is_set(&session.error) &&
		  task_enter(spank, &session.task, step, &session.args, &report,
			  &err) == 0;
	task_report_print(spank, &report, entered);
	report_free(&report);
	if (entered)
		return 0;
	say_failure(spank, &err);
	step_log_refused(step);
	end_task();
}

/* --- the end -------------------------------------------------------------- */

int slurm_spank_task_exit(spank_t spank, int argc, char *argv[])
{
	struct task_event event = { .number = task_local_number(spank) };

	(void)argc;
	(void)argv;
	if (!session.step.runs_image)
		return 0;
	spank_get_item(spank, S_TASK_EXIT_STATUS, &event.status);
	if (step_is_contained(&session.step))
		step_close_copies(&session.step);
	deputy_do(&session.deputy, step_task_ended, &session.step, &event);
	return 0;
}

int slurm_spank_exit(spank_t spank, int argc, char *argv[])
{
	struct step *step = &session.step;

	(void)argc;
	(void)argv;
	deputy_stop(&session.deputy);
	if (step->runs_image) {
		step_stop(step);
		if (session.args.log_steps)
			step_log_write(spank, step,
				error_is_set(&session.error));
	}
	step->runs_image = false;
	fuse_watchdog_stop(&step->watchdog);
	return 0;
}
