/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SPANK_PLUGIN_CONTAINER_IMAGE_H
#define SPANK_PLUGIN_CONTAINER_IMAGE_H

#include <limits.h>
#include <stdint.h>

#include "common/deadline.h"
#include "common/error.h"
#include "spank/plugin/container/connection.h"
#include "spank/plugin/io/report.h"
#include "spank/plugin/settings/plugstack_args.h"

/* The kernel takes no more. */
#define IMAGE_SOURCE_SIZE 256

/*
 * Handed on by a command that has not found the image: its name, and after a
 * space the name of the file that may have been meant.  For the nodes, where it
 * may be missing as well.
 */
#define IMAGE_ABSENT_VARIABLE "SLURM_SIF_ABSENT"

/* One image of a step, and the server that reads it; all borrowed. */
struct image_request {
	const char *kind; /* words for the server, see common/message.h */
	int server;       /* socket to the image server, which sent BUILD */
	int *fuse_fd;     /* open /dev/fuse, given away */
	struct connection
		*connection; /* where it is noted, see plugin/fuse_watchdog.h */
	/* What df shows: the image's path, or its name, printable. */
	char source[IMAGE_SOURCE_SIZE];
	int *kept_fd; /* a copy of the mount, as long as the note stands */
	struct deadline deadline;
	int cpu; /* that the caller stays on until it is sealed, or -1 */
};

/*
 * The path of an image by its name: as it is if it contains '/' or if there
 * are no image directories; otherwise DIR/NAME or DIR/NAME.sif, the first that
 * exists.  -1 if none does.  Variables in `path` are those of
 * settings/admin_variables.h; `job` is for them, 0 where there is none yet.
 */
int image_find(const char *image, const char *path, uint32_t job,
	char ret_path[PATH_MAX], struct error *err);

/*
 * Open the image at `path`, which image_find() has found, and let the server
 * check it.  Stores what the server found, a line of KEY=VALUE words.  No
 * capability is needed, and none must be effective.
 */
int image_send_file(struct image_request *request, const char *path,
	char ret_info[ERROR_TEXT_SIZE], struct error *err);

/*
 * After image_find() or image_send_file() has failed: if the file is not there,
 * and the command that was given it has not found it either, say so, with what
 * may have been meant.  `job` is the environment.
 */
void image_explain_absent(const char *image, char *const *job,
	struct error *err);

/*
 * The root image has overlay partitions, as `image_info` tells, which Apptainer
 * would lay over it: note that they are missing, or fail, as the site wants it.
 * `image_info` is what the server or spank-sif-inspect has found.
 */
int image_check_overlays(const char *path, const char *image_info,
	const struct plugstack_args *args, struct report *report,
	struct error *err);

/*
 * Mount it, note its connection, and let the server serve it: see
 * priv_mount_fuse().  Returns the detached mount, owned by the caller.
 */
int image_mount(const struct image_request *request, struct error *err);

/*
 * The same of an image that is mounted on the host at `path` (mount=host): a
 * clone of that mount, which no unmount on the host reaches.
 */
int image_clone(const struct image_request *request, const char *path,
	struct error *err);

/* Take the note of the connection back, which may end then. */
void image_clear_connection(const struct image_request *request);

/* Tell the server something; a failure says that it is gone. */
int image_send_message(int server, int type, const char *text, int fd,
	struct error *err);

#endif
