/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Classes of variable names that environment/rules.c treats alike.  Some follow
 * Apptainer's env/create.go.
 */
#include <stddef.h>
#include <string.h>

#include "spank/plugin/environment/variables/names.h"

static bool starts_with(const char *text, const char *prefix)
{
	return strncmp(text, prefix, strlen(prefix)) == 0;
}

/* An item that ends with '_' is a prefix.  The list ends with NULL. */
static bool is_listed(const char *const *list, const char *name)
{
	for (; *list; list++)
		if ((*list)[strlen(*list) - 1] == '_' && strcmp(*list, "_") != 0
				? starts_with(name, *list)
				: strcmp(name, *list) == 0)
			return true;
	return false;
}

bool environment_name_is_protected(const char *name)
{
	static const char *const names[] = { "SLURM_", "SLURMD_", "SPANK_",
		"_SLURM_SPANK_", "PMI_", "PMI2_", "PMIX_", "OMPI_", "PALS_",
		"CUDA_VISIBLE_DEVICES", "GPU_DEVICE_ORDINAL",
		"ROCR_VISIBLE_DEVICES", "HIP_VISIBLE_DEVICES",
		"ZE_AFFINITY_MASK", NULL };

	return is_listed(names, name);
}

bool environment_name_is_mpi_setting(const char *name)
{
	return starts_with(name, "OMPI_MCA_") || starts_with(name, "PMIX_MCA_");
}

bool environment_name_is_runtime(const char *name)
{
	static const char *const names[] = { "SINGULARITY_", "SINGULARITYENV_",
		"APPTAINER_", "APPTAINERENV_", NULL };

	return is_listed(names, name);
}

/* Apptainer's list plus the user's names: a step has no other login. */
bool environment_name_survives_clean(const char *name)
{
	static const char *const names[] = { "HOME", "USER", "LOGNAME", "SHELL",
		"TERM", "http_proxy", "HTTP_PROXY", "https_proxy",
		"HTTPS_PROXY", "no_proxy", "NO_PROXY", "all_proxy", "ALL_PROXY",
		"ftp_proxy", "FTP_PROXY", NULL };

	return is_listed(names, name) || environment_name_is_protected(name);
}

/* What a shell keeps for itself, and what the image's scripts use among
 * themselves (99-runtimevars.sh), as does the program of environment/scripts.c:
 * with `set -a` all of them are exported. */
bool environment_name_is_script_internal(const char *name)
{
	static const char *const names[] = { "PWD", "OLDPWD", "SHLVL", "_",
		"SING_USER_DEFINED_", "__sif_", NULL };

	return is_listed(names, name);
}

/* The variables of dash, bash, busybox and ksh, including those that have an
 * effect only once they are set. */
bool environment_name_is_shell(const char *name)
{
	static const char *const names[] = { "_", "ATTY", "BASH", "BASH_",
		"BASHOPTS", "BASHPID", "CDPATH", "CHILD_MAX", "COLUMNS",
		"COMPREPLY", "COMP_", "COPROC", "DIRSTACK", "EDITOR", "ENV",
		"EPOCHREALTIME", "EPOCHSECONDS", "ERRNO", "EUID", "EXECIGNORE",
		"EXECSHELL", "FCEDIT", "FIGNORE", "FPATH", "FUNCNAME",
		"FUNCNEST", "GLOBIGNORE", "GLOBSORT", "GROUPS", "HISTCMD",
		"HISTCONTROL", "HISTEDIT", "HISTFILE", "HISTFILESIZE",
		"HISTIGNORE", "HISTSIZE", "HISTTIMEFORMAT", "HOSTNAME",
		"HOSTTYPE", "IFS", "IGNOREEOF", "INSIDE_EMACS", "JOBMAX",
		"KSHEGID", "KSHGID", "KSHUID", "KSH_", "LINENO", "LINES",
		"MACHTYPE", "MAIL", "MAILCHECK", "MAILPATH", "MAPFILE",
		"OLDPWD", "OPTARG", "OPTERR", "OPTIND", "OSTYPE", "PGRP",
		"PIPESTATUS", "POSIXLY_CORRECT", "PPID", "PROMPT_", "PS0",
		"PS2", "PS3", "PS4", "PWD", "RANDOM", "READLINE_", "REPLY",
		"SECONDS", "SHELL", "SHELLOPTS", "SHLVL", "SIGTRAP", "SRANDOM",
		"TERM", "TIMEFORMAT", "TMOUT", "UID", "USER_ID", "VISUAL",
		"auto_resume", "histchars", "ignoreeof", NULL };

	return is_listed(names, name);
}

/* NAMEs in SINGULARITYENV_NAME that are no variables of their own, or that
 * users cannot set in this way.  Apptainer has the same list. */
bool environment_name_is_special(const char *name)
{
	static const char *const names[] = { "HOME", "UID", "GID", "PATH",
		"PREPEND_PATH", "APPEND_PATH", "PREPEND_LD_LIBRARY_PATH",
		"APPEND_LD_LIBRARY_PATH", "APPTAINER_SHELL",
		"APPTAINER_APPNAME", "SINGULARITY_SHELL", "SINGULARITY_APPNAME",
		NULL };

	return is_listed(names, name);
}
