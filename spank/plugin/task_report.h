/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SPANK_PLUGIN_TASK_REPORT_H
#define SPANK_PLUGIN_TASK_REPORT_H

#include <slurm/spank.h>

#include "spank/plugin/io/report.h"

/*
 * Print what a task reports; `is_complete` if it is in its container.  Equal
 * nodes would print the same a thousand times, and do not know of one another.
 * So the first node prints everything.  The others print their own warnings
 * and, with --sif-debug, how long it took and a number, which equals that of
 * the first node if they have the same to say.
 */
void task_report_print(spank_t spank, const struct report *report,
	bool is_complete);

#endif
