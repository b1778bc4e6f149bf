/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SPANK_PLUGIN_CONTAINER_IMAGE_H
#define SPANK_PLUGIN_CONTAINER_IMAGE_H

#include <limits.h>
#include <stdint.h>
#include <sys/types.h>

#include "common/deadline.h"
#include "common/error.h"
#include "common/image_info.h"
#include "common/image_use.h"
#include "common/message.h"
#include "spank/plugin/container/connection.h"
#include "spank/plugin/io/report.h"
#include "spank/plugin/settings/overlay_list.h"
#include "spank/plugin/settings/plugstack_args.h"

/* The longest source that the kernel accepts. */
#define IMAGE_SOURCE_SIZE 256

/*
 * Set by a command that has not found the image, for the nodes, where it may be
 * missing, too: the name of the command, and after a space the name of the file
 * that the user may have meant.
 */
#define IMAGE_ABSENT_VARIABLE "SLURM_SIF_ABSENT"

/* One image of a step, and the server that reads it; all borrowed. */
struct image_request {
	struct image_use use;
	mode_t type; /* of what is shown: S_IFDIR, or S_IFREG with use.part */
	const struct overlay_list *overlays; /* over it, or NULL */
	int server;   /* socket to the image server, which sent BUILD */
	int *fuse_fd; /* open /dev/fuse, given away */
	/* Where it is published, see plugin/fuse_watchdog.h. */
	struct connection *connection;
	/* What df displays: the image's path, or its name, printable. */
	char source[IMAGE_SOURCE_SIZE];
	int *kept_fd; /* a copy of the mount, while it is published */
	struct deadline deadline;
	int cpu; /* the caller's CPU until it sends SEALED, or -1 */
};

/*
 * The path of an image by its name: the name itself if it contains a '/' or if
 * there are no image directories; otherwise the first of DIR/NAME and
 * DIR/NAME.sif that exists.  Fails if none does.  `path` is the list of image
 * directories, or NULL; its variables are those of settings/admin_variables.h,
 * which need the number of the job, or 0 if there is none yet.
 */
int image_find(const char *image, const char *path, uint32_t job,
	char ret_path[PATH_MAX], struct error *err);

/*
 * Open a layer at `path`, which image_find() has found, and hand it to the
 * server; the lowest first, and before the image.  Needs no capability, and
 * none must be effective.
 */
int image_send_layer(const struct image_request *request, const char *path,
	struct error *err);

/*
 * Open the image at `path`, which image_find() has found, and have the server
 * check it and the layers over it.  *ret_info receives what the server says
 * about it.  Needs no capability, and none must be effective.
 */
int image_send_file(struct image_request *request, const char *path,
	struct image_info *ret_info, struct error *err);

/*
 * After a failure of image_find() or image_send_file(): if the file is missing,
 * and was missing for the command, too, say so in *err, with what the user may
 * have meant.  `job` is the job's environment.
 */
void image_explain_absent(const char *image, char *const *job,
	struct error *err);

/*
 * If the root image has overlay partitions, which are layers over it: fail, or
 * add a note that they are ignored, if the administrator has chosen that.
 */
int image_check_overlays(const char *path, const struct image_info *info,
	const struct plugstack_args *args, struct report *report,
	struct error *err);

/*
 * A layer is read-only, whether or not ":ro" was given.  For an ext image
 * without it, which Apptainer would write to, add a note, or fail, as the
 * administrator has chosen.  `kinds` are those of the layer's file systems, see
 * image_info.h.
 */
int image_check_layer(const struct overlay *layer, const char *kinds,
	const struct plugstack_args *args, struct report *report,
	struct error *err);

/* The same for all layers over the root image. */
int image_check_layers(const struct image_request *request,
	const struct image_info *info, const struct plugstack_args *args,
	struct report *report, struct error *err);

/*
 * Mount the image, publish its connection, and let the server serve it; see
 * priv_mount_fuse().  Returns the detached mount, owned by the caller.
 */
int image_mount(const struct image_request *request, struct error *err);

/*
 * The same for an image that is mounted on the host at `path` (mount=host), in
 * the mount namespace `namespace_fd`, or in the caller's (-1), of which
 * `own_fd` is a descriptor.  Returns a clone of that mount; unmounts on the
 * host do not affect it.
 */
int image_clone(const struct image_request *request, const char *path,
	int namespace_fd, int own_fd, struct error *err);

/* Withdraw the published connection, so that it may end. */
void image_clear_connection(const struct image_request *request);

#endif
