/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SPANK_PLUGIN_SETTINGS_PATH_H
#define SPANK_PLUGIN_SETTINGS_PATH_H

/*
 * Normalize an absolute path by name, in place: no "//", no ".", no "..", which
 * removes the component before it, and no slash at the end.
 */
void path_normalize(char *path);

#endif
