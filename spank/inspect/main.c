/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * spank-sif-inspect: is the file on standard input an image that a step can
 * use?  Run by srun, sbatch and salloc as their user, so that a bad image is
 * refused at submission; the plugin itself, which slurmstepd loads too, has no
 * parser of images.  It only looks at the file's tables: what a hostile image
 * could do here it does to its own user's process, and there is no squashfs
 * parser in it.
 *
 * Usage: spank-sif-inspect root|data <IMAGE
 * Exit status: 0, what it is on standard output; 1, what is wrong with "it".
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
