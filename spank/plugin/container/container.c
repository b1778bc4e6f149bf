/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Builds the container of a step.  The first task does this as the job's user:
 *
 *   1. find the directories that are layers (host_layers.c); have the servers
 *      check the images and the other layers (step_images.c)
 *   2. look up the user's names, and the node's GPU driver
 *   3. move into a new mount namespace
 *   4. clone the binds while the host is still visible, and mount the
 *      directories in memory
 *   5. mount FUSE, then send its descriptors to the servers
 *   6. write passwd and group; create missing mount points
 *   7. attach the image, and make it read-only
 *   8. mount directories of the host and the writable layer over it
 *   9. attach the binds and further images, change the root
 *
 * Images and layers are opened before any capability is raised.  They are never
 * read here.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/affinity.h"
#include "common/cleanup.h"
#include "common/privileged/caps.h"
#include "common/privileged/mount.h"
#include "common/privileged/namespace.h"
#include "spank/plugin/container/accounts.h"
#include "spank/plugin/container/bind_mount.h"
#include "spank/plugin/container/cgroup_memory.h"
#include "spank/plugin/container/container.h"
#include "spank/plugin/container/container_vars.h"
#include "spank/plugin/container/gpus.h"
#include "spank/plugin/container/host_layers.h"
#include "spank/plugin/container/node_conf.h"
#include "spank/plugin/container/scaffold.h"
#include "spank/plugin/container/step_images.h"
#include "spank/plugin/container/step_memory.h"
#include "spank/plugin/container/user_namespace.h"
#include "spank/plugin/io/server_client.h"

/* passwd and group: each at most 1 MiB of the image, and the user's lines. */
#define FILES_BYTES (8 << 20)

/* The state of the steps above. */
struct build {
	const struct container_request *request;
	const struct settings *settings;
	struct report *report;
	struct container *container;
	struct step_images images;
	struct accounts accounts;
	struct binds binds;
	struct step_memory memory;
	struct host_layers layers;
	struct affinity affinity;
};

static bool has_memory_layer(const struct settings *settings)
{
	return !settings_is(settings, SETTING_WRITABLE_TMPFS, WORD_NO);
}

static bool is_writable(const struct build *build)
{
	return has_memory_layer(build->settings) ||
	       build->layers.writable_fd >= 0;
}

/* --- the plan ------------------------------------------------------------- */

static int plan_container(struct build *build, struct error *err)
{
	struct plan_request request = build->request->plan;
	struct node_conf conf;
	const char *home = settings_home(build->settings);

	node_conf_load(request.job, &conf);
	request.node_conf = &conf;
	if (accounts_load(home, &conf, &build->accounts, build->report, err) <
		0)
		return -1;
	if (build->accounts.home)
		request.home = build->accounts.home;
	if (home && container_vars_add(build->container->vars, err, "HOME=%s",
			    home) < 0)
		return -1;
	step_memory_share(build->settings, request.args,
		1 + build->images.further.count, cgroup_memory_limit(),
		&build->memory, build->report);
	if (gpus_plan(&request, build->request->deadline, &build->binds,
		    build->container->vars, build->report, err) < 0)
		return -1;
	return bind_plan_make(&request, &build->binds, err);
}

/* --- the tree ------------------------------------------------------------- */

/*
 * The tmpfs is attached while its files are cloned, because kernels before 6.15
 * clone only attached mounts.  The image is attached over it later, and both
 * leave the namespace with the old root.
 */
static int add_accounts(struct binds *binds, const struct accounts *accounts,
	int root_fd, struct error *err)
{
	CLEANUP_FD int files_fd =
		priv_mount_tmpfs(FILES_BYTES, "0755", false, err);
	CLEANUP_FD int passwd_fd = -1;
	CLEANUP_FD int group_fd = -1;

	if (files_fd < 0 || scaffold_attach(SCAFFOLD, files_fd, err) < 0 ||
		accounts_write(files_fd, "passwd", accounts->passwd, root_fd,
			"/etc/passwd", err) < 0 ||
		accounts_write(files_fd, "group", accounts->group, root_fd,
			"/etc/group", err) < 0)
		return -1;
	passwd_fd =
		priv_mount_clone(files_fd, "passwd", PRIV_MOUNT_READ_ONLY, err);
	group_fd =
		priv_mount_clone(files_fd, "group", PRIV_MOUNT_READ_ONLY, err);
	if (passwd_fd < 0 || group_fd < 0)
		return -1;
	binds_set_mount(binds, "/etc/passwd", &passwd_fd);
	binds_set_mount(binds, "/etc/group", &group_fd);
	return 0;
}

/* Put the other layers over the image, at the scaffold.  *ret_root_fd, owned by
 * the caller, is the root that results, or -1 if there are none. */
static int attach_layers(struct build *build, int *ret_root_fd,
	struct error *err)
{
	const struct container_request *request = build->request;
	CLEANUP_FD int root_fd = -1;

	if (build->layers.count > 0) {
		root_fd = host_layers_mount(&build->layers, &request->plan,
			request->deadline, build->report, err);
		if (root_fd < 0)
			return -1;
	}
	if (has_memory_layer(build->settings)) {
		cleanup_fd(&root_fd);
		root_fd = step_memory_mount_layer(&build->memory,
			request->plan.args->userns, err);
		if (root_fd < 0)
			return -1;
	}
	/* A directory may hide what was made in the image. */
	if (build->layers.count > 0 && is_writable(build) &&
		bind_mount_make_hidden(&build->binds, root_fd, build->report,
			err) < 0)
		return -1;
	*ret_root_fd = fd_take(&root_fd);
	return 0;
}

/* Attach the image at the scaffold, then the binds in it. */
static int attach_all(struct build *build, int image_fd, struct error *err)
{
	CLEANUP_FD int root_fd = -1;

	/* Send SEALED early: the server needs a moment to prepare for what is
	 * read next. */
	if (scaffold_attach(SCAFFOLD, image_fd, err) < 0 ||
		priv_mount_seal(image_fd, err) < 0 ||
		server_client_send(build->request->server, MESSAGE_SEALED, NULL,
			-1, err) < 0)
		return -1;
	affinity_restore(&build->affinity);
	if (attach_layers(build, &root_fd, err) < 0)
		return -1;
	return bind_mount_attach(&build->binds,
		root_fd < 0 ? image_fd : root_fd, build->report, err);
}

static int populate_namespace(struct build *build, struct error *err)
{
	CLEANUP_FD int namespace_fd = priv_namespace_unshare(err);
	CLEANUP_FD int image_fd = -1;
	struct stat root;

	if (namespace_fd < 0 ||
		bind_mount_clone(&build->binds, build->report, err) < 0 ||
		step_memory_mount(&build->memory,
			has_memory_layer(build->settings), &build->binds,
			err) < 0)
		return -1;
	/* Dozens of requests about mount points follow, one after the other. */
	build->images.requests[0].cpu = affinity_pin(&build->affinity);
	image_fd = step_images_mount_root(&build->images, &build->request->plan,
		namespace_fd, build->report, err);
	/* Until it has asked the server, the kernel assumes that uid 0, which a
	 * user namespace does not map, owns the root; nothing could be created
	 * in it. */
	if (image_fd >= 0 && fstat(image_fd, &root) < 0)
		return error_set(err, errno, "cannot inspect the image");
	if (image_fd < 0 ||
		step_images_mount_further(&build->images, &build->binds, err) <
			0 ||
		add_accounts(&build->binds, &build->accounts, image_fd, err) <
			0 ||
		bind_mount_make_points(&build->binds, image_fd, build->report,
			err) < 0 ||
		attach_all(build, image_fd, err) < 0 ||
		priv_namespace_pivot(SCAFFOLD, err) < 0)
		return -1;
	build->container->namespace_fd = fd_take(&namespace_fd);
	report_moment(build->report, "namespace built");
	return 0;
}

/* For mounts, either on the host or in a new user namespace. */
static int raise_privileges(struct build *build, struct error *err)
{
	const struct container_request *request = build->request;

	if (request->plan.args->userns &&
		(user_namespace_enter_new(request->deadline, err) < 0 ||
			user_namespace_open_fuse(request->fuse_fds,
				1 + build->images.further.count, err) < 0))
		return -1;
	if (host_layers_prepare(&build->layers, request->plan.args->userns,
		    request->deadline, err) < 0)
		return -1;
	return priv_caps_raise(err);
}

/* They hear BUILT later. */
static void take_servers(struct build *build)
{
	size_t i;

	for (i = 1; i <= build->images.further.count; i++)
		build->container->image_fds[i] =
			build->images.requests[i].server;
}

static int build_container(struct build *build, struct error *err)
{
	const char *image = settings_image(build->settings);

	if (host_layers_find(settings_overlays(build->settings),
		    has_memory_layer(build->settings), &build->layers,
		    build->report, err) < 0 ||
		step_images_send(&build->images, build->request, &build->layers,
			is_writable(build), build->container->vars,
			build->report, err) < 0)
		return -1;
	if (plan_container(build, err) < 0 || raise_privileges(build, err) < 0)
		return error_prefix(err,
			"cannot build the container of the image '%s'", image);
	report_moment(build->report, "names and binds known");
	if (populate_namespace(build, err) < 0)
		return error_prefix(err,
			"cannot build the container of the image '%s'", image);
	take_servers(build);
	return 0;
}

int container_build(const struct container_request *request,
	struct container *ret_container, struct report *report,
	struct error *err)
{
	struct container container = { .namespace_fd = -1,
		.image_fds = { -1, -1, -1, -1, -1, -1, -1, -1, -1 } };
	struct build build = {
		.request = request,
		.settings = request->plan.settings,
		.report = report,
		.container = &container,
		.binds = BINDS_NONE,
		.memory = STEP_MEMORY_NONE,
		.layers = HOST_LAYERS_NONE,
	};
	int built;

	step_images_open(&build.images, build.settings);
	built = build_container(&build, err);
	affinity_restore(&build.affinity);
	step_memory_free(&build.memory);
	host_layers_free(&build.layers);
	step_images_close(&build.images, built == 0);
	binds_free(&build.binds);
	accounts_free(&build.accounts);
	if (built < 0)
		container_free(&container);
	else
		*ret_container = container;
	return built;
}

int container_announce(const struct container_request *request,
	const struct container *container, struct error *err)
{
	size_t i;

	for (i = 1; i < CONTAINER_IMAGES_MAX; i++)
		if (container->image_fds[i] >= 0 &&
			server_client_send(container->image_fds[i],
				MESSAGE_BUILT, NULL, container->namespace_fd,
				err) < 0)
			return -1;
	return server_client_send(request->server, MESSAGE_BUILT, NULL,
		container->namespace_fd, err);
}

void container_free(struct container *container)
{
	cleanup_fd(&container->namespace_fd);
	container_vars_free(container->vars);
}
