/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SPANK_SERVER_PREFETCH_ELF_DYNAMIC_H
#define SPANK_SERVER_PREFETCH_ELF_DYNAMIC_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* As many libraries of one file are looked at, be they names or not; and names
 * as long. */
#define ELF_NAMES_MAX 32
#define ELF_NAME_SIZE 256

/* Up to `size` bytes at `offset` of a file: how many there are, or -1. */
typedef ssize_t elf_read(void *arg, uint64_t offset, void *buffer, size_t size);

/* What an executable or a library has its kernel and its loader open. */
struct elf_needs {
	char loader[ELF_NAME_SIZE]; /* PT_INTERP; "" if there is none */
	char names[ELF_NAMES_MAX][ELF_NAME_SIZE]; /* DT_NEEDED */
	size_t count;
};

/*
 * Find that out of a file of this machine's kind; whatever it says is a guess,
 * and what makes no sense is as if it were not there.  -1 if it is no such
 * file.
 */
int elf_needs(elf_read *read, void *arg, struct elf_needs *ret_needs);

#endif
