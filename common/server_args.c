/* SPDX-License-Identifier: BSD-3-Clause */
#include <stddef.h>
#include <stdint.h>

#include "common/named_values.h"
#include "common/server_args.h"

#define FIELD(name) .offset = offsetof(struct server_args, name)

static const struct named_value table[SERVER_ARGS_COUNT] = {
	{ "timeout", FIELD(timeout_s), .min = 1, .max = INT_MAX / 1000 },
	{ "tasks", FIELD(tasks), .min = 1, .max = UINT32_MAX },
	{ "cache", FIELD(cache_mib), .min = 1, .max = 1L << 20 },
	{ "threads", FIELD(threads), .min = 0, .max = 1L << 16 },
	{ "uring", FIELD(uring), .words = { "no", "auto" } },
	{ "mount", FIELD(host_mount), .words = { "private", "host" } },
	/* The last, so that only its value can be cut. */
	{ "image", FIELD(image), .is_text = true },
};

void server_args_print(const struct server_args *args, const char *program,
	struct server_argv *ret_argv)
{
	named_values_print_argv(table, SERVER_ARGS_COUNT, args, program,
		ret_argv->words, ret_argv->text, sizeof(ret_argv->text));
}

int server_args_parse(char *const argv[], struct server_args *ret_args,
	struct error *err)
{
	struct server_args args = { .image = NULL };

	if (named_values_parse(table, SERVER_ARGS_COUNT,
		    argv[0] ? argv + 1 : argv, &args, err) < 0)
		return -1;
	*ret_args = args;
	return 0;
}
