/* SPDX-License-Identifier: BSD-3-Clause */
/* What the server and spank-sif-inspect print about an image is parsed by the
 * plugin, and nothing else is. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "common/image_info.h"

#define UUID  "01234567-89ab-cdef-0123-456789abcdef"
#define LEAST "offset=0 size=1 compression=gzip"

static struct image_info info;

static void assert_round_trip(const struct image_info *given, const char *words)
{
	char text[IMAGE_INFO_SIZE];

	image_info_print(given, text, sizeof(text));
	assert_string_equal(text, words);
	memset(&info, 0xff, sizeof(info));
	assert_true(image_info_parse(text, &info));
	assert_int_equal(info.offset, given->offset);
	assert_int_equal(info.size, given->size);
	assert_string_equal(info.compression, given->compression);
	assert_int_equal(info.overlays, given->overlays);
	assert_int_equal(info.rings, given->rings);
	assert_string_equal(info.uuid, given->uuid);
	assert_string_equal(info.stack, given->stack);
	assert_string_equal(info.layers, given->layers);
}

static void what_is_printed_is_parsed(void **state)
{
	static const struct image_info least = { .size = 1,
		.compression = "gzip" };
	static const struct image_info most = { .offset = INT64_MAX,
		.size = INT64_MAX,
		.compression = "zstd",
		.overlays = UINT32_MAX,
		.rings = INT32_MAX,
		.uuid = UUID,
		.stack = "squashfs+ext",
		.layers = "ext,squashfs+ext" };

	(void)state;
	assert_round_trip(&least, LEAST);
	assert_round_trip(&most,
		"offset=9223372036854775807 size=9223372036854775807 "
		"compression=zstd overlays=4294967295 rings=2147483647 "
		"uuid=" UUID " filesystems=squashfs+ext "
		"layers=ext,squashfs+ext");
}

static void a_small_buffer_cuts_the_words(void **state)
{
	static const struct image_info least = { .size = 1,
		.compression = "gzip" };
	char text[12];

	(void)state;
	image_info_print(&least, text, sizeof(text));
	assert_string_equal(text, "offset=0 si");
}

/* The server runs as the user, who may have taken it over. */
static void anything_else_is_refused(void **state)
{
	static const char *const wrong[] = {
		"",
		" ",
		"gzip",
		"size=1 compression=gzip",
		"offset=0 compression=gzip",
		"offset=0 size=1",
		"offset=0 size=1 compression=",
		"offset=0 size=1 compression=g\n",
		"offset=0 size=1 compression=gzipgzip",
		"offset=-1 size=1 compression=gzip",
		"offset=0 size=0 compression=gzip",
		"offset=0 size=9223372036854775808 compression=gzip",
		" " LEAST,
		LEAST " ",
		LEAST "  rings=1",
		LEAST " overlays=",
		LEAST " overlays=2x",
		LEAST " overlays=4294967296",
		LEAST " xoverlays=2",
		LEAST " overlays=2 overlays=0",
		LEAST " filesystems=a,b",
		LEAST " uuid=",
		LEAST " uuid=$(reboot)",
		LEAST " uuid=" UUID "0",
		LEAST " overlays=1 rings=1 uuid=" UUID " more=1",
	};
	char long_text[4000];
	size_t i;

	(void)state;
	info.size = 7;
	for (i = 0; i < sizeof(wrong) / sizeof(*wrong); i++)
		if (image_info_parse(wrong[i], &info))
			fail_msg("'%s' was parsed", wrong[i]);
	memset(long_text, ' ', sizeof(long_text));
	long_text[sizeof(long_text) - 1] = '\0';
	assert_false(image_info_parse(long_text, &info));
	assert_int_equal(info.size, 7);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_printed_is_parsed),
		cmocka_unit_test(a_small_buffer_cuts_the_words),
		cmocka_unit_test(anything_else_is_refused),
	};

	return cmocka_run_group_tests_name("image_info", tests, NULL, NULL);
}
