/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef COMMON_SERVER_EXIT_H
#define COMMON_SERVER_EXIT_H

/* How the image server ends: its exit statuses, besides 0 and priv_spawn.h's.
 */
#define SERVER_EXIT_USAGE   1
#define SERVER_EXIT_SANDBOX 10 /* it could not be confined */
#define SERVER_EXIT_CONTROL 11 /* it could not talk to the tasks */
#define SERVER_EXIT_SERVE   12 /* it could not read requests */

#endif
