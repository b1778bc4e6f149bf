/* SPDX-License-Identifier: BSD-3-Clause */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "spank/server/ext/ext.h"
#include "tests/unit/server/ext/fixture.h"

#define NOT_FOUND 127 /* the shell's status */

/* Users may not have these folders. */
#define SBIN "PATH=$PATH:/usr/sbin:/sbin; "

static int run(const struct fixture *fixture, const char *command)
{
	char line[1024];
	int status;

	snprintf(line, sizeof(line), SBIN "cd '%s' && %s >log 2>&1",
		fixture->directory, command);
	status = system(line);
	assert_true(WIFEXITED(status));
	return WEXITSTATUS(status);
}

void ext_fixture_debugfs(const struct fixture *fixture, const char *command)
{
	char line[512];

	snprintf(line, sizeof(line), "debugfs -w -R '%s' image", command);
	assert_int_equal(run(fixture, line), 0);
}

void ext_fixture_pack(const struct fixture *fixture, const char *options,
	unsigned int mib)
{
	char command[256];
	struct stat st;
	int status;

	fixture_run(fixture, "mkdir -p -m 0700 lost+found");
	snprintf(command, sizeof(command),
		"rm -f image && mke2fs -F -q -d tree -E root_owner %s image %uM",
		options, mib);
	status = run(fixture, command);
	if (status == NOT_FOUND) {
		print_message("# there is no mke2fs\n");
		skip();
	}
	assert_int_equal(status, 0);
	/* Of the root, mke2fs takes nothing but its contents. */
	assert_int_equal(stat(fixture->tree, &st), 0);
	snprintf(command, sizeof(command), "set_inode_field / mtime @%lld",
		(long long)st.st_mtime);
	ext_fixture_debugfs(fixture, command);
}

void ext_fixture_tool(const struct fixture *fixture, const char *command)
{
	char line[512];

	snprintf(line, sizeof(line), "%s image", command);
	assert_int_not_equal(run(fixture, line), NOT_FOUND);
}

static int open_image(const struct fixture *fixture, const char *subtree,
	struct filesystem **fs, struct error *err)
{
	struct sif_partition partition = { .kind = SIF_EXT };
	int fd = open(fixture->image, O_RDONLY | O_CLOEXEC), rc;

	assert_true(fd >= 0);
	partition.size = lseek(fd, 0, SEEK_END);
	rc = ext_open(&fd, &partition, subtree, fs, err);
	if (rc < 0)
		close(fd);
	else
		assert_int_equal(fd, -1);
	return rc;
}

struct filesystem *ext_fixture_open(const struct fixture *fixture,
	const char *subtree)
{
	struct filesystem *fs;
	struct error err = { 0 };

	if (open_image(fixture, subtree, &fs, &err) < 0)
		fail_msg("%s", err.text);
	return fs;
}

const char *ext_fixture_open_error(const struct fixture *fixture)
{
	static struct error err;
	struct filesystem *fs;

	err = (struct error){ 0 };
	if (open_image(fixture, NULL, &fs, &err) == 0)
		fs_close(fs);
	return err.text;
}

uint64_t ext_fixture_inode(const struct fixture *fixture, const char *path)
{
	unsigned long block = 0, offset = 0;
	char line[256];
	FILE *output;
	int found = 0;

	snprintf(line, sizeof(line),
		SBIN "debugfs -R 'imap %s' '%s' 2>/dev/null", path,
		fixture->image);
	output = popen(line, "r");
	assert_non_null(output);
	while (found != 2 && fgets(line, sizeof(line), output))
		found = sscanf(line, " located at block %lu, offset %lx",
			&block, &offset);
	pclose(output);
	assert_int_equal(found, 2);
	return block * (1024ULL << fixture_get(fixture, EXT_SUPER(24), 4)) +
	       offset;
}
