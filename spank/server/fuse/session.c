/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The FUSE side of the server: a session of libfuse's low-level API on a
 * /dev/fuse that another process has mounted.  Its operations are in requests.c
 * and readdir.c.
 *
 * Not taken from libfuse: mounting, reading requests and threads (leader.c),
 * splice (splice.c), and io_uring (rings.c).  doc/decisions/006-libfuse3.md
 * says why.
 *
 * A forked process can go on with the session once INIT is answered: node
 * numbers are stateless, and libfuse keeps nothing between two requests.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <malloc.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "spank/server/filesystem/stack.h"
#include "spank/server/fuse/config_files.h"
#include "spank/server/fuse/internal.h"

/* Of Linux 6.9; headers may be older. */
#define NOTIFY_RESEND 7
#define HAS_RESEND    (1U << 7) /* in flags2: FUSE_HAS_RESEND >> 32 */

/* Of Linux 6.14. */
#define OVER_IO_URING (1U << 9) /* in flags2: FUSE_OVER_IO_URING >> 32 */

/* Of Linux 5.17: there are flags2. */
#define INIT_EXTENDED (1U << 30)

/*
 * A request can disappear between poll and read, with a task that is killed.
 * The control loop must not wait for the next one.
 */
static int set_blocking(int fd, bool blocking)
{
	int flags = fcntl(fd, F_GETFL);

	if (flags < 0)
		return -1;
	flags = blocking ? flags & ~O_NONBLOCK : flags | O_NONBLOCK;
	return fcntl(fd, F_SETFL, flags);
}

/* libfuse must not print: the sandbox forbids the calls. */
static void ignore_log(enum fuse_log_level level, const char *format,
	va_list arguments)
{
	(void)level, (void)format, (void)arguments;
}

/* Free chunks up to this size are not merged with their neighbours.  160 is the
 * C library's limit. */
#define FAST_CHUNK_SIZE 160

static struct fuse_session *create_session(struct session *session)
{
	char *argv[] = { (char *)"spank-sif-server", NULL };
	struct fuse_args args = FUSE_ARGS_INIT(1, argv);
	struct fuse_session *created;

	fuse_set_log_func(ignore_log);
	/* libfuse allocates and frees 136 bytes for each request. */
	mallopt(M_MXFAST, FAST_CHUNK_SIZE);
	created = fuse_session_new(&args, &requests_ops, sizeof(requests_ops),
		session);
	fuse_opt_free_args(&args);
	if (!created)
		errno = ENOMEM;
	return created;
}

bool session_can_have_rings(void)
{
	struct fuse_session *probe = create_session(NULL);
	/* Not an open descriptor: destroying the session closes it. */
	bool can = probe && worker_take_replies(probe, INT_MAX);

	if (probe)
		fuse_session_destroy(probe);
	return can;
}

/* On success the descriptor belongs to libfuse. */
static int connect_session(struct session *session, int fd)
{
	session->fd = fd;
	session->fuse = create_session(session);
	if (!session->fuse)
		return -1;
	if (worker_connect_session(session) == 0)
		return 0;
	fuse_session_destroy(session->fuse);
	errno = ENOMEM;
	return -1;
}

int session_open(struct filesystem *image, int *fuse_fd, struct rings **rings,
	struct session **ret_session, struct error *err)
{
	CLEANUP_FREE struct session *session = calloc(1, sizeof(*session));

	if (!session || set_blocking(*fuse_fd, false) < 0 ||
		worker_open(&session->control, session) < 0)
		return error_set(err, errno, "cannot start to serve the image");
	if (connect_session(session, *fuse_fd) < 0) {
		worker_close(&session->control);
		return error_set(err, errno, "cannot start to serve the image");
	}
	(void)fd_take(fuse_fd);
	session->tree.image = image;
	pthread_mutex_init(&session->turn, NULL);
	session->rings = pointer_take(rings);
	*ret_session = pointer_take(&session);
	return 0;
}

bool session_has_rings(const struct session *session)
{
	return session && session->over_rings;
}

int session_fd(const struct session *session)
{
	return session->fd;
}

/* flags2 came with Linux 5.17; headers may be older. */
static uint32_t offered_flags2(const struct fuse_init_in *in, size_t size)
{
	uint32_t flags2;

	if (size < INIT_IN_FLAGS2 + sizeof(flags2) ||
		!(in->flags & INIT_EXTENDED))
		return 0;
	memcpy(&flags2, (const char *)in + INIT_IN_FLAGS2, sizeof(flags2));
	return flags2;
}

/* Whether requests will come by rings: if the kernel offers that, and the rings
 * can be started. */
static bool start_rings(struct session *session, uint32_t offered)
{
	session->over_rings = session->rings && (offered & OVER_IO_URING) &&
			      rings_start(session->rings, session) == 0;
	if (!session->over_rings) {
		rings_close(session->rings);
		session->rings = NULL;
	}
	return session->over_rings;
}

void session_begin_init(struct session *session, const struct fuse_init_in *in,
	size_t size)
{
	uint32_t offered = offered_flags2(in, size);

	/* libfuse refuses a second one. */
	if (session->has_init)
		return;
	session->has_init = true;
	session->can_resend = offered & HAS_RESEND;
	session->init_pending = true;
	/* libfuse before 3.17 does not pass it on. */
	session->init_flags = in->flags & FUSE_PARALLEL_DIROPS;
	if (start_rings(session, offered)) {
		session->init_flags |= INIT_EXTENDED;
		session->init_flags2 = OVER_IO_URING;
	}
}

void session_end_init(struct session *session)
{
	if (!session->init_pending)
		return;
	session->init_pending = false;
	/* If the kernel refuses them now, all requests come by /dev/fuse, to
	 * one thread. */
	if (session->over_rings)
		rings_begin(session->rings);
}

int session_serve_one(struct session *session)
{
	ssize_t got = read(session->fd, session->control.request, REQUEST_SIZE);

	switch (worker_check_read(&session->control, got)) {
	case REQUEST_COMPLETE:
		worker_answer(&session->control, got);
		break;
	case REQUEST_NONE:
		break;
	case REQUEST_END:
		return 0;
	case REQUEST_FAILED:
		return -1;
	}
	return 1;
}

static int set_cache(struct filesystem *image,
	const struct session_options *options)
{
	return fs_set_cache(image, options->cache_bytes,
		leader_count_threads(options));
}

int session_stack_layers(struct filesystem *image,
	struct filesystem *const *layers, size_t count,
	const struct session_options *options, struct filesystem **ret_image,
	struct error *err)
{
	struct filesystem *all[STACK_LAYERS_MAX] = { image }, *stack;
	size_t i;

	for (i = 0; i < count && i + 1 < STACK_LAYERS_MAX; i++)
		all[i + 1] = layers[i];
	if (stack_open(all, i + 1, &stack, err) < 0) {
		for (; count > 0; count--)
			fs_close(layers[count - 1]);
		fs_close(image);
		return -1;
	}
	if (set_cache(stack, options) < 0) {
		fs_close(stack);
		return error_set(err, errno, "it cannot be opened");
	}
	*ret_image = stack;
	return 0;
}

static int start_all(struct session *session,
	const struct session_options *options)
{
	if (!session->over_rings && set_cache(session->tree.image, options) < 0)
		return -1;
	if (leader_start(session, options) < 0)
		return -1;
	return set_blocking(session->fd, true);
}

int session_start(struct session *session,
	const struct session_options *options, struct error *err)
{
	if (start_all(session, options) < 0)
		return error_set(err, errno, "cannot start to serve the image");
	return 0;
}

int session_serve(struct session *session)
{
	return leader_serve(session);
}

void session_set_owner(struct session *session)
{
	session->tree.owned = true;
	session->tree.uid = getuid();
	session->tree.gid = getgid();
}

int session_add_config(struct session *session, const struct oci_config *config,
	struct error *err)
{
	if (config_files_add(&session->tree, config) == 0)
		return 0;
	return error_set(err, errno,
		"cannot show what the image's OCI config says");
}

bool session_can_resend(const struct session *session)
{
	return session->can_resend;
}

/* Written by hand: libfuse has no such notification yet. */
int session_resend(struct session *session)
{
	struct fuse_out_header header = {
		.len = sizeof(header),
		.error = NOTIFY_RESEND,
	};
	const struct iovec part = { &header, sizeof(header) };

	return writev(session->fd, &part, 1) < 0 ? -1 : 0;
}

void session_seal(struct session *session)
{
	pthread_mutex_lock(&session->turn);
	session->tree.sealed = true;
	if (session->over_rings && !session->is_concurrent) {
		leader_start_readahead(session, rings_count(session->rings));
		atomic_store(&session->is_concurrent, true);
	}
	pthread_mutex_unlock(&session->turn);
}

void session_drop_cache(struct session *session)
{
	/* If this fails the old cache stays, which only costs memory. */
	fs_set_cache(session->tree.image, 0, 0);
}

void session_close(struct session *session)
{
	if (!session)
		return;
	rings_close(session->rings);         /* never started */
	fuse_session_destroy(session->fuse); /* and the descriptor */
	mountpoints_free(&session->tree.mountpoints);
	worker_close(&session->control);
	free(session);
}
