/* SPDX-License-Identifier: BSD-3-Clause */
/* What slurmstepd knows about its node; this program plays slurmstepd. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>
#include <slurm/slurm.h>

#include "spank/plugin/container/node_conf.h"

/* slurmstepd has this; the plugin's own is weak. */
slurm_conf_t slurm_conf;

static int reset(void **state)
{
	(void)state;
	memset(&slurm_conf, 0, sizeof(slurm_conf));
	unsetenv("SLURM_CONF");
	unsetenv("PMIX_SERVER_TMPDIR");
	return 0;
}

static struct node_conf load(char *const *job)
{
	struct node_conf conf;

	node_conf_load(job, &conf);
	return conf;
}

static void the_prolog_is_slurms(void **state)
{
	char prolog[] = "/etc/slurm/prolog.sh";

	(void)state;
	assert_null(load(NULL).prolog);
	slurm_conf.task_prolog = prolog;
	slurm_conf.slurm_user_id = 64030;
	assert_string_equal(load(NULL).prolog, prolog);
	assert_int_equal(load(NULL).slurm_uid, 64030);
}

static void slurmds_word_on_slurm_conf_wins(void **state)
{
	char path[] = "/usr/etc/slurm.conf";

	(void)state;
	assert_string_equal(load(NULL).conf_directory, "");
	slurm_conf.slurm_conf = path;
	assert_string_equal(load(NULL).conf_directory, "/usr/etc");
	setenv("SLURM_CONF", "/run/slurm/conf/slurm.conf", 1);
	assert_string_equal(load(NULL).conf_directory, "/run/slurm/conf");
	/* A relative path says nothing. */
	setenv("SLURM_CONF", "slurm.conf", 1);
	assert_string_equal(load(NULL).conf_directory, "");
}

static void assert_pmix(char *const *job, const char *server, const char *tasks)
{
	struct node_conf conf = load(job);

	assert_string_equal(conf.pmix_server, server);
	assert_string_equal(conf.pmix, tasks);
}

static void pmix_is_found_by_its_namespace(void **state)
{
	char *job[] = { "PMIX_NAMESPACE=slurm.pmix.12.0", "SLURMD_NODENAME=n1",
		NULL };
	char *bad[] = { "PMIX_NAMESPACE=slurm.pmix.12.0/../../etc", NULL };
	char *other[] = { "PMIX_NAMESPACE=prrte.1", NULL };
	char tmp[] = "/scratch/%n", tasks[64];

	(void)state;
	slurm_conf.tmp_fs = tmp;
	assert_pmix(job, "", "");
	setenv("PMIX_SERVER_TMPDIR", "/var/spool/pmix/", 1);
	snprintf(tasks, sizeof(tasks), "/scratch/n1/spmix_appdir_%d_12.0",
		(int)getuid());
	assert_pmix(job, "/var/spool/pmix", tasks);
	assert_false(load(job).pmix_chosen_by_user);
	assert_pmix(bad, "", "");
	assert_pmix(other, "", "");
	assert_pmix(NULL, "", "");
}

static void a_user_can_move_pmix(void **state)
{
	char *job[] = { "PMIX_NAMESPACE=slurm.pmix.1.0",
		"SLURM_PMIX_TMPDIR=/home/a/pmix", NULL };
	char tasks[64];

	(void)state;
	setenv("PMIX_SERVER_TMPDIR", "/var/spool/pmix", 1);
	snprintf(tasks, sizeof(tasks), "/home/a/pmix/spmix_appdir_%d_1.0",
		(int)getuid());
	assert_pmix(job, "/var/spool/pmix", tasks);
	assert_true(load(job).pmix_chosen_by_user);
}

static void slurms_xauthority_is_known(void **state)
{
	char *job[] = { "SLURMD_NODENAME=n1", NULL };
	char tmp[] = "/tmp/%n/";

	(void)state;
	slurm_conf.tmp_fs = tmp;
	assert_true(
		node_conf_is_xauthority("/tmp/n1/.Xauthority-x7Ys", job, NULL));
	assert_true(node_conf_is_xauthority("/home/a/.Xauthority", job,
		"/home/a/"));
	assert_true(node_conf_is_xauthority("/home/a/.Xauthority-1", job,
		"/home/a"));
}

static void other_files_are_no_xauthority(void **state)
{
	static const char *const paths[] = { "/tmp/n2/.Xauthority-1",
		"/tmp/n1/.Xauthority", "/tmp/n1/x/.Xauthority-1",
		"/tmp/n1/.Xauthority-1/../../etc/shadow", "/etc/shadow",
		"/home/a", "/home/ab/.Xauthority", "/home/a/.ssh/.Xauthority",
		".Xauthority", "" };
	char *job[] = { "SLURMD_NODENAME=n1", NULL };
	char tmp[] = "/tmp/%n";
	size_t i;

	(void)state;
	slurm_conf.tmp_fs = tmp;
	for (i = 0; i < sizeof(paths) / sizeof(*paths); i++)
		if (node_conf_is_xauthority(paths[i], job, "/home/a"))
			fail_msg("%s", paths[i]);
	assert_false(node_conf_is_xauthority("/.Xauthority", job, NULL));
	assert_false(node_conf_is_xauthority("/.Xauthority", job, "relative"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(the_prolog_is_slurms, reset),
		cmocka_unit_test_setup(slurmds_word_on_slurm_conf_wins, reset),
		cmocka_unit_test_setup(pmix_is_found_by_its_namespace, reset),
		cmocka_unit_test_setup(a_user_can_move_pmix, reset),
		cmocka_unit_test_setup(slurms_xauthority_is_known, reset),
		cmocka_unit_test_setup(other_files_are_no_xauthority, reset),
	};

	return cmocka_run_group_tests_name("node configuration", tests, NULL,
		NULL);
}
