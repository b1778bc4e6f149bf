/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * 10-docker2singularity.sh, where `apptainer build` and `singularity build`
 * keep the Env of a Docker or OCI image.  They write each variable as
 *
 *   export NAME="${NAME:-"VALUE"}"
 *
 * VALUE is escaped twice: for a shell's double quotes (\ " $ `), and then as a
 * Go string (\ " and newlines).  The runtimes' own shell removes backslashes
 * more than once there, other shells once: they would read a" as a\".  So the
 * second level is removed here, which leaves the value that the Docker image
 * declares.
 *
 * Lines of any other form stay as they are.
 */
#include <string.h>

#include "spank/plugin/environment/docker_script.h"
#include "spank/plugin/environment/variables/environment.h"

bool docker_script_is(const char *name)
{
	return strcmp(name, "10-docker2singularity.sh") == 0 ||
	       strcmp(name, "10-docker.sh") == 0;
}

/* Go past an expected text. */
static bool skip_text(char **at, const char *end, const char *text,
	size_t length)
{
	if ((size_t)(end - *at) < length || memcmp(*at, text, length) != 0)
		return false;
	*at += length;
	return true;
}

#define SKIP(at, end, text) skip_text(at, end, text, sizeof(text) - 1)

/* Narrow a line to VALUE. */
static bool find_value(char **at, char **end)
{
	static const char tail[] = "\"}\"";
	const size_t tail_length = sizeof(tail) - 1;
	const char *name;
	size_t length;

	if (!SKIP(at, *end, "export "))
		return false;
	name = *at;
	length = environment_name_length(name, *end - name);
	*at += length;
	if (length == 0 || !SKIP(at, *end, "=\"${") ||
		!skip_text(at, *end, name, length) || !SKIP(at, *end, ":-\""))
		return false;
	if ((size_t)(*end - *at) < tail_length ||
		memcmp(*end - tail_length, tail, tail_length) != 0)
		return false;
	*end -= tail_length;
	return true;
}

/* The length of what begins with a backslash in a value that is escaped twice;
 * 0 if this one is not. */
static size_t length_of_escape(const char *at, const char *end)
{
	size_t left = end - at;

	if (left < 2 || at[1] == '"')
		return 0;
	if (at[1] != '\\')
		return 2; /* of Go alone */
	if (left >= 3 && (at[2] == '$' || at[2] == '`'))
		return 3;
	if (left >= 4 && at[2] == '\\' && (at[3] == '\\' || at[3] == '"'))
		return 4;
	return 0;
}

static bool is_escaped_twice(const char *at, const char *end)
{
	size_t length = 1;

	for (; at < end && length > 0; at += length) {
		if (*at == '"')
			return false;
		length = *at == '\\' ? length_of_escape(at, end) : 1;
	}
	return length > 0;
}

/* What one element of a value is for a shell.  Of Go's own escapes \n and \t
 * can be expected.  Returns the end of what has been written. */
static char *unescape(char *to, const char *at, size_t length)
{
	char last = at[length - 1];

	if (length == 2 && (last == 'n' || last == 't')) {
		*to++ = last == 'n' ? '\n' : '\t';
		return to;
	}
	if (length > 1)
		*to++ = '\\';
	*to++ = last;
	return to;
}

static char *unescape_value(char *to, const char *at, const char *end)
{
	size_t length;

	for (; at < end; at += length) {
		length = *at == '\\' ? length_of_escape(at, end) : 1;
		to = unescape(to, at, length);
	}
	return to;
}

static char *put(char *to, const char *at, const char *end)
{
	memmove(to, at, end - at);
	return to + (end - at);
}

static char *unescape_line(char *to, char *line, char *end)
{
	char *value = line, *value_end = end;

	if (!find_value(&value, &value_end) ||
		!is_escaped_twice(value, value_end))
		return put(to, line, end);
	to = put(to, line, value);
	to = unescape_value(to, value, value_end);
	return put(to, value_end, end);
}

size_t docker_script_unescape(char *text, size_t length)
{
	char *line = text, *end = text + length, *to = text, *line_end;

	while (line < end) {
		line_end = memchr(line, '\n', end - line);
		if (!line_end)
			line_end = end;
		to = unescape_line(to, line, line_end);
		line = line_end;
		if (line < end)
			*to++ = *line++;
	}
	return to - text;
}
