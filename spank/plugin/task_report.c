/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The report of a task, on the task's standard error.
 */
#include <stdio.h>
#include <unistd.h>

#include "spank/plugin/io/say.h"
#include "spank/plugin/task_report.h"

void task_report_print(spank_t spank, const struct report *report,
	bool is_complete)
{
	const char *last = report_last_moment(report);
	char host[256] = "", text[512];
	uint32_t node = 0;
	size_t i;

	gethostname(host, sizeof(host) - 1);
	spank_get_item(spank, S_JOB_NODEID, &node);
	for (i = 0; i < report->count; i++)
		if (node == 0 || !is_complete ||
			report->lines[i].kind == REPORT_NOTE)
			say_note("%s: %s", host, report->lines[i].text);
	if (!is_complete || !*last)
		return;
	snprintf(text, sizeof(text), "%s%smounts and variables %08x",
		node == 0 ? "" : last, node == 0 ? "" : "; ",
		(unsigned int)report_fingerprint(report));
	say_note("%s: %s", host, text);
}
