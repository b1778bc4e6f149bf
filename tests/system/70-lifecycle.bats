#!/usr/bin/env bats
# SPDX-License-Identifier: BSD-3-Clause
#
# However a step ends, it leaves nothing on the node, and the next step works.

load ../lib/common
load ../lib/assert

# KillWait of the cluster.  srun gives up 2 s later, and slurmctld is not always faster.
KILL_WAIT_S=5

setup_file() {
	has_plugin || return 0
	cluster_start
	image_tree "$BATS_FILE_TMPDIR/tree" "${IMAGE_PROGRAMS[@]}" dd
	truncate -s 1G "$BATS_FILE_TMPDIR/tree/usr/big"
	image_sif "$BATS_FILE_TMPDIR/tree" "$SHARED/good.sif" -comp lz4
	head -c 3000 "$SHARED/good.sif" >"$SHARED/bad.sif"
	as_alice srun -N2 true # Slurm's own first files
}

setup() {
	need_plugin
	before=$(settled_snapshot)
	mounts=$(all_mounts)
	rm -f "$SHARED"/{pids,log,go,looks,seen}
}

teardown() {
	has_plugin || return 0
	[[ -z ${STOPPED-} ]] || signal CONT $STOPPED || true
	stop_other
	stop_steps
	as_root sh -c '! mountpoint --quiet /usr/libexec || umount /usr/libexec'
}

# In all mount namespaces of the cluster, not only in the host's.
all_mounts() {
	as_root sh -c 'cat /proc/[0-9]*/mountinfo 2>/dev/null |
		grep -e fuse.sif -e spank-sif | wc -l'
}

slurmd_descriptors() {
	as_root sh -c 'for p in $(pgrep -x slurmd); do ls /proc/$p/fd | wc -l; done'
}

# Ends each test.
assert_nothing_left() { # [SECONDS]
	wait_until "${1:-15}" no_jobs
	nodes_become_idle 20
	assert_host_as_before "$before" 10
	wait_until 5 no_servers
	assert_equal "$(all_mounts)" "$mounts"
	run in_image good -N2 cat /proc/self/comm
	assert_status 0
	assert_line cat 2
	nodes_become_idle 20
	assert_host_as_before "$before" 10
}

# The pids of one kind of process of a step.
pids_of() { # KIND
	case $1 in
	server) server_pids ;;
	guard) guard_pids ;;
	either) as_root pgrep -x "$SERVER_COMM|$GUARD_COMM" ;;
	slurmstepd) as_root pgrep -x slurmstepd ;;
	task) cat "$SHARED/pids" ;;
	esac
}

signal() { # SIGNAL PID...
	as_root kill -s "$@"
}

job() {
	as_root squeue --noheader --format=%A | head -n 1
}

# --- ends --------------------------------------------------------------------

@test "a normal end leaves nothing" {
	run in_image good -N2 -n8 cat /etc/os-release
	assert_status 0
	assert_nothing_left
}

@test "a failing command leaves nothing" {
	run in_image good -N2 -n8 sh -c 'exit $SLURM_PROCID'
	assert_status 7
	assert_nothing_left
	run in_image good -n4 /nonexistent
	assert_status 2
	assert_nothing_left
}

@test "a failing image leaves nothing" {
	run in_image bad -N2 -n8 true
	assert_status 1
	run in_image absent -N2 -n8 true
	assert_status 1
	assert_nothing_left
}

@test "30 steps in a row leave nothing, and no descriptor in slurmd" {
	not_emulated "30 steps take too long"
	run in_image good true
	descriptors=$(slurmd_descriptors)
	run as_alice salloc --quiet -n4 bash -c 'for i in {1..30}; do
		srun --sif-image=/shared/good.sif cat /etc/hostname /etc/os-release
	done 2>&1 | grep -c PRETTY_NAME'
	assert_output 120
	assert_nothing_left
	assert_equal "$(slurmd_descriptors)" "$descriptors"
}

@test "10 steps at the same time leave nothing" {
	run as_alice salloc --quiet -N1 -n10 bash -c 'for i in {1..10}; do
		srun --exact -n1 --sif-image=/shared/good.sif \
			grep PRETTY /etc/os-release &
	done; wait'
	assert_status 0
	assert_line 'PRETTY_NAME="Demonstration Linux 1.0"' 10
	assert_nothing_left
}

@test "a process that Slurm does not kill keeps no server; its mount ends with it" {
	# proctrack/linuxproc does not find a process whose parent has ended.
	run in_image good --chdir=/shared bash -c '
		(bash -c "echo \$\$ >pids; exec sleep 1000" </dev/null >/dev/null 2>&1 &)
		until [[ $(<pids) ]] && grep -q sleep "/proc/$(<pids)/comm"; do
			sleep 0.1
		done 2>/dev/null'
	assert_status 0
	orphan=$(<"$SHARED/pids")
	as_root test -d "/proc/$orphan"
	wait_until 5 no_servers
	wait_until 15 no_jobs
	nodes_become_idle
	signal KILL "$orphan"
	assert_nothing_left
}

# --- scancel -----------------------------------------------------------------

@test "scancel of a pending job leaves nothing" {
	as_alice sbatch --quiet --begin=now+1hour --output=/dev/null \
		--sif-image=/shared/good.sif --wrap 'srun true'
	as_alice scancel --user=alice
	assert_nothing_left
}

@test "scancel at ten moments of the start leaves nothing" {
	not_emulated "these are moments of a fast start"
	for delay in 0 0.02 0.04 0.06 0.08 0.1 0.13 0.16 0.2 0.3; do
		start_step -N2 -n8 --sif-image=/shared/good.sif sleep 1000
		wait_until 5 job_exists
		read -rt "$delay" <> <(:) || true
		as_alice scancel --user=alice
		wait_step 30
		assert_failure
		wait_until 30 no_jobs
	done
	assert_nothing_left
}

@test "scancel while the step runs leaves nothing" {
	start_reading_step -N2 -n8
	wait_for_lines "$SHARED/pids" 8
	as_alice scancel --user=alice
	wait_step
	assert_failure
	assert_nothing_left
}

@test "scancel of a task that ignores TERM ends it after KillWait" {
	start_step --chdir=/shared --sif-image=/shared/good.sif bash -c \
		'trap "" TERM; echo $$ >pids; while :; do read -rt 1 <> <(:); done'
	wait_for_lines "$SHARED/pids"
	timed as_alice scancel --user=alice
	wait_step $((KILL_WAIT_S + 5))
	assert_failure
	refute_contains "image server"
	assert_nothing_left
}

@test "scancel after the end leaves nothing" {
	in_image good true
	as_alice scancel --user=alice
	assert_nothing_left
}

# The second counts within a second of the first, also on a busy machine.
@test "Ctrl-C of srun, twice, leaves nothing" {
	start_reading_step -n4
	wait_for_lines "$SHARED/pids" 4
	as_root timeout "$(scaled 20)" sh -c '
		while kill -INT $(pgrep -x -u alice srun); do sleep 0.2; done' \
		2>/dev/null || true
	wait_step
	assert_failure
	assert_nothing_left
}

@test "SIGKILL of srun leaves nothing" {
	start_reading_step -n4
	wait_for_lines "$SHARED/pids" 4
	signal KILL $(as_root pgrep -x -u alice srun)
	wait_step
	assert_failure
	as_alice scancel --user=alice
	assert_nothing_left 30
}

# --- SIGKILL -----------------------------------------------------------------

@test "SIGKILL of the server's guard is reported and leaves nothing" {
	start_reading_step -n4
	wait_for_lines "$SHARED/pids" 4
	signal KILL $(pids_of guard)
	wait_step
	assert_failure
	assert_server_was_killed
	assert_nothing_left
}

# The plugin's task_exit then runs in a child of slurmstepd.
@test "SIGKILL of the guard is reported with contain_spank, too" {
	[[ $(slurmd -V) != *" 2"[23].* ]] || skip "$(slurmd -V) has no contain_spank"
	start_other '' --conf=SlurmdParameters=config_overrides,contain_spank
	run on_other srun --sif-image=/shared/good.sif cat /proc/self/comm
	assert_status 0
	assert_output cat
	on_other srun -n2 --sif-image=/shared/good.sif bash -c "$READ_ON" \
		>"$BATS_TEST_TMPDIR/said" 2>&1 </dev/null 3>&- &
	STEP=$!
	wait_until 20 file_has_lines "$OTHER/shared/pids" 2
	"$CLUSTER_TOOL" exec "$OTHER" --user=root -- pkill -KILL -x "$GUARD_COMM"
	STEP_OUTPUT=$BATS_TEST_TMPDIR/said
	wait_step
	assert_failure
	assert_server_was_killed
	assert_equal "$(grep -c "the image server" <<<"$output")" 1
}

@test "the step goes on when its server is killed, and the user is informed" {
	not_emulated "its image has 300 MB"
	need_replacement
	mkdir "$BATS_TEST_TMPDIR/big"
	cp -a "$BATS_FILE_TMPDIR/tree/." "$BATS_TEST_TMPDIR/big"
	openssl enc -aes-128-ctr -nosalt -pass pass:1 </dev/zero 2>/dev/null |
		head -c 200000000 | od -An -tx1 | head -c 300000000 \
		>"$BATS_TEST_TMPDIR/big/data"
	image_sif "$BATS_TEST_TMPDIR/big" "$SHARED/big.sif" -comp gzip
	start_step -N1 -n2 --chdir=/shared --sif-image=/shared/big.sif bash -c '
		echo $$ >>pids
		sha256sum /data
		until [ -e go ]; do read -rt 0.05 <> <(:); done'
	wait_for_lines "$SHARED/pids" 2
	kill_servers 8
	touch "$SHARED/go"
	wait_step 60
	rm "$SHARED/big.sif" "$SHARED/go"
	sum=$(sha256sum <"$BATS_TEST_TMPDIR/big/data")
	assert_status 0
	assert_line "${sum%-}/data" 2
	assert_contains "spank_sif: warning: the image server was killed or crashed, and was replaced, 8 times"
	refute_contains "error: spank_sif"
	assert_nothing_left
}

# A TaskProlog runs inside before the server knows that the task has started.
start_step_with_slow_prolog() { # SRUN-ARGUMENT...
	need_task_prolog
	printf '#!/bin/sh\n%s\n' 'echo $$ >>/shared/pids' \
		'until [ -e /shared/go ]; do sleep 0.1; done' >"$SHARED/prolog"
	chmod 755 "$SHARED/prolog"
	start_step -N1 --chdir=/shared --sif-image=/shared/good.sif \
		--task-prolog=/shared/prolog "$@"
}

@test "the step goes on when its server is killed while tasks start" {
	need_replacement
	start_step_with_slow_prolog -n3 sha256sum /usr/bin/od
	wait_for_lines "$SHARED/pids" 3
	kill_servers 3
	touch "$SHARED/go"
	wait_step
	rm "$SHARED/go"
	assert_status 0
	assert_line "$(sha256sum /usr/bin/od)" 3
	assert_contains "was replaced, 3 times"
	assert_nothing_left
}

@test "no task waits if the server is killed without replacement while tasks start" {
	need_replacement
	start_step_with_slow_prolog -n3 sha256sum /usr/bin/od
	wait_for_lines "$SHARED/pids" 3
	kill_servers 11
	touch "$SHARED/go"
	wait_step
	rm "$SHARED/go"
	assert_failure
	assert_server_was_killed
	assert_nothing_left
}

# The image is then sealed, and a child of the guard serves it.
@test "SIGKILL of the builder while an image's script runs: the next task builds" {
	mkdir -p "$BATS_TEST_TMPDIR/scripts/.singularity.d/env"
	cp -a "$BATS_FILE_TMPDIR/tree/." "$BATS_TEST_TMPDIR/scripts"
	echo 'echo $PPID >>/shared/builder
		while [ -e /shared/wait ]; do sleep 0.1; done' \
		>"$BATS_TEST_TMPDIR/scripts/.singularity.d/env/10.sh"
	image_sif "$BATS_TEST_TMPDIR/scripts" "$SHARED/scripts.sif" -comp lz4
	: >"$SHARED/wait"
	start_step -N1 -n3 --kill-on-bad-exit=0 --chdir=/shared \
		--sif-image=/shared/scripts.sif head -n 1 /etc/os-release
	wait_for_lines "$SHARED/builder"
	signal KILL "$(<"$SHARED/builder")"
	wait_for_lines "$SHARED/builder" 2
	rm "$SHARED/wait"
	wait_step
	rm "$SHARED/builder" "$SHARED/scripts.sif"
	assert_line 'NAME="Demonstration Linux"' 2
	refute_contains "image server"
	assert_nothing_left
}

@test "a server that is killed again and again is not replaced endlessly" {
	need_replacement
	start_reading_step -n4
	wait_for_lines "$SHARED/pids" 4
	kill_servers 11
	wait_step
	assert_failure
	assert_server_was_killed
	assert_nothing_left
}

@test "SIGKILL of one node's server does not end the other node's" {
	start_step -N2 -n2 --chdir=/shared --sif-image=/shared/good.sif bash -c '
		echo $$ >>pids
		until [[ -e go ]]; do read -rt 0.1 <> <(:); done
		(($SLURM_PROCID == 0)) || cat /etc/os-release'
	wait_for_lines "$SHARED/pids" 2
	assert_equal "$(pids_of guard | wc -l)" 2
	victim=$(as_root sh -c 'for p in $(pgrep -x '"$GUARD_COMM"'); do
		nsenter --target $p --uts hostname | sed "s/$/ $p/"
	done' | sed -n 's/^node1 //p')
	signal KILL "$victim"
	touch "$SHARED/go"
	wait_step
	rm "$SHARED/go"
	assert_server_was_killed
	assert_line 'PRETTY_NAME="Demonstration Linux 1.0"'
	assert_nothing_left
}

@test "SIGKILL of a task leaves nothing" {
	start_reading_step -n4
	wait_for_lines "$SHARED/pids" 4
	signal KILL $(pids_of task | head -n 1)
	wait_until 10 grep -q "task .*: Killed" "$STEP_OUTPUT"
	as_alice scancel --user=alice
	wait_step
	assert_failure
	assert_nothing_left
}

@test "SIGKILL of all tasks leaves nothing, and no message about the server" {
	start_reading_step -n4
	wait_for_lines "$SHARED/pids" 4
	signal KILL $(pids_of task)
	wait_step
	assert_failure
	refute_contains "image server"
	assert_nothing_left
}

@test "SIGKILL of slurmstepd leaves nothing" {
	start_reading_step -n4
	wait_for_lines "$SHARED/pids" 4
	signal KILL $(pids_of slurmstepd)
	# Slurm does not kill what slurmstepd leaves, and srun returns 0, as
	# without the option.  The container ends with its last process.
	signal KILL $(pids_of task)
	as_alice scancel --user=alice
	wait_step 60
	assert_nothing_left 60
}

@test "SIGKILL of all processes of the step at once leaves nothing" {
	start_reading_step -n4
	wait_for_lines "$SHARED/pids" 4
	# The server ends with the guard.
	signal KILL $(pids_of slurmstepd) $(pids_of either) $(pids_of task) || true
	as_alice scancel --user=alice
	wait_step 60
	assert_nothing_left 60
}

# Sends a signal to the processes of that name, a given time after the first appears:
# at any point of the start.  It begins to look before the step is started and never
# pauses, because a short step may end before a command runs on a busy cluster.
# Writes their pids to /shared/seen.
# shellcheck disable=SC2016
signal_when_seen() { # SIGNAL NAME [SECONDS]
	rm -f "$SHARED"/{looks,seen}
	as_root timeout "$(scaled 30)" bash -c '
		touch /shared/looks
		until pgrep -x "$1" >/dev/null; do :; done
		read -rt "$2" <> <(:)
		pgrep -x "$1" >/shared/seen
		kill -s "$0" $(</shared/seen)' "$1" "$2" "${3-0.001}" 3>&- &
	SEEKER=$!
	wait_until 10 test -e "$SHARED/looks"
}

# The step may have ended before the signal.
wait_until_seen() {
	wait "$SEEKER" || test -e "$SHARED/seen"
}

EITHER_COMM="$SERVER_COMM|$GUARD_COMM"

@test "SIGKILL of the server at the start fails the step in time" {
	for i in {1..5}; do
		signal_when_seen KILL "$EITHER_COMM"
		start_step -N1 -n8 --sif-image=/shared/good.sif \
			bash -c 'read -rt 1 <> <(:); cat /etc/os-release /usr/bin/ls >/dev/null'
		wait_until_seen
		wait_step
		assert_failure
		assert_contains "image server"
		wait_until 10 no_jobs
	done
	assert_nothing_left
}

@test "SIGKILL of slurmstepd at the start leaves nothing" {
	for i in 1 2; do
		signal_when_seen KILL slurmstepd
		start_step -N1 -n8 --sif-image=/shared/good.sif true
		wait_until_seen
		as_alice scancel --user=alice
		wait_step 60
		wait_until 60 no_jobs
	done
	assert_nothing_left 60
}

# After SIGINT has ended the tasks, Slurm kills the server with the step.
@test "a step that is interrupted twice gives no message about the server" {
	local srun
	start_reading_step -n2
	wait_for_lines "$SHARED/pids" 2
	srun=$(as_root pgrep -u alice -o -x srun)
	as_alice kill -INT "$srun"
	wait_until 5 grep -q "one more" "$STEP_OUTPUT"
	as_alice kill -INT "$srun"
	wait_step 20
	assert_failure
	assert_contains "Job step aborted"
	refute_contains "spank_sif:"
	assert_nothing_left
}

# --- SIGSTOP -----------------------------------------------------------------

@test "a server that hangs ends within KillWait + 5 s of scancel" {
	start_reading_step -n4
	wait_for_lines "$SHARED/pids" 4
	STOPPED=$(pids_of server)
	signal STOP $STOPPED
	as_alice scancel --user=alice
	wait_step $((KILL_WAIT_S + 5))
	assert_failure
	assert_nothing_left
}

@test "a server that hangs while tasks wait for it ends after scancel" {
	start_step -n2 --chdir=/shared --sif-image=/shared/good.sif bash -c \
		'echo $$ >>pids; until [[ -e go ]]; do read -rt 0.1 <> <(:); done
		find / -xdev -type f -exec cat {} + >/dev/null'
	wait_for_lines "$SHARED/pids" 2
	STOPPED=$(pids_of server)
	# A server stopped only once is continued: see 37-abort.bats.
	as_alice sh -c "until [ -e /shared/enough ]; do kill -STOP $STOPPED; done" \
		2>/dev/null 3>&- &
	stopping=$!
	touch "$SHARED/go"
	wait_until 10 a_task_waits_or_has_ended
	as_alice scancel --user=alice || true
	wait_step $((KILL_WAIT_S + 5))
	touch "$SHARED/enough"
	wait "$stopping" || true
	rm "$SHARED"/{go,enough}
	assert_failure
	assert_nothing_left
}

# The watchdog aborts the connection within about a second, which ends a waiting task:
# on an idle machine before the test has seen it wait.
a_task_waits_or_has_ended() {
	a_task_waits_for_fuse || ! as_root sh -c 'kill -0 $(cat /shared/pids)' \
		2>/dev/null
}

a_task_waits_for_fuse() {
	as_root sh -c 'grep -l -E "fuse|request_wait" /proc/[0-9]*/stack' \
		>/dev/null 2>&1
}

# Replaces the server's program for the length of a test.
with_server() { # C-PROGRAM
	as_root sh -c 'mount -t tmpfs -o mode=0755 libexec /usr/libexec &&
		mkdir /usr/libexec/spank-sif'
	compile -static -x c -o "$SHARED/server" - <<<"$1"
	as_root install -m 0711 /shared/server "$PLUGIN_SERVER"
	rm "$SHARED/server"
	as_root sed -i 's/spank_sif.so.*/spank_sif.so timeout=3/' /etc/slurm/plugstack.conf
	before=$(settled_snapshot)
}

without_server() {
	as_root umount /usr/libexec
	as_root sed -i 's/spank_sif.so.*/spank_sif.so/' /etc/slurm/plugstack.conf
	before=$(settled_snapshot)
}

# The step fails within SECONDS with WORDS and leaves nothing.
assert_start_fails() { # SECONDS WORDS
	start_step -N1 -n8 --sif-image=/shared/good.sif true
	wait_step "$1"
	assert_failure
	assert_contains "$2"
	wait_until 15 no_jobs
	wait_until 15 host_is_as_before "$before"
	nodes_are_idle
}

@test "a server that never answers is reported after the timeout" {
	with_server '#include <unistd.h>
		int main(void) { for (;;) pause(); }'
	assert_start_fails 15 "3 s"
	without_server
	assert_nothing_left
}

@test "a server that ends at once fails the step at once" {
	with_server 'int main(void) { return 10; }'
	assert_start_fails 3 "image server"
	without_server
	assert_nothing_left
}

@test "a server that ends at once with status 0 fails the step with a message" {
	with_server 'int main(void) { return 0; }'
	assert_start_fails 3 "the image server ended before a task could reach it"
	refute_contains "Broken pipe"
	without_server
	assert_nothing_left
}

@test "a server that crashes at once fails the step at once" {
	with_server '#include <stdlib.h>
		int main(void) { abort(); }'
	assert_start_fails 3 "image server"
	without_server
	assert_nothing_left
}

@test "a server that hangs at any moment of the start: the step ends in time" {
	as_root sed -i 's/spank_sif.so.*/spank_sif.so timeout=3/' /etc/slurm/plugstack.conf
	for i in {1..5}; do
		delay=$(printf '0.%03d' $((1 + RANDOM % 60)))
		signal_when_seen STOP "$EITHER_COMM" "$delay"
		start_step -n8 --sif-image=/shared/good.sif cat /etc/os-release
		wait_until_seen
		STOPPED=$(<"$SHARED/seen")
		echo "stopped $delay s after it was seen: $STOPPED"
		wait_step 30 || failed=yes
		wait_until 15 no_jobs
	done
	as_root sed -i 's/spank_sif.so.*/spank_sif.so/' /etc/slurm/plugstack.conf
	[[ -z ${failed-} ]]
	assert_nothing_left
}

# --- the host's table --------------------------------------------------------

@test "the host's mount table never shows the image" {
	as_root sh -c 'until [ -e /shared/stop ]; do
		grep -e fuse -e spank-sif /proc/1/mountinfo | grep -v fusectl
	done >/shared/log; echo done >>/shared/log' 3>&- &
	watcher=$!
	for i in {1..5}; do
		in_image good -N2 -n8 cat /etc/os-release >/dev/null
	done
	touch "$SHARED/stop"
	wait "$watcher"
	rm "$SHARED/stop"
	assert_equal "$(<"$SHARED/log")" "done"
	assert_nothing_left
}
