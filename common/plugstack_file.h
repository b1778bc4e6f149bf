/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef COMMON_PLUGSTACK_FILE_H
#define COMMON_PLUGSTACK_FILE_H

#include <stdbool.h>
#include <stddef.h>

/* A line of plugstack.conf that names a plugin; the texts are borrowed. */
struct plugstack_line {
	const char *path;   /* the file that it is in */
	int number;         /* of the line, from 1 */
	const char *kind;   /* "required" or "optional", as it is written */
	const char *file;   /* the plugin, as it is written */
	const char *object; /* the same without its folder */
	char *arguments;    /* the rest of the line, or "" */
	bool is_cut; /* too long: Slurm takes the rest for another line */
};

typedef void plugstack_visit_line(const struct plugstack_line *line, void *arg);

/*
 * The path of the file that the line of another one, `from`, calls `name`: a
 * relative name is one in the folder of that file.  Truncated to `size`.
 */
void plugstack_file_resolve(const char *name, const char *from, char *ret_path,
	size_t size);

/*
 * Visit the lines of the file, and of those that it includes, in Slurm's order
 * and as Slurm reads them.  Files that cannot be read are left out; false if
 * there is one that exists.  Opens the administrator's files, with the rights
 * of the caller.
 */
bool plugstack_file_visit(const char *path, plugstack_visit_line *visit,
	void *arg);

#endif
