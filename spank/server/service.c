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
#include "common/sif_info.h"
#include "spank/server/filesystem/damage.h"
#include "spank/server/prefetch/resolve.h"
#include "spank/server/readers/layers.h"
#include "spank/server/service.h"

/* The alarm ends a search that takes too long. */
static int choose_part(struct service *service, const char *path,
	struct error *err)
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
	service->info.is_file = S_ISREG(part.type);
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

/* One of the files over the image. */
static int add_layer(struct service *service, size_t number,
	struct layers *layers, struct error *err)
{
	int fd = service->layer_fds[number];
	struct sif_image found;

	damage_set_layer(number + 1);
	if (sif_find_image(fd, SIF_LAYER, sif_machine(), &found, err) < 0)
		return -1;
	sif_free_image(&found);
	sif_info_add_layer(&service->info, &found.layers);
	return layers_add(layers, fd, &found.layers, err);
}

static int add_all(struct service *service, int image_fd,
	const struct sif_layers *found, struct layers *layers,
	struct error *err)
{
	size_t i;

	if (layers->count == 0 && layers_add(layers, image_fd, found, err) < 0)
		return -1;
	for (i = 0; i < service->layers_count; i++)
		if (add_layer(service, i, layers, err) < 0)
			return error_prefix(err, "layer %zu", i + 1);
	return 0;
}

/* What was preopened is used as it is, or as the lowest of the layers. */
static struct filesystem *take_preopened(struct service *service, int image_fd,
	enum sif_purpose purpose, const struct sif_layers *found)
{
	bool has_layers = service->layers_count > 0 && found->count > 1;
	bool is_alone =
		purpose == SIF_ROOT_ALONE && found->partitions[0].overlays > 0;

	if (purpose == SIF_DATA || has_layers || is_alone)
		return NULL;
	return preopen_take(&service->preopen, image_fd);
}

static int open_file_systems(struct service *service, int image_fd,
	enum sif_purpose purpose, const struct sif_layers *found,
	struct error *err)
{
	struct layers layers = { .count = 0 };

	layers.list[0] = take_preopened(service, image_fd, purpose, found);
	layers.count = layers.list[0] ? 1 : 0;
	if (layers.count == 0) {
		preopen_discard(&service->preopen);
		damage_begin();
	} else if (service->layers_count > 0) {
		preopen_restart(&service->preopen, NULL);
	}
	if (add_all(service, image_fd, found, &layers, err) < 0) {
		layers_close(&layers);
		return -1;
	}
	if (session_stack_layers(layers.list[0], layers.list + 1,
		    layers.count - 1, &service->options, &service->image,
		    err) < 0)
		return -1;
	/* What was found in the image alone may be hidden. */
	if (service->layers_count > 0)
		preopen_restart(&service->preopen, service->image);
	return 0;
}

static bool has_in_root(struct filesystem *fs, const char *name)
{
	uint64_t ref;

	return fs_lookup(fs, NULL, fs->root, name, &ref) == 0;
}

/* Refuse as a root what `apptainer overlay create` has made: it has no programs
 * where a root has them. */
static int refuse_overlay(struct filesystem *image, struct error *err)
{
	if (!has_in_root(image, "upper") || !has_in_root(image, "work") ||
		has_in_root(image, "usr") || has_in_root(image, "bin"))
		return 0;
	return error_set(err, 0,
		"it is an overlay, which has its files in 'upper'; give it to "
		"--sif-overlay, over an image");
}

static enum sif_purpose purpose_of(const struct image_use *use)
{
	if (use->is_data)
		return SIF_DATA;
	return use->ignores_overlays ? SIF_ROOT_ALONE : SIF_ROOT;
}

int service_open_image(struct service *service, const struct image_use *use,
	int *image_fd, struct error *err)
{
	struct sif_image image;
	int opened;

	service->owned_by_user = use->owner_is_user;
	if (sif_find_image(*image_fd, purpose_of(use), sif_machine(), &image,
		    err) < 0)
		return -1;
	oci_config_free(&service->config);
	service->config = image.config;
	sif_info_set(*image_fd, &image.layers, &service->info);
	/* Without rings, requests come by /dev/fuse. */
	service->info.rings = rings_count(service->rings);
	opened = open_file_systems(service, *image_fd, purpose_of(use),
		&image.layers, err);
	close_layers(service);
	if (opened == 0 && use->part[0])
		opened = choose_part(service, use->part, err);
	if (opened == 0 && !use->is_data &&
		image.layers.partitions[0].kind == SIF_EXT)
		opened = refuse_overlay(service->image, err);
	image_info_print(&service->info, service->image_info,
		sizeof(service->image_info));
	return opened;
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
