/* SPDX-License-Identifier: BSD-3-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "spank/plugin/io/printable.h"

static const struct {
	const char *text, *expected;
} cases[] = {
	{ "", "" },
	{ "plain 'text' ~ \\n %s", "plain 'text' ~ \\n %s" },
	{ "a\nb\r\tc", "a\\012b\\015\\011c" },
	{ "\033[2J\177", "\\033[2J\\177" },
	{ "\001\037", "\\001\\037" },
	/* UTF-8 stays, of two, three and four bytes */
	{ "na\xc3\xafve \xe2\x82\xac \xf0\x9f\x98\x80",
		"na\xc3\xafve \xe2\x82\xac \xf0\x9f\x98\x80" },
	{ "\xc2\xa0", "\xc2\xa0" },
	/* but for C1: next line, and the 8-bit escape sequences */
	{ "\xc2\x85\xc2\x9b", "\\302\\205\\302\\233" },
	{ "\x9b"
	  "2J",
		"\\2332J" },
	/* and for what ends a line, or turns it round */
	{ "\xe2\x80\xa8\xe2\x80\xa9", "\\342\\200\\250\\342\\200\\251" },
	{ "\xe2\x80\xae\xe2\x81\xa6", "\\342\\200\\256\\342\\201\\246" },
	{ "\xe2\x80\xa7\xe2\x81\xaa", "\xe2\x80\xa7\xe2\x81\xaa" },
	/* what is cut, overlong or too large is no character */
	{ "\xc3", "\\303" },
	{ "\xe2\x82", "\\342\\202" },
	{ "\xe2\n", "\\342\\012" },
	{ "\xc0\x8a", "\\300\\212" },
	{ "\xe0\x80\x8a", "\\340\\200\\212" },
	{ "\xf0\x80\x80\x8a", "\\360\\200\\200\\212" },
	{ "\xed\xa0\x80", "\\355\\240\\200" },
	{ "\xf4\x90\x80\x80", "\\364\\220\\200\\200" },
	{ "\xf5\x80\x80\x80", "\\365\\200\\200\\200" },
};

static void control_characters_are_escaped(void **state)
{
	char got[64];
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		assert_string_equal(printable(cases[i].text, got, sizeof(got)),
			cases[i].expected);
}

static void it_cuts_between_characters(void **state)
{
	char got[8];

	(void)state;
	memset(got, 'x', sizeof(got));
	assert_string_equal(printable("abcd\nef", got, 8), "abcd");
	assert_string_equal(printable("abc\nef", got, 8), "abc\\012");
	assert_string_equal(printable("ab\xe2\x82\xac", got, 5), "ab");
	assert_string_equal(printable("abc", got, 1), "");
	assert_int_equal(got[7], '\0');
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(control_characters_are_escaped),
		cmocka_unit_test(it_cuts_between_characters),
	};

	return cmocka_run_group_tests_name("printable", tests, NULL, NULL);
}
