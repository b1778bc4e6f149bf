/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef TESTS_FUZZ_SQUASHFUSE_NAMES_H
#define TESTS_FUZZ_SQUASHFUSE_NAMES_H

/* What the reader on libsquashfuse is called in a program that has both; given
 * to the compiler with -include. */
#define squash_open squashfuse_open

#endif
