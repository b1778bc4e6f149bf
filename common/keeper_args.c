/* SPDX-License-Identifier: BSD-3-Clause */
#include <stddef.h>

#include "common/keeper_args.h"
#include "common/named_values.h"

#define FIELD(name) .offset = offsetof(struct keeper_args, name)

static const struct named_value table[KEEPER_ARGS_COUNT] = {
	{ "timeout", FIELD(timeout_s), .min = 1, .max = INT_MAX / 1000 },
	{ "mountpoint", FIELD(mountpoint), .is_text = true },
};

void keeper_args_print(const struct keeper_args *args, const char *program,
	struct keeper_argv *ret_argv)
{
	named_values_print_argv(table, KEEPER_ARGS_COUNT, args, program,
		ret_argv->words, ret_argv->text, sizeof(ret_argv->text));
}

int keeper_args_parse(char *const argv[], struct keeper_args *ret_args,
	struct error *err)
{
	struct keeper_args args = { .mountpoint = NULL };

	if (named_values_parse(table, KEEPER_ARGS_COUNT,
		    argv[0] ? argv + 1 : argv, &args, err) < 0)
		return -1;
	*ret_args = args;
	return 0;
}
