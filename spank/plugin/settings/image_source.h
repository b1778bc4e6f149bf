/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SPANK_PLUGIN_SETTINGS_IMAGE_SOURCE_H
#define SPANK_PLUGIN_SETTINGS_IMAGE_SOURCE_H

#include "common/error.h"

/*
 * Refuse what Singularity and Apptainer take for an image although it is no
 * file: a URI or an instance.  The sentence says what to do instead.
 */
int image_source_check(const char *image, struct error *err);

#endif
