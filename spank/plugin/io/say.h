/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SPANK_PLUGIN_IO_SAY_H
#define SPANK_PLUGIN_IO_SAY_H

/*
 * What the plugin's hooks say, as one line that begins with "spank_sif: ".
 * Whatever users have put into it, it stays one line: see
 * spank/plugin/io/printable.h.
 */

/* To the log of slurmd; to the user from a command and, once there is a task to
 * speak for, from slurmstepd. */
void say_error(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* To the user, where say_error() reaches them; no error. */
void say_note(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* To the log of slurmd alone. */
void say_info(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* The same: the version of the plugin, and the release of Slurm that it is
 * built for. */
void say_loaded(void);

#endif
