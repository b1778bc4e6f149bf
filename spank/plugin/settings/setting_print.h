/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SPANK_PLUGIN_SETTINGS_SETTING_PRINT_H
#define SPANK_PLUGIN_SETTINGS_SETTING_PRINT_H

#include "spank/plugin/settings/setting_value.h"

/*
 * The text of a value, such that parsing it yields the same value; owned by the
 * caller, NULL if there is no memory.
 */
typedef char *setting_print(const struct setting_value *value);

setting_print setting_print_word;
setting_print setting_print_path; /* a word or a path */
setting_print setting_print_binds;
setting_print setting_print_overlays;
setting_print setting_print_items;
setting_print setting_print_writable;
setting_print setting_print_step;

#endif
