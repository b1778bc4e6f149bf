/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SPANK_PLUGIN_KERNEL_READAHEAD_H
#define SPANK_PLUGIN_KERNEL_READAHEAD_H

/*
 * Have the kernel read the beginnings of these files, one path a line, without
 * waiting for it.  Inside the container, with the user's rights alone: the list
 * is the server's, who may say what he likes.  What cannot be is left out.
 * Returns how many files it were.
 */
int kernel_readahead(const char *paths);

#endif
