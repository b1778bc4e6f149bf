/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The one place that prints.  The rest of the plugin returns sentences; hooks
 * say them, once for each failure.
 */
#include <stdarg.h>
#include <stdio.h>

#include <slurm/slurm_version.h>
#include <slurm/spank.h>

#include "common/error.h"
#include "spank/plugin/io/printable.h"
#include "spank/plugin/io/say.h"

/* Slurm takes a line of any length; a sentence that is escaped all over is cut.
 */
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
	/* In one piece, for strings(1). */
	slurm_info("spank_sif " PACKAGE_VERSION " for Slurm %d.%02d loaded",
		SLURM_VERSION_MAJOR(SLURM_VERSION_NUMBER),
		SLURM_VERSION_MINOR(SLURM_VERSION_NUMBER));
}
