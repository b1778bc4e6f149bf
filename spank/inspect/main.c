/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * spank-sif-inspect: checks whether the file on standard input is an image that
 * a step can use.  srun, sbatch and salloc run it as their user, so that a bad
 * image is refused at submission.  It is a separate program because the plugin,
 * which slurmstepd loads, too, must not parse images.  It reads only the SIF
 * tables and the squashfs superblock; a hostile image could at most harm a
 * process of the user who chose it.
 *
 * Usage: spank-sif-inspect root|data <IMAGE
 * Exit status: 0, with a description on standard output; 1, with a sentence on
 * standard output that says what is wrong with "it"; 2 for wrong usage.
 */
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>

#include "common/sif.h"
#include "common/version.h"

static void limit(void)
{
	const struct rlimit cpu = { 5, 5 };
	const struct rlimit memory = { 64 << 20, 64 << 20 };

	setrlimit(RLIMIT_CPU, &cpu);
	setrlimit(RLIMIT_AS, &memory);
}

int main(int argc, char *argv[])
{
	struct sif_partition partition;
	struct error err;

	if (version_asked(argc, argv, "spank-sif-inspect"))
		return 0;
	limit();
	if (argc != 2)
		return 2;
	if (sif_find(0, strcmp(argv[1], "data") == 0 ? SIF_DATA : SIF_ROOT,
		    sif_machine(), &partition, &err) < 0) {
		puts(err.text);
		return 1;
	}
	printf("squashfs, %s, %llu bytes",
		sif_compression_name(partition.compression),
		(unsigned long long)partition.size);
	if (partition.overlays > 0)
		printf(", overlays=%u", partition.overlays);
	putchar('\n');
	return 0;
}
