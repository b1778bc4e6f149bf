/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SPANK_PLUGIN_SETTINGS_STEP_ID_H
#define SPANK_PLUGIN_SETTINGS_STEP_ID_H

#include <stdbool.h>
#include <stdint.h>

/* Room for the text of an id. */
#define STEP_ID_TEXT 48

/* [JOB.]STEP, as squeue --steps lists it. */
struct step_id {
	bool has_job;
	uint64_t job;
	uint64_t step; /* as SLURM_STEP_ID has it, also that of a name */
};

/* STEP is a number, "batch" or "interactive". */
bool step_id_parse(const char *text, struct step_id *ret_id);

void step_id_print(const struct step_id *id, char ret_text[STEP_ID_TEXT]);

#endif
