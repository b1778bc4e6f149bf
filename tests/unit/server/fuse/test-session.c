/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The session without a kernel: the test is the other end of a socket that the
 * session takes for /dev/fuse, sends requests as the kernel would, malformed
 * ones too, and looks at the replies.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/fuse.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/statvfs.h>
#include <sys/wait.h>
#include <unistd.h>

#include "spank/server/fuse/session.h"
#include "tests/unit/server/squashfs/fixture.h"

#define FOREVER_S 1000000000

/* In flags2 of INIT. */
#define HAS_RESEND     (1U << 7)
#define INIT_EXTENDED  (1U << 30)
#define NOTIFY_RESEND  7
#define UNIQUE_RESEND  (1ULL << 63)
#define STATX          52
#define NO_SUCH_OPCODE 4097

#define NOT_ANSWERED 1

static const struct session_options one_thread = { 1 << 20, 1 };
static const struct session_options threads = { 1 << 20, 3 };

static struct filesystem *fs;
static struct session *session;
static int kernel; /* the test's end */

/* The last reply. */
static struct {
	struct fuse_out_header header;
	unsigned char bytes[256 * 1024];
} reply;
static size_t reply_size; /* of the bytes */

static uint64_t unique = 100;

static void connect_session(void)
{
	struct rings *none = NULL;
	struct error err = { 0 };
	int ends[2], size = 1 << 20;

	assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, ends), 0);
	setsockopt(ends[1], SOL_SOCKET, SO_SNDBUFFORCE, &size, sizeof(size));
	kernel = ends[0];
	assert_int_equal(session_open(fs, &ends[1], &none, &session, &err), 0);
	assert_int_equal(ends[1], -1);
}

/* "text" of 10,000 bytes, "link" to it, "d" with 300 files, "d/deep". */
static int make_files(void **state)
{
	const struct fixture *fixture;

	fixture_make(state);
	fixture = *state;
	fixture_file(fixture, "text", 10000);
	fixture_many(fixture, "d", 300);
	fixture_run(fixture, "mkdir d/deep; ln -s text link; ln text d/text");
	fixture_run(fixture, "chmod 640 text; touch -d @1000000 text");
	return 0;
}

static int close_session(void **state)
{
	(void)state;
	close(kernel);
	session_close(session);
	fs_close(fs);
	session = NULL;
	fs = NULL;
	return 0;
}

static void send_bytes(const void *bytes, size_t size)
{
	assert_int_equal(send(kernel, bytes, size, 0), size);
}

static void send_request(uint32_t opcode, uint64_t node, const void *argument,
	size_t size)
{
	unsigned char bytes[4096];
	const struct fuse_in_header header = {
		.len = sizeof(header) + size,
		.opcode = opcode,
		.unique = unique + 1,
		.nodeid = node,
	};

	unique++;
	memcpy(bytes, &header, sizeof(header));
	if (size > 0)
		memcpy(bytes + sizeof(header), argument, size);
	send_bytes(bytes, sizeof(header) + size);
}

static int receive(int flags)
{
	ssize_t got = recv(kernel, &reply, sizeof(reply), flags);

	if (got < 0)
		return NOT_ANSWERED;
	assert_true(got >= (ssize_t)sizeof(reply.header));
	assert_int_equal(reply.header.len, got);
	reply_size = got - sizeof(reply.header);
	return reply.header.error;
}

/* 0, a negative errno, or NOT_ANSWERED. */
static int answer(void)
{
	assert_int_equal(session_serve_one(session), 1);
	return receive(MSG_DONTWAIT);
}

static int ask(uint32_t opcode, uint64_t node, const void *argument,
	size_t size)
{
	int error;

	send_request(opcode, node, argument, size);
	error = answer();
	if (error != NOT_ANSWERED)
		assert_int_equal(reply.header.unique, unique);
	return error;
}

static int ask_name(uint32_t opcode, uint64_t node, const char *name)
{
	return ask(opcode, node, name, strlen(name) + 1);
}

static int init(uint32_t flags, uint32_t flags2)
{
	const uint32_t argument[16] = { 7, 38, 128 * 1024, flags, flags2 };

	return ask(FUSE_INIT, 0, argument, sizeof(argument));
}

/* What Linux 6.18 sends. */
#define KERNEL_FLAGS 0x73fffffb

static void open_image(void **state)
{
	static bool is_packed;

	if (!is_packed)
		fixture_pack(*state, "-all-root");
	is_packed = true;
	fs = fixture_open(*state);
	connect_session();
}

static void start(void **state)
{
	open_image(state);
	assert_int_equal(init(KERNEL_FLAGS, HAS_RESEND), 0);
}

static uint64_t find(uint64_t directory, const char *name)
{
	struct fuse_entry_out entry;

	assert_int_equal(ask_name(FUSE_LOOKUP, directory, name), 0);
	assert_int_equal(reply_size, sizeof(entry));
	memcpy(&entry, reply.bytes, sizeof(entry));
	assert_int_equal(entry.entry_valid, FOREVER_S);
	return entry.nodeid;
}

static void init_comes_first_and_once(void **state)
{
	unsigned char before[sizeof(struct fuse_statfs_out)];

	open_image(state);
	assert_int_equal(ask(FUSE_STATFS, 1, NULL, 0), -EIO);
	assert_int_equal(init(KERNEL_FLAGS, 0), 0);
	assert_int_equal(ask(FUSE_STATFS, 1, NULL, 0), 0);
	memcpy(before, reply.bytes, sizeof(before));
	assert_int_equal(init(KERNEL_FLAGS, HAS_RESEND), -EIO);
	assert_false(session_can_resend(session));
	/* Nothing meant for INIT gets into another reply. */
	assert_int_equal(ask(FUSE_STATFS, 1, NULL, 0), 0);
	assert_memory_equal(reply.bytes, before, sizeof(before));
}

static void init_wants_what_it_needs(void **state)
{
	const uint32_t wanted = FUSE_ASYNC_READ | FUSE_DO_READDIRPLUS |
				FUSE_CACHE_SYMLINKS | FUSE_EXPLICIT_INVAL_DATA |
				FUSE_MAX_PAGES;
	/* What libfuse likes, or adds; and what it may not be able to add. */
	const uint32_t ignored =
		FUSE_BIG_WRITES | INIT_EXTENDED | FUSE_PARALLEL_DIROPS;
	struct fuse_init_out out;

	start(state);
	memcpy(&out, reply.bytes, sizeof(out));
	assert_int_equal(out.major, 7);
	assert_int_equal(out.flags & ~ignored, wanted);
	assert_int_equal(out.max_readahead, 128 * 1024);
	assert_int_equal(out.max_background, 128);
	assert_int_equal(out.congestion_threshold, 96);
	assert_int_equal(out.time_gran, 1);
	assert_int_equal(out.max_pages, FS_READ_MAX / getpagesize());
}

static void kernel_without_a_capability_is_not_asked_for_it(void **state)
{
	struct fuse_init_out out;

	open_image(state);
	assert_int_equal(init(FUSE_ASYNC_READ, ~0U), 0);
	memcpy(&out, reply.bytes, sizeof(out));
	assert_int_equal(out.flags & ~FUSE_BIG_WRITES, FUSE_ASYNC_READ);
	assert_false(session_can_resend(session));
}

static void resend_is_told_from_flags2(void **state)
{
	start(state);
	assert_true(session_can_resend(session));
	assert_int_equal(session_resend(session), 0);
	assert_int_equal(receive(0), NOTIFY_RESEND);
	assert_int_equal(reply.header.unique, 0);
	assert_int_equal(reply_size, 0);
}

static void request_that_is_sent_again_is_answered_by_its_number(void **state)
{
	start(state);
	unique |= UNIQUE_RESEND;
	assert_int_equal(ask(FUSE_STATFS, 1, NULL, 0), 0);
	unique &= ~UNIQUE_RESEND;
}

static void lookup_finds_or_says_that_there_is_none(void **state)
{
	char name[NAME_MAX + 3];
	struct fuse_entry_out entry;
	uint64_t text;

	start(state);
	text = find(1, "text");
	memcpy(&entry, reply.bytes, sizeof(entry));
	assert_int_equal(entry.attr_valid, FOREVER_S);
	assert_int_equal(entry.generation, 0);
	assert_int_equal(entry.attr.size, 10000);
	assert_int_equal(entry.attr.mode, S_IFREG | 0640);
	assert_int_equal(entry.attr.mtime, 1000000);
	assert_int_equal(entry.attr.mtimensec, 0);
	assert_int_equal(entry.attr.nlink, 2);
	assert_int_equal(entry.attr.blksize, 4096);
	assert_int_equal(find(find(1, "d"), "text"), text);
	assert_int_equal(find(1, "absent"), 0);
	assert_int_equal(ask_name(FUSE_LOOKUP, text, "x"), -ENOTDIR);
	memset(name, 'n', sizeof(name));
	name[NAME_MAX + 2] = '\0';
	assert_int_equal(ask_name(FUSE_LOOKUP, 1, name), -ENAMETOOLONG);
	assert_int_equal(ask_name(FUSE_LOOKUP, 1ULL << 62, "x"), -EIO);
}

static void attributes_and_link_targets(void **state)
{
	const struct fuse_getattr_in in = { 0 };
	struct fuse_attr_out out;

	start(state);
	assert_int_equal(ask(FUSE_GETATTR, 1, &in, sizeof(in)), 0);
	assert_int_equal(reply_size, sizeof(out));
	memcpy(&out, reply.bytes, sizeof(out));
	assert_true(S_ISDIR(out.attr.mode));
	assert_int_equal(out.attr_valid, FOREVER_S);
	assert_int_equal(out.attr.blksize, 4096);
	assert_int_equal(ask(FUSE_READLINK, find(1, "link"), NULL, 0), 0);
	assert_int_equal(reply_size, strlen("text"));
	assert_memory_equal(reply.bytes, "text", reply_size);
	assert_int_equal(ask(FUSE_READLINK, 1, NULL, 0), -EINVAL);
}

static int read_node(uint64_t node, uint64_t offset, uint32_t size)
{
	const struct fuse_read_in in = { .offset = offset, .size = size };

	return ask(FUSE_READ, node, &in, sizeof(in));
}

static void read_returns_the_bytes_of_the_file(void **state)
{
	const struct fixture *fixture = *state;
	unsigned char expected[10000];
	uint64_t text;
	char path[128];
	int fd;

	start(state);
	snprintf(path, sizeof(path), "%s/text", fixture->tree);
	fd = open(path, O_RDONLY);
	assert_int_equal(read(fd, expected, sizeof(expected)), 10000);
	close(fd);
	text = find(1, "text");
	assert_int_equal(read_node(text, 0, 4096), 0);
	assert_int_equal(reply_size, 4096);
	assert_memory_equal(reply.bytes, expected, 4096);
	assert_int_equal(read_node(text, 9000, UINT32_MAX), 0);
	assert_int_equal(reply_size, 1000);
	assert_memory_equal(reply.bytes, expected + 9000, 1000);
	assert_int_equal(read_node(text, 10000, 4096), 0);
	assert_int_equal(reply_size, 0);
	assert_int_equal(read_node(text, INT64_MAX, 4096), 0);
	assert_int_equal(reply_size, 0);
	assert_int_equal(read_node(1, 0, 4096), -EINVAL);
}

static int list(uint32_t opcode, uint64_t node, uint64_t cookie, uint32_t size)
{
	const struct fuse_read_in in = { .offset = cookie, .size = size };

	return ask(opcode, node, &in, sizeof(in));
}

/* The entries of the reply; the cookie behind the last in *cookie. */
static int count_entries(size_t before, uint64_t *cookie)
{
	const struct fuse_dirent *entry;
	size_t at = 0;
	int count = 0;

	for (; at < reply_size; count++) {
		entry = (void *)(reply.bytes + at + before);
		assert_true(entry->type == DT_REG || entry->type == DT_DIR);
		assert_true(entry->namelen > 0);
		*cookie = entry->off;
		at += before + FUSE_DIRENT_SIZE(entry);
	}
	assert_int_equal(at, reply_size);
	return count;
}

static void list_all(uint32_t opcode, size_t before)
{
	const uint64_t directory = find(1, "d");
	uint64_t cookie = 0;
	int all = 0, more;

	do {
		assert_int_equal(list(opcode, directory, cookie, 1000), 0);
		assert_true(reply_size <= 1000);
		more = count_entries(before, &cookie);
		all += more;
	} while (more > 0);
	/* With ".", "..", "deep", and "text". */
	assert_int_equal(all, 304);
	assert_int_equal(list(opcode, directory, 0, 10), 0);
	assert_int_equal(reply_size, 0);
	assert_int_equal(list(opcode, find(1, "text"), 0, 1000), -ENOTDIR);
}

static void listings_go_on_where_they_ended(void **state)
{
	start(state);
	list_all(FUSE_READDIR, 0);
	list_all(FUSE_READDIRPLUS, offsetof(struct fuse_direntplus, dirent));
}

static void readdirplus_knows_what_a_lookup_would_tell(void **state)
{
	const struct fuse_direntplus *entry = (void *)reply.bytes;
	struct fuse_entry_out looked_up;
	uint64_t directory;
	char name[64];

	start(state);
	directory = find(1, "d");
	assert_int_equal(list(FUSE_READDIRPLUS, directory, 0, 4096), 0);
	/* "." and "..": the kernel takes no inode. */
	assert_int_equal(entry->entry_out.nodeid, 0);
	assert_int_equal(entry->dirent.type, DT_DIR);
	assert_memory_equal(entry->dirent.name, ".", 1);
	assert_int_equal(list(FUSE_READDIRPLUS, directory, 2, 4096), 0);
	snprintf(name, sizeof(name), "%.*s", (int)entry->dirent.namelen,
		entry->dirent.name);
	looked_up = entry->entry_out;
	assert_int_equal(find(directory, name), looked_up.nodeid);
	assert_memory_equal(reply.bytes, &looked_up, sizeof(looked_up));
}

static void statfs_tells_sizes(void **state)
{
	struct fuse_statfs_out out;
	struct statvfs st;

	start(state);
	fs_statfs(fs, &st);
	assert_int_equal(ask(FUSE_STATFS, 1, NULL, 0), 0);
	memcpy(&out, reply.bytes, sizeof(out));
	assert_int_equal(out.st.blocks, st.f_blocks);
	assert_int_equal(out.st.bsize, st.f_bsize);
	assert_int_equal(out.st.files, st.f_files);
	assert_int_equal(out.st.namelen, 255);
	assert_int_equal(out.st.bfree, 0);
	assert_int_equal(out.st.ffree, 0);
}

/* Which the kernel remembers of most. */
static void other_operations_are_not_there(void **state)
{
	static const uint32_t opcodes[] = { FUSE_OPEN, FUSE_OPENDIR,
		FUSE_SETATTR, FUSE_SYMLINK, FUSE_RMDIR, FUSE_RENAME,
		FUSE_RENAME2, FUSE_LINK, FUSE_WRITE, FUSE_FSYNC, FUSE_SETXATTR,
		FUSE_GETXATTR, FUSE_LISTXATTR, FUSE_REMOVEXATTR, FUSE_FLUSH,
		FUSE_FSYNCDIR, FUSE_GETLK, FUSE_SETLK, FUSE_SETLKW, FUSE_ACCESS,
		FUSE_CREATE, FUSE_BMAP, FUSE_IOCTL, FUSE_POLL,
		FUSE_NOTIFY_REPLY, FUSE_FALLOCATE, FUSE_LSEEK,
		FUSE_COPY_FILE_RANGE, STATX, CUSE_INIT, 0, NO_SUCH_OPCODE,
		UINT32_MAX };
	const char argument[256] = { 0 };
	size_t i;

	start(state);
	for (i = 0; i < sizeof(opcodes) / sizeof(opcodes[0]); i++)
		assert_int_equal(ask(opcodes[i], 1, argument, sizeof(argument)),
			-ENOSYS);
}

static void some_are_not_answered(void **state)
{
	const struct fuse_forget_in forget = { .nlookup = 1 };
	const struct fuse_interrupt_in interrupt = { .unique = 7 };
	const uint64_t batch[] = { 1, 1, 1 };

	start(state);
	assert_int_equal(ask(FUSE_FORGET, 1, &forget, sizeof(forget)),
		NOT_ANSWERED);
	assert_int_equal(ask(FUSE_BATCH_FORGET, 0, batch, sizeof(batch)),
		NOT_ANSWERED);
	assert_int_equal(ask(FUSE_INTERRUPT, 0, &interrupt, sizeof(interrupt)),
		NOT_ANSWERED);
	/* Nor is the interrupt sent back with the next. */
	assert_int_equal(ask(FUSE_STATFS, 1, NULL, 0), 0);
	assert_int_equal(receive(MSG_DONTWAIT), NOT_ANSWERED);
}

static void the_end_is_confirmed(void **state)
{
	const struct fuse_release_in in = { 0 };

	start(state);
	assert_int_equal(ask(FUSE_RELEASE, 1, &in, sizeof(in)), 0);
	assert_int_equal(ask(FUSE_RELEASEDIR, 1, &in, sizeof(in)), 0);
	assert_int_equal(ask(FUSE_DESTROY, 0, NULL, 0), 0);
}

static int make(uint32_t opcode, uint64_t directory, uint32_t mode,
	const char *name)
{
	struct fuse_mknod_in node = { .mode = mode };
	struct fuse_mkdir_in folder = { .mode = mode };
	char argument[128];
	size_t size = opcode == FUSE_MKDIR ? sizeof(folder) : sizeof(node);

	memcpy(argument, opcode == FUSE_MKDIR ? (void *)&folder : &node, size);
	memcpy(argument + size, name, strlen(name) + 1);
	return ask(opcode, directory, argument, size + strlen(name) + 1);
}

static void mount_points_are_made_until_it_is_sealed(void **state)
{
	uint64_t folder;

	start(state);
	assert_int_equal(make(FUSE_MKDIR, 1, 0700, "made"), 0);
	folder = find(1, "made");
	assert_true(folder != 0);
	assert_int_equal(make(FUSE_MKNOD, folder, S_IFREG, "file"), 0);
	assert_int_equal(read_node(find(folder, "file"), 0, 4096), 0);
	assert_int_equal(reply_size, 0);
	assert_int_equal(make(FUSE_MKNOD, 1, S_IFIFO, "fifo"), -EPERM);
	assert_int_equal(make(FUSE_MKDIR, 1, 0700, "text"), -EEXIST);
	assert_int_equal(ask_name(FUSE_UNLINK, 1, "link"), 0);
	assert_int_equal(find(1, "link"), 0);
	assert_int_equal(ask_name(FUSE_UNLINK, 1, "d"), -EISDIR);
	session_seal(session);
	assert_int_equal(make(FUSE_MKDIR, 1, 0700, "late"), -EROFS);
	assert_int_equal(ask_name(FUSE_UNLINK, 1, "text"), -EROFS);
	assert_int_equal(find(1, "made"), folder);
}

static void all_files_can_be_the_users(void **state)
{
	struct fuse_entry_out entry;

	start(state);
	session_set_owner(session);
	find(1, "text");
	memcpy(&entry, reply.bytes, sizeof(entry));
	assert_int_equal(entry.attr.uid, getuid());
	assert_int_equal(entry.attr.gid, getgid());
}

static void arguments_that_are_too_short_are_errors(void **state)
{
	static const struct {
		uint32_t opcode;
		size_t size;
	} requests[] = { { FUSE_LOOKUP, 0 }, { FUSE_UNLINK, 0 },
		{ FUSE_READ, sizeof(struct fuse_read_in) - 1 },
		{ FUSE_READDIR, 0 }, { FUSE_READDIRPLUS, 8 },
		{ FUSE_GETATTR, 15 }, { FUSE_OPEN, 7 }, { FUSE_RELEASE, 23 },
		{ FUSE_FORGET, 7 }, { FUSE_BATCH_FORGET, 7 },
		{ FUSE_MKDIR, sizeof(struct fuse_mkdir_in) },
		{ FUSE_MKNOD, sizeof(struct fuse_mknod_in) } };
	char ones[64];
	size_t i;

	start(state);
	memset(ones, 1, sizeof(ones));
	for (i = 0; i < sizeof(requests) / sizeof(requests[0]); i++)
		assert_int_equal(
			ask(requests[i].opcode, 1, ones, requests[i].size),
			-EIO);
	/* Names without an end. */
	assert_int_equal(ask(FUSE_LOOKUP, 1, "text", 4), -EIO);
	assert_int_equal(ask(FUSE_MKDIR, 1, ones, 12), -EIO);
	assert_int_equal(ask(FUSE_INIT, 0, ones, 15), -EIO);
}

/* Random bytes behind a good header: whatever the reply, it is one, of that
 * number, and the session goes on. */
static void nonsense_is_answered_or_ignored(void **state)
{
	unsigned char argument[300];
	unsigned int seed = 20;
	uint32_t opcode;
	size_t i, size;
	int round;

	start(state);
	session_seal(session);
	for (round = 0; round < 3000; round++) {
		for (i = 0; i < sizeof(argument); i++)
			argument[i] = rand_r(&seed);
		size = rand_r(&seed) % sizeof(argument);
		opcode = rand_r(&seed) % 60;
		/* libfuse 3.18 wants an INIT after that. */
		if (opcode == FUSE_DESTROY)
			continue;
		ask(opcode, (uint64_t)rand_r(&seed) << rand_r(&seed) % 34,
			argument, size);
		assert_int_equal(receive(MSG_DONTWAIT), NOT_ANSWERED);
		if (round % 50 == 0)
			assert_true(find(1, "text") != 0);
	}
}

static void without_a_header_it_ends(void **state)
{
	start(state);
	send_bytes("short", 5);
	errno = 0;
	assert_int_equal(session_serve_one(session), -1);
	assert_int_equal(errno, EIO);
}

static void without_a_request_it_does_not_wait(void **state)
{
	start(state);
	assert_int_equal(session_serve_one(session), 1);
	assert_int_equal(receive(MSG_DONTWAIT), NOT_ANSWERED);
}

/* In a process of its own, which serves until the socket ends. */
static pid_t serve(const struct session_options *options)
{
	struct error err;
	pid_t pid = fork();

	if (pid)
		return pid;
	close(kernel);
	if (session_start(session, options, &err) < 0)
		_exit(2);
	_exit(session_serve(session) == -1 && errno == EIO ? 0 : 1);
}

static void assert_ended(pid_t pid)
{
	int status;

	shutdown(kernel, SHUT_WR);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
}

/* As the supervisor does: INIT is not repeated. */
static void forked_process_goes_on_with_the_session(void **state)
{
	const struct fuse_getattr_in in = { 0 };
	pid_t pid;

	start(state);
	session_seal(session);
	pid = serve(&one_thread);
	send_request(FUSE_GETATTR, 1, &in, sizeof(in));
	assert_int_equal(receive(0), 0);
	assert_int_equal(reply.header.unique, unique);
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	pid = serve(&one_thread);
	send_request(FUSE_GETATTR, 1, &in, sizeof(in));
	assert_int_equal(receive(0), 0);
	assert_int_equal(reply.header.unique, unique);
	assert_ended(pid);
}

/* Each is answered once, in whatever order: reads that decompress hand on the
 * lead. */
static void threads_answer_all_requests(void **state)
{
	enum { REQUESTS = 200 };
	const struct fuse_read_in in = { .offset = 8, .size = 100 };
	bool answered[REQUESTS] = { false };
	uint64_t first, text;
	int i;
	pid_t pid;

	start(state);
	text = find(1, "text");
	session_seal(session);
	pid = serve(&threads);
	first = unique + 1;
	for (i = 0; i < REQUESTS; i++) {
		send_request(i % 2 ? FUSE_READ : FUSE_STATFS, text, &in,
			sizeof(in));
		if (i % 8 == 7)
			while (receive(MSG_DONTWAIT) != NOT_ANSWERED)
				answered[reply.header.unique - first] = true;
	}
	for (i = 0; i < REQUESTS; i++)
		while (!answered[i]) {
			assert_int_equal(receive(0), 0);
			assert_false(answered[reply.header.unique - first]);
			answered[reply.header.unique - first] = true;
		}
	assert_ended(pid);
}

#define TEST(name) cmocka_unit_test_teardown(name, close_session)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(init_comes_first_and_once),
		TEST(init_wants_what_it_needs),
		TEST(kernel_without_a_capability_is_not_asked_for_it),
		TEST(resend_is_told_from_flags2),
		TEST(request_that_is_sent_again_is_answered_by_its_number),
		TEST(lookup_finds_or_says_that_there_is_none),
		TEST(attributes_and_link_targets),
		TEST(read_returns_the_bytes_of_the_file),
		TEST(listings_go_on_where_they_ended),
		TEST(readdirplus_knows_what_a_lookup_would_tell),
		TEST(statfs_tells_sizes),
		TEST(other_operations_are_not_there),
		TEST(some_are_not_answered),
		TEST(the_end_is_confirmed),
		TEST(mount_points_are_made_until_it_is_sealed),
		TEST(all_files_can_be_the_users),
		TEST(arguments_that_are_too_short_are_errors),
		TEST(nonsense_is_answered_or_ignored),
		TEST(without_a_header_it_ends),
		TEST(without_a_request_it_does_not_wait),
		TEST(forked_process_goes_on_with_the_session),
		TEST(threads_answer_all_requests),
	};

	return cmocka_run_group_tests_name("session", tests, make_files,
		fixture_remove);
}
