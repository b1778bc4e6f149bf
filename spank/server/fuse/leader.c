/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The threads.  One of them leads: it reads requests, and itself answers those
 * that take microseconds, so that a program which walks through a tree finds a
 * thread awake.  Before it decompresses data or waits for storage, it passes
 * the lead to another thread.  Where the kernel offers rings of io_uring, other
 * threads answer (rings.c), and the leader gets what still comes by /dev/fuse.
 */
#include <errno.h>
#include <pthread.h>
#include <stdlib.h>

#include "common/affinity.h"
#include "common/cleanup.h"
#include "spank/server/fuse/internal.h"
#include "spank/server/fuse/polling.h"
#include "spank/server/fuse/thread.h"

/* Only decompression gains from threads.  With more of them the reader or the
 * kernel is the limit. */
#define THREADS_MIN   2
#define THREADS_MAX   8
#define READAHEAD_MAX 4

struct threads {
	pthread_mutex_t lock;
	pthread_cond_t changed;
	bool go; /* leader_serve() has been called */
	bool has_leader;
	bool ended;
	int result; /* of leader_serve(), and its errno */
	int failure;
	struct polling polling;  /* of the leader */
	struct splice_pipe pipe; /* of the leader */
};

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

	worker->leads = false;
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

/* Returns once another thread leads.  The lead is passed on in the middle of an
 * answer that decompresses data, or whose metadata must be read from storage.
 */
static void lead_requests(struct worker *worker)
{
	struct session *session = worker->session;
	enum request_state state;
	ssize_t got;

	worker->context =
		(struct read_context){ READ_NOWAIT, let_another_lead, worker };
	worker->leads = true;
	do {
		got = polling_read(&session->threads->polling, session->fd,
			worker->request, REQUEST_SIZE);
		state = worker_check_read(worker, got);
		if (state == REQUEST_COMPLETE)
			worker_answer(worker, got);
	} while (worker->leads &&
		 (state == REQUEST_COMPLETE || state == REQUEST_NONE));
	if (state == REQUEST_END || state == REQUEST_FAILED)
		end_all(session->threads, state == REQUEST_END ? 0 : -1);
}

static void *run_worker(void *arg)
{
	struct worker *worker = arg;

	while (become_leader(worker->session->threads))
		lead_requests(worker);
	return NULL;
}

bool leader_splice(struct worker *worker, const struct fs_data *data)
{
	struct session *session = worker->session;
	const struct fuse_in_header *header = (void *)worker->request;

	return worker->leads &&
	       splice_reply(&session->threads->pipe, session->fd,
		       header->unique, fs_stored_fd(session->tree.image, data),
		       data->stored_offset, data->size);
}

static int start_worker(struct session *session)
{
	CLEANUP_FREE struct worker *worker = calloc(1, sizeof(*worker));

	if (!worker || worker_open(worker, session) < 0)
		return -1;
	if (thread_start(run_worker, worker) < 0) {
		worker_close(worker);
		return -1;
	}
	(void)pointer_take(&worker); /* the thread owns it */
	return 0;
}

static int count_cpus(void)
{
	cpu_set_t cpus;
	int count = affinity_cpus(&cpus);

	return count ? count : THREADS_MAX;
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

int leader_count_threads(const struct session_options *options)
{
	return options->threads == 1
		       ? 1
		       : clamp(choose_cpus(options), THREADS_MIN, THREADS_MAX);
}

int leader_start_readahead(struct session *session, int cpus)
{
	return readahead_start(session->tree.image,
		clamp(cpus, 1, READAHEAD_MAX), &session->readahead);
}

static void start_workers(struct session *session,
	const struct session_options *options)
{
	/* The tree may change only while there is one thread. */
	int count = session->tree.sealed ? leader_count_threads(options) : 1;

	/* Where the user's limit of processes is reached, the server is
	 * slower. */
	if (count > 1 &&
		leader_start_readahead(session, choose_cpus(options)) == 0)
		while (--count > 0 && start_worker(session) == 0)
			;
}

int leader_start(struct session *session, const struct session_options *options)
{
	struct threads *threads = calloc(1, sizeof(*threads));

	if (!threads)
		return -1;
	pthread_mutex_init(&threads->lock, NULL);
	pthread_cond_init(&threads->changed, NULL);
	session->threads = threads;
	/* Rings have threads of their own. */
	if (session->over_rings)
		return 0;
	polling_init(&threads->polling, count_cpus());
	if (session->tree.sealed)
		splice_pipe_open(&threads->pipe);
	start_workers(session, options);
	return 0;
}

int leader_serve(struct session *session)
{
	struct threads *threads = session->threads;

	pthread_mutex_lock(&threads->lock);
	threads->go = true;
	pthread_mutex_unlock(&threads->lock);
	run_worker(&session->control);
	errno = threads->failure;
	return threads->result;
}
