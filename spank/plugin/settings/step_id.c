/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Ids of steps, as users write them and as Slurm exports them.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "spank/plugin/settings/step_id.h"

/* Of a number of 32 bits. */
#define DIGITS_MAX 10

static const struct {
	const char *name;
	uint64_t step;
} names[] = { { "batch", STEP_BATCH }, { "interactive", STEP_INTERACTIVE } };

#define NAMES_COUNT (sizeof(names) / sizeof(*names))

static bool parse_number(const char *text, size_t length, uint64_t *ret_number)
{
	if (length == 0 || length > DIGITS_MAX ||
		strspn(text, "0123456789") < length)
		return false;
	*ret_number = strtoull(text, NULL, 10);
	return true;
}

static bool parse_step(const char *text, uint64_t *ret_step)
{
	size_t i;

	for (i = 0; i < NAMES_COUNT; i++)
		if (strcmp(text, names[i].name) == 0) {
			*ret_step = names[i].step;
			return true;
		}
	return parse_number(text, strlen(text), ret_step);
}

bool step_id_parse(const char *text, struct step_id *ret_id)
{
	const char *dot = strchr(text, '.');
	struct step_id id = { .has_job = dot };

	if ((dot && !parse_number(text, dot - text, &id.job)) ||
		!parse_step(dot ? dot + 1 : text, &id.step))
		return false;
	*ret_id = id;
	return true;
}

bool step_id_parse_variable(const char *value, uint64_t *ret_number)
{
	bool is_negative = *value == '-';
	uint64_t number;

	if (!parse_number(value + is_negative, strlen(value + is_negative),
		    &number))
		return false;
	*ret_number = is_negative ? (uint32_t)-number : number;
	return true;
}

void step_id_print(const struct step_id *id, char ret_text[STEP_ID_TEXT])
{
	int used = 0;
	size_t i;

	if (id->has_job)
		used = snprintf(ret_text, STEP_ID_TEXT, "%" PRIu64 ".",
			id->job);
	for (i = 0; i < NAMES_COUNT && names[i].step != id->step; i++)
		;
	if (i < NAMES_COUNT)
		snprintf(ret_text + used, STEP_ID_TEXT - used, "%s",
			names[i].name);
	else
		snprintf(ret_text + used, STEP_ID_TEXT - used, "%" PRIu64,
			id->step);
}
