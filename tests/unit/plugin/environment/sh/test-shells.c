/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * If reading an image's scripts is certain, the result is what the shells of
 * this machine export.
 */
#include <ftw.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "spank/plugin/environment/image_environment.h"
#include "tests/unit/scratch.h"

#define TIMEOUT_MS     20000
#define RANDOM_SCRIPTS 120

/* Each is called sh, so that bash and busybox behave like sh.  Shells that this
 * machine lacks are not tried. */
static const char *const shells[] = { "dash", "bash", "busybox" };
static char env_directory[128];

static int clear(void **state)
{
	char path[32], target[32];
	size_t i;

	if (scratch_clear(state) < 0)
		return -1;
	scratch_mkdir("env");
	for (i = 0; i < sizeof(shells) / sizeof(*shells); i++) {
		sprintf(path, "%s/sh", shells[i]);
		sprintf(target, "/bin/%s", shells[i]);
		scratch_symlink(path, target);
	}
	return 0;
}

static int make_directories(void **state)
{
	if (scratch_make(state) < 0)
		return -1;
	strcpy(env_directory, scratch_path("env"));
	return clear(state);
}

static void write_script(const char *name, const char *text)
{
	char path[64];

	snprintf(path, sizeof(path), "env/%s", name);
	scratch_write(path, text);
}

static void remove_script(const char *name)
{
	char path[64];

	snprintf(path, sizeof(path), "env/%s", name);
	unlink(scratch_path(path));
}

/* `shell` is the path of a shell.  Returns -1 if a script failed. */
static int load(const char *shell, struct environment *edits, bool *ret_is_read)
{
	char *job[] = { "HOME=/home/a", "A=job", NULL };
	char *vars[] = { "FACT=fact", NULL };
	const struct environment_request request = { .job = job,
		.container_vars = vars };
	const char *const only[] = { shell, NULL };
	struct image_environment_report report;
	struct error err = { 0 };

	if (image_environment_load_from(env_directory, only, &request,
		    deadline_in_ms(TIMEOUT_MS), edits, &report, &err) < 0) {
		*ret_is_read = false;
		return -1;
	}
	*ret_is_read = !report.shell;
	return 0;
}

/* Read the scripts; false if a shell was needed, which does not exist here. */
static bool read_scripts(struct environment *edits)
{
	bool is_read;

	return load("/bin/false", edits, &is_read) == 0 && is_read;
}

static void assert_same(const struct environment *read,
	const struct environment *run, const char *shell, const char *text)
{
	const struct environment_entry *entry = read->entries;
	const char *value;
	size_t i;

	for (i = 0; i < read->count; i++, entry++) {
		value = environment_value(run, entry->name);
		if (!value != !entry->value ||
			(value && strcmp(value, entry->value) != 0))
			fail_msg("%s is '%s' and not '%s' in %s after:\n%s",
				entry->name, entry->value ? entry->value : "-",
				value ? value : "-", shell, text);
	}
	if (read->count != run->count)
		fail_msg("not all is known of %s after:\n%s", shell, text);
}

/* Run the scripts with every shell; a further script, which cannot be read,
 * makes sure that a shell is used. */
static void assert_shells_agree(const struct environment *read,
	const char *text)
{
	char name[32];
	const char *path;
	bool is_read;
	size_t i;

	write_script("zz.sh", ":\n");
	for (i = 0; i < sizeof(shells) / sizeof(*shells); i++) {
		CLEANUP_ENVIRONMENT struct environment run = { .count = 0 };

		sprintf(name, "%s/sh", shells[i]);
		path = scratch_path(name);
		if (access(path, X_OK) < 0)
			continue;
		if (load(path, &run, &is_read) < 0)
			fail_msg("%s fails in:\n%s", shells[i], text);
		assert_false(is_read);
		assert_same(read, &run, shells[i], text);
	}
	remove_script("zz.sh");
}

static void assert_value(const struct environment *edits, const char *name,
	const char *value)
{
	const char *found = environment_value(edits, name);

	if (!found)
		fail_msg("%s is not set", name);
	assert_string_equal(found, value);
}

/* The essence of the scripts that Apptainer and SingularityCE add to images. */
static void write_standard_scripts(const char *base)
{
	write_script("01-base.sh", "#!/bin/sh\n# \n# Copyright\n\n\n");
	write_script("10-docker2singularity.sh",
		"#!/bin/sh\nexport PATH=\"/opt/bin:/bin\"\n"
		"export A=\"${A:-\"it's \\\\x \\$y \\\"z\\\"\"}\"\n"
		"export B=\"${B:-}\"\n");
	write_script("94-appsbase.sh",
		"## App\n\nSCIF_APPDATA_a=/scif/data/a\n\n"
		"export SCIF_APPDATA_a SCIF_APPMETA_a\n"
		"export SCIF_APPRUN_a=\"/scif/apps/a/scif/runscript\"\n");
	write_script("95-apps.sh",
		"#!/bin/sh\n#\n\nif test -n \"${SINGULARITY_APPNAME:-}\"; then\n"
		"\n    # Active\n    export SINGULARITY_APPNAME\n\n"
		"    if test -d \"/scif/apps/${SINGULARITY_APPNAME:-}/\"; then\n"
		"        SCIF_APPS=\"/scif/apps\"\n"
		"        PATH=\"/scif/${SINGULARITY_APPNAME:-}:/x:$PATH\"\n"
		"        if test -d \"/scif/bin\"; then\n"
		"            PATH=\"/scif/bin:$PATH\"\n"
		"        elif test -d \"/other/bin\"; then\n"
		"            PATH=\"/other/bin:$PATH\"\n        fi\n"
		"        if [ -f \"/scif/01-base.sh\" ]; then\n"
		"            . \"/scif/01-base.sh\" \"$@\"\n        fi\n"
		"        export PATH\n    else\n"
		"        echo \"No app: ${SINGULARITY_APPNAME}\"\n"
		"        exit 1\n    fi\nfi\n\n");
	write_script("99-base.sh", base);
	write_script("99-runtimevars.sh",
		"#!/bin/sh\n\nif [ -n \"${SING_USER_DEFINED_PATH:-}\" ]; then\n"
		"\tPATH=\"${SING_USER_DEFINED_PATH}:${PATH}\"\nfi\n\n"
		"unset SING_USER_DEFINED_PREPEND_PATH \\\n"
		"\t  SING_USER_DEFINED_PATH\n\nexport PATH\n");
}

static void assert_standard(const char *base, const char *prompt)
{
	CLEANUP_ENVIRONMENT struct environment edits = { .count = 0 };

	write_standard_scripts(base);
	write_script("90-environment.sh",
		"#!/bin/sh\n# Custom environment\n\n"
		"    export LC_ALL=C\n    export PATH=/app/bin:$PATH\n"
		"    export LD_LIBRARY_PATH=/app/lib:$LD_LIBRARY_PATH\n\n");
	assert_true(read_scripts(&edits));
	assert_value(&edits, "PATH",
		"/app/bin:/opt/bin:/bin:/usr/local/sbin:/usr/local/bin:"
		"/usr/sbin:/usr/bin:/sbin");
	assert_value(&edits, "LD_LIBRARY_PATH",
		"/app/lib::/.singularity.d/libs");
	assert_value(&edits, "PS1", prompt);
	assert_value(&edits, "SCIF_APPRUN_a", "/scif/apps/a/scif/runscript");
	assert_shells_agree(&edits, "the standard scripts");
}

static void standard_scripts_are_read(void **state)
{
	(void)state;
	assert_standard("if [ -z \"$LD_LIBRARY_PATH\" ]; then\n"
			"    LD_LIBRARY_PATH=\"/.singularity.d/libs\"\nelse\n"
			"    LD_LIBRARY_PATH=\"$LD_LIBRARY_PATH"
			":/.singularity.d/libs\"\nfi\n\n"
			"PS1=\"Singularity> \"\n"
			"export LD_LIBRARY_PATH PS1\n",
		"Singularity> ");
	assert_standard("if [ -z \"${LD_LIBRARY_PATH:-}\" ]; then\n"
			"    LD_LIBRARY_PATH=\"/.singularity.d/libs\"\nelse\n"
			"    LD_LIBRARY_PATH=\"$LD_LIBRARY_PATH"
			":/.singularity.d/libs\"\nfi\n\n"
			"if [ -z \"${PS1:-}\" ]; then\n"
			"    PS1=\"Apptainer> \"\nfi\n"
			"export LD_LIBRARY_PATH PS1\n",
		"Apptainer> ");
}

static void conditions_are_evaluated(void **state)
{
	static const char *const texts[] = {
		"if [ -n \"$FACT\" ]; then export B=1; else export B=2; fi",
		"if test -z \"$A\"\nthen # x\nexport B=\"$A\"\nfi # y",
		("if [ \"$FACT\" = fact ]; then\nif [ \"$A\" != '' ]; then B=1\n"
		 "elif [ \"x$A\" = x ]; then B=2; else B=3; fi\nexport B\nfi"),
		"if [ -n \"$B\" ]; then\necho 'a b' \"$1\"; false\nfi",
		"A=1; if [ \"$A\" = '1' ]; then unset A; fi; export A B=\"$A\"",
		"export HOME=\"${HOME:-\"/root\"}\"",
		"if [ -n \"${FACT:+x}\" ]; then\n\n# c\n\nexport B=1\nfi",
	};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(texts) / sizeof(*texts); i++) {
		CLEANUP_ENVIRONMENT struct environment edits = { .count = 0 };

		write_script("1.sh", texts[i]);
		if (!read_scripts(&edits))
			fail_msg("not understood: %s", texts[i]);
		assert_shells_agree(&edits, texts[i]);
	}
}

/* DIR stands for the directory of the test. */
static void fill(const char *from, char *to, size_t size)
{
	const char *mark;

	*to = '\0';
	for (; (mark = strstr(from, "DIR")); from = mark + 3)
		snprintf(to + strlen(to), size - strlen(to), "%.*s%s",
			(int)(mark - from), from, scratch_directory());
	snprintf(to + strlen(to), size - strlen(to), "%s", from);
}

static void sourced_files_are_read(void **state)
{
	static const char *const texts[] = {
		". 'DIR/a'; export B=$S",
		"if [ -f DIR/a ]; then\n. DIR/a\nfi\nexport B=\"$S\"",
		"if [ ! -e DIR/none ]; then export B=1; fi",
		". DIR/b; export C=$S",
	};
	char script[4096];
	size_t i;

	(void)state;
	scratch_write("a", "S=sourced; export T=1\n");
	fill(". DIR/a\nS=$S-twice", script, sizeof(script));
	scratch_write("b", script);
	for (i = 0; i < sizeof(texts) / sizeof(*texts); i++) {
		CLEANUP_ENVIRONMENT struct environment edits = { .count = 0 };

		fill(texts[i], script, sizeof(script));
		write_script("1.sh", script);
		if (!read_scripts(&edits))
			fail_msg("not understood: %s", script);
		assert_shells_agree(&edits, script);
	}
}

static void unreadable_sourced_files_need_a_shell(void **state)
{
	static const char *const texts[] = { ". /nonesuch", ". nonesuch",
		"source /", ". /dev/zero", ". /proc/self/status a",
		". DIR/self", ". DIR/fifo", ". DIR/returns" };
	static char many[2000 * 64];
	char script[4096], line[64];
	size_t i;

	(void)state;
	fill(". DIR/self\n", line, sizeof(line));
	for (i = 0; i < 2000; i++)
		strcpy(many + i * strlen(line), line);
	scratch_write("self", many);
	scratch_write("returns", "return 1\n");
	mkfifo(scratch_path("fifo"), 0600);
	for (i = 0; i < sizeof(texts) / sizeof(*texts); i++) {
		CLEANUP_ENVIRONMENT struct environment edits = { .count = 0 };

		fill(texts[i], script, sizeof(script));
		write_script("1.sh", script);
		if (read_scripts(&edits))
			fail_msg("taken for certain: %s", script);
	}
}

static void uncertain_scripts_need_a_shell(void **state)
{
	static const char *const texts[] = { ":", "export A=$(id)", "set -u",
		"set -e", "return", "exit 0", "exit", "readonly A=1",
		"f() { A=1; }", "A=1 &", "export A=1 >x", "cat <<E\nE",
		"; export A=1", "A=1;; B=2", "if [ -n \"$A\" ]; then\nfi",
		"if [ -n \"$A\" ]; then A=1\n", "if [ -n $A ]; then A=1; fi",
		"if [ -n \"-n\" ]; then A=1; fi",
		"if [ \"!\" = 1 ]; then A=1; fi",
		"if [ -n \"$A\" ] && true; then A=1; fi",
		"if [ -n \"$A\" -a x ]; then A=1; fi",
		"if [ -n \"$A\" ]; then A=1; fi >x",
		"if [ -n \"$A\" ]; then f() { A=1; }; fi",
		"if [ -n \"$A\" ]; then { A=1; }; fi",
		"if [ -n \"$FACT\" ]; then echo; fi",
		"if [ -d x ]; then A=1; fi", "export A={a,b}", "export A=~/x",
		"X='a b'; export A=$X", "X='*'; export A=$X",
		"export A=\"${A:-{}\"", "export A=\"${A:-\"{x}\"}\"",
		"export A=\"${A:-it's}\"", "export A=\"${A:-\"$B\"\"1\"}\"",
		"export A=\"$B\\\nC\"", "export A=\"${HOSTNAME:-x}\"",
		"export TERM=\"${TERM:-\"xterm\"}\"", "export SHELL",
		"IFS=:", "UID=0", "PS1=x", "export A=\"${PS1+x}\"",
		"unset PATH", "unset HOME; export A=$HOME", "export A=\303\244",
		"export A='\001'", "export A=\"x\r\"" };
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(texts) / sizeof(*texts); i++) {
		CLEANUP_ENVIRONMENT struct environment edits = { .count = 0 };

		write_script("1.sh", texts[i]);
		if (read_scripts(&edits))
			fail_msg("taken for certain: %s", texts[i]);
	}
}

static void values_that_execve_may_refuse_need_a_shell(void **state)
{
	CLEANUP_ENVIRONMENT struct environment edits = { .count = 0 };
	static char text[(64 << 10) + 16];

	(void)state;
	strcpy(text, "export B=");
	memset(text + strlen(text), 'x', 64 << 10);
	write_script("1.sh", text);
	assert_true(read_scripts(&edits));
	strcat(text, "x");
	write_script("1.sh", text);
	assert_false(read_scripts(&edits));
}

/* --- random scripts, the same in each run ---------------------------------*/

static uint64_t seed;
static char text[8192];

static unsigned pick(unsigned count)
{
	seed = seed * 6364136223846793005ULL + 1442695040888963407ULL;
	return (unsigned)(seed >> 33) % count;
}

static void add(const char *more)
{
	strncat(text, more, sizeof(text) - strlen(text) - 1);
}

#define ADD_ONE_OF(...)                                           \
	do {                                                      \
		static const char *const all[] = { __VA_ARGS__ }; \
		add(all[pick(sizeof(all) / sizeof(*all))]);       \
	} while (0)

static void add_name(void)
{
	ADD_ONE_OF("A", "B", "C", "PATH", "HOME", "FACT", "LD_LIBRARY_PATH",
		"PS1");
}

static void add_literal(void)
{
	if (pick(8))
		ADD_ONE_OF("a", "1.5", "/opt/bin", "x=y");
	else
		ADD_ONE_OF("it's", "a b", "\\\"", "\\$", "\\\\", "\\a", "*",
			"}", "{", "~", "#", "5$", "\n", "\\\n", "!", "");
}

static void add_parameter(int depth)
{
	add("${");
	add_name();
	if (pick(3)) {
		ADD_ONE_OF(":-", "-", ":+", "+");
		if (depth < 2 && pick(3) == 0)
			add_parameter(depth + 1);
		else if (pick(2))
			add_literal();
		else
			ADD_ONE_OF("\"a b\"", "'c'", "\"it's\"", "\"\"");
	}
	add("}");
}

static void add_quoted(void)
{
	add("\"");
	if (pick(2))
		add_literal();
	if (pick(2))
		add_parameter(0);
	add("\"");
}

static void add_word(void)
{
	switch (pick(6)) {
	case 0:
		ADD_ONE_OF("a", "'b c'", "$FACT", "x'y'\"z\"", "\\ ");
		break;
	case 1:
		add_parameter(0);
		break;
	default:
		add_quoted();
	}
}

static void add_assignment(void)
{
	add_name();
	add("=");
	add_word();
}

static void add_condition(void)
{
	add(pick(2) ? "-n " : pick(2) ? "-z " : "");
	add_quoted();
	if (pick(2)) {
		ADD_ONE_OF(" = ", " != ");
		add_quoted();
	}
}

static void add_commands(int depth);

static void add_if(int depth)
{
	add("if [ ");
	add_condition();
	add(" ]; then\n");
	add_commands(depth);
	if (pick(3) == 0) {
		add("elif test ");
		add_condition();
		add("\nthen ");
		add_commands(depth);
	}
	if (pick(2)) {
		add("else\n");
		add_commands(depth);
	}
	add("fi");
}

static void add_command(int depth)
{
	switch (pick(depth < 3 ? 7 : 5)) {
	case 0:
	case 1:
		add("export ");
		add_assignment();
		break;
	case 2:
		add_assignment();
		break;
	case 3:
		ADD_ONE_OF("export A B", "export PS1 C=1", "unset A B", "# x",
			"export B PATH", "echo \"a ${B}\"");
		break;
	case 4:
		add("export B=\"${B:-\"");
		add_literal();
		add("\"}\"");
		break;
	default:
		add_if(depth + 1);
	}
}

static void add_commands(int depth)
{
	unsigned i, count = 1 + pick(3);

	for (i = 0; i < count; i++) {
		add_command(depth);
		ADD_ONE_OF("\n", "\n", "; ", " # it's\n");
	}
}

static void random_scripts_are_read_as_shells_read_them(void **state)
{
	int i, understood = 0;

	(void)state;
	for (i = 0; i < RANDOM_SCRIPTS; i++) {
		CLEANUP_ENVIRONMENT struct environment edits = { .count = 0 };

		seed = i;
		text[0] = '\0';
		add_commands(0);
		write_script("10-docker.sh", text);
		if (!read_scripts(&edits))
			continue;
		assert_shells_agree(&edits, text);
		understood++;
	}
	if (understood < RANDOM_SCRIPTS / 10)
		fail_msg("only %d scripts were understood", understood);
}

#define TEST(function) cmocka_unit_test_setup(function, clear)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(standard_scripts_are_read),
		TEST(conditions_are_evaluated),
		TEST(sourced_files_are_read),
		TEST(unreadable_sourced_files_need_a_shell),
		TEST(uncertain_scripts_need_a_shell),
		TEST(values_that_execve_may_refuse_need_a_shell),
		TEST(random_scripts_are_read_as_shells_read_them),
	};

	return cmocka_run_group_tests_name("environment_shells", tests,
		make_directories, scratch_remove);
}
