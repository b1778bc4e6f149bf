/* SPDX-License-Identifier: BSD-3-Clause */
/* Messages of an image's scripts: bounded, and harmless for a terminal. */
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "spank/plugin/environment/messages.h"

#define NOTE "warning: the image's environment: "

/* Read `text` in one or more pieces, until the end of file. */
static struct image_messages read_all(const char *text, size_t size)
{
	struct image_messages messages = { .length = 0 };
	size_t written = 0;
	ssize_t piece;
	int ends[2];

	assert_int_equal(pipe2(ends, O_CLOEXEC | O_NONBLOCK), 0);
	/* An empty pipe is not the end of file. */
	assert_true(image_messages_read(&messages, ends[0]));
	while (written < size) {
		piece = write(ends[1], text + written,
			size - written > 3000 ? 3000 : size - written);
		assert_true(piece > 0);
		written += piece;
		assert_true(image_messages_read(&messages, ends[0]));
	}
	close(ends[1]);
	assert_false(image_messages_read(&messages, ends[0]));
	close(ends[0]);
	assert_false(image_messages_read(&messages, -1));
	return messages;
}

static void each_line_is_a_note(void **state)
{
	struct image_messages messages = read_all("one\n\ntwo\nthree", 14);
	struct report report = { .debug = false };

	(void)state;
	image_messages_report(&messages, &report);
	assert_int_equal(report.count, 3);
	assert_string_equal(report.lines[0].text, NOTE "one");
	assert_string_equal(report.lines[1].text, NOTE "two");
	assert_string_equal(report.lines[2].text, NOTE "three");
	report_free(&report);
}

static void silence_is_no_note(void **state)
{
	struct image_messages messages = read_all("", 0);
	struct report report = { .debug = false };

	(void)state;
	image_messages_report(&messages, &report);
	assert_int_equal(report.count, 0);
}

static void control_characters_become_blanks(void **state)
{
	struct image_messages messages = read_all("a\033[2J\0b\rc\177\n", 10);
	struct report report = { .debug = false };

	(void)state;
	image_messages_report(&messages, &report);
	assert_int_equal(report.count, 1);
	assert_string_equal(report.lines[0].text, NOTE "a [2J b c ");
	report_free(&report);
}

static void a_long_line_is_cut(void **state)
{
	struct report report = { .debug = false };
	struct image_messages messages;
	char line[1000];

	(void)state;
	memset(line, 'x', sizeof(line));
	messages = read_all(line, sizeof(line));
	image_messages_report(&messages, &report);
	assert_int_equal(report.count, 1);
	assert_int_equal(strlen(report.lines[0].text),
		strlen(NOTE) + IMAGE_MESSAGES_LINE_MAX);
	report_free(&report);
}

static void too_many_lines_are_left_out(void **state)
{
	struct report report = { .debug = false };
	struct image_messages messages;
	char lines[2 * 12 + 1] = "";
	int i;

	(void)state;
	for (i = 0; i < 12; i++)
		strcat(lines, "l\n");
	messages = read_all(lines, 2 * IMAGE_MESSAGES_LINES_MAX);
	image_messages_report(&messages, &report);
	assert_int_equal(report.count, IMAGE_MESSAGES_LINES_MAX);
	report_free(&report);
	messages = read_all(lines, 24);
	image_messages_report(&messages, &report);
	assert_int_equal(report.count, IMAGE_MESSAGES_LINES_MAX + 1);
	assert_string_equal(report.lines[IMAGE_MESSAGES_LINES_MAX].text,
		NOTE "more than that is left out");
	report_free(&report);
}

static void what_does_not_fit_is_left_out(void **state)
{
	static char text[8000];
	struct image_messages messages;
	struct report report = { .debug = false };

	(void)state;
	memset(text, 'x', sizeof(text));
	messages = read_all(text, sizeof(text));
	assert_int_equal(messages.length, sizeof(messages.bytes) - 1);
	assert_true(messages.is_cut);
	image_messages_report(&messages, &report);
	assert_int_equal(report.count, 2);
	assert_string_equal(report.lines[1].text,
		NOTE "more than that is left out");
	report_free(&report);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_line_is_a_note),
		cmocka_unit_test(silence_is_no_note),
		cmocka_unit_test(control_characters_become_blanks),
		cmocka_unit_test(a_long_line_is_cut),
		cmocka_unit_test(too_many_lines_are_left_out),
		cmocka_unit_test(what_does_not_fit_is_left_out),
	};

	return cmocka_run_group_tests_name("messages", tests, NULL, NULL);
}
