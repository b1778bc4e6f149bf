/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SPANK_PLUGIN_IO_SAY_H
#define SPANK_PLUGIN_IO_SAY_H

/*
 * Print one line that begins with "spank_sif: ".  It stays one line whatever
 * text of users is in it, see spank/plugin/io/printable.h.
 */

/* To the log of slurmd.  To the user as well from srun, sbatch and salloc and,
 * once there are tasks, from slurmstepd. */
void say_error(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* To the user, where say_error() reaches them; not as an error. */
void say_note(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* Only to the log of slurmd. */
void say_info(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* Only to the log of slurmd: the version of the plugin, and the release of
 * Slurm that it is built for. */
void say_loaded(void);

#endif
