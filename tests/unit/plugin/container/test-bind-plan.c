/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The plan of binds: what shows in a container of the system, the user's
 * directories, Slurm, the site and the user's own binds, and which of two wins.
 * Nothing is looked up, so none of these paths need exist.
 */
#include <limits.h>
#include <pwd.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "spank/plugin/container/bind_plan.h"

struct plan {
	struct settings settings;
	struct plugstack_args args;
	struct node_conf node_conf;
	char *job[8];
	struct plan_request request;
	struct binds binds;
	struct error err;
};

static int make_plan(void **state)
{
	struct plan *plan = calloc(1, sizeof(*plan));

	plan->binds = BINDS_NONE;
	plan->request = (struct plan_request){
		.settings = &plan->settings,
		.args = &plan->args,
		.job = plan->job,
		.job_id = 7,
		.home = "/home/u",
		.directory = "/work/u/x",
		.node_conf = &plan->node_conf,
	};
	*state = plan;
	return plugstack_args_parse(0, NULL, &plan->args, &plan->err);
}

static int free_plan(void **state)
{
	struct plan *plan = *state;

	binds_free(&plan->binds);
	settings_free(&plan->settings);
	plugstack_args_free(&plan->args);
	free(plan);
	return 0;
}

static void put(struct plan *plan, enum setting setting, const char *text)
{
	if (settings_put(&plan->settings, setting, text, &plan->err) < 0)
		fail_msg("'%s' refused: %s", text, plan->err.text);
}

static void configure(struct plan *plan, char *word)
{
	plugstack_args_free(&plan->args);
	if (plugstack_args_parse(1, &word, &plan->args, &plan->err) < 0)
		fail_msg("%s", plan->err.text);
}

static void make(struct plan *plan)
{
	binds_free(&plan->binds);
	if (bind_plan_make(&plan->request, &plan->binds, &plan->err) < 0)
		fail_msg("%s", plan->err.text);
}

static void assert_refused(struct plan *plan, const char *sentence)
{
	binds_free(&plan->binds);
	assert_int_equal(
		bind_plan_make(&plan->request, &plan->binds, &plan->err), -1);
	assert_string_equal(plan->err.text, sentence);
}

static const struct bind *find(const struct plan *plan, const char *target)
{
	size_t i;

	for (i = 0; i < plan->binds.count; i++)
		if (strcmp(plan->binds.list[i].target, target) == 0)
			return &plan->binds.list[i];
	return NULL;
}

static void assert_bind(const struct plan *plan, const char *target,
	const char *source, int flags, const char *origin)
{
	const struct bind *bind = find(plan, target);

	if (!bind)
		fail_msg("nothing is bound at '%s'", target);
	assert_string_equal(bind->source, source);
	assert_int_equal(bind->flags, flags);
	assert_string_equal(bind->origin, origin);
}

/* Is `first` mounted before `second`? */
static void assert_order(const struct plan *plan, const char *first,
	const char *second)
{
	assert_non_null(find(plan, first));
	assert_non_null(find(plan, second));
	assert_true(find(plan, first) < find(plan, second));
}

static void the_system_always_shows(void **state)
{
	struct plan *plan = *state;

	make(plan);
	assert_bind(plan, "/proc", "/proc", BIND_FIXED, "system");
	assert_bind(plan, "/sys", "/sys", BIND_FIXED, "system");
	assert_bind(plan, "/dev", "/dev", BIND_FIXED, "system");
	assert_bind(plan, "/tmp", "/tmp", 0, "tmp");
	assert_bind(plan, "/etc/passwd", "", BIND_SET_LATER | BIND_REPLACE,
		"accounts");
	/* The image may have one as a symlink to the other. */
	assert_order(plan, "/var/tmp", "/tmp");
	put(plan, SETTING_TMP, "private");
	make(plan);
	assert_bind(plan, "/tmp", "/tmp", BIND_EMPTY | BIND_PUBLIC, "tmp");
}

static void home_and_working_directory(void **state)
{
	struct plan *plan = *state;

	make(plan);
	assert_bind(plan, "/home/u", "/home/u", BIND_OPTIONAL, "home");
	assert_bind(plan, "/work/u/x", "/work/u/x", BIND_OPTIONAL | BIND_USER,
		"working directory");
	/* Those of the image stay. */
	plan->request.directory = "/usr/share";
	plan->request.home = "/usr/home/u";
	make(plan);
	assert_null(find(plan, "/usr/share"));
	assert_int_equal(find(plan, "/usr/home/u")->flags,
		BIND_OPTIONAL | BIND_IF_MISSING);
	/* It shows already. */
	plan->request.directory = "/usr/home/u/sub";
	make(plan);
	assert_null(find(plan, "/usr/home/u/sub"));
}

static void other_homes(void **state)
{
	struct plan *plan = *state;

	plan->request.directory = "/home/u/sub";
	put(plan, SETTING_HOME, "no");
	make(plan);
	assert_null(find(plan, "/home/u"));
	assert_non_null(find(plan, "/home/u/sub"));
	put(plan, SETTING_HOME, "private");
	make(plan);
	assert_bind(plan, "/home/u", "/home/u", BIND_EMPTY | BIND_OPTIONAL,
		"home");
	assert_order(plan, "/home/u", "/home/u/sub");
	plan->request.directory = "/home/u";
	make(plan);
	assert_bind(plan, "/home/u", "/home/u", BIND_EMPTY | BIND_OPTIONAL,
		"home");
	put(plan, SETTING_HOME, "/data/me");
	make(plan);
	assert_bind(plan, "/data/me", "/data/me", BIND_USER, "--sif-home");
	/* A user who goes past the commands. */
	put(plan, SETTING_HOME, "$HOME/x");
	make(plan);
	assert_null(find(plan, "$HOME/x"));
	put(plan, SETTING_HOME, "/proc");
	assert_refused(plan,
		"--sif-home: '/proc' cannot be left out or covered: it belongs "
		"to every container of this site");
}

static void a_directory_for_temporary_files(void **state)
{
	char tmpdir[] = "TMPDIR=/local//u/", below[] = "TMPDIR=/tmp/u";
	struct plan *plan = *state;

	plan->job[0] = tmpdir;
	make(plan);
	assert_bind(plan, "/local/u", "/local/u", BIND_OPTIONAL | BIND_USER,
		"TMPDIR");
	put(plan, SETTING_CLEANENV, "yes");
	make(plan);
	assert_null(find(plan, "/local/u"));
	put(plan, SETTING_CLEANENV, "no");
	configure(plan, (char[]){ "deny=bind" });
	make(plan);
	assert_null(find(plan, "/local/u"));
	plan->job[0] = below;
	make(plan);
	assert_null(find(plan, "/tmp/u"));
	put(plan, SETTING_TMP, "private");
	make(plan);
	assert_bind(plan, "/tmp/u", "/tmp/u", BIND_EMPTY | BIND_USER, "TMPDIR");
}

static void slurm_and_mpi(void **state)
{
	struct plan *plan = *state;

	strcpy(plan->node_conf.conf_directory, "/opt/slurm/etc");
	strcpy(plan->node_conf.plugin, "/opt/slurm/lib/spank_sif.so");
	strcpy(plan->node_conf.pmix_server, "/var/spool/pmix");
	strcpy(plan->node_conf.pmix, "/scratch/pmix");
	plan->node_conf.pmix_chosen_by_user = true;
	plan->node_conf.prolog = "/opt/slurm/prolog";
	plan->request.script = "/var/spool/job7/script";
	make(plan);
	assert_bind(plan, "/opt/slurm/etc", "/opt/slurm/etc", BIND_OPTIONAL,
		"Slurm");
	assert_bind(plan, "/var/spool/pmix", "/var/spool/pmix",
		BIND_OPTIONAL | BIND_NO_LINK, "PMIx");
	assert_non_null(find(plan, "/scratch/pmix"));
	assert_bind(plan, "/opt/slurm/lib/spank_sif.so",
		"/opt/slurm/lib/spank_sif.so",
		BIND_READ_ONLY | BIND_OPTIONAL | BIND_IF_MISSING |
			BIND_IF_PARENT,
		"Slurm");
	assert_non_null(find(plan, "/opt/slurm/prolog"));
	assert_non_null(find(plan, "/var/spool/job7/script"));
	/* The user's word is no way past deny=bind. */
	configure(plan, (char[]){ "deny=bind" });
	make(plan);
	assert_null(find(plan, "/scratch/pmix"));
	assert_non_null(find(plan, "/var/spool/pmix"));
}

static void binds_of_the_site(void **state)
{
	struct plan *plan = *state;

	configure(plan,
		(char[]){ "bind=/sw,?/a/$SLURM_JOB_ID:/b/../job:ro,!/x:/y" });
	make(plan);
	assert_bind(plan, "/sw", "/sw", 0, "site");
	assert_bind(plan, "/job", "/a/7", BIND_OPTIONAL | BIND_READ_ONLY,
		"site");
	assert_bind(plan, "/y", "/x", BIND_FIXED | BIND_EXCLUSIVE, "site");
	/* A user can leave out what is not fixed. */
	put(plan, SETTING_BIND, "-/sw,/mine:/job");
	make(plan);
	assert_null(find(plan, "/sw"));
	assert_bind(plan, "/job", "/mine", BIND_USER, "--sif-bind");
}

/* The target is normalized once its variables are known. */
static void a_home_in_a_target(void **state)
{
	const struct passwd *user = getpwuid(getuid());
	struct plan *plan = *state;
	char target[PATH_MAX];

	/* An account without an entry has no $HOME. */
	if (!user || strcmp(user->pw_dir, "/") == 0)
		return;
	configure(plan, (char[]){ "bind=/s:/x/$HOME" });
	make(plan);
	snprintf(target, sizeof(target), "/x%s", user->pw_dir);
	assert_bind(plan, target, "/s", 0, "site");
}

static void a_variable_that_is_not_set(void **state)
{
	struct plan *plan = *state;

	plan->request.job_id = 0;
	configure(plan, (char[]){ "bind=?/a/$SLURM_JOB_ID:/job" });
	make(plan);
	assert_null(find(plan, "/job"));
	configure(plan, (char[]){ "bind=/a/$SLURM_JOB_ID:/job" });
	assert_refused(plan,
		"bind= in plugstack.conf: '/a/$SLURM_JOB_ID': the variable "
		"SLURM_JOB_ID, which it contains, is not set");
}

static void what_the_site_keeps(void **state)
{
	static const char *const refused[] = { "-/y", "/a:/y", "/a:/y/sub",
		"/y/sub:/y/sub:ro,/a:/y/z" };
	struct plan *plan = *state;
	size_t i;

	configure(plan, (char[]){ "bind=!/x:/y,!/same" });
	for (i = 0; i < sizeof(refused) / sizeof(*refused); i++) {
		put(plan, SETTING_BIND, "none");
		put(plan, SETTING_BIND, refused[i]);
		assert_refused(plan,
			"--sif-bind: '/y' cannot be left out or covered: it "
			"belongs to every container of this site");
	}
	put(plan, SETTING_BIND, "none");
	put(plan, SETTING_BIND, "-/proc");
	assert_refused(plan,
		"--sif-bind: '/proc' cannot be left out or covered: it belongs "
		"to every container of this site");
	put(plan, SETTING_BIND, "none");
	put(plan, SETTING_BIND, "/proc:/proc:ro");
	assert_refused(plan,
		"--sif-bind: '/proc' cannot be left out or covered: it belongs "
		"to every container of this site");
	/* Of what shows already under the same name, nothing is refused. */
	put(plan, SETTING_BIND, "none");
	put(plan, SETTING_BIND, "/same/sub,/same,/proc,/dev");
	make(plan);
	assert_int_equal(find(plan, "/proc")->flags, BIND_FIXED);
	assert_null(find(plan, "/same/sub"));
	assert_int_equal(find(plan, "/same")->flags,
		BIND_FIXED | BIND_EXCLUSIVE);
	/* Read-only it does not. */
	put(plan, SETTING_BIND, "/same/sub:/same/sub:ro");
	assert_refused(plan,
		"--sif-bind: '/same' cannot be left out or covered: it belongs "
		"to every container of this site");
}

/* A home or working directory in an exclusive bind gives way without an error.
 */
static void directories_give_way_to_the_site(void **state)
{
	struct plan *plan = *state;

	configure(plan, (char[]){ "bind=!/x:/work" });
	make(plan);
	assert_null(find(plan, "/work/u/x"));
	assert_non_null(find(plan, "/work"));
}

static void binds_of_the_user(void **state)
{
	char singularity[] = "SINGULARITY_BIND=/s:/t,,rel:/r";
	struct plan *plan = *state;

	plan->job[0] = singularity;
	put(plan, SETTING_BIND,
		"/s:/t,/cwd/rel:/r,?/o:/tmp/o:ro,-/home/u,/a:/b");
	put(plan, SETTING_BIND, "/c:/b");
	make(plan);
	assert_bind(plan, "/t", "/s", BIND_USER, "SINGULARITY_BIND");
	assert_bind(plan, "/r", "/cwd/rel", BIND_USER, "SINGULARITY_BIND");
	assert_bind(plan, "/tmp/o", "/o",
		BIND_USER | BIND_OPTIONAL | BIND_READ_ONLY, "--sif-bind");
	assert_order(plan, "/tmp", "/tmp/o");
	assert_null(find(plan, "/home/u"));
	/* The last one at a destination wins. */
	assert_bind(plan, "/b", "/c", BIND_USER, "--sif-bind");
	/* Below a directory that is bound already, in whatever order. */
	put(plan, SETTING_BIND, "/deep:/q/r,/flat:/q");
	make(plan);
	assert_order(plan, "/q", "/q/r");
	/* A user who goes past the commands. */
	put(plan, SETTING_BIND, "/a:$HOME");
	assert_refused(plan,
		"--sif-bind: the destination '$HOME' is not an absolute path");
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, make_plan, free_plan)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(the_system_always_shows),
		TEST(home_and_working_directory),
		TEST(other_homes),
		TEST(a_directory_for_temporary_files),
		TEST(slurm_and_mpi),
		TEST(binds_of_the_site),
		TEST(a_home_in_a_target),
		TEST(a_variable_that_is_not_set),
		TEST(what_the_site_keeps),
		TEST(directories_give_way_to_the_site),
		TEST(binds_of_the_user),
	};

	return cmocka_run_group_tests_name("bind_plan", tests, NULL, NULL);
}
