/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SPANK_SERVER_SERVICE_H
#define SPANK_SERVER_SERVICE_H

#include <stdbool.h>

#include "common/affinity.h"
#include "common/error.h"
#include "common/image_info.h"
#include "common/image_use.h"
#include "common/message.h"
#include "spank/server/fuse/session.h"
#include "spank/server/prefetch/preopen.h"
#include "spank/server/supervisor.h"

/* One stack has at most 64 file systems, the image's among them. */
#define SERVICE_LAYERS_MAX 63

/*
 * The image of a step, its file system, and which process serves that.  It
 * knows neither tasks nor messages.
 */
struct service {
	struct session_options options;
	struct supervisor supervisor;
	struct preopen preopen;   /* what was opened before a task brought it */
	struct filesystem *image; /* owned; NULL: not open yet */
	struct rings *rings;      /* of the first file system; then NULL */
	int layer_fds[SERVICE_LAYERS_MAX]; /* over it, until it is open */
	size_t layers_count;
	struct session *session; /* owned; NULL: not mounted, or not any more */
	bool owned_by_user;      /* every file belongs to the user */
	struct oci_config config; /* owned, as long as the session */
	struct affinity affinity; /* as it was before start */
	struct image_info info;
	char image_info[MESSAGE_TEXT_SIZE]; /* the text of READY */
};

/* Keep the next layer over the image, an open file, which is given away. */
int service_add_layer(struct service *service, int *layer_fd,
	struct error *err);

/*
 * Open the image in *image_fd, and the layers over it.  An image that was
 * preopened is used if it is the same file.  A sentence about the Nth layer
 * begins with "layer N: ".
 */
int service_open_image(struct service *service, const struct image_use *use,
	int *image_fd, struct error *err);

/* One step of the prefetch, and whether there are more. */
void service_prefetch(struct service *service);
bool service_is_prefetching(const struct service *service);

/*
 * Serve the image on *fuse_fd, given away.  `cpu` is the number of the CPU that
 * the builder stays on, or -1: answers are faster from there.
 */
int service_start(struct service *service, const char *cpu, int *fuse_fd,
	struct error *err);

/* Nothing can be made in the image any more.  Ends the prefetch. */
void service_seal(struct service *service);

/* The paths that the prefetch has found, one a line. */
const char *service_prefetched(const struct service *service);

/* For poll(2): -1 if this process does not serve. */
int service_fd(const struct service *service);

/* Answer one request.  1: go on; 0: the mount is gone; -1: it failed. */
int service_answer(struct service *service, struct error *err);

/*
 * Have a child serve what is sealed; with rings, or if the user can have no
 * more processes, this process goes on serving.  Returns in the child, too: see
 * supervisor.role.
 */
void service_fork(struct service *service);

/*
 * See whether the child still serves, or wait until it does not, and replace it
 * if it was killed.  Returns in the replacement, too.
 */
void service_check(struct service *service, bool waits);

/* Nobody serves the sealed image any more. */
bool service_has_ended(const struct service *service);

/* Stop serving, as the mount is gone or useless, and close everything. */
void service_stop(struct service *service);

/* The same, and forget how the server of that mount ended. */
void service_abandon(struct service *service);

#endif
