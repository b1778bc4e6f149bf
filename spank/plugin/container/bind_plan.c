/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What a container shows of the host.  The functions below add binds from
 * the weakest wish to the strongest: a later bind replaces an earlier one with
 * the same target.  binds.c keeps the order in which they are mounted.
 */
#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "spank/plugin/container/bind_plan.h"
#include "spank/plugin/container/fixed_binds.h"
#include "spank/plugin/container/foreign_binds.h"
#include "spank/plugin/container/image_path.h"
#include "spank/plugin/settings/admin_variables.h"
#include "spank/plugin/settings/bind_list.h"
#include "spank/plugin/settings/envp.h"
#include "spank/plugin/settings/expand.h"
#include "spank/plugin/settings/path.h"

/* Directories that are always the image's, even if the step starts in one. */
static bool belongs_to_image(const char *path)
{
	static const char *const trees[] = { "/bin", "/boot", "/dev", "/etc",
		"/lib", "/lib32", "/lib64", "/libx32", "/proc", "/sbin", "/sys",
		"/usr" };
	static const char *const directories[] = { "/", "/opt", "/run",
		"/var" };
	size_t i;

	for (i = 0; i < sizeof(directories) / sizeof(*directories); i++)
		if (strcmp(path, directories[i]) == 0)
			return true;
	for (i = 0; i < sizeof(trees) / sizeof(*trees); i++)
		if (path_is_below(trees[i], path))
			return true;
	return false;
}

/*
 * /var/tmp before /tmp: if the image has one as a symlink to the other, the
 * host's /tmp must be what shows.
 */
static void plan_system(struct binds *binds, bool private_tmp)
{
	static const char *const trees[] = { "/proc", "/sys", "/dev" };
	static const char *const files[] = { "/etc/hosts", "/etc/resolv.conf",
		"/etc/localtime" };
	int tmp = private_tmp ? BIND_EMPTY | BIND_PUBLIC : 0;
	size_t i;

	for (i = 0; i < sizeof(trees) / sizeof(*trees); i++)
		binds_add(binds, trees[i], trees[i], BIND_FIXED, "system");
	binds_add(binds, "/var/tmp", "/var/tmp", BIND_OPTIONAL | tmp, "tmp");
	binds_add(binds, "/tmp", "/tmp", tmp, "tmp");
	for (i = 0; i < sizeof(files) / sizeof(*files); i++)
		binds_add(binds, files[i], files[i],
			BIND_READ_ONLY | BIND_OPTIONAL | BIND_REPLACE,
			"system");
	/* container.c makes these files. */
	binds_add(binds, "", "/etc/passwd", BIND_SET_LATER | BIND_REPLACE,
		"accounts");
	binds_add(binds, "", "/etc/group", BIND_SET_LATER | BIND_REPLACE,
		"accounts");
	binds_add(binds, "/etc/nsswitch.conf", "/etc/nsswitch.conf",
		BIND_READ_ONLY | BIND_OPTIONAL | BIND_IF_MISSING, "system");
}

/* A home such as /usr/home/NAME shows only if the image has no such directory.
 */
static void plan_home(struct binds *binds, const char *home, int flags)
{
	if (home && home[0] == '/')
		binds_add(binds, home, home,
			flags | BIND_OPTIONAL |
				(belongs_to_image(home) ? BIND_IF_MISSING : 0),
			"home");
}

static void plan_directory(struct binds *binds, const char *directory)
{
	if (directory[0] == '/' && !belongs_to_image(directory) &&
		!binds_cover(binds, directory))
		binds_add(binds, directory, directory,
			BIND_OPTIONAL | BIND_USER, "working directory");
}

/*
 * Home and working directory.  A home that --sif-home names must exist.  If the
 * user's home does not show, or only an empty one, a working directory below it
 * still does.
 */
static int plan_directories(const struct plan_request *request,
	struct binds *binds, struct error *err)
{
	const struct settings *settings = request->settings;
	const char *wanted = settings_home(settings);
	const char *home = request->home;
	bool shows = wanted || settings_is(settings, SETTING_HOME, WORD_YES);

	if (wanted) {
		if (binds_remove(binds, wanted, err) < 0)
			return error_prefix(err, "--sif-home");
		binds_add(binds, wanted, wanted, BIND_USER, "--sif-home");
	} else if (shows && home && !binds_cover(binds, home)) {
		plan_home(binds, home, 0);
	}
	if (shows || !home || strcmp(home, request->directory) != 0)
		plan_directory(binds, request->directory);
	if (settings_is(settings, SETTING_HOME, WORD_PRIVATE))
		plan_home(binds, home, BIND_EMPTY);
	return 0;
}

static bool has_target(const struct binds *binds, const char *target)
{
	size_t i;

	for (i = 0; i < binds->count; i++)
		if (strcmp(binds->list[i].target, target) == 0)
			return true;
	return false;
}

/*
 * A TMPDIR that is not below the node's /tmp: the node's directory, or an empty
 * one if it lies in an empty directory.  Users choose its name, as they choose
 * that of a bind, so the same rules hold.
 */
static void plan_tmpdir(const struct plan_request *request, struct binds *binds)
{
	const char *value = envp_get(request->job, "TMPDIR");
	char path[PATH_MAX];

	if (!value || value[0] != '/' || strlen(value) >= sizeof(path) ||
		settings_is(request->settings, SETTING_CLEANENV, WORD_YES))
		return;
	strcpy(path, value);
	path_normalize(path);
	if (belongs_to_image(path) || has_target(binds, path) ||
		binds_show(binds, path))
		return;
	if (binds_cover(binds, path))
		binds_add(binds, path, path, BIND_EMPTY | BIND_USER, "TMPDIR");
	else if (!request->args->denied[SETTING_BIND])
		binds_add(binds, path, path, BIND_OPTIONAL | BIND_USER,
			"TMPDIR");
}

static void plan_file(struct binds *binds, const char *path, const char *origin)
{
	if (path && path[0] == '/' && !binds_show(binds, path))
		binds_add(binds, path, path, BIND_OPTIONAL, origin);
}

/* An srun of the image reads the node's plugstack.conf, which names this
 * plugin.  An image that has a plugin has it for its own release of Slurm. */
static void plan_plugin(struct binds *binds, const char *path)
{
	if (path[0] == '/' && !binds_cover(binds, path))
		binds_add(binds, path, path,
			BIND_READ_ONLY | BIND_OPTIONAL | BIND_IF_MISSING |
				BIND_IF_PARENT,
			"Slurm");
}

/* A file that Slurm makes for the step.  The user could replace it by a symlink
 * to anything. */
static void plan_step_file(struct binds *binds, const char *path,
	const char *origin)
{
	if (path && path[0] == '/' && !binds_show(binds, path))
		binds_add(binds, path, path, BIND_OPTIONAL | BIND_NO_LINK,
			origin);
}

static void plan_mpi(const struct plan_request *request, struct binds *binds)
{
	const struct node_conf *node_conf = request->node_conf;

	plan_step_file(binds, node_conf->pmix_server, "PMIx");
	if (!node_conf->pmix_chosen_by_user ||
		!request->args->denied[SETTING_BIND])
		plan_step_file(binds, node_conf->pmix, "PMIx");
}

static void plan_x11(const struct plan_request *request, struct binds *binds)
{
	const char *path = envp_get(request->job, "XAUTHORITY");

	if (path && node_conf_is_xauthority(path, request->job, request->home))
		plan_step_file(binds, path, "X11");
}

/*
 * What srun, scontrol and MPI need inside: the configuration, where slurmd says
 * that it is; this plugin; munge's socket; the sockets and files of PMIx.  Also
 * scripts that Slurm runs after the root has changed.  The paths come from
 * Slurm, not from the job's environment, in which users could name what
 * deny=bind keeps from them.
 */
static void plan_slurm(const struct plan_request *request, struct binds *binds)
{
	plan_file(binds, "/etc/slurm", "Slurm");
	plan_file(binds, "/run/slurm", "Slurm");
	plan_file(binds, request->node_conf->conf_directory, "Slurm");
	plan_plugin(binds, request->node_conf->plugin);
	plan_file(binds, "/run/munge", "munge");
	plan_mpi(request, binds);
	plan_x11(request, binds);
	plan_file(binds, request->script, "batch script");
	plan_file(binds, request->node_conf->prolog, "TaskProlog");
}

static int spec_flags(const struct bind_spec *spec)
{
	return (spec->is_read_only ? BIND_READ_ONLY : 0) |
	       (spec->is_optional ? BIND_OPTIONAL : 0) |
	       (spec->is_fixed ? BIND_FIXED | BIND_EXCLUSIVE : 0);
}

static bool is_same_path(const char *source, const char *target)
{
	return source && strcmp(source, target) == 0;
}

/* The fixed bind with this target, or the exclusive one in which it lies. */
static const struct bind *find_fixed(const struct binds *binds,
	const char *target)
{
	size_t i;

	for (i = 0; i < binds->count; i++)
		if (binds->list[i].flags & BIND_FIXED &&
			strcmp(binds->list[i].target, target) == 0)
			return &binds->list[i];
	return fixed_binds_find_above(binds, target);
}

/* Does a fixed bind already show the source of a user's bind, there?  Scripts
 * bind all that is in "/", for example those that Tykky makes. */
static bool shows_already(const struct bind_spec *spec,
	const struct binds *binds)
{
	const struct bind *above = find_fixed(binds, spec->target);

	return above && is_same_path(spec->source, spec->target) &&
	       is_same_path(above->source, above->target) &&
	       (!spec->is_read_only || above->flags & BIND_READ_ONLY);
}

/* Refuses a user who would replace or leave out a fixed bind. */
static int plan_spec(const struct bind_spec *spec, int flags,
	const char *origin, struct binds *binds, struct error *err)
{
	/* The commands make them absolute, but users can bypass those. */
	if (spec->target[0] != '/')
		return error_set(err, 0,
			"the destination '%s' is not an absolute path",
			spec->target);
	if (flags & BIND_USER && shows_already(spec, binds))
		return 0;
	if ((flags & BIND_USER && spec->source
			    ? binds_make_room
			    : binds_remove)(binds, spec->target, err) < 0)
		return -1;
	if (spec->source)
		binds_add(binds, spec->source, spec->target,
			flags | spec_flags(spec), origin);
	return 0;
}

/* As the administrator writes it, with variables. */
static int plan_admin_spec(const struct bind_spec *spec,
	const struct admin_variables *variables, struct binds *binds,
	struct error *err)
{
	char source[PATH_MAX], target[PATH_MAX];
	struct bind_spec expanded = *spec;

	expanded.source = source;
	expanded.target = target;
	if (expand_absolute(spec->source, variables->list, source, err) < 0 ||
		expand_absolute(spec->target, variables->list, target, err) < 0)
		return spec->is_optional ? 0 : -1;
	path_normalize(target);
	return plan_spec(&expanded, 0, "site", binds, err);
}

static int plan_admin_binds(const struct plan_request *request,
	struct binds *binds, struct error *err)
{
	const struct bind_list *specs = &request->args->binds;
	struct admin_variables variables;
	size_t i;

	if (specs->count > 0)
		admin_variables_load(request->job_id, &variables);
	for (i = 0; i < specs->count; i++)
		if (plan_admin_spec(&specs->items[i], &variables, binds, err) <
			0)
			return error_prefix(err, "bind= in plugstack.conf");
	return 0;
}

static int plan_user_binds(const struct plan_request *request,
	struct binds *binds, struct error *err)
{
	const struct bind_list *list =
		settings_binds(request->settings, SETTING_BIND);
	struct foreign_binds foreign;
	const char *origin;
	int planned = 0;
	size_t i;

	foreign_binds_load(request->job, &foreign);
	for (i = 0; i < list->count && planned == 0; i++) {
		/* A further image: see step_images.c. */
		if (list->items[i].image_path)
			continue;
		origin = foreign_binds_origin(&foreign, &list->items[i]);
		planned = plan_spec(&list->items[i], BIND_USER, origin, binds,
			err);
		if (planned < 0)
			error_prefix(err, "%s", origin);
	}
	foreign_binds_free(&foreign);
	return planned;
}

int bind_plan_make(const struct plan_request *request, struct binds *binds,
	struct error *err)
{
	plan_system(binds,
		settings_is(request->settings, SETTING_TMP, WORD_PRIVATE));
	if (plan_directories(request, binds, err) < 0)
		return -1;
	plan_tmpdir(request, binds);
	plan_slurm(request, binds);
	if (plan_admin_binds(request, binds, err) < 0)
		return -1;
	binds_remove_covered(binds);
	return plan_user_binds(request, binds, err);
}
