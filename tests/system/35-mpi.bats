#!/usr/bin/env bats
# SPDX-License-Identifier: BSD-3-Clause
#
# MPI programs with the image's libraries, started by srun: MPICH through PMI2 and
# Open MPI through PMIx, on two nodes with two tasks each.  Also the image's own
# Slurm commands, within a step.
#
# TmpFS is not below /tmp, as on many sites.  Each node has its own, because the two
# nodes on this machine would otherwise create the same PMIx directory.

load ../lib/common
load ../lib/assert

setup_file() {
	has_plugin || return 0
	cluster_start --conf=TmpFS=/scratch/%n
	as_root install -d -m 1777 /scratch/node1 /scratch/node2
	export TREE=$BATS_FILE_TMPDIR/tree
	image_tree "$TREE" "${IMAGE_PROGRAMS[@]}" srun scontrol squeue
	add_slurm
	compile_mpi mpich && {
		image_add_program "$TREE" "$BATS_FILE_TMPDIR/mpich"
		add_starters mpiexec.hydra hydra_pmi_proxy
		count_mpich_here
	}
	compile_mpi openmpi && {
		image_add_program "$TREE" "$BATS_FILE_TMPDIR/openmpi"
		add_starters mpirun.openmpi orted
		add_openmpi
	}
	echo "only in the image" >"$TREE/usr/mark"
	image_sif "$TREE" "$SHARED/mpi.sif" -comp lz4
}

# --- the image -----------------------------------------------------------------

# Slurm's plugins, which srun loads; each needs libslurmfull.
add_slurm() {
	local directory
	directory=$(slurm_plugins)
	image_add_files "$TREE" "$directory"/*.so
	rm -f "$TREE$directory/spank_sif.so"
}

# The programs and files of mpirun; their names differ between releases.
add_starters() { # PROGRAM...
	local program
	for program; do
		! type -P "$program" >/dev/null ||
			image_add_program "$TREE" "$program"
	done
}

# Without those for InfiniBand and the like, whose libraries are large.
add_openmpi() {
	local plugins settings texts pmix files
	plugins=$(openmpi_path pkglibdir)
	settings=$(openmpi_path sysconfdir)
	texts=$(openmpi_path pkgdatadir)
	mapfile -t files < <(find "$plugins" -name 'mca_*.so' \
		! -name '*ucx*' ! -name '*ofi*' ! -name '*openib*')
	image_add_files "$TREE" "${files[@]}" "$texts" "$settings"
	# The cluster has only this interface, which Open MPI excludes by default.
	printf '\nbtl_tcp_if_include = lo\n' >>"$TREE$settings/openmpi-mca-params.conf"
	pmix=$(ldd "$BATS_FILE_TMPDIR/openmpi" "${files[@]}" |
		sed -n 's/.*=> \(.*libpmix[^ ]*\) .*/\1/p' | head -n 1)
	pmix=$(realpath "$pmix")
	[[ ! -d ${pmix%/*}/pmix ]] || image_add_files "$TREE" "${pmix%/*}"/pmix/*.so
}

openmpi_path() { # NAME
	ompi_info --parsable --path "$1" | sed -n "s/^path:$1://p"
}

# Each task prints its rank, the sum of all ranks, how many tasks share its node, and
# what it reads from the memory of the next one there.  Fails without that MPI.
compile_mpi() { # mpich|openmpi
	type -P "mpicc.$1" >/dev/null || return
	"mpicc.$1" -D_GNU_SOURCE -x c -o "$BATS_FILE_TMPDIR/$1" - <<-'END'
	#include <mpi.h>
	#include <stdio.h>
	#include <stdlib.h>
	#include <sys/uio.h>
	#include <unistd.h>

	struct self {
		long pid;
		void *secret;
	};

	static int read_secret(const struct self *of)
	{
		int secret = -1;
		struct iovec here = { &secret, sizeof(secret) };
		struct iovec there = { of->secret, sizeof(secret) };

		if (process_vm_readv(of->pid, &here, 1, &there, 1, 0) < 0)
			perror("process_vm_readv");
		return secret;
	}

	int main(int argc, char *argv[])
	{
		int rank, size, sum, near, count, secret;
		struct self self = { getpid(), &secret }, *all;
		MPI_Comm node;

		MPI_Init(&argc, &argv);
		MPI_Comm_rank(MPI_COMM_WORLD, &rank);
		MPI_Comm_size(MPI_COMM_WORLD, &size);
		secret = 100 + rank;
		MPI_Allreduce(&secret, &sum, 1, MPI_INT, MPI_SUM, MPI_COMM_WORLD);
		MPI_Comm_split_type(MPI_COMM_WORLD, MPI_COMM_TYPE_SHARED, rank,
			MPI_INFO_NULL, &node);
		MPI_Comm_rank(node, &near);
		MPI_Comm_size(node, &count);
		all = calloc(count, sizeof(*all));
		MPI_Allgather(&self, sizeof(self), MPI_BYTE, all, sizeof(self),
			MPI_BYTE, node);
		printf("rank %d of %d: sum %d, %d here, the next has %d\n", rank,
			size, sum, count, read_secret(&all[(near + 1) % count]));
		MPI_Barrier(node);
		MPI_Finalize();
		return access("/usr/mark", F_OK) == 0 ? 0 : 9;
	}
	END
}

need_mpi() { # mpich|openmpi
	[[ -e $TREE/usr/bin/$1 ]] || skip "no mpicc.$1"
	[[ $1 != mpich || -n $MPICH_HERE ]] ||
		skip "this MPICH does not find its other tasks, on the host either"
	[[ $1 != openmpi ]] || has_pmix || skip "this Slurm has no mpi/pmix"
}

# Debian builds Slurm 26.05 without it.
has_pmix() {
	as_alice srun --mpi=pmix true 2>/dev/null
}

# How many of two tasks on a node MPICH counts as sharing it, on the host: 5.0.2
# counts one, with and without an image.  Empty if there are not two.
count_mpich_here() {
	cp "$BATS_FILE_TMPDIR/mpich" "$SHARED/"
	MPICH_HERE=$(as_alice srun -w node1 -n2 --mpi=pmi2 sh -c '
		/shared/mpich; true' | sed -n 's/^rank 0 of 2.* \([12]\) here.*/\1/p')
	export MPICH_HERE
}

# The line of a rank if that many of the two tasks on its node share it.
rank_line() { # RANK SIZE SUM HERE
	echo "rank $1 of $2: sum $3, $4 here, the next has" \
		$((100 + ($4 == 2 ? $1 ^ 1 : $1)))
}

assert_two_by_two() { # [HERE]
	local rank
	assert_status 0
	for rank in 0 1 2 3; do
		assert_line "$(rank_line "$rank" 4 406 "${1-2}")"
	done
	assert_equal "${#lines[@]}" 4
}

# --- MPI -------------------------------------------------------------------------

@test "MPICH through PMI2: two tasks on each of two nodes read each other's memory" {
	need_mpi mpich
	run in_image mpi -N2 --ntasks-per-node=2 --mpi=pmi2 mpich
	assert_two_by_two "$MPICH_HERE"
}

# The recipe of doc/migrating.md: in a batch script that runs in the image.
run_mpirun() { # COMMAND
	local rank
	printf '#!/bin/sh\n%s\n' "$1" >"$SHARED/job"
	run_job --nodes=1 --ntasks=2 --sif-image=/shared/mpi.sif \
		--sif-batch=image job
	assert_status 0
	for rank in 0 1; do
		assert_matches "rank $rank of 2: sum 201"
	done
}

@test "mpiexec of MPICH works inside the image, on one node" {
	need_mpi mpich
	[[ -e $TREE/usr/bin/hydra_pmi_proxy ]] || skip "another MPICH"
	run_mpirun 'mpiexec.hydra -launcher fork -n 2 mpich'
}

@test "mpirun of Open MPI works inside the image, on one node" {
	need_mpi openmpi
	[[ -e $TREE/usr/bin/orted ]] || skip "not Open MPI 4"
	run_mpirun 'OMPI_MCA_oob_tcp_if_include=lo \
		mpirun.openmpi --mca plm isolated openmpi'
}

@test "MPICH: shared memory only" {
	need_mpi mpich
	run as_alice env UCX_TLS=posix,self srun -n2 --mpi=pmi2 \
		--sif-image=/shared/mpi.sif mpich
	assert_status 0
	assert_line "$(rank_line 1 2 201 "$MPICH_HERE")"
}

@test "Open MPI through PMIx: two tasks on each of two nodes read each other's memory" {
	need_mpi openmpi
	run in_image mpi -N2 --ntasks-per-node=2 --mpi=pmix openmpi
	assert_two_by_two
}

@test "Open MPI: shared memory only, with copies between tasks by the kernel" {
	need_mpi openmpi
	run as_alice env OMPI_MCA_btl=vader,self \
		OMPI_MCA_btl_vader_single_copy_mechanism=cma srun -n2 --mpi=pmix \
		--sif-image=/shared/mpi.sif openmpi
	assert_status 0
	assert_line "rank 1 of 2: sum 201, 2 here, the next has 100"
	assert_equal "${#lines[@]}" 2
}

@test "MPI works with a clean environment and with a writable image" {
	for option in --sif-cleanenv=yes --sif-writable-tmpfs=yes; do
		[[ ! -e $TREE/usr/bin/mpich || -z $MPICH_HERE ]] || {
			run in_image mpi -N2 --ntasks-per-node=2 --mpi=pmi2 $option mpich
			assert_two_by_two "$MPICH_HERE"
		}
		[[ ! -e $TREE/usr/bin/openmpi ]] || ! has_pmix || {
			run in_image mpi -N2 --ntasks-per-node=2 --mpi=pmix $option openmpi
			assert_two_by_two
		}
	done
}

# In Slurm 22.05 srun may hang after all tasks have ended, with and without an image
# (6 of 130 times): the threads of both components join the one thread of mpi/pmix,
# which also takes the names of nodes in %n in the order of the components.
run_components() {
	run as_alice timeout --signal=KILL "$(scaled 40)" srun --quiet -w node1 -n1 --mpi=pmix \
		--sif-image=/shared/mpi.sif openmpi : -w node2 -n2 openmpi
}

@test "Open MPI: an MPI job of two components, each in its own container" {
	need_mpi openmpi
	local i
	run_components
	for ((i = 0; i < 2 && status == 137; i++)); do
		stop_steps
		run_components
	done
	assert_status 0
	assert_line "rank 0 of 3: sum 303, 1 here, the next has 100"
	assert_line "rank 2 of 3: sum 303, 2 here, the next has 101"
}

@test "PMIx: the directories of the server and of the tasks are visible" {
	need_mpi openmpi
	run in_image mpi -N2 --mpi=pmix sh -c '
		echo "$PMIX_SERVER_TMPDIR"; ls -d /scratch/*/*
		cd /scratch/*/* && touch mine && test -w "$PMIX_SERVER_TMPDIR" && echo ok'
	assert_status 0
	assert_matches "/slurmd-node1/pmix\.[0-9.]+"
	assert_matches "/scratch/node1/spmix_appdir_2001_[0-9]+\.0"
	assert_matches "/scratch/node2/spmix_appdir_2001_[0-9]+\.0"
	assert_line ok 2
}

@test "PMIx: its directory below /tmp is visible with a private /tmp" {
	need_mpi openmpi
	run as_alice env SLURM_PMIX_TMPDIR=/tmp srun -n2 --mpi=pmix \
		--sif-tmp=private --sif-image=/shared/mpi.sif \
		sh -c 'openmpi && ls -A /tmp && findmnt -no TARGET /tmp/spmix*'
	assert_status 0
	assert_line "rank 1 of 2: sum 201, 2 here, the next has 100"
	assert_matches "spmix_appdir_2001_[0-9]+\.0"
	assert_equal "$(grep -vc -e ^rank -e spmix <<<"$output")" 0
}

@test "examples/mpi.sh and examples/pmix.sh run" {
	need_mpi mpich
	cp "$TESTS_LIB/../../examples"/{mpi,pmix}.sh "$SHARED/"
	ln -sf mpi.sif "$SHARED/app.sif"
	run_job mpi.sh mpich
	assert_two_by_two "$MPICH_HERE"
	need_mpi openmpi
	run_job pmix.sh openmpi
	assert_two_by_two
}

# --- Slurm's commands in the image -----------------------------------------------

@test "the image's squeue and scontrol reach slurm.conf and munge" {
	run in_image mpi sh -c 'squeue --noheader --format="%u %j"; scontrol ping'
	assert_status 0
	assert_line "alice sh"
	assert_contains "is UP"
}

@test "the image's srun starts a step in the same image or without one" {
	run in_image mpi --ntasks=1 srun --overlap cat /usr/mark
	assert_status 0
	assert_output "only in the image"
	run in_image mpi srun --overlap --sif-image=none sh -c '
		test -e /usr/mark || echo on the host'
	assert_status 0
	assert_output "on the host"
}

@test "--sif-batch=image: the script uses the image's srun, on both nodes" {
	need_mpi mpich
	cat >"$SHARED/job" <<-'END'
	#!/bin/sh
	#SBATCH -N2 --ntasks-per-node=2 --output=out
	#SBATCH --sif-image=mpi.sif --sif-batch=image
	cat /usr/mark
	srun --mpi=pmi2 mpich
	END
	run "$CLUSTER_TOOL" exec "$CLUSTER" --chdir=/shared -- \
		sbatch --quiet --wait job
	assert_status 0
	read_output "$SHARED/out"
	assert_equal "${lines[0]}" "only in the image"
	assert_line "$(rank_line 3 4 406 "$MPICH_HERE")"
}

# slurmd sets SLURM_CONF for its steps to the path of its own.
@test "a slurm.conf in another place can be reached, too" {
	as_root sh -c '
		mkdir -p /opt/site && cp -R /etc/slurm /opt/site/etc
		kill "$(cat /run/slurmd-node2.pid)"
		while kill -0 "$(cat /run/slurmd-node2.pid)"; do :; done 2>/dev/null
		unshare --uts sh -c "echo node2 >/proc/sys/kernel/hostname
			exec slurmd -f /opt/site/etc/slurm.conf -N node2"'
	wait_until 20 nodes_are_idle
	run in_image mpi --nodelist=node2 sh -c 'echo "$SLURM_CONF"; scontrol ping'
	assert_status 0
	assert_line /opt/site/etc/slurm.conf
	assert_contains "is UP"
}

# slurmctld still runs as root and ignores messages for slurm-x, but without that
# user no command gets that far.
@test "a SlurmUser that the image does not know has a name inside" {
	as_root sh -c '
		echo "slurm-x:x:964:964::/nonexistent:/bin/false" >>/etc/passwd
		sed -i "s/^SlurmUser=.*/SlurmUser=slurm-x/" /etc/slurm/slurm.conf
		kill -HUP "$(cat /run/slurmd-node1.pid)"'
	wait_until 10 sees_slurm_user
	run in_image mpi --nodelist=node1 scontrol ping
	assert_contains "Slurmctld(primary) at login is DOWN"
	refute_contains "Invalid user"
}

sees_slurm_user() {
	[[ $(in_image mpi --nodelist=node1 tail -n +2 /etc/passwd) == slurm-x:* ]]
}
