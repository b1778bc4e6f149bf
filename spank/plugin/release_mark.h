/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SPANK_PLUGIN_RELEASE_MARK_H
#define SPANK_PLUGIN_RELEASE_MARK_H

#include <stdint.h>

#define RELEASE_MARK "spank_sif-release"

/* In the plugin's file, once: the release of Slurm that it is built for, and
 * its own. */
struct release_mark {
	char text[24];    /* RELEASE_MARK */
	uint32_t slurm;   /* SLURM_VERSION_NUMBER */
	char version[20]; /* PACKAGE_VERSION */
};

#endif
