/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef COMMON_SETTINGS_CHECK_H
#define COMMON_SETTINGS_CHECK_H

#include "common/settings.h"

/*
 * Is this a value of the setting?  A list is checked as a whole.  -1 with a
 * sentence that says what would be right.
 */
int settings_check(enum setting setting, const char *value, struct error *err);

#endif
