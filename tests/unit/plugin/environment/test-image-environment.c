/* SPDX-License-Identifier: BSD-3-Clause */
/* Scripts of an image, run by the shells of this machine. */
#include <fcntl.h>
#include <ftw.h>
#include <limits.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "spank/plugin/environment/image_environment.h"
#include "tests/unit/scratch.h"

#define TIMEOUT_MS 20000

/* Shells that this machine lacks are not tried. */
static const char *const shells[] = { "/bin/sh", "/bin/bash", "/bin/dash",
	"busybox" };
static char busybox_path[128];
static char env_directory[128];

static int clear(void **state)
{
	if (scratch_clear(state) < 0)
		return -1;
	scratch_mkdir("env");
	/* busybox is a shell if it is called sh. */
	scratch_symlink("sh", "/bin/busybox");
	return 0;
}

static int make_directories(void **state)
{
	if (scratch_make(state) < 0)
		return -1;
	strcpy(env_directory, scratch_path("env"));
	strcpy(busybox_path, scratch_path("sh"));
	return clear(state);
}

static void write_script(const char *name, const char *text)
{
	char path[64];

	snprintf(path, sizeof(path), "env/%s", name);
	scratch_write(path, text);
}

static const char *shell_at(size_t i)
{
	const char *path =
		strcmp(shells[i], "busybox") == 0 ? busybox_path : shells[i];

	return access(path, X_OK) == 0 ? path : NULL;
}

static int load_within(const char *shell, int ms, char *const *job,
	struct environment *edits, struct image_environment_report *report,
	struct error *err)
{
	const struct environment_request request = { .job = job };
	const char *const only[] = { shell, NULL };

	return image_environment_load_from(env_directory, only, &request,
		deadline_in_ms(ms), edits, report, err);
}

static struct environment load(const char *shell, char *const *job)
{
	struct image_environment_report report;
	struct environment edits = { .count = 0 };
	struct error err = { 0 };

	if (load_within(shell, TIMEOUT_MS, job, &edits, &report, &err) < 0)
		fail_msg("%s: %s", shell, err.text);
	assert_string_equal(report.shell, shell);
	return edits;
}

static void assert_fails(const char *shell, int ms, const char *sentence)
{
	struct image_environment_report report;
	struct environment edits = { .count = 0 };
	struct error err = { 0 };

	assert_int_equal(load_within(shell, ms, NULL, &edits, &report, &err),
		-1);
	if (!strstr(err.text, sentence))
		fail_msg("'%s' is not in '%s'", sentence, err.text);
}

/* No child is left, neither running nor as a zombie. */
static void assert_no_child(void)
{
	assert_int_equal(waitpid(-1, NULL, WNOHANG), -1);
}

static void assert_value(const struct environment *edits, const char *name,
	const char *value)
{
	const char *found = environment_value(edits, name);

	if (!found)
		fail_msg("%s is not set", name);
	assert_string_equal(found, value);
}

static void an_image_without_scripts_declares_nothing(void **state)
{
	struct image_environment_report report;
	CLEANUP_ENVIRONMENT struct environment edits = { .count = 0 };
	struct error err = { 0 };

	(void)state;
	rmdir(env_directory);
	assert_int_equal(load_within("/bin/sh", 0, NULL, &edits, &report, &err),
		0);
	assert_int_equal(report.scripts, 0);
	assert_int_equal(edits.count, 2); /* PATH, LD_LIBRARY_PATH */
}

static void every_shell_gives_the_same_result(void **state)
{
	char *job[] = { "FOO=job", "HOME=/home/a", NULL };
	const char *shell;
	size_t i;

	(void)state;
	write_script("10-docker2singularity.sh",
		"#!/bin/sh\nexport PATH=\"/opt/bin:/bin\"\n"
		"export FOO=\"${FOO:-\"image\"}\"\n"
		"export HOME=\"${HOME:-\"/root\"}\"\n"
		"export N=\"${N:-\"a 'b' \\\"c\\\" \\$d\n\\`e\\` \\\\ }\"}\"\n");
	write_script("90-environment.sh", "PATH=\"/my:$PATH\"\nB=$(echo x)\n"
					  "export B\nlocal=1\n");
	write_script("91-it's.sh", "export Q=\"$B\"\n");
	write_script("99-base.sh", "LD_LIBRARY_PATH=/.singularity.d/libs\n"
				   "export LD_LIBRARY_PATH\nfalse");
	write_script(".hidden.sh", "export HIDDEN=1\n");
	write_script("other.txt", "export OTHER=1\n");
	for (i = 0; i < sizeof(shells) / sizeof(*shells); i++) {
		struct environment edits;

		shell = shell_at(i);
		if (!shell)
			continue;
		edits = load(shell, job);
		assert_value(&edits, "PATH",
			"/my:/opt/bin:/bin:/usr/local/sbin:/usr/local/bin:"
			"/usr/sbin:/usr/bin:/sbin");
		assert_value(&edits, "FOO", "image");
		assert_value(&edits, "N", "a 'b' \"c\" $d\n`e` \\ }");
		assert_value(&edits, "B", "x");
		assert_value(&edits, "Q", "x");
		assert_value(&edits, "LD_LIBRARY_PATH", "/.singularity.d/libs");
		assert_int_equal(edits.count, 6);
		environment_free(&edits);
		assert_no_child();
	}
}

/* As SingularityCE 4.1.1 writes the Env of a Docker image.  In its own shell
 * most of these have the same values; $, `, newlines and tabs do not. */
static void docker_variables_have_their_declared_values(void **state)
{
	static const char *const lines[][2] = {
		{ "a\\\\\\\\b", "a\\b" },
		{ "\\\\\\\"\\\\\\\"", "\"\"" },
		{ "tail\\\\\\\\", "tail\\" },
		{ "{\\\\\\\"k\\\\\\\": \\\\\\\"C:\\\\\\\\dir\\\\\\\"}",
			"{\"k\": \"C:\\dir\"}" },
		{ "\\\\\\\\u@\\\\\\\\h", "\\u@\\h" },
		{ "it's a}b", "it's a}b" },
		{ "one\\ntwo\\tthree", "one\ntwo\tthree" },
		{ "\\\\$(echo no)\\\\`echo no\\\\`\\\\${X",
			"$(echo no)`echo no`${X" },
		/* Escaped once. */
		{ "a \\\"b\\\" \\$c \\\\d", "a \"b\" $c \\d" },
	};
	char text[1024] = "#!/bin/sh\nexport PATH=\"/bin\"\n", name[8];
	size_t i, j, length = strlen(text);

	(void)state;
	for (j = 0; j < sizeof(lines) / sizeof(*lines); j++)
		length += sprintf(text + length,
			"export E%zu=\"${E%zu:-\"%s\"}\"\n", j, j, lines[j][0]);
	write_script("10-docker2singularity.sh", text);
	/* Read where there is no shell, and run by each otherwise. */
	write_script("20.sh", "B=$(echo x)\nexport B\n");
	for (i = 0; i <= sizeof(shells) / sizeof(*shells); i++) {
		const char *shell = i == 0 ? "/nowhere" : shell_at(i - 1);
		struct image_environment_report report;
		struct environment edits = { .count = 0 };
		struct error err = { 0 };

		if (!shell)
			continue;
		if (load_within(shell, TIMEOUT_MS, NULL, &edits, &report,
			    &err) < 0)
			fail_msg("%s: %s", shell, err.text);
		assert_int_equal(report.shell != NULL, i > 0);
		for (j = 0; j < sizeof(lines) / sizeof(*lines); j++) {
			sprintf(name, "E%zu", j);
			assert_value(&edits, name, lines[j][1]);
		}
		environment_free(&edits);
	}
}

static void every_shell_gets_the_prompt_of_the_image(void **state)
{
	const char *shell;
	size_t i;

	(void)state;
	write_script("99-base.sh", ":\nif [ -z \"${PS1:-}\" ]; then\n"
				   "PS1=\"Apptainer> \"\nfi\nexport PS1\n");
	for (i = 0; i < sizeof(shells) / sizeof(*shells); i++) {
		struct environment edits;

		shell = shell_at(i);
		if (!shell)
			continue;
		edits = load(shell, NULL);
		assert_value(&edits, "PS1", "Apptainer> ");
		environment_free(&edits);
	}
}

static void scripts_do_not_see_the_job(void **state)
{
	char *job[] = { "FOO=job", "SLURM_PROCID=1", NULL };
	CLEANUP_ENVIRONMENT struct environment edits = { .count = 0 };

	(void)state;
	write_script("1.sh", ":\nexport A=\"<$FOO$SLURM_PROCID>\"\n");
	edits = load("/bin/sh", job);
	assert_value(&edits, "A", "<>");
	assert_null(environment_entry(&edits, "FOO"));
}

static void shell_options_of_a_script_are_harmless(void **state)
{
	const char *shell;
	size_t i;

	(void)state;
	write_script("05.sh", "set -a\n. /dev/null\n:\n");
	write_script("10-docker.sh", "set -eu\nset -f\nIFS=/\nunset PATH\n"
				     "export A=1\numask 777\nset -C\n");
	write_script("20.sh", "exec >&-; exec 2>&-; exec </dev/null; echo x "
			      "|| :\ncd /\nexport B=2\n");
	for (i = 0; i < sizeof(shells) / sizeof(*shells); i++) {
		struct environment edits;

		shell = shell_at(i);
		if (!shell)
			continue;
		edits = load(shell, NULL);
		assert_value(&edits, "A", "1");
		assert_value(&edits, "B", "2");
		assert_null(environment_entry(&edits, "__sif_file"));
		environment_free(&edits);
	}
}

static void exit_0_keeps_what_was_exported(void **state)
{
	const char *shell;
	size_t i;

	(void)state;
	write_script("1.sh", "export A=1\nexit 0\nexport A=2\n");
	write_script("2.sh", "export A=3\n");
	for (i = 0; i < sizeof(shells) / sizeof(*shells); i++) {
		struct environment edits;

		shell = shell_at(i);
		if (!shell)
			continue;
		edits = load(shell, NULL);
		assert_value(&edits, "A", "1");
		environment_free(&edits);
	}
}

/* apptainer 1.4.5 does the same. */
static void a_broken_script_does_not_end_the_others(void **state)
{
	static const struct {
		const char *text;
		const char *value;
		const char *message;
	} scripts[] = {
		{ "if then fi (\n", "1", "2.sh: " },
		{ ". /nonesuch\nexport A=2\n", "2", "/nonesuch" },
		{ "source /nonesuch || export A=2\n", "2", "/nonesuch" },
		{ "nonesuch-command\nexport A=2\n", "2", "nonesuch-command" },
		{ "trap : 0; export A=2\n", "2", "" },
	};
	const char *shell;
	size_t i, j;

	(void)state;
	write_script("1.sh", "export A=1\n");
	write_script("3.sh", "export B=\"$A\"\n");
	for (j = 0; j < sizeof(scripts) / sizeof(*scripts); j++) {
		write_script("2.sh", scripts[j].text);
		for (i = 0; i < sizeof(shells) / sizeof(*shells); i++) {
			struct image_environment_report report;
			CLEANUP_ENVIRONMENT struct environment edits = { 0 };
			struct error err = { 0 };

			shell = shell_at(i);
			if (!shell)
				continue;
			if (load_within(shell, TIMEOUT_MS, NULL, &edits,
				    &report, &err) < 0)
				fail_msg("%s: %s", shell, err.text);
			assert_value(&edits, "B", scripts[j].value);
			report.messages.bytes[report.messages.length] = '\0';
			if (!strstr(report.messages.bytes, scripts[j].message))
				fail_msg("%s says '%s'", shell,
					report.messages.bytes);
		}
	}
}

/* If the image has bash, no other shell is used. */
static void bash_is_preferred(void **state)
{
	char *job[] = { "HOME=/home/a", NULL };
	const struct environment_request request = { .job = job };
	const char *const two[] = { "/nonesuch/bash", "/bin/bash", "/bin/dash",
		NULL };
	struct image_environment_report report;
	CLEANUP_ENVIRONMENT struct environment edits = { .count = 0 };
	struct error err = { 0 };

	(void)state;
	write_script("1.sh", "declare -A M=([k]=v)\nexport A=${M[k]}\n");
	assert_int_equal(image_environment_load_from(env_directory, two,
				 &request, deadline_in_ms(TIMEOUT_MS), &edits,
				 &report, &err),
		0);
	assert_string_equal(report.shell, "/bin/bash");
	assert_value(&edits, "A", "v");
	assert_int_equal(report.messages.length, 0);
}

/* The loader ends a program in this way if a library is missing. */
static void a_bash_without_its_libraries_is_skipped(void **state)
{
	const struct environment_request request = { .job = NULL };
	char broken[sizeof(env_directory) + 8];
	const char *const two[] = { broken, "/bin/dash", NULL };
	struct image_environment_report report;
	CLEANUP_ENVIRONMENT struct environment edits = { .count = 0 };
	struct error err = { 0 };

	(void)state;
	write_script("bash", "#!/bin/sh\necho no library >&2\nexit 127\n");
	snprintf(broken, sizeof(broken), "%s/bash", env_directory);
	chmod(broken, 0700);
	write_script("1.sh", ":; export A=1\n");
	assert_int_equal(image_environment_load_from(env_directory, two,
				 &request, deadline_in_ms(TIMEOUT_MS), &edits,
				 &report, &err),
		0);
	assert_string_equal(report.shell, "/bin/dash");
	assert_value(&edits, "A", "1");
	report.messages.bytes[report.messages.length] = '\0';
	assert_string_equal(report.messages.bytes, "no library\n");
}

static void messages_are_bounded(void **state)
{
	struct image_environment_report report;
	CLEANUP_ENVIRONMENT struct environment edits = { .count = 0 };
	struct report notes = { .debug = false };
	struct error err = { 0 };
	size_t i;

	(void)state;
	write_script("1.sh", "printf 'a\\033[2J\\tb\\n' >&2\ni=0\n"
			     "while [ $i -lt 9999 ]; do echo $i; i=$((i+1))\n"
			     "done >&2\nexport A=1\n");
	assert_int_equal(
		load_within("/bin/sh", TIMEOUT_MS, NULL, &edits, &report, &err),
		0);
	assert_value(&edits, "A", "1");
	image_messages_report(&report.messages, &notes);
	assert_int_equal(notes.count, IMAGE_MESSAGES_LINES_MAX + 1);
	assert_string_equal(notes.lines[0].text,
		"warning: the image's environment: a [2J b");
	assert_string_equal(notes.lines[1].text,
		"warning: the image's environment: 0");
	assert_non_null(strstr(notes.lines[notes.count - 1].text, "left out"));
	for (i = 0; i < notes.count; i++)
		assert_true(strlen(notes.lines[i].text) < 300);
	report_free(&notes);
}

static void a_failing_script_is_named(void **state)
{
	static const struct {
		const char *text;
		const char *sentence;
	} scripts[] = {
		{ "exit 3\n", "/env/2.sh' of the image ended with status 3" },
		{ "set -e\nfalse\n", "/env/2.sh' of the image ended with st" },
		{ "kill -KILL $$\n", "/env/2.sh' of the image ended before" },
		{ "exec true\n", "/env/2.sh' of the image ended before" },
		{ "exec 9>&-\n", "/env/2.sh' of the image ended before" },
		{ "trap : 0; exit 0\n",
			"/env/2.sh' of the image ended before" },
	};
	const char *shell;
	size_t i, j;

	(void)state;
	write_script("1.sh", "export A=1\n");
	for (j = 0; j < sizeof(scripts) / sizeof(*scripts); j++) {
		write_script("2.sh", scripts[j].text);
		for (i = 0; i < sizeof(shells) / sizeof(*shells); i++) {
			shell = shell_at(i);
			if (shell)
				assert_fails(shell, TIMEOUT_MS,
					scripts[j].sentence);
			assert_no_child();
		}
	}
}

static void a_hanging_script_is_named_and_killed(void **state)
{
	(void)state;
	write_script("1.sh", "while :; do :; done\n");
	assert_fails("/bin/sh", 200, "/env/1.sh' of the image was not done in");
	assert_no_child();
	write_script("1.sh", "while :; do echo . >&9; done\n");
	assert_fails("/bin/sh", 200, "' of the image was not done in time");
	assert_no_child();
}

/* Wait until the file has the pid. */
static pid_t read_pid(const char *path)
{
	FILE *file = fopen(path, "r");
	int pid = 0;

	assert_non_null(file);
	assert_int_equal(fscanf(file, "%d", &pid), 1);
	fclose(file);
	return pid;
}

/* It has been killed, but another process reaps it: wait for that. */
static bool is_gone(pid_t pid)
{
	struct deadline deadline = deadline_in_ms(TIMEOUT_MS);
	char path[64], state = 0;
	FILE *file;

	snprintf(path, sizeof(path), "/proc/%d/stat", (int)pid);
	while (deadline_left_ms(deadline) > 0) {
		file = fopen(path, "r");
		if (!file)
			return true;
		if (fscanf(file, "%*d (%*[^)]) %c", &state) != 1)
			state = 'Z';
		fclose(file);
		if (state == 'Z' || state == 'X')
			return true;
		usleep(1000);
	}
	return false;
}

static void processes_of_a_script_are_killed(void **state)
{
	CLEANUP_ENVIRONMENT struct environment edits = { .count = 0 };
	char text[256], path[sizeof(env_directory) + 8];

	(void)state;
	snprintf(path, sizeof(path), "%s/pid", env_directory);
	snprintf(text, sizeof(text),
		"sleep 1000 &\necho $! >'%s'\nexport A=1\n", path);
	write_script("1.sh", text);
	edits = load("/bin/sh", NULL);
	assert_value(&edits, "A", "1");
	assert_true(is_gone(read_pid(path)));
	snprintf(text, sizeof(text), "sleep 1000 &\necho $! >'%s'\nexit 1\n",
		path);
	write_script("1.sh", text);
	assert_fails("/bin/sh", TIMEOUT_MS, "ended with status 1");
	assert_true(is_gone(read_pid(path)));
}

static void the_shell_inherits_nothing_from_the_task(void **state)
{
	CLEANUP_ENVIRONMENT struct environment edits = { .count = 0 };
	struct sigaction ignore = { .sa_handler = SIG_IGN }, before, after;
	unsigned long long ignored;
	sigset_t set, old;
	int leaked = fcntl(0, F_DUPFD, 77);

	(void)state;
	write_script("1.sh", "export FDS=$(cd /proc/$$/fd && echo *)\n"
			     "export OUT=$(readlink /proc/$$/fd/1)\n"
			     "export IGN=$(grep SigIgn /proc/$$/status)\n"
			     "export BLK=$(grep SigBlk /proc/$$/status)\n"
			     "export CAP=$(grep CapEff /proc/$$/status)\n"
			     "export NNP=$(grep NoNewPrivs /proc/$$/status)\n");
	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigprocmask(SIG_BLOCK, &set, &old);
	sigaction(SIGCHLD, &ignore, &before);
	/* Like a task of Slurm, which has changed its ids. */
	prctl(PR_SET_DUMPABLE, 0);
	edits = load("/bin/dash", NULL);
	prctl(PR_SET_DUMPABLE, 1);
	sigaction(SIGCHLD, &before, &after);
	sigprocmask(SIG_SETMASK, &old, NULL);
	assert_ptr_equal(after.sa_handler, SIG_IGN);
	close(leaked);
	assert_value(&edits, "OUT", "/dev/null");
	/* The C library reserves 32 and 33, and does not let us set them. */
	ignored = strtoull(environment_value(&edits, "IGN") + strlen("SigIgn:"),
		NULL, 16);
	assert_int_equal(ignored & ~(3ULL << 31), 0);
	assert_value(&edits, "BLK", "SigBlk:\t0000000000000000");
	assert_value(&edits, "CAP", "CapEff:\t0000000000000000");
	assert_value(&edits, "NNP", "NoNewPrivs:\t1");
	assert_null(strstr(environment_value(&edits, "FDS"), "77"));
}

static void a_large_environment_is_complete(void **state)
{
	CLEANUP_ENVIRONMENT struct environment edits = { .count = 0 };

	(void)state;
	write_script("1.sh", "x=0123456789abcdef\n"
			     "x=$x$x$x$x$x$x$x$x; x=$x$x$x$x$x$x$x$x\n"
			     "x=$x$x$x$x$x$x$x$x; x=$x$x$x$x$x$x$x$x\n"
			     "export A=$x B=$x C=${x}end\n");
	edits = load("/bin/sh", NULL);
	assert_int_equal(strlen(environment_value(&edits, "B")), 65536);
	assert_int_equal(strlen(environment_value(&edits, "C")), 65539);
}

static void an_environment_that_is_too_large_fails(void **state)
{
	(void)state;
	/* Over 2 MiB: a string may have 32 pages, of 64 KiB at most. */
	write_script("1.sh", "x=0123456789abcdef\n"
			     "x=$x$x$x$x$x$x$x$x; x=$x$x$x$x$x$x$x$x\n"
			     "x=$x$x$x$x$x$x$x$x; x=$x$x$x$x$x$x$x$x\n"
			     "x=$x$x$x$x$x$x$x$x; export A=$x$x$x$x$x\n");
	assert_fails("/bin/dash", TIMEOUT_MS, "/env/1.sh' of the image ended");
}

static void too_many_scripts_fail(void **state)
{
	char name[16];
	int i;

	(void)state;
	for (i = 0; i < 65; i++) {
		snprintf(name, sizeof(name), "%d.sh", i);
		write_script(name, "");
	}
	assert_fails("/bin/sh", TIMEOUT_MS, "more than 64 scripts");
}

static void without_a_shell_scripts_are_read(void **state)
{
	static const char *const missing[] = { "/nowhere/sh", "/dev/null",
		"/etc/passwd", "" };
	struct image_environment_report report;
	size_t i;

	(void)state;
	write_script("10-docker2singularity.sh",
		"#!/bin/sh\nexport PATH=\"/opt/bin\"\n"
		"export A=\"${A:-\"a \\\"b\\\"\"}\"\n");
	write_script("20.sh", "PATH=\"$PATH:/z\"\nexport B=$(id)\nC=1\n");
	/* An executable file that is not a program. */
	write_script("not-a-program", "\x7f"
				      "ELF");
	for (i = 0; i < sizeof(missing) / sizeof(*missing); i++) {
		CLEANUP_ENVIRONMENT struct environment edits = { .count = 0 };
		char path[sizeof(env_directory) + 32];
		struct error err = { 0 };

		snprintf(path, sizeof(path), "%s/not-a-program", env_directory);
		chmod(path, 0700);
		assert_int_equal(load_within(missing[i][0] ? missing[i] : path,
					 TIMEOUT_MS, NULL, &edits, &report,
					 &err),
			0);
		assert_null(report.shell);
		assert_int_equal(report.scripts, 2);
		assert_int_equal(report.skipped_lines, 1);
		assert_value(&edits, "A", "a \"b\"");
		assert_value(&edits, "PATH",
			"/opt/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:"
			"/usr/bin:/sbin:/bin:/z");
		assert_null(environment_entry(&edits, "C"));
		assert_no_child();
	}
}

static void only_regular_files_are_scripts(void **state)
{
	CLEANUP_ENVIRONMENT struct environment edits = { .count = 0 };
	struct image_environment_report report;
	struct error err = { 0 };
	char path[sizeof(env_directory) + 32];

	(void)state;
	snprintf(path, sizeof(path), "%s/1.sh", env_directory);
	mkfifo(path, 0600);
	snprintf(path, sizeof(path), "%s/2.sh", env_directory);
	mkdir(path, 0700);
	snprintf(path, sizeof(path), "%s/3.sh", env_directory);
	assert_int_equal(symlink("/dev/zero", path), 0);
	assert_int_equal(load_within("/nowhere", TIMEOUT_MS, NULL, &edits,
				 &report, &err),
		0);
	assert_int_equal(report.scripts, 0);
}

#define TEST(function) cmocka_unit_test_setup(function, clear)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(an_image_without_scripts_declares_nothing),
		TEST(every_shell_gives_the_same_result),
		TEST(docker_variables_have_their_declared_values),
		TEST(every_shell_gets_the_prompt_of_the_image),
		TEST(scripts_do_not_see_the_job),
		TEST(shell_options_of_a_script_are_harmless),
		TEST(exit_0_keeps_what_was_exported),
		TEST(a_broken_script_does_not_end_the_others),
		TEST(bash_is_preferred),
		TEST(a_bash_without_its_libraries_is_skipped),
		TEST(messages_are_bounded),
		TEST(a_failing_script_is_named),
		TEST(a_hanging_script_is_named_and_killed),
		TEST(processes_of_a_script_are_killed),
		TEST(the_shell_inherits_nothing_from_the_task),
		TEST(a_large_environment_is_complete),
		TEST(an_environment_that_is_too_large_fails),
		TEST(too_many_scripts_fail),
		TEST(without_a_shell_scripts_are_read),
		TEST(only_regular_files_are_scripts),
	};

	return cmocka_run_group_tests_name("image_environment", tests,
		make_directories, scratch_remove);
}
