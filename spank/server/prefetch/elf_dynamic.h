/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SPANK_SERVER_PREFETCH_ELF_DYNAMIC_H
#define SPANK_SERVER_PREFETCH_ELF_DYNAMIC_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* Limits of what is read of one file: DT_NEEDED entries, whether or not they
 * make sense, and the length of a name. */
#define ELF_NAMES_MAX 32
#define ELF_NAME_SIZE 256

/* Up to `size` bytes at `offset` of a file: how many there are, or -1. */
typedef ssize_t elf_read(void *arg, uint64_t offset, void *buffer, size_t size);

/* What the kernel and the loader open for an executable or a library. */
struct elf_needs {
	char loader[ELF_NAME_SIZE]; /* PT_INTERP; "" if there is none */
	char names[ELF_NAMES_MAX][ELF_NAME_SIZE]; /* DT_NEEDED */
	size_t count;
};

/*
 * Read this from an ELF file for this machine's architecture.  The result is a
 * guess: what makes no sense in the file is left out.  -1 if it is no such
 * file.
 */
int elf_needs(elf_read *read, void *arg, struct elf_needs *ret_needs);

#endif
