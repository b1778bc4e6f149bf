/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What path= and bind= name in plugstack.conf: a bind whose source is missing
 * fails every step with an image.  A file system may not answer, so a child
 * with a deadline looks.  Paths with variables differ from user to user, and
 * are left out.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/child.h"
#include "common/cleanup.h"
#include "spank/check/check.h"

#define TIMEOUT_MS 5000

/* Memory that both processes share: what the child looks at, or found missing.
 */
struct search {
	char path[4096];
	bool is_bind;
	int failed;
	unsigned int count; /* that are there */
};

/* False if it is missing.  The administrator may be denied what users may see,
 * such as on NFS. */
static bool look_at(struct search *search, const char *path, bool is_bind)
{
	struct stat status;

	if (strpbrk(path, "$~"))
		return true;
	snprintf(search->path, sizeof(search->path), "%s", path);
	search->is_bind = is_bind;
	if (stat(path, &status) < 0 && errno != EACCES) {
		search->failed = errno;
		return false;
	}
	search->count++;
	return true;
}

static void look_at_all(const struct plugstack_args *args,
	struct search *search)
{
	char *rest = NULL, *folder;
	size_t i;

	for (i = 0; i < args->binds.count; i++) {
		const struct bind_spec *bind = &args->binds.items[i];

		if (bind->source && !bind->is_optional &&
			!look_at(search, bind->source, true))
			return;
	}
	for (folder = args->path ? strtok_r(args->path, ":", &rest) : NULL;
		folder; folder = strtok_r(NULL, ":", &rest))
		if (!look_at(search, folder, false))
			return;
}

/* False if the child does not end in time. */
static bool look_in_child(const struct plugstack_args *args,
	struct search *search)
{
	struct child child = { .pid = fork() };
	int status = CHILD_STATUS_UNKNOWN;
	bool ended;

	if (child.pid == 0) {
		look_at_all(args, search);
		_exit(0);
	}
	if (child.pid < 0)
		return false;
	child.pid_fd = child_open(child.pid);
	ended = child_wait(&child, deadline_in_ms(TIMEOUT_MS), &status);
	if (!ended)
		child_kill(&child);
	cleanup_fd(&child.pid_fd);
	return ended;
}

void check_paths(const struct check_context *context,
	struct check_finding *finding)
{
	struct search *search = mmap(NULL, sizeof(*search),
		PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	if (search == MAP_FAILED) {
		check_set(finding, CHECK_FAILURE, "there is no memory");
		return;
	}
	if (!look_in_child(&context->args, search))
		check_set(finding, CHECK_WARNING,
			"'%.800s' does not answer: is its file system there?",
			search->path);
	else if (search->failed && search->is_bind)
		check_set(finding, CHECK_FAILURE,
			"bind=%.700s: %s; every step with an image fails here: "
			"mount it, or write ?%.100s to leave it out if it is "
			"missing",
			search->path, strerror(search->failed), search->path);
	else if (search->failed)
		check_set(finding, CHECK_WARNING,
			"path=%.700s: %s; images are not looked for there",
			search->path, strerror(search->failed));
	else if (search->count == 0)
		check_set(finding, CHECK_SKIPPED,
			"plugstack.conf names none that all users have");
	else
		check_set(finding, CHECK_OK, "%u of path= and bind= are there",
			search->count);
	munmap(search, sizeof(*search));
}
