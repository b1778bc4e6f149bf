/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Decides which files of the host may be bound into a container.  Everything
 * that is found in a CDI file or by a search is added through these functions.
 * They resolve paths, so that a check sees every name of a file: in the
 * container, on the host, behind symlinks, and the soname.
 */
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "spank/gpus/policy.h"
#include "spank/gpus/shared_object.h"

static const char *base_name(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

/* --- libraries ----------------------------------------------------------- */

static void add_name(struct findings *findings, const char *path,
	const char *name)
{
	if (*name && !findings_find(findings, FINDING_LIBRARY, name))
		findings_add(findings, FINDING_LIBRARY, path, name);
}

bool policy_add_library(struct findings *findings, const char *path,
	const char *name)
{
	CLEANUP_FREE char *resolved = realpath(path, NULL);
	char soname[SHARED_OBJECT_NAME_SIZE];

	if (!resolved)
		return false;
	if (shared_object_is_libc_name(name) ||
		shared_object_is_libc_name(base_name(path)) ||
		shared_object_is_libc_name(base_name(resolved)) ||
		!shared_object_read(resolved, soname) ||
		shared_object_is_libc_name(soname))
		return true;
	add_name(findings, resolved, name);
	add_name(findings, resolved, soname);
	return true;
}

/* --- binds --------------------------------------------------------------- */

/* The first bind at a target wins. */
static void add_bind(struct findings *findings, const char *path,
	const char *target)
{
	if (!findings_find(findings, FINDING_BIND, target))
		findings_add(findings, FINDING_BIND, path, target);
}

static bool is_below(const char *path, const char *directory)
{
	size_t length = strlen(directory);

	return strncmp(path, directory, length) == 0 &&
	       (path[length] == '/' || path[length] == '\0');
}

/* Remove "//", "/./" and a trailing '/'; false if the path has a "..". */
static bool normalize(char *path)
{
	char *to = path, *from = path;
	size_t length;

	if (*path != '/')
		return false;
	while (*(from += strspn(from, "/"))) {
		length = strcspn(from, "/");
		if (length == 2 && strncmp(from, "..", 2) == 0)
			return false;
		if (length != 1 || *from != '.') {
			*to++ = '/';
			memmove(to, from, length);
			to += length;
		}
		from += length;
	}
	*to = '\0';
	return true;
}

static bool is_host_inside(const char *target)
{
	return is_below(target, "/dev") || is_below(target, "/proc") ||
	       is_below(target, "/sys");
}

/* A directory bound there would hide the image's programs, libraries or
 * accounts. */
static bool would_hide_image(const char *target)
{
	static const char *const directories[] = { "", "/bin", "/etc", "/lib",
		"/lib32", "/lib64", "/opt", "/sbin", "/usr", "/usr/bin",
		"/usr/lib", "/usr/lib32", "/usr/lib64", "/usr/libexec",
		"/usr/local", "/usr/local/bin", "/usr/local/lib", "/usr/sbin",
		"/usr/share", "/var", "/var/lib" };
	size_t i;

	for (i = 0; i < sizeof(directories) / sizeof(*directories); i++)
		if (strcmp(target, directories[i]) == 0)
			return true;
	/* Debian's /usr/lib/x86_64-linux-gnu and similar ones. */
	return strstr(base_name(target), "-linux-gnu") != NULL;
}

/* Looks only where a libc would be in a driver's tree. */
static bool has_libc(const char *directory)
{
	static const char *const names[] = { "libc.so.6", "lib/libc.so.6",
		"lib64/libc.so.6", "usr/lib/libc.so.6", "usr/lib64/libc.so.6",
		"ld-linux-x86-64.so.2", "ld-linux-aarch64.so.1" };
	char path[PATH_MAX];
	size_t i;

	for (i = 0; i < sizeof(names) / sizeof(*names); i++) {
		snprintf(path, sizeof(path), "%s/%s", directory, names[i]);
		if (access(path, F_OK) == 0)
			return true;
	}
	return false;
}

static void add_directory(struct findings *findings, const char *path,
	const char *target)
{
	if (would_hide_image(target) || has_libc(path))
		findings_add_note(findings,
			"the directory '%s' is not shown at '%s': it would "
			"replace the image's own system files",
			path, target);
	else
		add_bind(findings, path, target);
}

static bool is_libc(const char *path, const char *resolved, const char *target)
{
	char soname[SHARED_OBJECT_NAME_SIZE];

	return shared_object_is_libc_name(base_name(path)) ||
	       shared_object_is_libc_name(base_name(resolved)) ||
	       shared_object_is_libc_name(base_name(target)) ||
	       (shared_object_read(resolved, soname) &&
		       shared_object_is_libc_name(soname));
}

bool policy_add_bind(struct findings *findings, const char *path,
	const char *target)
{
	CLEANUP_FREE char *resolved = realpath(path, NULL);
	CLEANUP_FREE char *normal = strdup(target);
	struct stat status;

	if (!resolved || stat(resolved, &status) < 0)
		return false;
	if (!normal || !normalize(normal) || is_host_inside(normal))
		return true;
	if (S_ISDIR(status.st_mode))
		add_directory(findings, resolved, normal);
	else if (*normal && !is_libc(path, resolved, normal))
		add_bind(findings, resolved, normal);
	return true;
}

/* --- variables ----------------------------------------------------------- */

/*
 * Slurm decides for each task which GPUs it may use.  In particular
 * NVIDIA_VISIBLE_DEVICES=void, which nvidia-ctk writes for another runtime,
 * would tell programs that there are none.  The other variables belong to the
 * plugin or to Slurm.
 */
static bool is_forbidden_variable(const char *assignment)
{
	static const char *const names[] = { "CUDA_VISIBLE_DEVICES",
		"GPU_DEVICE_ORDINAL", "HIP_VISIBLE_DEVICES",
		"NVIDIA_VISIBLE_DEVICES", "AMD_VISIBLE_DEVICES",
		"ROCR_VISIBLE_DEVICES", "HOME", "PATH" };
	size_t i, length = strcspn(assignment, "=");

	for (i = 0; i < sizeof(names) / sizeof(*names); i++)
		if (strlen(names[i]) == length &&
			strncmp(assignment, names[i], length) == 0)
			return true;
	return strncmp(assignment, "LD_", 3) == 0 ||
	       strncmp(assignment, "SLURM_", 6) == 0;
}

void policy_add_env(struct findings *findings, const char *assignment)
{
	if (strchr(assignment, '=') && *assignment != '=' &&
		!is_forbidden_variable(assignment))
		findings_add(findings, FINDING_ENV, assignment, NULL);
}
