/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The images of a step, each with a server of its own: first all are opened and
 * checked, then, in the new mount namespace, all are mounted.  image.c does
 * this for one image.
 */
#include <stdio.h>
#include <sys/stat.h>

#include "common/cleanup.h"
#include "common/message.h"
#include "common/privileged/mount.h"
#include "spank/plugin/container/container_vars.h"
#include "spank/plugin/container/step_images.h"
#include "spank/plugin/io/server_client.h"

/* The image of the root, and further ones. */
_Static_assert(CONTAINER_IMAGES_MAX == 1 + SETTINGS_MOUNTS_MAX, "images");

void step_images_open(struct step_images *ret_images,
	const struct settings *settings)
{
	size_t i;

	*ret_images = (struct step_images){ .further = { .count = 0 } };
	settings_further_images(settings, &ret_images->further);
	for (i = 0; i < CONTAINER_IMAGES_MAX; i++)
		ret_images->kept_fds[i] = -1;
}

/* --- the image of the root ------------------------------------------------ */

static void describe_request(struct step_images *images, size_t i,
	const struct container_request *request)
{
	images->requests[i] = (struct image_request){
		/* A user namespace maps no other user, and nobody can create
		 * files in a directory with an unmapped owner. */
		.use.owner_is_user = request->plan.args->userns,
		.server = request->server,
		.fuse_fd = &request->fuse_fds[i],
		.connection = &request->plan.connections[i],
		.kept_fd = &images->kept_fds[i],
		.deadline = request->deadline,
		.cpu = -1,
	};
}

/* The first `count` layers over the root: the others are directories. */
static int send_layers(const struct image_request *image,
	const struct plan_request *plan, size_t count, struct error *err)
{
	char path[PATH_MAX];
	size_t i;

	for (i = 0; i < count; i++)
		if (image_find(image->overlays->items[i].path, plan->args->path,
			    plan->job_id, path, err) < 0 ||
			image_send_layer(image, path, err) < 0)
			return -1;
	return 0;
}

/* Returns its path, as image_find(), and what its server says about it. */
static int send_image(struct image_request *image, const char *name,
	const struct plan_request *plan, char ret_path[PATH_MAX],
	struct image_info *ret_info, struct report *report, struct error *err)
{
	char text[IMAGE_INFO_SIZE];

	if (image_find(name, plan->args->path, plan->job_id, ret_path, err) <
			0 ||
		image_send_file(image, ret_path, ret_info, err) < 0)
		return -1;
	image_info_print(ret_info, text, sizeof(text));
	report_moment(report, "image '%s' checked: %s", name, text);
	return 0;
}

static int send_root(struct step_images *images,
	const struct container_request *request,
	const struct host_layers *layers, bool is_writable, char **vars,
	struct report *report, struct error *err)
{
	const struct plan_request *plan = &request->plan;
	const char *name = settings_image(plan->settings);
	struct image_request *image = &images->requests[0];
	struct image_info info;
	char path[PATH_MAX];

	describe_request(images, 0, request);
	image->use.owner_is_user |= is_writable;
	image->use.ignores_overlays = plan->args->ignore_overlays;
	image->overlays = settings_overlays(plan->settings);
	if (send_layers(image, plan, image->overlays->count - layers->count,
		    err) < 0)
		return -1;
	if (send_image(image, name, plan, path, &info, report, err) < 0) {
		image_explain_absent(name, plan->job, err);
		return -1;
	}
	if (image_check_overlays(path, &info, plan->args, report, err) < 0 ||
		image_check_layers(image, &info, plan->args, report, err) < 0)
		return -1;
	return container_vars_add_image(path, &info, vars, err);
}

/* --- further images ------------------------------------------------------- */

static const char *option_of(const struct further_images *further, size_t i)
{
	return i < further->mounts ? "--sif-mount" : "--sif-bind";
}

/* The server of a further image has no other client, so it answers BUILD at
 * once. */
static int connect_server(struct image_request *image, int tasks_fd,
	const char *path, struct error *err)
{
	CLEANUP_FD int unexpected_fd = -1;
	struct message message;

	image->server = server_client_connect(tasks_fd, image->deadline, err);
	if (image->server < 0)
		return -1;
	if (message_receive(image->server, image->deadline, &message,
		    &unexpected_fd) == 1 &&
		message.type == MESSAGE_BUILD)
		return 0;
	return error_set(err, 0, "the server of the image '%s' does not answer",
		path);
}

static int send_further(struct step_images *images, size_t i,
	const struct container_request *request, struct report *report,
	struct error *err)
{
	const struct bind_spec *spec = images->further.items[i - 1];
	struct image_request *image = &images->requests[i];
	struct image_info info;
	char path[PATH_MAX];

	describe_request(images, i, request);
	image->use.is_data = true;
	if (spec->image_path)
		snprintf(image->use.part, sizeof(image->use.part), "%s",
			spec->image_path);
	if (connect_server(image, request->tasks_fds[i], spec->source, err) < 0)
		return -1;
	return send_image(image, spec->source, &request->plan, path, &info,
		report, err);
}

int step_images_send(struct step_images *images,
	const struct container_request *request,
	const struct host_layers *layers, bool is_writable, char **vars,
	struct report *report, struct error *err)
{
	size_t i;

	if (send_root(images, request, layers, is_writable, vars, report, err) <
		0)
		return -1;
	for (i = 1; i <= images->further.count; i++)
		if (send_further(images, i, request, report, err) < 0)
			return error_prefix(err, "%s",
				option_of(&images->further, i - 1));
	return 0;
}

/* --- mounts --------------------------------------------------------------- */

int step_images_mount_root(const struct step_images *images,
	const struct plan_request *plan, int own_namespace_fd,
	struct report *report, struct error *err)
{
	if (!plan->host_path)
		return image_mount(&images->requests[0], err);
	report_moment(report, "image on the host at '%s'", plan->host_path);
	return image_clone(&images->requests[0], plan->host_path,
		plan->host_namespace_fd, own_namespace_fd, err);
}

int step_images_mount_further(const struct step_images *images,
	struct binds *binds, struct error *err)
{
	const struct further_images *further = &images->further;
	CLEANUP_FD int mount_fd = -1;
	const char *option, *target;
	size_t i;

	for (i = 0; i < further->count; i++) {
		option = option_of(further, i);
		target = further->items[i]->target;
		if (binds_make_room(binds, target, err) < 0)
			return error_prefix(err, "%s", option);
		mount_fd = image_mount(&images->requests[i + 1], err);
		if (mount_fd < 0 || priv_mount_seal(mount_fd, err) < 0)
			return -1;
		binds_add_mount(binds, &mount_fd, target,
			images->requests[i + 1].type == S_IFDIR, BIND_USER,
			option);
	}
	return 0;
}

void step_images_close(struct step_images *images, bool is_built)
{
	size_t i;

	for (i = 0; i < CONTAINER_IMAGES_MAX; i++) {
		if (!is_built && images->requests[i].connection)
			image_clear_connection(&images->requests[i]);
		cleanup_fd(&images->kept_fds[i]);
	}
}
