/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SPANK_PLUGIN_SETTINGS_SETTING_PARSE_H
#define SPANK_PLUGIN_SETTINGS_SETTING_PARSE_H

#include "spank/plugin/settings/setting_value.h"

/*
 * Parse the text of a value into *value, which is zero before; `words` are
 * those that the setting has.  -1 with a sentence that says what would be
 * right; the caller frees *value in any case.
 */
typedef int setting_parse(const char *text, unsigned int words,
	struct setting_value *value, struct error *err);

setting_parse setting_parse_word; /* a word, no more */
setting_parse setting_parse_image;
setting_parse setting_parse_binds;
setting_parse setting_parse_mounts;
setting_parse setting_parse_overlays;
setting_parse setting_parse_env;
setting_parse setting_parse_home;
setting_parse setting_parse_workdir;
setting_parse setting_parse_writable; /* no, yes, yes,SIZE or SIZE */
setting_parse setting_parse_step;

#endif
