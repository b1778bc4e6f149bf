/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef COMMON_OCI_CONFIG_H
#define COMMON_OCI_CONFIG_H

#include "common/error.h"

struct json_t; /* of libjansson */

/*
 * What the config of an OCI image says about its container, as the files that
 * the runtimes make of it when they build a SIF from such an image.  Texts are
 * owned, and NULL if there is nothing to say.
 */
struct oci_config {
	char *environment; /* a shell script that exports Env */
	char *runscript;   /* a shell script that runs Entrypoint and Cmd */
	char *directory;   /* WorkingDir */
};

/*
 * Read the config, and check that `machine`, a SIF code, can run the image.
 * err: as sif_find_image().  The caller frees *ret_config.
 */
int oci_config_read(const struct json_t *config, const char *machine,
	struct oci_config *ret_config, struct error *err);

/* Only check that `machine` can run the image. */
int oci_config_check(const struct json_t *config, const char *machine,
	struct error *err);

/* Free the texts, and set them to NULL. */
void oci_config_free(struct oci_config *config);

/* The most bytes that a script has: what is read of an image's scripts. */
#define OCI_CONFIG_SCRIPT_MAX (256 << 10)

#endif
