/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef TESTS_FUZZ_SQUASHFUSE_NAMES_H
#define TESTS_FUZZ_SQUASHFUSE_NAMES_H

/* What the reader on libsquashfuse is called in a program that has both; given
 * to the compiler with -include. */
#define reader_builtin         reader_squashfuse
#define READER_NAME            "squashfuse"
#define squash_open            squashfuse_open
#define squash_set_cache       squashfuse_set_cache
#define squash_close           squashfuse_close
#define squash_fd              squashfuse_fd
#define squash_root            squashfuse_root
#define squash_stat            squashfuse_stat
#define squash_lookup          squashfuse_lookup
#define squash_list            squashfuse_list
#define squash_parent_number   squashfuse_parent_number
#define squash_readlink        squashfuse_readlink
#define squash_read            squashfuse_read
#define squash_release         squashfuse_release
#define squash_wants_readahead squashfuse_wants_readahead
#define squash_readahead       squashfuse_readahead
#define squash_statfs          squashfuse_statfs

#endif
