/* SPDX-License-Identifier: BSD-3-Clause */
/* Which constructs are found, in which line, and what is not one. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "spank/plugin/environment/sh/dialect.h"

#define ALL (DIALECT_REFUSED | DIALECT_SILENT | DIALECT_DASH | DIALECT_CR)

static void constructs_are_found(void **state)
{
	static const struct {
		const char *text;
		size_t line;
		const char *construct;
	} cases[] = {
		{ "[[ a ]]", 1, "[[" },
		{ "export A=1\n\nif [[ -n $A ]]; then :; fi", 3, "[[" },
		{ "a && [[ b ]]", 1, "[[" },
		{ "\t! [[ b ]]", 1, "[[" },
		{ "(declare -x A=1)", 1, "declare" },
		{ "A=$(typeset -p B)", 1, "typeset" },
		{ "A=\"$(let x=1)\"", 1, "let" },
		{ "A=1 shopt -s extglob", 1, "shopt" },
		{ "function f { :; }", 1, "function" },
		{ "A=a\nA+=b", 2, "+=" },
		{ "export A+=b", 1, "+=" },
		{ "A=(a b)", 1, "NAME=(...)" },
		{ "A[1]=b", 1, "NAME[INDEX]=" },
		{ "A[$i]=b", 1, "NAME[INDEX]=" },
		{ "for i in {1..3}; do :; done", 1, "{1..3}" },
		{ "mkdir /a/{b,c}", 1, "{A,B}" },
		{ "A=$'x'", 1, "$'...'" },
		{ "A=$\"x\"", 1, "$\"...\"" },
		{ "A=${B//x/y}", 1, "${NAME/PATTERN/TEXT}" },
		{ "A=\"${B:0:3}\"", 1, "${NAME:OFFSET}" },
		{ "A=${B^^}", 1, "${NAME^^}" },
		{ "A=${!B}", 1, "${!NAME}" },
		{ "A=${B[0]}", 1, "${NAME[INDEX]}" },
		{ "A=${B:-${C,,}}", 1, "${NAME^^}" },
		{ "A=$UID", 1, "UID" },
		{ "A=\"/tmp/${UID}\"", 1, "UID" },
		{ "A=$(<file)", 1, "$(<FILE)" },
		{ "read A <<< b", 1, "<<<" },
		{ "read A < <(b)", 1, "<(" },
		{ "a &>/dev/null", 1, "&>" },
		{ "a |& b", 1, "|&" },
		{ "((A++))", 1, "((" },
		{ "for ((i=0;i<3;i++)); do :; done", 1, "((" },
		{ "case a in a) b ;;& esac", 1, ";;&" },
		{ "[ \"$A\" == b ]", 1, "[ == ]" },
		{ "[ -v A ]", 1, "[ -v ]" },
		{ "export -f g", 1, "export -f" },
		{ "printf -v A b", 1, "printf -v" },
		{ "set -o pipefail", 1, "pipefail" },
		{ "echo -e a", 1, "echo -e" },
		{ "echo 'a\\tb'", 1, "echo '\\'" },
		{ "A=1\r\nB=2\r\n", 1, "\\r" },
		{ "cat <<E\n$'\nE\n[[ a ]]", 4, "[[" },
		{ "cat <<-'E'\n[[\n\tE\nlet a", 4, "let" },
		{ "case a in (b) let c ;; esac", 1, "let" },
		{ "A=$((1 + (2 * 3)))\nlet b", 2, "let" },
		{ "A='\n\n'; let b", 3, "let" },
	};
	struct environment_dialect found;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		if (!environment_dialect_find(cases[i].text,
			    strlen(cases[i].text), ALL, &found))
			fail_msg("nothing found: %s", cases[i].text);
		if (strcmp(found.construct, cases[i].construct) != 0 ||
			found.line != cases[i].line)
			fail_msg("%s in line %zu: %s", found.construct,
				found.line, cases[i].text);
	}
}

static void portable_constructs_are_not_found(void **state)
{
	static const char *const texts[] = {
		"",
		"export A=1 B='[[ a ]]' C=\"declare -x\"",
		"# [[ let's not ]]\nexport A=b#{1..3}",
		"if [ -n \"$A\" ] && test -d /x; then . /x; fi",
		"f() { local a=1; echo \"$a\"; }",
		"{ a; b; }",
		"find . -exec a {} +",
		"A=${B:-{a,b}} C=${D#*=} E=${F%%.*} G=${H+x} I=${#J}",
		"export A={a,b}",
		"A=$((1 << 2)) B=$(a; b) C=`d`",
		"A='it'\\''s' B=\"\\\"$'x'\" C=\\$UID",
		"cat <<E\n[[ ${a^^}\nE",
		"case $A in *let*) b ;; esac",
		"a 2>&1 >/dev/null | b",
		"echo \"a \\$b \\\\\"",
		"if [ -n \"$BASH_VERSION\" ]; then a; fi",
		"A=\\\nlet\nmy-let a",
		"A=\"{1..3}\" B='{a,b}'",
		"awk '{print $1,$2}'",
		"A=$UIDX B=${UID:-0}",
	};
	struct environment_dialect found;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(texts) / sizeof(*texts); i++)
		if (environment_dialect_find(texts[i], strlen(texts[i]), ALL,
			    &found))
			fail_msg("%s found: %s", found.construct, texts[i]);
}

static void only_wanted_kinds_are_found(void **state)
{
	static const char text[] = "[[ a ]]\nA=$'x'\nB={c,$UID}\n";
	struct environment_dialect found;

	(void)state;
	assert_true(environment_dialect_find(text, strlen(text), DIALECT_DASH,
		&found));
	assert_int_equal(found.line, 2);
	assert_true(environment_dialect_find(text, strlen(text), DIALECT_SILENT,
		&found));
	assert_int_equal(found.line, 3);
	assert_false(environment_dialect_find(text, strlen(text), DIALECT_CR,
		&found));
}

/* Any bytes, truncated texts, and deep nesting. */
static void hostile_texts_are_harmless(void **state)
{
	static const char bytes[] = "$({[\"'`\\<<E)}#;&|\n\r =((a";
	struct environment_dialect found;
	uint64_t seed = 1;
	size_t i, j, length;
	char *text;

	(void)state;
	for (i = 0; i < 20000; i++) {
		length = i % 64;
		text = malloc(length + 1); /* for sanitizers */
		for (j = 0; j < length; j++) {
			seed = seed * 6364136223846793005ULL + 1;
			text[j] = bytes[(seed >> 33) % sizeof(bytes)];
		}
		environment_dialect_find(text, length, DIALECT_CR, &found);
		free(text);
	}
	text = malloc(1 << 16);
	memset(text, '(', 1 << 16);
	for (i = 0; i < 1 << 16; i += 2)
		text[i] = '$';
	assert_false(
		environment_dialect_find(text, 1 << 16, DIALECT_CR, &found));
	free(text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(constructs_are_found),
		cmocka_unit_test(portable_constructs_are_not_found),
		cmocka_unit_test(only_wanted_kinds_are_found),
		cmocka_unit_test(hostile_texts_are_harmless),
	};

	return cmocka_run_group_tests_name("environment_dialect", tests, NULL,
		NULL);
}
