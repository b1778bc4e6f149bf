/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The options of srun, sbatch and salloc.  Slurm calls back more than once:
 * sbatch's value is replayed to every srun of the job and srun's own comes
 * after it, and 22.05's slurmstepd calls twice.  So the last value wins.
 *
 * A user can set Slurm's variable for an option himself, so that slurmstepd
 * may get a value that no command has checked: it is checked again there.
 */
#include <stdio.h>
#include <string.h>

#include "spank/plugin/options.h"
#include "spank/plugin/session.h"

static int store_image(const char *value, struct error *err)
{
	if (!value || !*value)
		return error_set(err, 0,
			"--sif-image needs the path of an image, or 'none'");
	if (strlen(value) >= sizeof(session.image))
		return error_set(err, 0,
			"--sif-image: the path is longer than %zu characters",
			sizeof(session.image) - 1);
	snprintf(session.image, sizeof(session.image), "%s",
		strcmp(value, "none") == 0 ? "" : value);
	return 0;
}

static int image_callback(int val, const char *value, int remote)
{
	struct error err = { 0 };
	int stored = store_image(value, &err);

	(void)val;
	/* A good value undoes a bad one before it. */
	session.option_error = err;
	if (stored == 0 || remote)
		return 0;
	slurm_error("spank_sif: %s", err.text);
	return -1;
}

int options_register(spank_t spank, struct error *err)
{
	struct spank_option image = {
		.name = "sif-image",
		.arginfo = "IMAGE|none",
		.usage = "run the tasks inside the Singularity/Apptainer image "
			 "file IMAGE (SIF or squashfs), mounted read-only as "
			 "'/'; 'none' undoes an earlier --sif-image",
		.has_arg = 1,
		.cb = image_callback,
	};
	spank_err_t rc = spank_option_register(spank, &image);

	if (rc != ESPANK_SUCCESS)
		return error_set(err, 0,
			"cannot register the option --sif-image: %s",
			spank_strerror(rc));
	return 0;
}
