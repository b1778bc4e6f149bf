/* SPDX-License-Identifier: BSD-3-Clause */
#include <string.h>

#include "spank/plugin/settings/envp.h"

const char *envp_get(char *const *envp, const char *name)
{
	size_t length = strlen(name);

	for (; envp && *envp; envp++)
		if (strncmp(*envp, name, length) == 0 && (*envp)[length] == '=')
			return *envp + length + 1;
	return NULL;
}
