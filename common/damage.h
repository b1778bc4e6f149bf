/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef COMMON_DAMAGE_H
#define COMMON_DAMAGE_H

#include <stdint.h>

/*
 * What an image server tells slurmstepd of its image's file, in memory that
 * both have (SERVER_DAMAGE_FD): it is there whatever becomes of the server, and
 * nobody has to wait for it.  All numbers are the server's word, which is the
 * user's.
 */
struct damage {
	uint64_t failures;    /* requests that could not be answered for it */
	uint64_t offset;      /* of the first of them, in the file */
	uint64_t size_before; /* when the file was opened */
	uint64_t size_now;    /* as last looked at */
	uint32_t has_offset;  /* 1: offset is known */
	uint32_t error;   /* errno of the read there; 0: it was no failure */
	uint32_t changed; /* DAMAGE_TOUCHED, DAMAGE_WRITTEN, or 0 */
};

/* Since it was opened the file has another time of change (of its name or mode,
 * maybe); or another size or time of writing. */
#define DAMAGE_TOUCHED 1
#define DAMAGE_WRITTEN 2

#endif
