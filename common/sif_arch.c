/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Architectures: SIF has a code of two digits for each, OCI images have the
 * names of the Go language.
 *
 * Codes: github.com/sylabs/sif, pkg/sif/arch.go.
 */
#include <endian.h>
#include <stdio.h>
#include <string.h>

#include "common/sif_arch.h"

static const char *const names[] = { "unknown", "386", "amd64", "arm", "arm64",
	"ppc64", "ppc64le", "mips", "mipsle", "mips64", "mips64le", "s390x",
	"riscv64", "loong64" };

#define NAMES (sizeof(names) / sizeof(names[0]))

static const char *arch_name(const char arch[SIF_ARCH_SIZE])
{
	unsigned int tens = (unsigned char)arch[0] - '0';
	unsigned int ones = (unsigned char)arch[1] - '0';
	unsigned int code = tens * 10 + ones;

	if (tens > 9 || ones > 9 || arch[2] != '\0' || code >= NAMES)
		return NULL;
	return names[code];
}

int sif_arch_check(const char arch[SIF_ARCH_SIZE], const char *machine,
	struct error *err)
{
	const char *name = arch_name(arch);

	if (!name)
		return error_set(err, 0,
			"it is damaged: its architecture is not one that SIF "
			"has; build it again");
	if (!strcmp(arch, "00") || !strcmp(machine, "00") ||
		!strcmp(arch, machine))
		return 0;
	if (!strcmp(arch, "01") && !strcmp(machine, "02"))
		return 0; /* amd64 runs 386 programs */
	return error_set(err, 0,
		"it is for %s and this node is %s; use an image that was built "
		"for %s",
		name, arch_name(machine), arch_name(machine));
}

int sif_arch_check_name(const char *name, const char *machine,
	struct error *err)
{
	char code[SIF_ARCH_SIZE];
	size_t i;

	for (i = 1; i < NAMES; i++)
		if (strcmp(name, names[i]) == 0) {
			code[0] = '0' + i / 10;
			code[1] = '0' + i % 10;
			code[2] = '\0';
			return sif_arch_check(code, machine, err);
		}
	return error_set(err, 0,
		"it is for an architecture that this program does not know; "
		"use an image that was built for %s",
		arch_name(machine));
}

const char *sif_machine(void)
{
#if defined(__x86_64__)
	return "02";
#elif defined(__i386__)
	return "01";
#elif defined(__aarch64__)
	return "04";
#elif defined(__arm__)
	return "03";
#elif defined(__powerpc64__) && __BYTE_ORDER == __LITTLE_ENDIAN
	return "06";
#elif defined(__powerpc64__)
	return "05";
#elif defined(__s390x__)
	return "11";
#elif defined(__riscv) && __riscv_xlen == 64
	return "12";
#elif defined(__loongarch64)
	return "13";
#else
	return "00";
#endif
}
