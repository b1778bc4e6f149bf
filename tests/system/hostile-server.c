/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A compromised image server.  It replaces spank-sif-server, answers tasks as
 * they expect, and serves a file system of the empty directories and files that
 * are created in it.  When NAME is looked up in the root, it begins the attack
 * that the first line of /shared/hostile.HOST names and creates the file
 * /shared/hung.WAY.  Attacks whose name begins with "start-" begin with the
 * first request.
 *
 *	hostile-server hold SOCKET    keep every descriptor that is sent there
 *
 * Reference: linux/fuse.h and common/message.h.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/fuse.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <unistd.h>

#include "common/message.h"
#include "common/server_args.h"
#include "common/server_start.h"

#define NAME         "now"
#define HOLDER       "/shared/holder"
#define NODES_MAX    512
#define NAME_ID      (NODES_MAX - 1) /* the inode of NAME, if it exists */
#define TASKS_MAX    64
#define REQUEST_SIZE (1 << 20)
#define FOREVER_MS   1000000
#define LATE_MS      300

struct node {
	uint64_t parent;
	uint32_t mode;
	char name[NAME_MAX + 1];
};

static struct node nodes[NODES_MAX] = { { 0, 0, "" },
	{ 1, S_IFDIR | 0755, "" } };
static uint64_t nodes_count = 2;
static int fuse_fd = -1;
static int namespace_fd = -1;
static const struct fuse_in_header *request;
static bool is_hostile;
static char way[64];
static int tasks[TASKS_MAX];
static size_t tasks_count;

static bool is(const char *name)
{
	return strcmp(way, name) == 0;
}

static void sleep_ms(int ms)
{
	poll(NULL, 0, ms);
}

static void __attribute__((noreturn)) wait_for_ever(void)
{
	for (;;)
		sleep_ms(FOREVER_MS);
}

/* --- replies ------------------------------------------------------------- */

static void answer(int error, const void *bytes, size_t size)
{
	struct fuse_out_header header = { .len = sizeof(header) + size,
		.error = -error,
		.unique = request->unique };
	struct iovec parts[] = { { &header, sizeof(header) },
		{ (void *)bytes, size } };

	if (writev(fuse_fd, parts, 2) < 0)
		errno = 0; /* who asked is gone, or the kernel sees through it
			    */
}

static struct fuse_attr describe(uint64_t id)
{
	uint32_t mode = nodes[id].mode;

	return (struct fuse_attr){ .ino = id,
		.mode = mode,
		.nlink = 1,
		.size = S_ISREG(mode) ? 1 << 20 : 0,
		.uid = getuid(),
		.gid = getgid() };
}

static void answer_entry(uint64_t id)
{
	struct fuse_entry_out entry = { .nodeid = id,
		.attr = describe(id),
		.entry_valid = 1000,
		.attr_valid = 1000 };

	answer(0, &entry, sizeof(entry));
}

static void answer_attributes(uint64_t id)
{
	struct fuse_attr_out attributes = { .attr_valid = 1000,
		.attr = describe(id) };

	answer(0, &attributes, sizeof(attributes));
}

static uint64_t find(const char *name)
{
	uint64_t id;

	for (id = 2; id < nodes_count; id++)
		if (nodes[id].parent == request->nodeid &&
			strcmp(nodes[id].name, name) == 0)
			return id;
	return 0;
}

static void make(uint32_t mode, const char *name)
{
	struct node *node = &nodes[nodes_count];

	if (nodes_count == NAME_ID) {
		answer(ENOSPC, NULL, 0);
		return;
	}
	node->parent = request->nodeid;
	node->mode = mode;
	snprintf(node->name, sizeof(node->name), "%s", name);
	answer_entry(nodes_count++);
}

static void answer_init(void)
{
	struct fuse_init_out init = { .major = FUSE_KERNEL_VERSION,
		.minor = 31,
		.max_write = 4096,
		.max_background = 16 };

	answer(0, &init, sizeof(init));
}

static void serve_well(const void *argument)
{
	const struct fuse_mkdir_in *directory = argument;
	const struct fuse_mknod_in *file = argument;
	struct fuse_statfs_out system = { .st = { .bsize = 4096,
						  .namelen = NAME_MAX } };
	struct fuse_open_out opened = { .open_flags = FOPEN_KEEP_CACHE };
	static const char zeros[1 << 17];

	switch (request->opcode) {
	case FUSE_INIT:
		answer_init();
		break;
	case FUSE_LOOKUP:
		if (find(argument))
			answer_entry(find(argument));
		else
			answer(ENOENT, NULL, 0);
		break;
	case FUSE_GETATTR:
		answer_attributes(request->nodeid);
		break;
	case FUSE_MKDIR:
		make(S_IFDIR | 0755, (const char *)(directory + 1));
		break;
	case FUSE_MKNOD:
		make(file->mode, (const char *)(file + 1));
		break;
	case FUSE_STATFS:
		answer(0, &system, sizeof(system));
		break;
	case FUSE_OPEN:
	case FUSE_OPENDIR:
		answer(0, &opened, sizeof(opened));
		break;
	case FUSE_READ:
		answer(0, zeros, ((const struct fuse_read_in *)argument)->size);
		break;
	case FUSE_READDIR:
	case FUSE_RELEASE:
	case FUSE_RELEASEDIR:
	case FUSE_FLUSH:
		answer(0, NULL, 0);
		break;
	case FUSE_FORGET:
	case FUSE_BATCH_FORGET:
	case FUSE_INTERRUPT:
		break;
	default:
		answer(ENOSYS, NULL, 0);
	}
}

/* --- attacks ------------------------------------------------------------- */

/* Keeps the descriptors in a process that no parent knows. */
static void escape(void)
{
	if (fork() > 0)
		return;
	setsid();
	if (fork() > 0)
		_exit(0);
	wait_for_ever();
}

static int connect_to(const char *path, bool listens)
{
	struct sockaddr_un name = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_SEQPACKET, 0);

	snprintf(name.sun_path, sizeof(name.sun_path), "%s", path);
	if (listens ? bind(fd, (struct sockaddr *)&name, sizeof(name)) < 0 ||
				listen(fd, TASKS_MAX) < 0
		    : connect(fd, (struct sockaddr *)&name, sizeof(name)) < 0) {
		perror(path);
		exit(1);
	}
	return fd;
}

static void __attribute__((noreturn)) hold(const char *path)
{
	int listening = connect_to(path, true);
	struct message message;
	int fd;

	for (;;) {
		int peer = accept(listening, NULL, NULL);

		while (message_receive(peer, deadline_in_ms(FOREVER_MS),
			       &message, &fd) == 1)
			;
	}
}

static void pass_on(void)
{
	int holder = connect_to(HOLDER, false);

	message_send(holder, MESSAGE_MOUNT, NULL, fuse_fd);
	message_send(holder, MESSAGE_BUILT, NULL, namespace_fd);
	close(holder);
}

/* Writes that are not replies. */
static void send_garbage(void)
{
	static const struct {
		uint32_t len;
		int32_t error;
		uint64_t unique;
	} headers[] = { { 0, 0, 0 }, { 15, 0, 0 }, { 17, 0, 0 },
		{ UINT32_MAX, 0, 0 }, { 16, 1, 0 }, { 16, -1000, 0 },
		{ 16, INT32_MIN, 0 }, { 16, 0, 1 }, { 16, 0, UINT64_MAX },
		{ 16, 0, 0x123456 }, { 16, 99, 0 } };
	char bytes[4096];
	size_t i;

	memset(bytes, 0xff, sizeof(bytes));
	for (i = 0; i < sizeof(headers) / sizeof(*headers); i++) {
		struct fuse_out_header header = { headers[i].len,
			headers[i].error,
			headers[i].unique ? headers[i].unique
					  : request->unique };

		memcpy(bytes, &header, sizeof(header));
		if (write(fuse_fd, bytes, 16) < 0 ||
			write(fuse_fd, bytes, sizeof(bytes)) < 0)
			continue;
	}
	/* Notifications, which have a unique of 0. */
	for (i = 0; i < 16; i++) {
		struct fuse_out_header header = { sizeof(bytes), i, 0 };

		memcpy(bytes, &header, sizeof(header));
		if (write(fuse_fd, bytes, sizeof(bytes)) < 0)
			continue;
	}
}

/* Replies of the right size with false contents. */
static void lie(void)
{
	static const size_t sizes[] = {
		[FUSE_LOOKUP] = sizeof(struct fuse_entry_out),
		[FUSE_MKDIR] = sizeof(struct fuse_entry_out),
		[FUSE_MKNOD] = sizeof(struct fuse_entry_out),
		[FUSE_GETATTR] = sizeof(struct fuse_attr_out),
		[FUSE_STATFS] = sizeof(struct fuse_statfs_out),
		[FUSE_OPEN] = sizeof(struct fuse_open_out),
		[FUSE_OPENDIR] = sizeof(struct fuse_open_out),
		[FUSE_READ] = 1 << 17,
		[FUSE_READDIR] = 4096,
		[FUSE_READLINK] = 4096,
	};
	static unsigned char bytes[1 << 17];
	static unsigned int seed = 1;
	size_t i, size = 0;

	if (request->opcode < sizeof(sizes) / sizeof(*sizes))
		size = sizes[request->opcode];
	for (i = 0; i < size; i++)
		bytes[i] = seed % 3 ? rand_r(&seed) : 0xff;
	seed++;
	answer(0, bytes, size);
}

/* A different type of file at each request. */
static void change_types(void)
{
	static const uint32_t kinds[] = { S_IFDIR, S_IFREG, S_IFLNK, S_IFIFO,
		S_IFCHR, S_IFBLK, S_IFSOCK, 0 };
	static size_t next;
	struct fuse_entry_out entry = { .nodeid = NAME_ID };
	struct fuse_attr_out attributes = { 0 };

	attributes.attr = entry.attr = describe(NAME_ID);
	attributes.attr.mode = entry.attr.mode = kinds[next++ % 8] | 0777;
	entry.attr.rdev = attributes.attr.rdev = 0x0801;
	if (request->opcode == FUSE_LOOKUP)
		answer(0, &entry, sizeof(entry));
	else if (request->opcode == FUSE_GETATTR)
		answer(0, &attributes, sizeof(attributes));
	else if (request->opcode == FUSE_READLINK)
		answer(0, "/now/../now", 11);
	else
		answer(EIO, NULL, 0);
}

static void change_root(uint32_t kind)
{
	struct fuse_attr_out attributes = { .attr = describe(1) };

	attributes.attr.mode = kind | 0777;
	attributes.attr.rdev = 0x0801;
	if (request->opcode == FUSE_GETATTR)
		answer(0, &attributes, sizeof(attributes));
	else if (request->opcode == FUSE_READLINK)
		answer(0, "/etc", 4);
	else
		answer(EIO, NULL, 0);
}

/* The page stays locked until it has been read.  So a write to it waits in the
 * kernel for its own reply and cannot be killed. */
static void store_into_locked_page(void)
{
	static struct {
		struct fuse_out_header header;
		struct fuse_notify_store_out store;
		char page[4096];
	} packet = { .header = { sizeof(packet), FUSE_NOTIFY_STORE, 0 } };
	struct fuse_entry_out entry = { .nodeid = NAME_ID, .attr_valid = 1000 };

	if (request->opcode == FUSE_LOOKUP) {
		nodes[NAME_ID].mode = S_IFREG | 0644;
		entry.attr = describe(NAME_ID);
		answer(0, &entry, sizeof(entry));
	} else if (request->opcode == FUSE_READ) {
		packet.store.nodeid = NAME_ID;
		packet.store.size = sizeof(packet.page);
		if (write(fuse_fd, &packet, sizeof(packet)) < 0)
			errno = 0;
	} else {
		serve_well(request + 1);
	}
}

/* Faster than it can be received. */
static void say_ahead_for_ever(void)
{
	if (fork() > 0)
		return;
	while (message_send(tasks[0], MESSAGE_PREFETCH, "/now", -1) == 0 ||
		errno == EAGAIN)
		;
	_exit(0);
}

static void err(void)
{
	static const int errors[] = { EIO, ENOSYS, ESTALE, ENOENT, ELOOP, EINTR,
		EAGAIN, ENOMEM, ENOTCONN, ETIMEDOUT };
	static size_t next;

	answer(errors[next++ % 10], NULL, 0);
}

/* In attacks without replies, only the last process goes on as server. */
static void vanish(void)
{
	if (is("escapes") || is("start-escapes")) {
		escape();
		_exit(0);
	}
	if (is("passes")) {
		pass_on();
		_exit(0);
	}
	if (is("crashes")) {
		escape();
		abort();
	}
	if (is("closes")) {
		close(fuse_fd);
		wait_for_ever();
	}
	if (is("stops"))
		raise(SIGSTOP);
	if (is("deaf") || is("start-deaf"))
		wait_for_ever();
	/* Slurm does not kill a process of this name. */
	if (is("renamed") || is("threads") || is("rebuilds"))
		prctl(PR_SET_NAME, "slurmstepd");
}

static void serve_ill(const void *argument)
{
	if (is("late") || is("start-late")) {
		sleep_ms(LATE_MS);
		serve_well(argument);
	} else if (is("errors") || is("start-errors"))
		err();
	else if (is("start-ahead")) {
		say_ahead_for_ever();
		err();
	} else if (is("garbage") || is("start-garbage"))
		send_garbage();
	else if (is("lies") || is("start-lies"))
		lie();
	else if (is("types") || is("start-types"))
		change_types();
	else if (is("root-link") || is("start-root-link"))
		change_root(S_IFLNK);
	else if (is("root-device") || is("start-root-device"))
		change_root(S_IFBLK);
	else if (is("root-fifo") || is("start-root-fifo"))
		change_root(S_IFIFO);
	else if (is("store"))
		store_into_locked_page();
	else
		vanish();
}

/* For processes that wait for it. */
static void become_hostile(void)
{
	char path[128];

	snprintf(path, sizeof(path), "/shared/hung.%s", way);
	close(open(path, O_WRONLY | O_CREAT, 0666));
	is_hostile = true;
}

static void serve(void)
{
	static char bytes[REQUEST_SIZE];
	const void *argument = bytes + sizeof(*request);

	request = (const struct fuse_in_header *)bytes;
	if (read(fuse_fd, bytes, sizeof(bytes)) < 0) {
		if (errno == ENODEV)
			exit(0);
		sleep_ms(10);
		return;
	}
	if (!is_hostile && request->opcode == FUSE_LOOKUP &&
		request->nodeid == 1 && strcmp(argument, NAME) == 0)
		become_hostile();
	if (request->opcode == FUSE_INIT && !is("start-no-init"))
		serve_well(argument);
	else if (is_hostile || strncmp(way, "start-", 6) == 0)
		serve_ill(argument);
	else
		serve_well(argument);
}

/* --- the tasks ----------------------------------------------------------- */

static int host_mounted_fd = -1;

/* False when no task is left. */
static bool receive_hello(void)
{
	struct message message;

	if (tasks_count == TASKS_MAX ||
		message_receive(SERVER_CONTROL_FD, deadline_in_ms(0), &message,
			&tasks[tasks_count]) != 1)
		return false;
	if (tasks_count++ == 0)
		message_send(tasks[0], MESSAGE_BUILD, NULL, -1);
	else if (namespace_fd >= 0)
		message_send(tasks[tasks_count - 1], MESSAGE_ENTER, NULL,
			namespace_fd);
	return true;
}

/* While the first task builds, and after the watchdog has seen its mount: kills
 * that task, so that the next one must build. */
static void change_builder(void)
{
	struct ucred builder;
	socklen_t size = sizeof(builder);

	while (tasks_count < 2)
		if (!receive_hello())
			sleep_ms(10);
	sleep_ms(LATE_MS);
	if (getsockopt(tasks[0], SOL_SOCKET, SO_PEERCRED, &builder, &size) < 0)
		exit(1);
	kill(builder.pid, SIGKILL);
	close(fuse_fd);
	fuse_fd = -1;
	nodes_count = 2;
	close(tasks[0]);
	tasks[0] = tasks[--tasks_count];
	message_send(tasks[0], MESSAGE_BUILD, NULL, -1);
}

static void let_in(int fd)
{
	size_t i;

	namespace_fd = fd;
	for (i = 1; i < tasks_count && !is("no-enter"); i++)
		message_send(tasks[i], MESSAGE_ENTER, NULL,
			is("wrong-enter") ? fuse_fd : namespace_fd);
}

static bool receive_from_builder(void)
{
	struct message message;
	int fd;

	if (message_receive(tasks[0], deadline_in_ms(0), &message, &fd) != 1)
		return false;
	if (message.type == MESSAGE_IMAGE && !is("no-ready"))
		message_send(tasks[0], MESSAGE_READY,
			"offset=0 size=4096 compression=gzip", -1);
	else if (message.type == MESSAGE_MOUNT) {
		fuse_fd = fd >= 0 ? fd : host_mounted_fd;
		if (is("fails"))
			message_send(tasks[0], MESSAGE_FAILED,
				"the server's own reason", -1);
	} else if (message.type == MESSAGE_BUILT)
		let_in(fd);
	return true;
}

static void receive_from_keeper(void)
{
	struct message message;

	message_receive(SERVER_EXTRA_FD, deadline_in_ms(FOREVER_MS), &message,
		&host_mounted_fd);
}

/* The sockets of the tasks and of the keeper stay open. */
static void lead(void)
{
	bool has_hello = true, has_builder = true;
	bool rebuilds = is("rebuilds");

	for (;;) {
		struct pollfd polled[] = {
			{ .fd = has_hello ? SERVER_CONTROL_FD : -1,
				.events = POLLIN },
			{ .fd = fuse_fd, .events = POLLIN },
			{ .fd = tasks_count && has_builder ? tasks[0] : -1,
				.events = POLLIN },
		};

		if (poll(polled, 3, 100) < 0)
			continue;
		if (polled[0].revents)
			has_hello = receive_hello();
		if (polled[1].revents)
			serve();
		if (polled[2].revents)
			has_builder = receive_from_builder();
		if (rebuilds && nodes_count > 2) {
			change_builder();
			rebuilds = false;
		}
	}
}

static void read_way(void)
{
	char path[128] = "/shared/hostile.";
	FILE *file;

	gethostname(path + strlen(path), sizeof(path) - strlen(path) - 1);
	file = fopen(path, "re");
	if (!file || !fgets(way, sizeof(way), file))
		exit(1);
	way[strcspn(way, "\n")] = '\0';
	fclose(file);
}

int main(int argc, char *argv[])
{
	struct server_args args;
	struct error err;

	if (argc == 3 && strcmp(argv[1], "hold") == 0)
		hold(argv[2]);
	read_way();
	if (is("mute"))
		wait_for_ever();
	/* The known process ends at once with success. */
	if (is("forks") && (fork() > 0 || (setsid(), fork()) > 0))
		_exit(0);
	if (server_args_parse(argv, &args, &err) < 0)
		return SERVER_EXIT_USAGE;
	if (args.host_mount)
		receive_from_keeper();
	lead();
	return 0;
}
