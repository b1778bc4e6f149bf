/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef COMMON_DAMAGE_H
#define COMMON_DAMAGE_H

#include <stdint.h>

/*
 * What an image server reports to slurmstepd, in shared memory
 * (SERVER_DAMAGE_FD), about the first file that failed: that of its image, or
 * of a layer over it.  The report survives the server, and slurmstepd never
 * waits for it.  All values are untrusted: the server runs as the user.
 */
struct damage {
	uint64_t failures;    /* requests that failed because of the damage */
	uint64_t offset;      /* in the file, of the first failure */
	uint64_t size_before; /* when the file was opened */
	uint64_t size_now;    /* when it was last checked */
	uint32_t has_offset;  /* 1: offset is known */
	uint32_t error;       /* errno of that read; 0: the read succeeded */
	uint32_t changed;     /* DAMAGE_TOUCHED, DAMAGE_WRITTEN, or 0 */
	uint32_t file;        /* 0: the image; N: the Nth layer over it */
};

/*
 * Since the file was opened its ctime has changed (perhaps only its name or
 * mode did); its size or mtime has changed.
 */
#define DAMAGE_TOUCHED 1
#define DAMAGE_WRITTEN 2

#endif
