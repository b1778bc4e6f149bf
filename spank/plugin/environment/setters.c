/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * If scripts are read, the values before and after each script are compared.  A
 * shell that runs them takes a snapshot after each, the output of `export -p`,
 * in variables that it exports at the end, when its environment is read.  In a
 * snapshot, the text of a variable begins at the line with its name and ends
 * before the next such line.  It is compared without undoing the quoting, which
 * differs from shell to shell.  A value that contains such a line may be
 * mistaken for another variable; the result is only for people to read.
 */
#include <stdbool.h>
#include <string.h>

#include "spank/plugin/environment/setters.h"

#define SNAPSHOT "__sif_exported_"
/* The kernel allows twice as much for one string of an environment. */
#define SNAPSHOT_MAX 65536

static bool is_same(const char *a, const char *b)
{
	return a && b ? strcmp(a, b) == 0 : a == b;
}

int image_setters_note(const struct environment *exported, const char *script,
	struct environment *seen, struct environment *setters,
	struct error *err)
{
	const struct environment_entry *entry;
	size_t i;

	for (i = 0; i < exported->count; i++) {
		entry = &exported->entries[i];
		if (is_same(entry->value, environment_value(seen, entry->name)))
			continue;
		if (environment_set(seen, entry->name, entry->value,
			    ENVIRONMENT_IMAGE, err) < 0 ||
			(script && environment_set(setters, entry->name, script,
					   ENVIRONMENT_IMAGE, err) < 0))
			return -1;
	}
	return 0;
}

void image_setters_print_snapshot(FILE *out, size_t number)
{
	fprintf(out,
		"%s%zu=$(\\export -p 2>/dev/null)\n"
		"\\[ ${#%s%zu} -lt %d ] || %s%zu=\n",
		SNAPSHOT, number, SNAPSHOT, number, SNAPSHOT_MAX, SNAPSHOT,
		number);
}

void image_setters_print_export(FILE *out, size_t count)
{
	size_t i;

	image_setters_print_snapshot(out, count + 1);
	fputs("\\export", out);
	for (i = 0; i <= count + 1; i++)
		fprintf(out, " %s%zu", SNAPSHOT, i);
	fputs("; ", out);
}

/* The rest of a line that begins with "export " or "declare -x "; or NULL. */
static const char *skip_keyword(const char *line)
{
	if (strncmp(line, "export ", 7) == 0)
		return line + 7;
	if (strncmp(line, "declare", 7) == 0 && line[7] == ' ' &&
		line[8] == '-' && strchr(line + 8, ' '))
		return strchr(line + 8, ' ') + 1;
	return NULL;
}

static const char *next_line(const char *line)
{
	line += strcspn(line, "\n");
	return *line ? line + 1 : line;
}

/* The text of the variable in a snapshot; "" if it is not there. */
static const char *find_in_snapshot(const char *text, const char *name,
	size_t *ret_length)
{
	const char *begin, *rest;
	size_t length = strlen(name);

	for (begin = text; *begin; begin = next_line(begin)) {
		rest = skip_keyword(begin);
		if (rest && strncmp(rest, name, length) == 0 &&
			(rest[length] == '=' || rest[length] == '\n'))
			break;
	}
	for (rest = next_line(begin); *rest && !skip_keyword(rest);
		rest = next_line(rest))
		;
	*ret_length = rest - begin;
	return begin;
}

static bool differs(const char *before, const char *after, const char *name)
{
	size_t before_length, after_length;
	const char *a = find_in_snapshot(before, name, &before_length);
	const char *b = find_in_snapshot(after, name, &after_length);

	return before_length != after_length || memcmp(a, b, after_length) != 0;
}

static const char *snapshot_text(const struct environment *image, size_t number)
{
	char name[64];
	const char *text;

	snprintf(name, sizeof(name), SNAPSHOT "%zu", number);
	text = environment_value(image, name);
	return text ? text : "";
}

/* The last script that has changed the variable, or NULL. */
static const char *find_setter(const struct environment *image,
	const char *name, char *const *names, size_t count)
{
	size_t i;

	for (i = count; i > 0; i--)
		if (*snapshot_text(image, i) && *snapshot_text(image, i - 1) &&
			differs(snapshot_text(image, i - 1),
				snapshot_text(image, i), name))
			return names[i - 1];
	return NULL;
}

/* After `exit 0` in a script, its snapshot is the one at the end. */
static int add_final_snapshot(struct environment *image, size_t count,
	struct error *err)
{
	char name[64];
	size_t i;

	for (i = 1; i <= count && *snapshot_text(image, i); i++)
		;
	if (i > count)
		return 0;
	snprintf(name, sizeof(name), SNAPSHOT "%zu", i);
	return environment_set(image, name, snapshot_text(image, count + 1),
		ENVIRONMENT_IMAGE, err);
}

int image_setters_read_snapshots(struct environment *image, char *const *names,
	size_t count, struct environment *setters, struct error *err)
{
	const char *name, *script;
	char own[64];
	size_t i;

	if (add_final_snapshot(image, count, err) < 0)
		return -1;
	for (i = 0; i < image->count; i++) {
		name = image->entries[i].name;
		if (strncmp(name, SNAPSHOT, strlen(SNAPSHOT)) == 0)
			continue;
		script = find_setter(image, name, names, count);
		if (script && environment_set(setters, name, script,
				      ENVIRONMENT_IMAGE, err) < 0)
			return -1;
	}
	for (i = 0; i <= count + 1; i++) {
		snprintf(own, sizeof(own), SNAPSHOT "%zu", i);
		environment_remove(image, own);
	}
	return 0;
}
