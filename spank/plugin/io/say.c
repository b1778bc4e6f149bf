/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The only place that prints.  Hooks, and the files that do their work
 * (step_*.c, task_report.c), call it once for each failure.  All other code
 * returns its sentences.
 */
#include <stdarg.h>
#include <stdio.h>

#include <slurm/slurm_version.h>
#include <slurm/spank.h>

#include "common/error.h"
#include "spank/plugin/io/printable.h"
#include "spank/plugin/io/say.h"

/* A sentence that consists of escapes is cut. */
#define LINE_SIZE (2 * ERROR_TEXT_SIZE)

/* Slurm's slurm_error(), slurm_spank_log() or slurm_info(). */
typedef void slurm_printer(const char *format, ...);

static void __attribute__((format(printf, 2, 0)))
say(slurm_printer *print, const char *format, va_list args)
{
	char text[LINE_SIZE], line[LINE_SIZE];

	vsnprintf(text, sizeof(text), format, args);
	print("spank_sif: %s", printable(text, line, sizeof(line)));
}

void say_error(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	say(slurm_error, format, args);
	va_end(args);
}

void say_note(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	say(slurm_spank_log, format, args);
	va_end(args);
}

void say_info(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	say(slurm_info, format, args);
	va_end(args);
}

void say_loaded(void)
{
	/* A literal, so that strings(1) finds it. */
	slurm_info("spank_sif " PACKAGE_VERSION " for Slurm %d.%02d loaded",
		SLURM_VERSION_MAJOR(SLURM_VERSION_NUMBER),
		SLURM_VERSION_MINOR(SLURM_VERSION_NUMBER));
}
