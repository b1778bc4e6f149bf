/* SPDX-License-Identifier: BSD-3-Clause */
/* Classes of variable names. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "spank/plugin/environment/variables/names.h"

static void protected_names_are_known(void **state)
{
	static const char *const yes[] = { "SLURM_PROCID", "SLURMD_NODENAME",
		"SPANK_X", "_SLURM_SPANK_OPTION_a_b", "PMI_RANK", "PMI2_X",
		"PMIX_RANK", "OMPI_COMM_WORLD_RANK", "PALS_RANKID",
		"CUDA_VISIBLE_DEVICES", "ZE_AFFINITY_MASK" };
	static const char *const no[] = { "SLURM", "PMI", "CUDA", "PATH", "_",
		"CUDA_VISIBLE_DEVICES_X", "MY_SLURM_X", "" };
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(yes) / sizeof(*yes); i++)
		assert_true(environment_name_is_protected(yes[i]));
	for (i = 0; i < sizeof(no) / sizeof(*no); i++)
		assert_false(environment_name_is_protected(no[i]));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(protected_names_are_known),
	};

	return cmocka_run_group_tests_name("names", tests, NULL, NULL);
}
