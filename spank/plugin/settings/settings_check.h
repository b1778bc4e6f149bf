/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SPANK_PLUGIN_SETTINGS_SETTINGS_CHECK_H
#define SPANK_PLUGIN_SETTINGS_SETTINGS_CHECK_H

#include "common/error.h"
#include "spank/plugin/settings/setting_rules.h"

/* Room for the longest that settings_plain() makes. */
#define SETTINGS_PLAIN_SIZE 32

/*
 * The plain form of a value: yes and no for on, true, 1, off, false and 0 where
 * one of these is meant, yes,SIZE for SIZE.  What it does not know it returns
 * as it is, to be checked.
 */
const char *settings_plain(enum setting setting, const char *value,
	char buffer[SETTINGS_PLAIN_SIZE]);

/* Is this value of --sif-home no path? */
bool settings_home_is_word(const char *value);

/*
 * Is this a value of the setting?  A list is checked as a whole.  -1 with a
 * sentence that says what would be right.
 */
int settings_check(enum setting setting, const char *value, struct error *err);

#endif
