/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SPANK_PLUGIN_SETTINGS_SETTING_COMPLETE_H
#define SPANK_PLUGIN_SETTINGS_SETTING_COMPLETE_H

#include "spank/plugin/settings/setting_value.h"

/*
 * Complete a value where the user gives it, so that it means the same in every
 * directory and on every node: expand variables of the environment, and make
 * paths absolute and plain.
 *
 * `inherited` is the value that an outer command has completed; whatever is
 * equal to it, or to an item of it, is complete already.  With
 * `site_has_images`, a bare name may be an image of the site's directories,
 * which the nodes look up.
 */
typedef int setting_complete(struct setting_value *value,
	const struct setting_value *inherited, bool site_has_images,
	struct error *err);

setting_complete setting_complete_image;
setting_complete setting_complete_binds;
setting_complete setting_complete_mounts;
setting_complete setting_complete_overlays;  /* keeps the upper of equal ones */
setting_complete setting_complete_directory; /* unless it is a word */

#endif
