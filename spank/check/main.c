/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * spank-sif-check: can this machine run steps in images?  For administrators,
 * at installation, in a prolog and for monitoring.  Every check is one function
 * of check.h; this file runs them and prints what they found.
 *
 * Exit status: 0, no failure; 1, at least one; 2, wrong usage.
 */
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/child.h"
#include "common/cleanup.h"
#include "common/version.h"
#include "spank/check/check.h"
#include "spank/plugin/io/printable.h"
#include "spank/plugin/settings/list.h"

static const struct {
	const char *name;
	check_function *run;
	bool of_nodes; /* a submit host does not need it */
} checks[] = {
	{ "kernel", check_kernel, true },
	{ "fuse", check_fuse, true },
	{ "landlock", check_landlock, true },
	{ "seccomp", check_seccomp, true },
	{ "user-namespaces", check_user_namespaces, true },
	{ "memory", check_memory, true },
	{ "security-modules", check_security_modules, true },
	{ "plugin", check_plugin, false },
	{ "programs", check_programs, false },
	{ "release", check_release, false },
	{ "plugstack", check_plugstack, false },
	{ "paths", check_paths, true },
	{ "fusermount", check_fusermount, true },
	{ "image", check_image, true },
};
#define CHECKS (sizeof(checks) / sizeof(*checks))

/* For all checks.  slurmd ends a HealthCheckProgram after 60. */
#define TIMEOUT_S 40

/* Memory that the child shares. */
struct report {
	struct check_finding findings[CHECKS];
	size_t current;      /* the check that runs, or the next one */
	bool has_read_files; /* slurm.conf and plugstack.conf */
};

static const char *const result_names[] = {
	[CHECK_OK] = "ok",
	[CHECK_WARNING] = "warning",
	[CHECK_FAILURE] = "failure",
	[CHECK_SKIPPED] = "skipped",
};

static const char usage[] =
	"usage: spank-sif-check [--json | --brief] [--only=NAME[,NAME]...]\n"
	"       spank-sif-check --cluster\n"
	"Checks whether this machine can run Slurm steps in SIF images.\n"
	"  --json     one JSON object\n"
	"  --brief    one line: the node, and ok or its failures\n"
	"  --only     these checks and no others\n"
	"  --cluster  the brief line of each node that is idle or mixed, by srun\n"
	"Exit status: 0 no failure, 1 a failure, 2 wrong usage.\n";

void check_set(struct check_finding *finding, enum check_result result,
	const char *format, ...)
{
	char text[sizeof(finding->text)];
	va_list args;

	finding->result = result;
	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	/* It may quote a line of plugstack.conf, or what a program printed. */
	printable(text, finding->text, sizeof(finding->text));
}

static void print_text(const struct check_finding *findings)
{
	size_t i;

	for (i = 0; i < CHECKS; i++)
		if (findings[i].text[0])
			printf("%-8s %-17s %s\n",
				result_names[findings[i].result],
				checks[i].name, findings[i].text);
}

static void print_json_string(const char *text)
{
	putchar('"');
	for (; *text; text++)
		if (*text == '"' || *text == '\\')
			printf("\\%c", *text);
		else if ((unsigned char)*text < ' ')
			printf("\\u%04x", *text);
		else
			putchar(*text);
	putchar('"');
}

static void print_json(const struct check_finding *findings)
{
	const char *comma = "";
	size_t i;

	printf("{\"version\": \"%s\", \"checks\": [", PACKAGE_VERSION);
	for (i = 0; i < CHECKS; i++) {
		if (!findings[i].text[0])
			continue;
		printf("%s\n  {\"name\": \"%s\", \"result\": \"%s\", "
		       "\"text\": ",
			comma, checks[i].name,
			result_names[findings[i].result]);
		print_json_string(findings[i].text);
		putchar('}');
		comma = ",";
	}
	puts("\n]}");
}

static void print_brief(const struct check_finding *findings)
{
	const char *node = getenv("SLURMD_NODENAME");
	char host[256] = "";
	size_t i, failures = 0;

	gethostname(host, sizeof(host) - 1);
	fputs(node ? node : host, stdout);
	for (i = 0; i < CHECKS; i++)
		if (findings[i].result == CHECK_FAILURE)
			printf("%s%s: %s", failures++ ? "; " : " failure: ",
				checks[i].name, findings[i].text);
	puts(failures ? "" : " ok");
}

/* Mark the checks that `list` names.  False if it is no list of them, each
 * once. */
static bool select_checks(char *list, bool selected[CHECKS])
{
	struct error ignored;
	const char *name;
	size_t i;

	if (!*list || list_check(list, &ignored) < 0)
		return false;
	memset(selected, 0, CHECKS * sizeof(*selected));
	while ((name = list_next(&list))) {
		for (i = 0; i < CHECKS && strcmp(checks[i].name, name); i++)
			;
		if (i == CHECKS || selected[i])
			return false;
		selected[i] = true;
	}
	return true;
}

static size_t next_selected(const bool selected[CHECKS], size_t i)
{
	while (i < CHECKS && !selected[i])
		i++;
	return i;
}

static void demote(struct check_finding *finding)
{
	char text[sizeof(finding->text)];

	memcpy(text, finding->text, sizeof(text));
	check_set(finding, CHECK_WARNING,
		"%.800s (only nodes need this, and there is no slurmd here)",
		text);
}

static void run_in_child(const bool selected[CHECKS], struct report *report)
{
	static struct check_context context;
	char slurmd[512];
	bool is_node;
	size_t i;

	check_read_configuration(&context);
	is_node =
		check_read_line_of("command -v slurmd", slurmd, sizeof(slurmd));
	report->has_read_files = true;
	for (i = report->current; i < CHECKS;
		i = next_selected(selected, i + 1)) {
		report->current = i;
		checks[i].run(&context, &report->findings[i]);
		if (checks[i].of_nodes && !is_node &&
			report->findings[i].result == CHECK_FAILURE)
			demote(&report->findings[i]);
	}
	plugstack_args_free(&context.args);
}

/* The child runs in a process group of its own, so that what a check has
 * started ends with it. */
static bool end_in_time(pid_t pid, int *ret_status)
{
	struct child child = { pid, child_open(pid) };
	bool ended = child_wait(&child, deadline_in_ms(TIMEOUT_S * 1000),
		ret_status);

	if (!ended)
		kill(-pid, SIGKILL);
	cleanup_fd(&child.pid_fd);
	return ended;
}

/* What the child has not found out. */
static void complete(const bool selected[CHECKS], bool ended, int status,
	struct report *report)
{
	struct check_finding *finding = &report->findings[report->current];
	size_t i;

	if (ended)
		check_set(finding, CHECK_FAILURE,
			"the check was killed, or has crashed (signal %d): is "
			"there memory left?",
			WTERMSIG(status));
	else if (report->has_read_files)
		check_set(finding, CHECK_FAILURE,
			"no result after %d seconds: a file system or a "
			"program that it needs does not answer; is a network "
			"file system down?",
			TIMEOUT_S);
	else
		check_set(finding, CHECK_FAILURE,
			"slurm.conf or plugstack.conf cannot be read within "
			"%d seconds: their file system does not answer",
			TIMEOUT_S);
	for (i = next_selected(selected, report->current + 1); i < CHECKS;
		i = next_selected(selected, i + 1))
		check_set(&report->findings[i], CHECK_SKIPPED,
			"not reached, because the check '%s' has no result",
			checks[report->current].name);
}

static void find(const bool selected[CHECKS], struct report *report)
{
	int status = CHILD_STATUS_UNKNOWN;
	bool ended;
	pid_t pid;

	report->current = next_selected(selected, 0);
	pid = fork();
	if (pid == 0) {
		setpgid(0, 0);
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		run_in_child(selected, report);
		_exit(0);
	}
	if (pid < 0) {
		run_in_child(selected, report);
		return;
	}
	ended = end_in_time(pid, &status);
	if (!ended || status != 0)
		complete(selected, ended, status, report);
}

static int run_checks(const bool selected[CHECKS],
	void (*print)(const struct check_finding *findings))
{
	struct report *report = mmap(NULL, sizeof(*report),
		PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	int status = 0;
	size_t i;

	if (report == MAP_FAILED) {
		perror("spank-sif-check");
		return 1;
	}
	find(selected, report);
	for (i = 0; i < CHECKS; i++)
		if (report->findings[i].result == CHECK_FAILURE)
			status = 1;
	print(report->findings);
	munmap(report, sizeof(*report));
	return status;
}

int main(int argc, char *argv[])
{
	void (*print)(const struct check_finding *findings) = print_text;
	bool selected[CHECKS];
	int i;

	if (version_asked(argc, argv, "spank-sif-check"))
		return 0;
	/* A prolog has none, and root's must not lead to others' programs. */
	setenv("PATH", SEARCH_PATH, 1);
	memset(selected, true, sizeof(selected));
	if (argc == 2 && strcmp(argv[1], "--help") == 0)
		return fputs(usage, stdout) < 0;
	if (argc == 2 && strcmp(argv[1], "--cluster") == 0)
		return check_cluster();
	for (i = 1; i < argc; i++) {
		if (strcmp(argv[i], "--json") == 0) {
			print = print_json;
		} else if (strcmp(argv[i], "--brief") == 0) {
			print = print_brief;
		} else if (strncmp(argv[i], "--only=", 7) != 0 ||
			   !select_checks(argv[i] + 7, selected)) {
			fputs(usage, stderr);
			return 2;
		}
	}
	return run_checks(selected, print);
}
