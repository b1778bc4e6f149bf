/* SPDX-License-Identifier: BSD-3-Clause */
/* Which programs root refuses to start. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "common/privileged/spawn_as_user.h"
#include "tests/unit/scratch.h"

static void assert_refused(const char *path, const char *part)
{
	struct error err = { 0 };

	assert_int_equal(priv_spawn_open(path, &err), -1);
	if (!strstr(err.text, part))
		fail_msg("'%s' is not in '%s'", part, err.text);
}

static void a_missing_program(void **state)
{
	(void)state;
	assert_refused("/nonesuch",
		"cannot open '/nonesuch', which belongs to the installation");
}

/* Its user could trace it. */
static void a_readable_program(void **state)
{
	(void)state;
	assert_refused("/bin/sh", "can be read by others than root");
}

static void a_program_of_another_owner_or_mode(void **state)
{
	(void)state;
	scratch_write("program", "");
	if (getuid() != 0) {
		assert_refused(scratch_path("program"),
			"does not belong to root");
		return;
	}
	assert_int_equal(chmod(scratch_path("program"), 0720), 0);
	assert_refused(scratch_path("program"),
		"is writable by others than root");
	assert_int_equal(chmod(scratch_path("program"), 0710), 0);
	assert_refused(scratch_path("program"), "cannot be executed by users");
	assert_int_equal(chmod(scratch_path("program"), 0711), 0);
	/* Everybody can write to /tmp, and exchange what is below it. */
	assert_refused(scratch_path("program"),
		"'/tmp' is writable by others than root");
}

static void a_directory(void **state)
{
	(void)state;
	if (getuid() == 0 && chmod(scratch_directory(), 0711) == 0)
		assert_refused(scratch_directory(),
			"cannot be executed by users");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_missing_program),
		cmocka_unit_test(a_readable_program),
		cmocka_unit_test(a_program_of_another_owner_or_mode),
		cmocka_unit_test(a_directory),
	};

	return cmocka_run_group_tests_name("programs to spawn", tests,
		scratch_make, scratch_remove);
}
