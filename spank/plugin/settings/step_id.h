/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SPANK_PLUGIN_SETTINGS_STEP_ID_H
#define SPANK_PLUGIN_SETTINGS_STEP_ID_H

#include <stdbool.h>
#include <stdint.h>

/* Room for the text of an id. */
#define STEP_ID_TEXT 48

/* SLURM_BATCH_SCRIPT and SLURM_INTERACTIVE_STEP of <slurm/slurm.h>. */
#define STEP_BATCH       UINT64_C(4294967291)
#define STEP_INTERACTIVE UINT64_C(4294967290)

/* [JOB.]STEP, as squeue --steps lists it. */
struct step_id {
	bool has_job;
	uint64_t job;
	uint64_t step; /* of 32 bits, also that of a name */
};

/* STEP is a number, "batch" or "interactive". */
bool step_id_parse(const char *text, struct step_id *ret_id);

/*
 * The value of SLURM_STEP_ID or SLURM_JOB_ID.  Slurm 26.05 prints the step of a
 * name as a negative number; batch scripts of releases before have no
 * SLURM_STEP_ID.
 */
bool step_id_parse_variable(const char *value, uint64_t *ret_number);

void step_id_print(const struct step_id *id, char ret_text[STEP_ID_TEXT]);

#endif
