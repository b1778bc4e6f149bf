/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The container of a step, built by its first task as the job's user:
 *
 *   1. open the image, hand it to the server, hear that it can be served
 *   2. look up the user's names
 *   3. leave for a mount namespace of its own
 *   4. clone what of the host shall show, while the host can still be seen
 *   5. mount FUSE, then hand its descriptor to the server
 *   6. write passwd and group; make the missing mount points
 *   7. attach everything, set the image read-only, change the root
 *   8. hand the namespace to the server, for the other tasks
 *
 * The image is opened before any capability is raised, and never read here:
 * what the server says about it is all that is known of it.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <string.h>
#include <sys/statfs.h>
#include <sys/types.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "common/inside.h"
#include "common/message.h"
#include "common/priv_caps.h"
#include "common/priv_mount.h"
#include "common/priv_namespace.h"
#include "spank/plugin/accounts.h"
#include "spank/plugin/binds.h"
#include "spank/plugin/container.h"

/* Where the image is attached before it becomes '/': every Linux has it, as a
 * directory and not a symlink. */
#define SCAFFOLD "/proc"
/* passwd and group, each at most 1 MiB of the image and the user's lines. */
#define FILES_SIZE "8m"

/* Directories that belong to the image even when the user stands in one. */
static bool is_of_the_system(const char *path)
{
	static const char *const trees[] = { "/bin", "/boot", "/dev", "/etc",
		"/lib", "/lib32", "/lib64", "/libx32", "/proc", "/sbin", "/sys",
		"/usr" };
	static const char *const places[] = { "/", "/opt", "/run", "/var" };
	size_t i;

	for (i = 0; i < sizeof(places) / sizeof(*places); i++)
		if (strcmp(path, places[i]) == 0)
			return true;
	for (i = 0; i < sizeof(trees) / sizeof(*trees); i++)
		if (inside_is_in(trees[i], path))
			return true;
	return false;
}

/*
 * /var/tmp before /tmp: where the image has the one as a symlink to the other,
 * the host's /tmp is what must show.
 */
static void plan_binds(struct binds *binds, const char *home,
	const char *directory)
{
	static const char *const system[] = { "/proc", "/sys", "/dev", "/tmp" };
	static const char *const files[] = { "/etc/hosts", "/etc/resolv.conf",
		"/etc/localtime" };
	size_t i;

	binds_add(binds, "/var/tmp", "/var/tmp", BIND_OPTIONAL);
	for (i = 0; i < sizeof(system) / sizeof(*system); i++)
		binds_add(binds, system[i], system[i], 0);
	for (i = 0; i < sizeof(files) / sizeof(*files); i++)
		binds_add(binds, files[i], files[i],
			BIND_READ_ONLY | BIND_OPTIONAL | BIND_REPLACE);
	binds_add(binds, "/etc/nsswitch.conf", "/etc/nsswitch.conf",
		BIND_READ_ONLY | BIND_OPTIONAL | BIND_IF_MISSING);
	/* A home such as /usr/home/NAME shows where the image has no such. */
	if (home && home[0] == '/' && !binds_cover(binds, home))
		binds_add(binds, home, home,
			is_of_the_system(home) ? BIND_OPTIONAL | BIND_IF_MISSING
					       : BIND_OPTIONAL);
	if (directory[0] == '/' && !is_of_the_system(directory) &&
		!binds_cover(binds, directory))
		binds_add(binds, directory, directory, BIND_OPTIONAL);
}

static const char *open_hint(int num)
{
	switch (num) {
	case ENOENT:
	case ENOTDIR:
		return "is it on a file system that this node mounts?";
	case EACCES:
	case EPERM:
		return "you must be able to read it on this node";
	default:
		return "";
	}
}

/* O_NONBLOCK: a FIFO would keep us waiting for a writer. */
static int open_image(const char *path, struct error *err)
{
	CLEANUP_FD int fd =
		open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	struct statfs system;

	if (fd < 0) {
		error_set(err, errno, "cannot open the image '%s'", path);
		return error_hint(err, open_hint(err->num));
	}
	if (fstatfs(fd, &system) < 0)
		return error_set(err, errno, "cannot inspect the image '%s'",
			path);
	/* /proc/self/mem and its like call themselves regular files; of other
	 * kinds the server tells. */
	if (system.f_type == PROC_SUPER_MAGIC || system.f_type == SYSFS_MAGIC)
		return error_set(err, 0,
			"cannot use the image '%s': it is not a regular file; "
			"give the path of a SIF or squashfs file",
			path);
	if (fcntl(fd, F_SETFL, 0) < 0)
		return error_set(err, errno, "cannot use the image '%s'", path);
	return fd_take(&fd);
}

static int tell_server(int server, enum message_type type, int fd,
	struct error *err)
{
	if (message_send(server, type, NULL, fd) < 0)
		return error_set(err, errno, "the image server is gone");
	return 0;
}

static int offer_image(const struct container_request *request,
	struct error *err)
{
	CLEANUP_FD int image_fd = open_image(request->image, err);
	CLEANUP_FD int unexpected_fd = -1;
	struct message message;
	int got;

	if (image_fd < 0 ||
		tell_server(request->server, MESSAGE_IMAGE, image_fd, err) < 0)
		return -1;
	got = message_receive(request->server, request->deadline, &message,
		&unexpected_fd);
	if (got == 1 && message.type == MESSAGE_READY)
		return 0;
	if (got == 1 && message.type == MESSAGE_FAILED)
		return error_set(err, 0, "cannot use the image '%s': %s",
			request->image, message.text);
	if (got < 0 && errno == ETIMEDOUT)
		return error_set(err, 0,
			"cannot read the image '%s' in time: is its file "
			"system slow, or hung? (timeout= in plugstack.conf)",
			request->image);
	return error_set(err, 0,
		"cannot use the image '%s': the image server ended while it "
		"read the image",
		request->image);
}

/* Mount first, hand over then: nobody who has the descriptor can make the
 * mount wait for him.  Returns the mount. */
static int mount_image(const struct container_request *request,
	struct error *err)
{
	CLEANUP_FD int fuse_fd = fd_take(request->fuse_fd);
	CLEANUP_FD int mount_fd =
		priv_mount_fuse(fuse_fd, getuid(), getgid(), err);

	if (mount_fd < 0 ||
		tell_server(request->server, MESSAGE_MOUNT, fuse_fd, err) < 0)
		return -1;
	return fd_take(&mount_fd);
}

static int attach_at_scaffold(int mount_fd, struct error *err)
{
	CLEANUP_FD int target_fd = open(SCAFFOLD, O_PATH | O_CLOEXEC);

	if (target_fd < 0)
		return error_set(err, errno, "cannot open '%s'", SCAFFOLD);
	return priv_mount_attach(mount_fd, target_fd, err);
}

/*
 * The tmpfs is attached while its files are cloned, since kernels before 6.15
 * clone only what is; the image comes to lie over it, and both leave the
 * namespace with the old root.
 */
static int add_accounts(struct binds *binds, const struct accounts *accounts,
	int root_fd, struct error *err)
{
	CLEANUP_FD int files_fd = priv_mount_tmpfs(FILES_SIZE, err);
	CLEANUP_FD int passwd_fd = -1;
	CLEANUP_FD int group_fd = -1;

	if (files_fd < 0 || attach_at_scaffold(files_fd, err) < 0 ||
		accounts_write(files_fd, "passwd", accounts->passwd, root_fd,
			"/etc/passwd", err) < 0 ||
		accounts_write(files_fd, "group", accounts->group, root_fd,
			"/etc/group", err) < 0)
		return -1;
	passwd_fd = priv_mount_clone(files_fd, "passwd", true, err);
	group_fd = priv_mount_clone(files_fd, "group", true, err);
	if (passwd_fd < 0 || group_fd < 0)
		return -1;
	binds_add_mount(binds, &passwd_fd, "/etc/passwd", BIND_REPLACE);
	binds_add_mount(binds, &group_fd, "/etc/group", BIND_REPLACE);
	return 0;
}

static int furnish(const struct container_request *request, struct binds *binds,
	const struct accounts *accounts, struct error *err)
{
	CLEANUP_FD int namespace_fd = priv_namespace_unshare(err);
	CLEANUP_FD int root_fd = -1;

	if (namespace_fd < 0 || binds_clone(binds, err) < 0)
		return -1;
	root_fd = mount_image(request, err);
	if (root_fd < 0 || add_accounts(binds, accounts, root_fd, err) < 0 ||
		binds_make_points(binds, root_fd, err) < 0 ||
		attach_at_scaffold(root_fd, err) < 0 ||
		binds_attach(binds, root_fd, err) < 0 ||
		priv_mount_seal(root_fd, err) < 0 ||
		priv_namespace_pivot(SCAFFOLD, err) < 0)
		return -1;
	return tell_server(request->server, MESSAGE_BUILT, namespace_fd, err);
}

int container_build(const struct container_request *request, struct error *err)
{
	struct accounts accounts;
	struct binds binds = { .count = 0 };
	int built;

	if (offer_image(request, err) < 0 || accounts_load(&accounts, err) < 0)
		return -1;
	plan_binds(&binds, accounts.home ? accounts.home : request->home,
		request->directory);
	built = priv_caps_raise(err);
	if (built == 0)
		built = furnish(request, &binds, &accounts, err);
	if (built < 0)
		error_prefix(err,
			"cannot build the container of the image '%s'",
			request->image);
	binds_close(&binds);
	accounts_free(&accounts);
	return built;
}
