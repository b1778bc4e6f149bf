/* SPDX-License-Identifier: BSD-3-Clause */
/* How the memory of a step is divided. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "spank/plugin/container/step_memory.h"

#define MIB ((uint64_t)1 << 20)

/* What a step needs besides: 8 MiB for each server, its cache, 16 MiB. */
#define CACHE_MIB 32
#define NEED      (CACHE_MIB + 8 + 16)

static struct step_memory share(const char *writable, size_t servers,
	uint64_t limit, struct report *report)
{
	const struct plugstack_args args = { .cache_mib = CACHE_MIB };
	struct settings settings = { 0 };
	struct step_memory memory;
	struct error err = { 0 };

	if (writable)
		assert_int_equal(settings_put(&settings, SETTING_WRITABLE_TMPFS,
					 writable, &err),
			0);
	step_memory_share(&settings, &args, servers, limit, &memory, report);
	settings_free(&settings);
	assert_int_equal(memory.shared_fd, -1);
	return memory;
}

static void half_of_what_is_left_is_shared(void **state)
{
	struct report report = { .debug = false };
	struct step_memory memory =
		share("yes", 1, (NEED + 200) * MIB, &report);

	(void)state;
	assert_true(memory.shared == 100 * MIB);
	assert_true(memory.layer == 0);
	assert_int_equal(report.count, 0);
}

static void each_server_needs_its_cache(void **state)
{
	struct report report = { .debug = false };
	struct step_memory memory =
		share(NULL, 3, (3 * (CACHE_MIB + 8) + 16 + 500) * MIB, &report);

	(void)state;
	assert_true(memory.shared == 250 * MIB);
}

static void a_layer_has_the_size_that_was_asked_for(void **state)
{
	static const struct {
		const char *value;
		uint64_t layer;
	} cases[] = { { "yes,100m", 100 * MIB }, { "yes,100M", 100 * MIB },
		{ "yes,102400k", 100 * MIB }, { "yes,1g", 1024 * MIB },
		{ "yes,100", 100 * MIB } };
	struct report report = { .debug = false };
	struct step_memory memory;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		memory = share(cases[i].value, 1, (NEED + 2000) * MIB, &report);
		assert_true(memory.layer == cases[i].layer);
		assert_true(memory.shared == (2000 * MIB - cases[i].layer) / 2);
	}
	assert_int_equal(report.count, 0);
}

static void a_percentage_is_of_the_limit(void **state)
{
	struct report report = { .debug = false };
	struct step_memory memory = share("yes,25%", 1, 4000 * MIB, &report);

	(void)state;
	assert_true(memory.layer == 1000 * MIB);
	assert_int_equal(report.count, 0);
}

static void a_size_that_does_not_fit_is_noted(void **state)
{
	static const char *const values[] = { "yes,2g", "yes,100%",
		"yes,99999999999g" };
	struct report report = { .debug = false };
	struct step_memory memory;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(values) / sizeof(*values); i++) {
		memory = share(values[i], 1, (NEED + 200) * MIB, &report);
		assert_true(memory.layer == 0);
		assert_true(memory.shared == 100 * MIB);
		assert_int_equal(report.count, i + 1);
		assert_non_null(strstr(report.lines[i].text,
			"--sif-writable-tmpfs has 100 MiB here, not"));
		assert_non_null(strstr(report.lines[i].text, values[i] + 4));
	}
	report_free(&report);
}

/* 0 would be a tmpfs without a limit. */
static void there_is_always_a_limit(void **state)
{
	static const uint64_t limits[] = { 0, 1, MIB, NEED * MIB, UINT64_MAX };
	struct report report = { .debug = false };
	struct step_memory memory;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(limits) / sizeof(*limits); i++) {
		memory = share(NULL, 9, limits[i], &report);
		assert_true(memory.shared >= MIB);
		assert_true(
			limits[i] < 8 * MIB || memory.shared <= limits[i] / 2);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(half_of_what_is_left_is_shared),
		cmocka_unit_test(each_server_needs_its_cache),
		cmocka_unit_test(a_layer_has_the_size_that_was_asked_for),
		cmocka_unit_test(a_percentage_is_of_the_limit),
		cmocka_unit_test(a_size_that_does_not_fit_is_noted),
		cmocka_unit_test(there_is_always_a_limit),
	};

	return cmocka_run_group_tests_name("step memory", tests, NULL, NULL);
}
