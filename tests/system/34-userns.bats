#!/usr/bin/env bats
# SPDX-License-Identifier: BSD-3-Clause
#
# privilege=userns: the same container, without capabilities on the host.

load ../lib/common
load ../lib/assert

MAKER=/usr/libexec/spank-sif/spank-sif-userns

setup_file() {
	has_plugin || return 0
	cluster_start --plugin-args="privilege=userns" --fuse-mode=0666
	export TREES=$BATS_FILE_TMPDIR/trees
	image_tree "$TREES/small" "${IMAGE_PROGRAMS[@]}" sync
	compile_show_ids "$TREES/small/usr/bin/show-ids"
	compile_peek "$TREES/small/usr/bin/peek"
	chmod 4755 "$TREES/small/usr/bin/show-ids"
	mknod "$TREES/small/usr/null" c 1 3
	mkdir -m 0700 "$TREES/small/usr/private"
	echo secret >"$TREES/small/usr/private/file"
	image_sif "$TREES/small" "$SHARED/small.sif" -comp lz4
	image_tree "$TREES/poor" sh cat ls
	rm -r "$TREES/poor"/{dev,etc,home,mnt,opt,proc,root,run,sys,tmp,var}
	image_sif "$TREES/poor" "$SHARED/poor.sif" -comp lz4
	as_alice srun -N2 true
}

setup() {
	need_plugin
	before=$(settled_snapshot)
}

teardown() {
	has_plugin || return 0
	as_root chmod 0666 /dev/fuse
	stop_steps
}

# Task 1 reads the memory of task 0, as MPI libraries do.
compile_peek() { # OUT
	compile -static -Os -x c -D_GNU_SOURCE -o "$1" - <<-'END'
	#include <stdio.h>
	#include <stdlib.h>
	#include <string.h>
	#include <sys/uio.h>
	#include <unistd.h>

	static char text[16];

	int main(int argc, char *argv[])
	{
		struct iovec here = { text, sizeof(text) }, there = here;

		if (argc == 1) {
			strcpy(text, "seen");
			printf("%d %p\n", (int)getpid(), (void *)text);
			fflush(stdout);
			return pause();
		}
		there.iov_base = (void *)strtoull(argv[2], NULL, 16);
		if (process_vm_readv(atoi(argv[1]), &here, 1, &there, 1, 0) < 0)
			return perror("process_vm_readv"), 1;
		return puts(text) < 0;
	}
	END
}

@test "the image is the root, read-only, nosuid, nodev" {
	run in_image small cat /etc/os-release
	assert_status 0
	assert_contains 'PRETTY_NAME="Demonstration Linux 1.0"'
	run in_image small touch /usr/x
	assert_failure
	assert_contains "Read-only file system"
	run in_image small findmnt --raw --noheadings --output OPTIONS,FSTYPE /
	assert_matches '(^|,)ro,nosuid,nodev,[^ ]* fuse\.sif$'
	run in_image small sh -c ': </usr/null'
	assert_failure
	run in_image small show-ids
	assert_output "2001 2001 2001"
	assert_host_as_before "$before"
}

@test "the user keeps their ids and the access of their groups, without capabilities" {
	run in_image small sh -c 'id -u; id -g; id -un; cat /proc/self/uid_map /proc/self/setgroups
		grep -E "^(Cap(Inh|Prm|Eff|Amb)|NoNewPrivs)" /proc/self/status'
	assert_status 0
	assert_line 2001 2
	assert_line alice
	assert_line "      2001       2001          1"
	assert_line deny
	assert_line $'CapPrm:\t0000000000000000'
	assert_line $'CapEff:\t0000000000000000'
	assert_line $'NoNewPrivs:\t1'
}

@test "no task has a capability on the host at any moment of its start" {
	# Slurm's change of ids drops all; capabilities that are effective later
	# belong to the namespace.  A setns into a namespace of the host would need one.
	run in_image small sh -c 'ls -l /proc/self/ns/user'
	inside=${output##*user:}
	run as_alice srun sh -c 'ls -l /proc/self/ns/user'
	[[ $inside != "${output##*user:}" ]]
}

@test "all tasks of a step share both namespaces and can read each other's memory" {
	run in_image small -n8 sh -c 'readlink /proc/self/ns/user; readlink /proc/self/ns/mnt'
	assert_status 0
	assert_equal "$(printf '%s\n' "${lines[@]}" | sort | uniq -c | awk '{ print $1 }' | xargs)" "8 8"
	start_step -n2 --chdir=/shared --sif-image=/shared/small.sif sh -c '
		if [ "$SLURM_PROCID" = 0 ]; then
			peek >address & echo $! >pid; wait
		else
			until [ -s address ] && [ -s pid ]; do sleep 0.1; done
			peek $(cat address); kill $(cat pid)
		fi'
	wait_step
	assert_line seen
	rm "$SHARED"/{address,pid}
}

@test "the host's directories, files and devices are visible as before" {
	for directory in /tmp /var/tmp /home/alice /dev/shm; do
		as_alice sh -c "echo from the host >$directory/from-host"
		run in_image small sh -c "cat $directory/from-host; echo in >$directory/in"
		assert_output "from the host"
		run as_root stat -c %u:%g "$directory/in"
		assert_output 2001:2001
		as_alice rm "$directory/from-host" "$directory/in"
	done
	assert_same_inside cat /proc/sys/kernel/random/boot_id
	assert_same_inside stat -c '%d %i' /proc/1 /sys/kernel /dev/null
}

@test "a bind of a read-only or nosuid mount stays read-only or nosuid" {
	as_root sh -c 'mkdir /locked && mount -t tmpfs -o mode=1777,nosuid,noexec locked /locked &&
		echo x >/locked/file && mount -o remount,ro /locked'
	run in_image small --sif-bind=/locked sh -c 'cat /locked/file; : >/locked/y'
	assert_line x
	assert_contains "Read-only file system"
	run in_image small --sif-bind=/locked:/other findmnt --raw --noheadings --output OPTIONS /other
	assert_matches '^ro,nosuid,noexec'
	as_root umount /locked
	as_root rmdir /locked
}

@test "--sif-writable-tmpfs, a private /tmp and further images work" {
	# Before 6.6 the directory cannot be removed: 15-kernel.bats.
	run in_image small --sif-writable-tmpfs --sif-tmp=private sh -c '
		echo new >/etc/new && cat /etc/new && rm /usr/private/file &&
		{ [ "$0" = no ] || { rmdir /usr/private && mkdir /usr/private; }; } &&
		ls -A /usr/private /tmp && echo done' "$(kernel_is 6.6 || echo no)"
	assert_status 0
	assert_line new
	assert_line "done"
	refute_line file
	run in_image small --sif-mount=/shared/small.sif:/data/more sh -c 'cat /data/more/etc/os-release; : >/data/more/x'
	assert_contains "Demonstration Linux"
	assert_contains "Read-only file system"
	assert_host_as_before "$before"
}

@test "mount points that the image lacks are created" {
	run in_image poor --sif-bind=/shared:/a/b sh -c 'ls -d /proc/1 /dev/null /etc/passwd /tmp /a/b/poor.sif'
	assert_status 0
}

@test "another step can join the container" {
	as_alice rm -f /shared/started
	start_step --chdir=/shared --sif-image=/shared/small.sif sh -c \
		'readlink /proc/self/ns/user >started; until [ -e go ]; do sleep 0.1; done'
	wait_for_lines "$SHARED/started"
	job=$(as_root squeue --noheader --format=%A | head -n 1)
	run as_alice srun --jobid="$job" --overlap --sif-join="$job.0" \
		sh -c 'cat /etc/os-release; readlink /proc/self/ns/user'
	touch "$SHARED/go"
	joined=$output
	wait_step
	rm "$SHARED/go"
	output=$joined
	assert_contains "$(<"$SHARED/started")"
	assert_contains "Demonstration Linux"
}

@test "another user can neither see nor enter the container" {
	start_step --chdir=/shared --sif-image=/shared/small.sif sh -c \
		'echo $$ >pid; until [ -e go ]; do sleep 0.1; done'
	wait_for_lines "$SHARED/pid"
	pid=$(<"$SHARED/pid")
	run as_bob ls "/proc/$pid/root/"
	assert_failure
	run as_bob nsenter --target "$pid" --user --mount true
	assert_failure
	touch "$SHARED/go"
	wait_step
	rm "$SHARED"/{go,pid}
}

@test "a node that forbids user namespaces reports it once and is not drained" {
	# The limit applies to the whole machine.  So it is lowered in a user
	# namespace of its own, and a step gets the program's output from there.
	as_alice unshare --user --map-root-user sh -c '
		echo 0 >/proc/sys/user/max_user_namespaces
		$0 </dev/null' "$MAKER" >"$SHARED/said" || true
	as_root sh -c '(echo "#!/bin/sh"; echo "cat /shared/said; exit 1") >/maker
		chmod 0755 /maker && mount --bind /maker $0' "$MAKER"
	run in_image small -n4 true
	as_root umount "$MAKER"
	as_root rm /maker
	assert_failure
	assert_contains "user.max_user_namespaces"
	assert_equal "$(grep -c max_user_namespaces <<<"$output")" 1
	nodes_are_idle
	assert_host_as_before "$before"
}

@test "a /dev/fuse that only root may open is reported" {
	as_root chmod 0600 /dev/fuse
	run in_image small true
	assert_failure
	assert_contains "/dev/fuse"
	assert_contains "0666"
}

@test "root's own job works, without capabilities on the host" {
	run as_root srun --sif-image=/shared/small.sif sh -c 'id -u; grep CapEff /proc/self/status'
	assert_status 0
	assert_line 0
	assert_line $'CapEff:\t0000000000000000'
}

@test "SIGKILL of the server or of everything leaves nothing" {
	for victim in server all; do
		as_root rm -f /shared/pids
		start_step -n2 --chdir=/shared --sif-image=/shared/small.sif sh -c \
			'echo $$ >>pids; while cat /usr/bin/ls >/dev/null; do sleep 0.1; done'
		wait_for_lines "$SHARED/pids" 2
		pids=$(server_pids)
		[[ $victim == server ]] ||
			pids+=" $(<"$SHARED/pids") $(as_root pgrep -x slurmstepd)"
		as_root kill -KILL $pids
		as_alice scancel --user=alice
		wait_step 60
		wait_until 30 no_jobs
		assert_host_as_before "$before" 30
	done
	nodes_become_idle 20
}

@test "an unknown value of privilege= is reported" {
	run as_root sh -c 'cp /etc/slurm/plugstack.conf /tmp/p &&
		sed -i s/=userns/=auto/ /etc/slurm/plugstack.conf'
	run in_image small true
	as_root cp /tmp/p /etc/slurm/plugstack.conf
	as_root rm /tmp/p
	assert_failure
	assert_contains "neither root nor userns"
}
