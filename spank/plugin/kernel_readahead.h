/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SPANK_PLUGIN_KERNEL_READAHEAD_H
#define SPANK_PLUGIN_KERNEL_READAHEAD_H

/*
 * Have the kernel read the beginnings of these files, one path on each line,
 * without waiting.  Called inside the container, with only the user's rights:
 * the list comes from the server and is not trusted.  Files that cannot be read
 * are skipped.  Returns the number of files.
 */
int kernel_readahead(const char *paths);

#endif
