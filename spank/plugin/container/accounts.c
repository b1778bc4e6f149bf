/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * /etc/passwd and /etc/group of the container.  They have the user's entries
 * from the node's name services (such as LDAP, which an image cannot query),
 * the entry of Slurm's own user, and then the image's file, or the node's if
 * the image has none.  That file is copied, not parsed.
 */
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <pwd.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "spank/plugin/container/accounts.h"
#include "spank/plugin/container/image_path.h"

/* The rest of a larger file is left out. */
#define COPY_MAX (1 << 20)
/* The entry of a large group has all its members. */
#define ENTRY_SIZE (1 << 20)

/* Append a line. */
static int add_passwd(struct accounts *accounts, const struct passwd *entry,
	const char *home)
{
	char *sum;

	if (asprintf(&sum, "%s%s:x:%ju:%ju:%s:%s:%s\n", accounts->passwd,
		    entry->pw_name, (uintmax_t)entry->pw_uid,
		    (uintmax_t)entry->pw_gid, entry->pw_gecos, home,
		    entry->pw_shell) < 0)
		return -1;
	free(accounts->passwd);
	accounts->passwd = sum;
	return 0;
}

/* Evaluate the result of getpwuid_r() or a similar call.  Returns false if
 * there is no entry; records the failure of a name service. */
static bool is_found(int failed, const void *found, struct accounts *accounts)
{
	if (found)
		return true;
	if (failed != ENOENT && failed != ESRCH && !accounts->failure)
		accounts->failure = failed;
	return false;
}

static int load_passwd(char *buffer, const char *home,
	struct accounts *accounts)
{
	struct passwd entry, *found = NULL;
	int failed;

	accounts->passwd = strdup("");
	if (!accounts->passwd)
		return -1;
	failed = getpwuid_r(getuid(), &entry, buffer, ENTRY_SIZE, &found);
	if (!is_found(failed, found, accounts))
		return 0;
	accounts->home = strdup(entry.pw_dir);
	return accounts->home ? add_passwd(accounts, &entry,
					home ? home : entry.pw_dir)
			      : -1;
}

/*
 * slurm.conf names SlurmUser, and no Slurm command runs where that name is
 * unknown.  From Slurm 23.02 on slurmstepd has only the id.
 */
static int load_slurm_user(char *buffer, const struct node_conf *conf,
	struct accounts *accounts)
{
	struct passwd entry, *found = NULL;
	int failed = conf->slurm_user ? getpwnam_r(conf->slurm_user, &entry,
						buffer, ENTRY_SIZE, &found)
				      : getpwuid_r(conf->slurm_uid, &entry,
						buffer, ENTRY_SIZE, &found);

	if (!is_found(failed, found, accounts) || entry.pw_uid == 0 ||
		entry.pw_uid == getuid())
		return 0;
	return add_passwd(accounts, &entry, entry.pw_dir);
}

static void print_group(FILE *out, char *buffer, gid_t gid, const char *user,
	struct accounts *accounts)
{
	struct group entry, *found = NULL;
	int failed = getgrgid_r(gid, &entry, buffer, ENTRY_SIZE, &found);

	if (is_found(failed, found, accounts))
		fprintf(out, "%s:x:%ju:%s\n", entry.gr_name, (uintmax_t)gid,
			user);
}

static int load_groups(char *buffer, struct accounts *accounts)
{
	size_t size, name = strcspn(accounts->passwd, ":");
	CLEANUP_FREE char *user = strndup(accounts->passwd, name);
	int i, count = getgroups(0, NULL);
	CLEANUP_FREE gid_t *groups =
		count < 0 ? NULL : calloc(count + 1, sizeof(*groups));
	FILE *out;

	if (!user || !groups || getgroups(count, groups) != count)
		return -1;
	out = open_memstream(&accounts->group, &size);
	if (!out)
		return -1;
	print_group(out, buffer, getgid(), user, accounts);
	for (i = 0; i < count; i++)
		if (groups[i] != getgid())
			print_group(out, buffer, groups[i], user, accounts);
	return fclose(out);
}

int accounts_load(const char *home, const struct node_conf *conf,
	struct accounts *ret_accounts, struct report *report, struct error *err)
{
	struct accounts accounts = { .home = NULL };
	CLEANUP_FREE char *buffer = malloc(ENTRY_SIZE);

	if (!buffer || load_passwd(buffer, home, &accounts) < 0 ||
		load_groups(buffer, &accounts) != 0 ||
		load_slurm_user(buffer, conf, &accounts) < 0) {
		error_set(err, errno, "cannot look up the user's names");
		accounts_free(&accounts);
		return -1;
	}
	if (accounts.failure)
		report_note(report,
			"cannot look up all names of the user and their groups "
			"on this node: %s",
			strerror(accounts.failure));
	*ret_accounts = accounts;
	return 0;
}

void accounts_free(struct accounts *accounts)
{
	free(accounts->passwd);
	free(accounts->group);
	free(accounts->home);
	*accounts = (struct accounts){ .home = NULL };
}

static int write_bytes(int fd, const char *bytes, size_t length)
{
	ssize_t written;

	for (; length > 0; bytes += written, length -= written) {
		written = write(fd, bytes, length);
		if (written < 0)
			return -1;
	}
	return 0;
}

static int copy_file(int from_fd, int to_fd)
{
	char buffer[16384];
	size_t left = COPY_MAX;
	ssize_t length = 1;

	while (left > 0 && length > 0) {
		length = read(from_fd, buffer,
			left < sizeof(buffer) ? left : sizeof(buffer));
		if (length < 0)
			return -1;
		if (write_bytes(to_fd, buffer, length) < 0)
			return -1;
		left -= length;
	}
	return 0;
}

/* Open the image's file, or the node's if the image has none.  Leaves *ret_fd
 * alone, and returns 0, if neither can be copied. */
static int open_original(int root_fd, const char *path, int *ret_fd)
{
	const int flags = O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC;
	CLEANUP_FD int fd = image_path_open(root_fd, path, flags);
	struct stat status;

	if (fd < 0 && errno == ENOENT)
		fd = open(path, flags);
	if (fd < 0)
		return image_path_is_missing(errno) ? 0 : -1;
	if (fstat(fd, &status) < 0)
		return -1;
	if (S_ISREG(status.st_mode))
		*ret_fd = fd_take(&fd);
	return 0;
}

int accounts_write(int directory_fd, const char *name, const char *first,
	int root_fd, const char *path, struct error *err)
{
	CLEANUP_FD int to_fd = openat(directory_fd, name,
		O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
	CLEANUP_FD int from_fd = -1;

	/* The step's umask must not apply to this file. */
	if (to_fd < 0 || fchmod(to_fd, 0644) < 0 ||
		write_bytes(to_fd, first, strlen(first)) < 0)
		return error_set(err, errno, "cannot write '%s'", path);
	if (open_original(root_fd, path, &from_fd) < 0 ||
		(from_fd >= 0 && copy_file(from_fd, to_fd) < 0))
		return error_set(err, errno, "cannot copy '%s'", path);
	return 0;
}
