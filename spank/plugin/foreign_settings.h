/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SPANK_PLUGIN_FOREIGN_SETTINGS_H
#define SPANK_PLUGIN_FOREIGN_SETTINGS_H

#include "common/error.h"
#include "spank/plugin/io/report.h"
#include "spank/plugin/settings/plugstack_args.h"
#include "spank/plugin/settings/settings.h"

/*
 * In a command: take what the variables of Singularity and Apptainer ask for,
 * such as APPTAINER_CLEANENV, where nothing has been said of that setting and
 * the administrator has not denied it.  -1 with a sentence that names a
 * variable with a wrong value.  Binds: see container/foreign_binds.h.
 */
int foreign_settings_add(struct settings *settings,
	const struct plugstack_args *args, struct error *err);

/* Note those that are set and cannot be honoured. */
void foreign_settings_note(struct report *report);

#endif
