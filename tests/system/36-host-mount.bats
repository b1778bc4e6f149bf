#!/usr/bin/env bats
# SPDX-License-Identifier: BSD-3-Clause
#
# mount=host: the image is mounted on the host until the tasks have started, and then
# only in their namespace.

load ../lib/common
load ../lib/assert

PLACES=/run/spank-sif
FUSERMOUNT=$(type -P fusermount3)
UMOUNT=$(type -P umount)
KEEPER=/usr/libexec/spank-sif/spank-sif-keeper

setup_file() {
	has_plugin || return 0
	local prolog=()
	! has_task_prolog || prolog=(--conf=TaskProlog=/shared/prolog)
	cluster_start --plugin-args="mount=host" --fuse-mode=0666 \
		--plugstack-after="required spank_sif_sweep.so" "${prolog[@]}"
	image_tree "$BATS_FILE_TMPDIR/tree"
	image_sif "$BATS_FILE_TMPDIR/tree" "$SHARED/small.sif" -comp lz4
	# It runs after the container is built and before the command starts.
	cat >"$SHARED/prolog" <<-'END'
	#!/bin/sh
	[ ! -e /shared/hold ] || echo held >>/shared/held
	while [ -e /shared/hold ]; do sleep 0.05; done
	END
	chmod 0755 "$SHARED/prolog"
	as_alice srun -N2 true
}

setup() {
	need_plugin
	before=$(settled_snapshot)
	rm -f "$SHARED"/{hold,held,started,go}
}

teardown() {
	has_plugin || return 0
	rm -f "$SHARED"/hold
	stop_steps
	stop_other
}

host_mounts() {
	as_root findmnt --raw --noheadings --output TARGET,FSTYPE,SOURCE |
		grep " fuse.sif spank-sif" || true
}

no_host_mounts() {
	[[ -z $(host_mounts) ]]
}

start_held_step() { # SRUN-ARGUMENT...
	need_task_prolog
	touch "$SHARED/hold"
	start_step --chdir=/shared --sif-image=/shared/small.sif "$@"
}

@test "the image is the root, read-only, and nothing is left behind" {
	run in_image small -N2 -n8 sh -c 'cat /etc/os-release; : >/usr/x'
	assert_line 'PRETTY_NAME="Demonstration Linux 1.0"' 8
	assert_contains "Read-only file system"
	assert_host_as_before "$before"
	nodes_are_idle
}

@test "findmnt shows the mount until the tasks start, and not after" {
	start_held_step -n2 sh -c 'echo $$ >>started
		until [ -e go ]; do cat /etc/os-release >>read; sleep 0.05; done
		cat /usr/bin/ls >/dev/null && cat /etc/os-release'
	wait_for_lines "$SHARED/held" 2
	run host_mounts
	assert_matches "^$PLACES/[0-9]+\.0\.[0-9]+/image fuse.sif spank-sif$"
	place=${output%% *}
	run as_alice cat "$place/etc/os-release"
	assert_contains "Demonstration Linux"
	for user in bob root; do
		run as_user $user ls "$place"
		assert_failure
		assert_contains "Permission denied"
	done
	rm "$SHARED/hold"
	wait_for_lines "$SHARED/started" 2
	wait_until 5 no_host_mounts
	assert_equal "$(as_root stat -c '%U %a' "${place%/image}" "$place" | xargs)" "root 710 root 700"
	: >"$SHARED/read"
	wait_for_lines "$SHARED/read" 4
	touch "$SHARED/go"
	wait_step
	rm "$SHARED/read"
	assert_status 0
	assert_line 'PRETTY_NAME="Demonstration Linux 1.0"' 2
	assert_host_as_before "$before"
}

@test "a background child reads the image after its task has ended" {
	run in_image small --chdir=/shared sh -c '
		(sleep 0.5; cat /etc/os-release; rm -f started) >late 2>&1 &
		while [ ! -e late ]; do sleep 0.05; done; wait'
	assert_status 0
	grep -q Demonstration "$SHARED/late"
	rm -f "$SHARED/late"
	assert_host_as_before "$before"
}

@test "--sif-writable-tmpfs and further images work; binds do not reach the host" {
	start_held_step --sif-writable-tmpfs --sif-mount=/shared/small.sif:/data \
		--sif-bind=/shared:/more sh -c 'touch /etc/new; ls /data /more; id -u'
	wait_for_lines "$SHARED/held" 1
	assert_equal "$(host_mounts | wc -l)" 1
	run as_root grep -c " $PLACES" /proc/1/mountinfo
	assert_output 1
	rm "$SHARED/hold"
	wait_step
	assert_status 0
	assert_line etc
	assert_line small.sif
	assert_host_as_before "$before"
}

@test "it works with privilege=userns, too" {
	as_root sed -i "s/mount=host/mount=host privilege=userns/" \
		/etc/slurm/plugstack.conf
	run in_image small -n2 sh -c 'id -u; cat /etc/os-release; : >/usr/x'
	as_root sed -i "s/ privilege=userns//" /etc/slurm/plugstack.conf
	assert_failure
	assert_line 2001 2
	assert_contains "Demonstration Linux"
	assert_contains "Read-only file system"
	assert_host_as_before "$before"
}

@test "a damaged or missing image gives one message and leaves nothing" {
	head -c 3000 "$SHARED/small.sif" >"$SHARED/bad.sif"
	for image in bad absent; do
		run in_image $image -n4 true
		assert_failure
		echo "$output"
		assert_equal "$(grep -c "spank_sif: " <<<"$output")" 1
		wait_until 10 no_jobs
		assert_host_as_before "$before"
	done
	nodes_are_idle
}

@test "a missing fusermount3 is reported" {
	as_root sh -c 'mount --bind /dev/null '"$FUSERMOUNT"
	run in_image small -n4 true
	as_root umount "$FUSERMOUNT"
	assert_failure
	assert_contains "fuse3"
	assert_equal "$(grep -c "spank_sif: " <<<"$output")" 1
	assert_host_as_before "$before"
	nodes_are_idle
}

@test "a keeper that its user can read, and so trace, is not started" {
	as_root chmod o+r "$KEEPER"
	run in_image small -n4 true
	as_root chmod 0711 "$KEEPER"
	assert_failure
	assert_contains "chmod 0711 $KEEPER"
	assert_equal "$(grep -c "spank_sif: " <<<"$output")" 1
	assert_host_as_before "$before"
	nodes_are_idle
}

# Started by hand from a copy: its message goes to the server's socket.
@test "a keeper that could be traced mounts nothing and reports it" {
	as_root install -m 0755 "$KEEPER" /shared/keeper
	run as_alice perl -MSocket -MPOSIX=dup2 -e '
		socketpair(my $server, my $keeper, AF_UNIX, SOCK_SEQPACKET, 0) or die;
		pipe(my $lifeline, my $stepd) or die;
		if (!fork) {
			dup2(fileno $keeper, 20);
			dup2(fileno $lifeline, 21);
			dup2(20, 3) and dup2(21, 4) or die;
			exec qw(strace -f -qq -e trace=execve -o /shared/trace
				/shared/keeper timeout=5 mountpoint=/nowhere);
		}
		close $keeper;
		recv $server, my $word, 8192, 0;
		print $word =~ s/[^ -~]//gr, "\n";
		wait;
		print $? >> 8, "\n"'
	assert_contains "cannot mount the image on the host: other processes"
	assert_line 11
	run grep -c execve "$SHARED/trace"
	assert_output 1
}

keeper_can_gain_nothing() {
	as_root sh -c 'grep -q "^NoNewPrivs:	1" "/proc/$(pgrep spank-sif-keepe)/status"'
}

@test "after the unmount the keeper has no_new_privs" {
	start_held_step -N1 -n1 sleep 1000
	wait_for_lines "$SHARED/held"
	run keeper_can_gain_nothing
	assert_failure
	rm "$SHARED/hold"
	wait_until 5 keeper_can_gain_nothing
}

# As on minimal systems: fusermount3 then mounts, but does not unmount.
@test "without /etc/mtab the image is unmounted when the tasks have started" {
	as_root sh -c '[ ! -e /etc/mtab ] || mv /etc/mtab /etc/mtab.away'
	start_held_step sh -c 'echo x >started
		until [ -e go ]; do sleep 0.05; done; cat /etc/os-release'
	wait_for_lines "$SHARED/held" 1
	run host_mounts
	assert_contains "$PLACES/"
	rm "$SHARED/hold"
	wait_for_lines "$SHARED/started" 1
	wait_until 5 no_host_mounts
	touch "$SHARED/go"
	wait_step
	as_root sh -c '[ ! -e /etc/mtab.away ] || mv /etc/mtab.away /etc/mtab'
	assert_status 0
	refute_contains "spank_sif"
	assert_host_as_before "$before"
}

# A wrapper of the real program that only fails to unmount.
replace_unmounting() { # PROGRAM OPTION
	as_root sh -c 'real=/${0##*/}.real; cp -p "$0" "$real"
		printf "#!/bin/sh\n[ \"\$1\" != %s ] || { echo %s; exit 1; }\nexec %s \"\$@\"\n" \
			"$1" "my own words" "$real" >/fake && chmod 0755 /fake
		mount --bind /fake "$0" && rm /fake' "$1" "$2"
}

@test "a failed unmount is reported only in slurmd's log, with the reason" {
	replace_unmounting "$FUSERMOUNT" -u
	replace_unmounting "$UMOUNT" -l
	run in_image small cat /etc/os-release
	assert_status 0
	refute_contains "spank_sif"
	wait_until 10 no_jobs
	as_root /umount.real "$UMOUNT"
	as_root sh -c 'umount "$0"; rm /fusermount3.real /umount.real' "$FUSERMOUNT"
	assert_host_as_before "$before"
	run grep -h "could not unmount" "$CLUSTER"/log/node1.log "$CLUSTER"/log/node2.log
	assert_contains "could not unmount '$PLACES/"
	assert_contains "'$FUSERMOUNT' failed: my own words; '$UMOUNT' failed: my own words"
}

# --- the user's choice -----------------------------------------------------------

start_choice() { # MODES
	start_other "$1" --fuse-mode=0666 \
		--plugstack-after="required spank_sif_sweep.so"
}

# How many of the steps that CMD runs had the image on the host.
on_host() { # [NAME=VALUE...] CMD...
	run on_other env SPANK_SIF_DEBUG=yes "$@"
	assert_status 0 || return
	grep -c "image on the host at '$PLACES/" <<<"$output" || true
}

@test "mount=private,host: mounted on the host only where the user chooses it" {
	start_choice mount=private,host
	local srun='srun --sif-image=small.sif'
	assert_equal "$(on_host $srun true)" 0
	assert_equal "$(on_host $srun --sif-host-mount true)" 1
	assert_equal "$(on_host $srun --sif-host-mount=no true)" 0
	assert_equal "$(on_host SPANK_SIF_HOST_MOUNT=yes $srun true)" 1
	assert_equal "$(on_host SPANK_SIF_HOST_MOUNT=yes $srun --sif-host-mount=no true)" 0
	assert_equal "$(on_host salloc --quiet --sif-image=small.sif --sif-host-mount \
		sh -c 'srun true; srun --sif-host-mount=no true; srun --export=NONE true')" 2
	CLUSTER=$OTHER run as_root ls /run/spank-sif
	assert_contains "No such file or directory"
}

@test "as the user's choice it is mounted on the host until the tasks have started" {
	need_task_prolog
	start_choice mount=private,host
	# In the image and before the command, while the mount is on the host.
	printf '%s\n' '#!/bin/sh' 'echo >/shared/held' \
		'until test -e /shared/go; do sleep 0.05; done' >"$OTHER/shared/wait"
	chmod 0755 "$OTHER/shared/wait"
	CLUSTER=$OTHER start_step --chdir=/shared --task-prolog=/shared/wait \
		--sif-image=/shared/small.sif --sif-host-mount cat /etc/os-release
	wait_for_lines "$OTHER/shared/held"
	CLUSTER=$OTHER run host_mounts
	assert_matches "^$PLACES/[0-9]+\.0\.[0-9]+/image fuse.sif spank-sif$"
	touch "$OTHER/shared/go"
	wait_step
	assert_status 0
	assert_contains "Demonstration Linux"
	CLUSTER=$OTHER wait_until 5 no_host_mounts
}

@test "mount=host,private: a batch job sets the default, its sruns can change it" {
	start_choice mount=host,private
	printf '%s\n' '#!/bin/sh' 'srun true' 'srun --sif-host-mount true' \
		'SPANK_SIF_HOST_MOUNT=yes srun true' >"$OTHER/shared/job"
	sum() { # SBATCH-ARGUMENT...
		CLUSTER=$OTHER SHARED=$OTHER/shared run_job --sif-debug \
			--sif-image=small.sif "$@" job
		assert_status 0 || return
		assert_equal "$(grep -c "namespace built" <<<"$output")" 3 ||
			return
		grep -c "image on the host at" <<<"$output"
	}
	assert_equal "$(sum)" 3
	assert_equal "$(sum --sif-host-mount=no)" 2
	assert_equal "$(sum --export=NONE --sif-host-mount=no)" 2
}

@test "a choice that the site does not allow is refused by every command and node" {
	start_choice mount=private
	for command in 'srun true' 'salloc true' 'sbatch --wrap=true'; do
		# shellcheck disable=SC2086
		run on_other ${command% true} --sif-image=small.sif \
			--sif-host-mount ${command#"${command% true}"}
		assert_failure
		assert_contains "error: spank_sif: --sif-host-mount=yes is not for users of this site to choose: leave it out, and unset SPANK_SIF_HOST_MOUNT, or ask the administrator for mount=private,host"
		refute_contains node1
		refute_contains Submitted
		refute_contains Granted
	done
	run on_other env SPANK_SIF_HOST_MOUNT=yes srun --sif-image=small.sif true
	assert_failure
	assert_contains "--sif-host-mount=yes is not for users"
	refute_contains node1
	# Slurm reads the job's variables after the commands have checked them.
	run on_other srun --sif-image=small.sif \
		--export=ALL,SLURM_SIF_HOST_MOUNT=yes true
	assert_failure
	assert_contains "error: spank_sif: --sif-host-mount=yes is not for users"
	refute_contains "srun: error: spank_sif"
	# The site's own choice is accepted, and so is any in steps without an image.
	assert_equal "$(on_host srun --sif-image=small.sif --sif-host-mount=no true)" 0
	run on_other env SPANK_SIF_HOST_MOUNT=yes srun echo free
	assert_status 0
	assert_line free
}

@test "mount=host alone allows no choice" {
	run in_image small --sif-host-mount=no true
	assert_failure
	assert_contains "--sif-host-mount=no is not for users of this site to choose"
	assert_contains "ask the administrator for mount=host,private in plugstack.conf"
	run in_image small --sif-host-mount cat /etc/os-release
	assert_status 0
}

# It works without userns: 42-namespaces.bats.
@test "with job_container/tmpfs and userns it is refused and leaves nothing" {
	start_other_with_private_tmp "mount=private,host privilege=userns" \
		--fuse-mode=0666
	run grep -c 'spank_sif: mount=host and privilege=userns .* (.*/tmpfs in slurm.conf)' \
		"$OTHER/log/node1.log"
	assert_output 1
	run on_other srun -n2 --sif-image=small.sif --sif-host-mount true
	assert_failure
	assert_equal "$(grep -c "spank_sif: " <<<"$output")" 1
	assert_contains "privilege=userns cannot fetch it from the host's; leave --sif-host-mount out"
	CLUSTER=$OTHER wait_until 10 no_host_mounts
	CLUSTER=$OTHER wait_until 10 nodes_are_idle
	run on_other srun --sif-image=small.sif cat /etc/os-release
	assert_status 0
}

# --- ends ----------------------------------------------------------------------

pids_of() { # KIND
	case $1 in
	server) as_root pgrep -x "$SERVER_COMM" ;;
	keeper) as_root pgrep -x spank-sif-keepe ;;
	slurmstepd) as_root pgrep -x slurmstepd ;;
	task) as_root pgrep -u alice -x 'spank-sif-task|prolog|sleep|sh' ;;
	esac
}

@test "scancel and SIGKILL of each role before the tasks start leave nothing" {
	for victim in cancel server keeper task; do
		rm -f "$SHARED/held"
		start_held_step -n2 sleep 100
		wait_for_lines "$SHARED/held" 2
		# Some of them end with others.
		[[ $victim == cancel ]] ||
			as_root kill -KILL $(pids_of $victim) || true
		rm "$SHARED/hold"
		as_alice scancel --user=alice
		wait_step 30
		wait_until 20 no_jobs
		assert_host_as_before "$before" 20
	done
	nodes_become_idle 20
}

@test "after SIGKILL of everything the job's epilog removes the rest" {
	start_held_step -n2 sleep 100
	wait_for_lines "$SHARED/held" 2
	# Otherwise it may unmount before it is killed.
	as_root kill -STOP $(pids_of keeper)
	as_root kill -KILL $(pids_of slurmstepd) $(pids_of keeper) \
		$(pids_of server) $(pids_of task) || true # some are named twice
	assert_equal "$(host_mounts | wc -l)" 1
	rm "$SHARED/hold"
	as_alice scancel --user=alice
	wait_step 60
	assert_host_as_before "$before" 60
	nodes_become_idle 20
}

# --- the sweep -------------------------------------------------------------------

# Makes what a killed step leaves, and things of others.
make_left() {
	as_root sh -c "
		mkdir -p $PLACES/91.0.1/image $PLACES/92.0.1/image $PLACES/notes
		chmod 711 $PLACES
		chown alice $PLACES/91.0.1/image
		touch $PLACES/91.0.1/image/file
		mkdir $PLACES/91.0.1/image/directory
		ln -s /etc/passwd $PLACES/91.0.1/image/link
		mount -t tmpfs left $PLACES/91.0.1/image
		mount -t tmpfs left $PLACES/91.0.1/image
		mount -t tmpfs used $PLACES/92.0.1/image
		ln -s /etc $PLACES/93.0.1
		setsid flock $PLACES/92.0.1 sleep 1000 </dev/null >/dev/null 2>&1 3>&- &
		until ! flock --nonblock $PLACES/92.0.1 true; do sleep 0.1; done"
}

# shellcheck disable=SC2120
assert_swept() {
	wait_until 10 as_root test ! -e $PLACES/91.0.1
	as_root test -d $PLACES/92.0.1/image
	as_root test -d $PLACES/notes
	as_root test -L $PLACES/93.0.1
	as_root test -e /etc/passwd
	as_root findmnt $PLACES/92.0.1/image
}

clear_left() {
	as_root sh -c "pkill -x -f 'sleep 1000'; umount $PLACES/92.0.1/image
		rmdir $PLACES/92.0.1/image $PLACES/92.0.1 $PLACES/notes
		rm $PLACES/93.0.1; rmdir $PLACES"
}

@test "an epilog removes only what no process holds" {
	make_left
	as_alice srun true
	assert_swept
	clear_left
	assert_host_as_before "$before"
}

@test "slurmd's start removes only what no process holds" {
	make_left
	# A new slurmd ends the old one.
	as_root sh -c 'setsid unshare --uts sh -c "
		echo node1 >/proc/sys/kernel/hostname
		exec slurmd -D -N node1" </dev/null >/dev/null 2>&1 3>&- &'
	assert_swept
	clear_left
	wait_until 20 as_alice srun -N2 true
}

@test "a dead FUSE mount does not block the sweep" {
	start_held_step sleep 100
	wait_for_lines "$SHARED/held"
	as_root kill -KILL $(pids_of slurmstepd) $(pids_of keeper) \
		$(as_root pgrep -x spank-sif-task) || true
	# The prolog holds the container; nothing is left that would continue the server.
	as_root kill -STOP $(pids_of server)
	rm "$SHARED/hold"
	timed as_bob srun true
	((elapsed_ms < 5000))
	wait_until 10 no_host_mounts
	as_root kill -KILL $(pids_of server)
	as_alice scancel --user=alice
	wait_step 60
	assert_host_as_before "$before" 60
	nodes_become_idle 30
}
