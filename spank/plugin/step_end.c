/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The end of a step.  Reports what became of servers and images: to the user at
 * the end of a task, otherwise in slurmd's log.
 */
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "spank/plugin/io/say.h"
#include "spank/plugin/step_end.h"
#include "spank/plugin/step_log.h"

static void say_failure(const struct error *err)
{
	say_error("%s", err->text);
}

/* Before a server is waited for: it serves as long as a mount is there. */
static void clear_host(struct step *step)
{
	struct error err = { 0 };

	if (host_mount_stop(&step->host_mount, &err) < 0)
		say_failure(&err);
}

/*
 * Did the task end by a signal with which the user or Slurm ends a step?  A
 * shell reports such a signal of its command as an exit status.  SIGKILL of all
 * of the step follows.  A task that loses its server ends by SIGBUS instead.
 */
static bool was_killed(int status)
{
	int number = WIFSIGNALED(status) ? WTERMSIG(status)
					 : WEXITSTATUS(status) - 128;

	return number == SIGKILL || number == SIGTERM || number == SIGINT ||
	       number == SIGHUP || number == SIGQUIT;
}

static void check_servers(struct step *step, bool task_was_killed, bool is_last)
{
	struct error err = { 0 };
	size_t i;
	int found;

	for (i = 0; i < step->servers_count; i++) {
		found = image_server_check(&step->servers[i], task_was_killed,
			is_last, &err);
		if (found < 0)
			say_failure(&err);
		else if (found > 0)
			say_note("warning: %s", err.text);
	}
}

static void check_images(struct step *step)
{
	struct error err = { 0 };
	size_t i;

	for (i = 0; i < step->servers_count; i++)
		if (image_server_check_image(&step->servers[i],
			    step_image_name(step, i),
			    i == 0 ? settings_overlays(&step->settings) : NULL,
			    &err) < 0)
			say_failure(&err);
}

void step_task_ended(struct step *step, const struct task_event *event)
{
	bool is_last;

	step_log_task(step, event->status);
	if (step->tasks_left > 0)
		step->tasks_left--;
	is_last = step->tasks_left == 0;
	if (is_last)
		clear_host(step);
	check_servers(step, was_killed(event->status), is_last);
	if (is_last)
		check_images(step);
}

/* The numbers are slurmstepd's, whose memory this is: they stay. */
void step_close_copies(const struct step *step)
{
	size_t i;

	for (i = 0; i < step->servers_count; i++)
		close(step->servers[i].lifeline_fd);
	close(step->host_mount.lifeline_fd);
}

void step_stop(struct step *step)
{
	struct error err = { 0 };

	clear_host(step);
	/* Only the log of slurmd gets this. */
	if (host_mount_failure(&step->host_mount, &err) < 0)
		say_failure(&err);
	image_servers_stop(step->servers, step->servers_count, say_failure);
	check_images(step);
}
