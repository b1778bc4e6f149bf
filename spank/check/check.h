/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SPANK_CHECK_CHECK_H
#define SPANK_CHECK_CHECK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/error.h"
#include "spank/plugin/release_mark.h"
#include "spank/plugin/settings/plugstack_args.h"

/*
 * One question about this machine.  Each check fills in a sentence: what was
 * found, and what to do unless that is CHECK_OK.
 */
enum check_result {
	CHECK_OK,
	CHECK_WARNING, /* it works, but not everywhere or not as well */
	CHECK_FAILURE, /* steps with an image fail here, or are not in it */
	CHECK_SKIPPED, /* this caller cannot tell, or it is not needed */
};

struct check_finding {
	enum check_result result;
	char text[1024];
};

/* What plugstack.conf says; see check_read_configuration(). */
struct check_context {
	/* The file that Slurm loads: written in full on the plugin's line, or
	 * found in PluginDir.  "": there is none. */
	char plugin[4096];
	char plugin_dir[4096]; /* PluginDir of slurm.conf, or Slurm's default */
	struct plugstack_args args;
	bool mounts_on_host;          /* mount=host, alone or as a choice */
	bool has_job_mounts;          /* slurm.conf: job_container/tmpfs */
	struct error wrong_arguments; /* of the line */
	struct check_finding plugstack;
};

typedef void check_function(const struct check_context *context,
	struct check_finding *finding);

/* Set the result and its sentence. */
void check_set(struct check_finding *finding, enum check_result result,
	const char *format, ...) __attribute__((format(printf, 3, 4)));

/*
 * What a user can do: `function` in a child that is nobody if the caller is
 * root.  Returns what it returns, from 0 to 255; -1 if there can be no child.
 */
int check_as_user(int (*function)(const void *arg), const void *arg);

/* node.c: the kernel and the machine. */
check_function check_kernel, check_fuse, check_landlock, check_seccomp,
	check_user_namespaces, check_security_modules;

/* memory.c */
check_function check_memory;

/* The first line that a shell command prints, without its end; false: none. */
bool check_read_line_of(const char *command, char *line, size_t size);

/* install.c: the installed files, and Slurm's release. */
check_function check_plugin, check_programs, check_release;

/* host_mount.c: what mount=host needs. */
check_function check_fusermount;

/* What a plugin's file is built for.  Its `slurm` is 0 if the file cannot be
 * read, is not whole, or is not the plugin. */
struct release_mark check_release_of(const char *path);

struct check_slurm_conf {
	char plugstack[4096];  /* PlugStackConfig */
	char plugin_dir[4096]; /* PluginDir: folders with colons between them */
	bool has_job_mounts;   /* job_container/tmpfs or namespace/tmpfs */
};

/* slurm_conf.c: with Slurm's defaults for what is not there.  False if there is
 * no slurm.conf that the caller can read. */
bool check_read_slurm_conf(struct check_slurm_conf *ret_conf);

/*
 * configuration.c: the plugin's line in plugstack.conf.  Fills in *context,
 * with the defaults where there is no line; context->args is then to be freed
 * by plugstack_args_free().
 */
void check_read_configuration(struct check_context *context);
check_function check_plugstack;

/* paths.c: the directories that plugstack.conf names. */
check_function check_paths;

/* image.c: start a server, mount a test image, read it. */
check_function check_image;

/*
 * cluster.c: run spank-sif-check on all nodes that are idle or mixed.  Prints a
 * line for each node, and returns the exit status.
 */
int check_cluster(void);

#endif
