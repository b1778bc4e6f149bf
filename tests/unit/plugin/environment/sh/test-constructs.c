/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The table tests/lib/environment-constructs: what authors write into
 * %environment.  In an image with bash it has the value that `apptainer exec`
 * gives it; in an image with only dash or busybox it has that value, or there
 * is a message.  The format is described at the top of the table.
 */
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

#define TIMEOUT_MS 20000
#define ITEMS_MIN  170

static char env_directory[128];
static char files[128]; /* @DIR@ */
static char busybox_path[128];
static char *table;

enum said { NOTHING, MESSAGE, HINT };

static char *read_table(void)
{
	const char *top = getenv("top_srcdir");
	char path[4096];
	size_t size;
	FILE *file;
	char *text;

	snprintf(path, sizeof(path), "%s/tests/lib/environment-constructs",
		top ? top : ".");
	file = fopen(path, "r");
	if (!file)
		return NULL;
	text = calloc(1, 1 << 20);
	size = fread(text, 1, (1 << 20) - 1, file);
	fclose(file);
	text[size] = '\0';
	return text;
}

/* Cut the next item off at *rest; its first line begins with one of "+=". */
static char *next_item(char **rest)
{
	char *item = *rest, *at = item;

	while (item && (at = strchr(at, '\n'))) {
		at++;
		if (strncmp(at, "=== ", 4) == 0 || strncmp(at, "+++ ", 4) == 0)
			break;
	}
	if (at)
		at[-1] = '\0';
	*rest = at;
	return item;
}

/* Replace @DIR@; the caller frees it. */
static char *complete(const char *text)
{
	char *result = NULL;
	const char *mark;
	size_t size;
	FILE *out = open_memstream(&result, &size);

	for (; (mark = strstr(text, "@DIR@")); text = mark + 5)
		fprintf(out, "%.*s%s", (int)(mark - text), text, files);
	fprintf(out, "%s\n", text);
	fclose(out);
	return result;
}

static void write_file(const char *name, const char *text)
{
	char *all = complete(text);

	scratch_write(name, all);
	chmod(scratch_path(name), 0755);
	free(all);
}

static int prepare(void **state)
{
	table = read_table();
	if (!table || scratch_make(state) < 0)
		return -1;
	scratch_mkdir("env");
	/* busybox is a shell if it is called sh. */
	scratch_symlink("sh", "/bin/busybox");
	strcpy(env_directory, scratch_path("env"));
	strcpy(files, scratch_path("files"));
	strcpy(busybox_path, scratch_path("sh"));
	/* dash creates a file there for "((A > 3))". */
	return chdir(scratch_directory());
}

static int clean(void **state)
{
	free(table);
	return chdir("/") < 0 ? -1 : scratch_remove(state);
}

/* Replace a newline by \n, and so on. */
static void unescape(char *text)
{
	char *to = text;

	for (; *text; text++)
		if (*text == '\\' && text[1])
			*to++ = *++text == 'n' ? '\n' : *text;
		else
			*to++ = *text;
	*to = '\0';
}

/* The rest of the line that begins with `kind`; NULL if there is none.  The
 * caller frees it. */
static char *expectation(const char *lines, const char *kind)
{
	const char *at = strstr(lines, kind);
	char line[4096], *text;

	if (!at)
		return NULL;
	at += strlen(kind);
	snprintf(line, sizeof(line), "%.*s", (int)strcspn(at, "\n"), at);
	unescape(line);
	text = complete(line);
	text[strlen(text) - 1] = '\0'; /* the newline */
	return text;
}

/* The result with these shells: "X=...", "unset" or "fails"; the caller frees
 * it. */
static char *run(const char *const *shells, enum said *ret_said)
{
	char *job[] = { "HOME=/tmp", "USER=u", NULL };
	const struct environment_request request = { .job = job };
	struct image_environment_report report;
	CLEANUP_ENVIRONMENT struct environment edits = { .count = 0 };
	struct error err = { 0 };
	const char *value;
	char *result;
	int loaded = image_environment_load_from(env_directory, shells,
		&request, deadline_in_ms(TIMEOUT_MS), &edits, &report, &err);

	*ret_said = report.hint.text[0]                        ? HINT
		    : loaded < 0 || report.messages.length > 0 ? MESSAGE
							       : NOTHING;
	if (loaded < 0)
		return strdup("fails");
	value = environment_value(&edits, "X");
	if (!value)
		return strdup("unset");
	assert_true(asprintf(&result, "X=%s", value) > 0);
	return result;
}

struct item {
	const char *name;
	char *apptainer; /* what each makes of it; NULL: as Apptainer */
	char *bash;
	char *sh;
};

static bool is_same(const char *got, const char *expected)
{
	return expected && strcmp(got, expected) == 0;
}

static bool is_good(const struct item *item, bool is_bash, const char *got,
	enum said said)
{
	if (is_bash)
		return said == HINT ||
		       is_same(got, item->bash ? item->bash : item->apptainer);
	return said != NOTHING || is_same(got, item->apptainer) ||
	       is_same(got, item->bash) || is_same(got, item->sh);
}

/* Returns the number of wrong results. */
static int check_with(const struct item *item, const char *const *shells)
{
	bool is_bash = strcmp(shells[0], "/bin/bash") == 0;
	enum said said;
	char *got = run(shells, &said);
	int wrong = !is_good(item, is_bash, got, said);

	if (wrong)
		print_error("%s: '%s' and not '%s' in %s%s\n", item->name, got,
			is_bash && item->bash ? item->bash : item->apptainer,
			shells[0], said != NOTHING ? ", with a message" : "");
	free(got);
	return wrong;
}

static int check(const struct item *item)
{
	const char *const bash[] = { "/bin/bash", "/bin/dash", NULL };
	const char *const dash[] = { "/bin/dash", NULL };
	const char *const busybox[] = { busybox_path, NULL };

	if (strcmp(item->apptainer, "fails") == 0)
		return 0;
	return check_with(item, bash) + check_with(item, dash) +
	       (access(busybox_path, X_OK) == 0 ? check_with(item, busybox)
						: 0);
}

static int check_construct(char *text)
{
	char *script = strchr(text, '\n') + 1;
	char *lines = strstr(script, "\n--- ");
	struct item item = { .name = text + strlen("=== ") };
	int wrong;

	assert_non_null(lines);
	*lines++ = '\0';
	script[-1] = '\0';
	write_file("env/1.sh", script);
	item.apptainer = expectation(lines, "--- ");
	item.bash = expectation(lines, "--- bash: ");
	item.sh = expectation(lines, "--- sh: ");
	wrong = check(&item);
	free(item.apptainer);
	free(item.bash);
	free(item.sh);
	return wrong;
}

static void constructs_have_apptainers_values(void **state)
{
	char *rest = strstr(table, "\n+++ ") + 1, *item;
	char path[4096];
	int count = 0, wrong = 0;

	(void)state;
	while ((item = next_item(&rest))) {
		if (*item == '=') {
			wrong += check_construct(item);
			count++;
			continue;
		}
		item[4 + strcspn(item + 4, "\n")] = '\0';
		snprintf(path, sizeof(path), "files/%s", item + 4);
		write_file(path, item + strlen(item) + 1);
	}
	assert_true(count >= ITEMS_MIN);
	assert_int_equal(wrong, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(constructs_have_apptainers_values),
	};

	return cmocka_run_group_tests_name("environment_constructs", tests,
		prepare, clean);
}
