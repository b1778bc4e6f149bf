/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The FUSE side of the server: its memory, its descriptor, its threads.  What
 * is answered is in requests.c and readdir.c.
 *
 * The protocol is spoken without libfuse: it is small for a file system that
 * nobody writes to; each thread needs a page of memory for requests, not a
 * megabyte; answers go out from where they lie in the cache; and a program that
 * is linked with less starts sooner.
 *
 * Threads: one of them leads, that is, reads requests.  What is answered in
 * microseconds it answers itself, so that a program which walks through a tree
 * meets a thread that is awake.  When a request may take longer, or is to wait
 * for storage, another thread takes the lead first.  Where the kernel offers
 * rings of io_uring others answer: rings.c.
 */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "spank/server/fuse/internal.h"
#include "spank/server/fuse/polling.h"
#include "spank/server/fuse/thread.h"

/* Decompression is what scales; past these its results are waited for. */
#define THREADS_MIN 2
#define THREADS_MAX 8
#define AHEAD_MAX   4

struct threads {
	pthread_mutex_t lock;
	pthread_cond_t changed;
	bool go; /* session_serve() has been called */
	bool has_leader;
	bool ended;
	int result; /* of session_serve(), and its errno */
	int failure;
	struct polling polling;  /* the leader's, */
	struct splice_pipe pipe; /* as this is */
};

/*
 * Between poll and read a request may vanish, with a task that is killed: the
 * control loop must not wait for the next one.
 */
static int set_blocking(int fd, bool blocking)
{
	int flags = fcntl(fd, F_GETFL);

	if (flags < 0)
		return -1;
	flags = blocking ? flags & ~O_NONBLOCK : flags | O_NONBLOCK;
	return fcntl(fd, F_SETFL, flags);
}

static int open_worker(struct session *session, struct worker *worker)
{
	void *memory = mmap(NULL, REQUEST_SIZE + SQUASH_READ_MAX,
		PROT_READ | PROT_WRITE,
		MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	if (memory == MAP_FAILED)
		return -1;
	worker->session = session;
	worker->send = request_send;
	worker->request = memory;
	worker->reply = worker->request + REQUEST_SIZE;
	return 0;
}

static void close_worker(struct worker *worker)
{
	munmap(worker->request, REQUEST_SIZE + SQUASH_READ_MAX);
}

int session_open(struct squash *image, int *fuse_fd, struct rings **rings,
	struct session **ret_session, struct error *err)
{
	CLEANUP_FREE struct session *session = calloc(1, sizeof(*session));

	if (!session || set_blocking(*fuse_fd, false) < 0 ||
		open_worker(session, &session->control) < 0)
		return error_set(err, errno, "cannot start to serve the image");
	session->tree.image = image;
	pthread_mutex_init(&session->turn, NULL);
	session->fd = fd_take(fuse_fd);
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

int session_serve_one(struct session *session)
{
	ssize_t got = read(session->fd, session->control.request, REQUEST_SIZE);
	int what = worker_check_read(&session->control, got);

	if (what == 1)
		worker_answer(&session->control, got);
	return what == 2 ? 1 : what;
}

/* What takes long. */
static void answer_late(struct worker *worker, size_t size)
{
	worker->context = (struct read_context){ READ_MAY_BLOCK, NULL, NULL };
	worker->session->late++;
	worker_answer(worker, size);
	worker->session->late--;
}

void worker_answer_in_turn(struct worker *worker, size_t size)
{
	struct session *session = worker->session;
	bool in_turn = !atomic_load(&session->is_concurrent);

	if (in_turn)
		pthread_mutex_lock(&session->turn);
	worker->context = (struct read_context){ READ_NOWAIT, NULL, NULL };
	if (!worker_answer(worker, size))
		answer_late(worker, size);
	if (in_turn)
		pthread_mutex_unlock(&session->turn);
}

/* False if serving has ended. */
static bool become_leader(struct threads *threads)
{
	bool is_leader;

	pthread_mutex_lock(&threads->lock);
	while (!threads->ended && (threads->has_leader || !threads->go))
		pthread_cond_wait(&threads->changed, &threads->lock);
	is_leader = !threads->ended;
	if (is_leader)
		threads->has_leader = true;
	pthread_mutex_unlock(&threads->lock);
	return is_leader;
}

static void let_another_lead(void *arg)
{
	struct worker *worker = arg;
	struct threads *threads = worker->session->threads;

	worker->pipe = NULL;
	pthread_mutex_lock(&threads->lock);
	threads->has_leader = false;
	pthread_cond_signal(&threads->changed);
	pthread_mutex_unlock(&threads->lock);
}

static void end_all(struct threads *threads, int result)
{
	pthread_mutex_lock(&threads->lock);
	threads->ended = true;
	threads->result = result;
	threads->failure = errno;
	pthread_cond_broadcast(&threads->changed);
	pthread_mutex_unlock(&threads->lock);
}

static void lead(struct worker *worker)
{
	struct session *session = worker->session;
	bool is_answered = true;
	ssize_t got;
	int what;

	/* In the middle of an answer, if its metadata is on slow storage. */
	worker->context =
		(struct read_context){ READ_NOWAIT, let_another_lead, worker };
	worker->pipe = &session->threads->pipe;
	do {
		got = polling_read(&session->threads->polling, session->fd,
			worker->request, REQUEST_SIZE);
		what = worker_check_read(worker, got);
		if (what == 1)
			is_answered = worker_answer(worker, got);
	} while (what > 0 && is_answered && worker->pipe);
	if (what <= 0) {
		end_all(session->threads, what);
		return;
	}
	read_context_wait(&worker->context);
	if (!is_answered)
		answer_late(worker, got);
}

static void *serve(void *arg)
{
	struct worker *worker = arg;

	while (become_leader(worker->session->threads))
		lead(worker);
	return NULL;
}

static int start_worker(struct session *session)
{
	CLEANUP_FREE struct worker *worker = calloc(1, sizeof(*worker));

	if (!worker || open_worker(session, worker) < 0)
		return -1;
	if (thread_start(serve, worker) < 0) {
		close_worker(worker);
		return -1;
	}
	(void)pointer_take(&worker); /* it is the thread's */
	return 0;
}

static int count_cpus(void)
{
	cpu_set_t cpus;

	if (sched_getaffinity(0, sizeof(cpus), &cpus) < 0)
		return THREADS_MAX; /* more than the set can name */
	return CPU_COUNT(&cpus);
}

static int clamp(int value, int least, int most)
{
	if (value < least)
		return least;
	return value < most ? value : most;
}

static int choose_cpus(const struct session_options *options)
{
	return options->threads ? options->threads : count_cpus();
}

static int count_threads(const struct session_options *options)
{
	return options->threads == 1
		       ? 1
		       : clamp(choose_cpus(options), THREADS_MIN, THREADS_MAX);
}

static int set_cache(struct squash *image,
	const struct session_options *options)
{
	return squash_set_cache(image, options->cache_bytes,
		count_threads(options));
}

int session_open_image(int *image_fd, const struct sif_partition *partition,
	const struct session_options *options, struct squash **ret_image,
	struct error *err)
{
	struct squash *image;

	if (squash_open(image_fd, partition, &image, err) < 0)
		return -1;
	if (set_cache(image, options) < 0) {
		squash_close(image);
		return error_set(err, errno, "it cannot be opened");
	}
	*ret_image = image;
	return 0;
}

static int start_helpers(struct session *session, int cpus)
{
	return readahead_start(session->tree.image, clamp(cpus, 1, AHEAD_MAX),
		&session->helpers);
}

static int start_workers(struct session *session,
	const struct session_options *options)
{
	int cpus = choose_cpus(options);
	/* Mount points may be made while there is one thread only. */
	int count = session->tree.sealed ? count_threads(options) : 1;

	if (set_cache(session->tree.image, options) < 0)
		return -1;
	polling_init(&session->threads->polling, count_cpus());
	if (session->tree.sealed)
		splice_pipe_open(&session->threads->pipe);
	/* A user who may have no more processes has a slower server. */
	if (count > 1 && start_helpers(session, cpus) == 0)
		while (--count > 0 && start_worker(session) == 0)
			;
	return 0;
}

static int start_all(struct session *session,
	const struct session_options *options)
{
	session->threads = calloc(1, sizeof(*session->threads));
	if (!session->threads)
		return -1;
	pthread_mutex_init(&session->threads->lock, NULL);
	pthread_cond_init(&session->threads->changed, NULL);
	/* Rings have threads, from their beginning on. */
	if (!session->over_rings && start_workers(session, options) < 0)
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
	struct threads *threads = session->threads;

	pthread_mutex_lock(&threads->lock);
	threads->go = true;
	pthread_mutex_unlock(&threads->lock);
	serve(&session->control);
	errno = threads->failure;
	return threads->result;
}

void session_set_owner(struct session *session)
{
	session->tree.owned = true;
	session->tree.uid = getuid();
	session->tree.gid = getgid();
}

bool session_can_resend(const struct session *session)
{
	return session->can_resend;
}

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
		start_helpers(session, rings_count(session->rings));
		atomic_store(&session->is_concurrent, true);
	}
	pthread_mutex_unlock(&session->turn);
}

void session_drop_cache(struct session *session)
{
	/* Without it the old one stays: it costs memory, no more. */
	squash_set_cache(session->tree.image, 0, 0);
}

void session_close(struct session *session)
{
	if (!session)
		return;
	rings_close(session->rings); /* never started */
	close(session->fd);
	mountpoints_free(&session->tree.mountpoints);
	close_worker(&session->control);
	free(session);
}
