/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The image is opened, perhaps before a task brings it; mounted; sealed; then
 * served by a child.  Each step has one function here, and phases.c says in
 * which order they are taken.
 */
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/cleanup.h"
#include "common/image_info.h"
#include "common/sif.h"
#include "spank/server/prefetch/resolve.h"
#include "spank/server/service.h"

static void describe(const struct service *service, int image_fd,
	const struct sif_partition *partition, struct image_info *ret_info)
{
	*ret_info = (struct image_info){
		.offset = partition->offset,
		.size = partition->size,
		.overlays = partition->overlays,
		/* Without rings, requests come by /dev/fuse. */
		.rings = rings_count(service->rings),
	};
	snprintf(ret_info->compression, sizeof(ret_info->compression), "%s",
		sif_compression_of(partition));
	sif_read_uuid(image_fd, ret_info->uuid);
}

/* The alarm ends a search that takes too long. */
static int choose_part(struct service *service, const char *path,
	struct image_info *info, struct error *err)
{
	struct resolved part;

	if (resolve_node(service->image, path, deadline_in_ms(INT_MAX), &part) <
		0)
		return errno == ENOENT
			       ? error_set(err, 0, "there is no '%s' in it",
					 path)
			       : error_set(err, errno,
					 "'%s' cannot be found in it", path);
	free(part.path);
	if (!S_ISDIR(part.type) && !S_ISREG(part.type))
		return error_set(err, 0,
			"'%s' in it is neither a directory nor a file", path);
	service->image->root = part.ref;
	info->is_file = S_ISREG(part.type);
	return 0;
}

int service_add_layer(struct service *service, int *layer_fd, struct error *err)
{
	if (service->layers_count == SERVICE_LAYERS_MAX)
		return error_set(err, 0,
			"there are more than %d layers over it; combine some "
			"of them into one",
			SERVICE_LAYERS_MAX);
	service->layer_fds[service->layers_count++] = fd_take(layer_fd);
	return 0;
}

static void close_layers(struct service *service)
{
	while (service->layers_count > 0)
		cleanup_fd(&service->layer_fds[--service->layers_count]);
}

int service_open_image(struct service *service, const struct image_use *use,
	int *image_fd, struct error *err)
{
	enum sif_purpose purpose = use->is_data ? SIF_DATA : SIF_ROOT_ALONE;
	const struct sif_partition *partition;
	struct image_info info;
	struct sif_image image;

	service->owned_by_user = use->owner_is_user;
	if (sif_find_image(*image_fd, purpose, sif_machine(), &image, err) < 0)
		return -1;
	oci_config_free(&service->config);
	service->config = image.config;
	if (sif_check_single(&image, err) < 0)
		return -1;
	if (service->layers_count > 0)
		return error_set(err, 0, "layers cannot be put over it yet");
	partition = &image.layers.partitions[0];
	describe(service, *image_fd, partition, &info);
	if (purpose == SIF_ROOT_ALONE)
		service->image = preopen_take(&service->preopen, *image_fd);
	if (!service->image) {
		preopen_discard(&service->preopen);
		if (session_open_image(image_fd, partition, &service->options,
			    &service->image, err) < 0)
			return -1;
	}
	if (use->part[0] && choose_part(service, use->part, &info, err) < 0)
		return -1;
	image_info_print(&info, service->image_info,
		sizeof(service->image_info));
	return 0;
}

bool service_is_prefetching(const struct service *service)
{
	return service->preopen.prefetch;
}

void service_prefetch(struct service *service)
{
	preopen_step(&service->preopen);
}

const char *service_prefetched(const struct service *service)
{
	return service->preopen.files;
}

int service_start(struct service *service, const char *cpu, int *fuse_fd,
	struct error *err)
{
	bool has_rings = rings_count(service->rings) > 0;

	if (session_open(service->image, fuse_fd, &service->rings,
		    &service->session, err) < 0)
		return -1;
	if (service->owned_by_user)
		session_set_owner(service->session);
	if (session_add_config(service->session, &service->config, err) < 0)
		return -1;
	/* Rings have a thread on that CPU and on all others.  The prefetch
	 * would take the CPU from the builder. */
	if (!has_rings && !service_is_prefetching(service))
		affinity_move(&service->affinity, atoi(cpu));
	return 0;
}

void service_seal(struct service *service)
{
	session_seal(service->session);
	affinity_restore(&service->affinity);
	preopen_finish(&service->preopen);
}

int service_fd(const struct service *service)
{
	if (!service->session || service->supervisor.role == ROLE_SUPERVISOR)
		return -1;
	return session_fd(service->session);
}

int service_answer(struct service *service, struct error *err)
{
	int answered = session_serve_one(service->session);

	if (answered < 0)
		return error_set(err, errno, "cannot read requests");
	return answered;
}

void service_fork(struct service *service)
{
	/* Requests in rings of this process can be answered by no other. */
	if (session_has_rings(service->session))
		return;
	supervisor_start(&service->supervisor,
		session_can_resend(service->session));
	if (service->supervisor.role == ROLE_SUPERVISOR)
		session_drop_cache(service->session);
}

void service_check(struct service *service, bool waits)
{
	supervisor_check(&service->supervisor, waits);
}

bool service_has_ended(const struct service *service)
{
	return service->supervisor.role == ROLE_ENDED;
}

void service_stop(struct service *service)
{
	/* The prefetch may be of this image. */
	preopen_discard(&service->preopen);
	affinity_restore(&service->affinity);
	close_layers(service);
	/* Threads with rings end with the mount, and need both until then. */
	if (!session_has_rings(service->session)) {
		session_close(service->session);
		fs_close(service->image);
		oci_config_free(&service->config);
	}
	if (service->supervisor.role == ROLE_SUPERVISOR)
		supervisor_forget(&service->supervisor);
	service->session = NULL;
	service->image = NULL;
	service->config = (struct oci_config){ .environment = NULL };
}

void service_abandon(struct service *service)
{
	service_stop(service);
	supervisor_forget(&service->supervisor);
}
