/* SPDX-License-Identifier: BSD-3-Clause */
/* Dropping capabilities, in a child; with root's or without any. */
#include <errno.h>
#include <linux/capability.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "common/privileged/caps.h"

static bool has_capabilities(void)
{
	struct __user_cap_header_struct header = {
		.version = _LINUX_CAPABILITY_VERSION_3,
	};
	struct __user_cap_data_struct data[2];
	const struct __user_cap_data_struct none[2] = { 0 };

	return syscall(SYS_capget, &header, data) < 0 ||
	       memcmp(data, none, sizeof(data)) != 0;
}

/* The exit status of a child that runs this. */
static int status_of(int (*function)(void))
{
	pid_t pid = fork();
	int status = 0;

	assert_true(pid >= 0);
	if (pid == 0)
		_exit(function());
	assert_int_equal(waitpid(pid, &status, 0), pid);
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static int drop(void)
{
	struct error err;

	prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0);
	if (priv_caps_drop(&err) < 0)
		return 1;
	if (has_capabilities())
		return 2;
	if (prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) != 1)
		return 3;
	return prctl(PR_GET_KEEPCAPS, 0, 0, 0, 0) == 0 ? 0 : 4;
}

static void a_drop_leaves_nothing(void **state)
{
	(void)state;
	assert_int_equal(status_of(drop), 0);
}

static int drop_allow_setuid(void)
{
	struct error err;

	if (priv_caps_drop_allow_setuid(&err) < 0)
		return 1;
	if (has_capabilities())
		return 2;
	return prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) == 0 ? 0 : 3;
}

static void setuid_programs_can_stay_allowed(void **state)
{
	(void)state;
	if (prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) == 0)
		assert_int_equal(status_of(drop_allow_setuid), 0);
}

/* Without capabilities there is nothing to keep or to raise. */
static int keep_and_raise(void)
{
	struct error err;

	if (priv_caps_drop(&err) < 0)
		return 1;
	if (priv_caps_keep(false, &err) == 0 || err.num != EPERM)
		return 2;
	if (priv_caps_raise(&err) == 0 || err.num != EPERM)
		return 3;
	if (priv_caps_raise_overlay(&err) == 0 || err.num != EPERM)
		return 4;
	return has_capabilities() ? 5 : 0;
}

static void dropped_capabilities_cannot_return(void **state)
{
	(void)state;
	assert_int_equal(status_of(keep_and_raise), 0);
}

static int set_no_new_privs(void)
{
	struct error err;

	return priv_set_no_new_privs(&err) == 0 &&
			       prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) == 1
		       ? 0
		       : 1;
}

static void no_new_privs_is_set(void **state)
{
	(void)state;
	assert_int_equal(status_of(set_no_new_privs), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_drop_leaves_nothing),
		cmocka_unit_test(setuid_programs_can_stay_allowed),
		cmocka_unit_test(dropped_capabilities_cannot_return),
		cmocka_unit_test(no_new_privs_is_set),
	};

	return cmocka_run_group_tests_name("capabilities", tests, NULL, NULL);
}
