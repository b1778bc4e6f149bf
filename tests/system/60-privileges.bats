#!/usr/bin/env bats
# SPDX-License-Identifier: BSD-3-Clause
#
# Which process does what with which privileges, seen from outside: /proc while a step
# runs, and strace of all processes that slurmd starts for it.

load ../lib/common
load ../lib/assert

setup_file() {
	has_plugin || return 0
	cluster_start
	image_tree "$BATS_FILE_TMPDIR/tree"
	image_sif "$BATS_FILE_TMPDIR/tree" "$SHARED/good.sif" -comp lz4
}

teardown() {
	has_plugin || return 0
	stop_steps
	rm -f "$SHARED"/{pids,log,go}
}

# Starts a step of two tasks that sleep, and sets $server to the server's pid.
start_sleeping_step() {
	start_step -N1 -n2 --chdir=/shared --sif-image=/shared/good.sif sh -c \
		'echo $$ >>pids; exec sleep 1000'
	wait_for_lines "$SHARED/pids" 2
	wait_until 5 both_tasks_sleep
	server=$(server_pids)
	task=$(head -n 1 "$SHARED/pids")
}

both_tasks_sleep() {
	[[ $(as_root pgrep -x sleep | wc -l) == 2 ]]
}

server_status() { # KEY...
	local keys
	keys=$(IFS='|'; echo "$*")
	as_root grep -E "^($keys):" "/proc/$server/status"
}

# --- the server, live --------------------------------------------------------

@test "all uids, gids and groups of the server are the user's" {
	start_sleeping_step
	run server_status Uid Gid Groups
	assert_equal "${lines[0]}" "Uid:	2001	2001	2001	2001"
	assert_equal "${lines[1]}" "Gid:	2001	2001	2001	2001"
	assert_equal "${lines[2]% }" "Groups:	2001 3001 3002 3003"
}

@test "the server has no capability, no_new_privs and a seccomp filter" {
	start_sleeping_step
	run server_status CapInh CapPrm CapEff CapAmb NoNewPrivs Seccomp
	assert_output "CapInh:	0000000000000000
CapPrm:	0000000000000000
CapEff:	0000000000000000
CapAmb:	0000000000000000
NoNewPrivs:	1
Seccomp:	2"
}

@test "the server has four descriptors; its guard has slurmstepd's pipe" {
	start_sleeping_step
	run as_root sh -c "for f in /proc/$server/fd/*; do readlink \$f; done | sort"
	own=${lines[5]}
	assert_output "/dev/fuse
/dev/null
/dev/null
/dev/null
/shared/good.sif
$own
$own"
	run as_root sh -c "find /proc/[0-9]*/fd -lname '${own/\[/\\[}' -printf '%h\n' | sort -u"
	assert_output "/proc/$server/fd"
	run as_root sh -c "for f in /proc/$(guard_pids)/fd/*; do readlink \$f; done | sort"
	lifeline=${lines[5]}
	assert_output "/dev/fuse
/dev/null
/dev/null
/dev/null
/shared/good.sif
$lifeline"
	assert_matches 'pipe:.[0-9]+.$'
	# It has the read end of the pipe; only slurmstepd has the other.
	run as_root sh -c "find /proc/[0-9]*/fd -lname '${lifeline/\[/\\[}' -printf '%h %M\n'"
	stepd=$(as_root pgrep -x slurmstepd)
	assert_equal "$(sort <<<"$output")" \
		"$(sort <<<"/proc/$(guard_pids)/fd lr-x------"$'\n'"/proc/$stepd/fd l-wx------")"
}

@test "the server's descriptor of the image is read-only" {
	start_sleeping_step
	fd=$(as_root sh -c "ls -l /proc/$server/fd | sed -n 's/.* \([0-9]*\) -> .shared.good.sif/\1/p'")
	run as_root sed -n 's/^flags:[[:space:]]*//p' "/proc/$server/fdinfo/$fd"
	assert_status 0
	(((0$output & 3) == 0))
}

@test "the server is outside of the container, in an empty directory" {
	start_sleeping_step
	run as_root readlink "/proc/$server/root" "/proc/$server/cwd"
	assert_output $'/\n/'
	run as_root readlink "/proc/$server/ns/mnt" "/proc/$task/ns/mnt"
	[[ ${lines[0]} != "${lines[1]}" ]]
	run as_root sh -c "tr '\\0' '\\n' <'/proc/$server/environ'"
	assert_output $'IMAGE=/shared/good.sif\nCOMMAND=sh'
}

@test "the server cannot be traced or read, not even by its user" {
	start_sleeping_step
	run as_root stat -c %U "/proc/$server/mem" "/proc/$server/environ"
	assert_output $'root\nroot'
	for file in environ maps mem; do
		run as_alice cat "/proc/$server/$file"
		assert_failure
		assert_contains "Permission denied"
	done
	run as_alice ls "/proc/$server/fd/"
	assert_failure
	run as_alice strace -p "$server"
	assert_failure
	assert_contains "Operation not permitted"
}

# Sets the kernel's setting for the whole machine while a command runs.
with_suid_dumpable() ( # VALUE CMD...
	setting=/proc/sys/fs/suid_dumpable
	[[ -w $setting ]] || skip "fs.suid_dumpable cannot be set here"
	was=$(<"$setting")
	trap 'echo "$was" >"$setting"' EXIT
	trap 'exit 1' INT TERM HUP
	echo "$1" >"$setting"
	"${@:2}"
)

# bats test_tags=machine
@test "a server that its user could trace at its start serves nothing" {
	run with_suid_dumpable 1 in_image good -n2 true
	assert_failure
	assert_contains "the image server could not be confined: other processes"
	assert_equal "$(grep -c 'spank_sif: ' <<<"$output")" 1
	run with_suid_dumpable 2 in_image good cat /proc/self/comm
	assert_status 0
	assert_output cat
	nodes_become_idle
}

@test "the server is a child of the guard, a child of slurmstepd with its own session" {
	start_sleeping_step
	guard=$(guard_pids)
	parent=$(as_root ps -o ppid= -p "$server")
	assert_equal "${parent// }" "$guard"
	parent=$(as_root ps -o ppid= -p "$guard")
	run as_root cat "/proc/${parent// }/comm"
	assert_output slurmstepd
	run as_root ps -o sid= -p "$server"
	assert_equal "${output// }" "$guard"
	run as_root cat "/proc/$server/oom_score_adj"
	assert_output 0
}

# Prints the signals in a mask of /proc/PID/status.
signals_in() { # MASK
	local number names=
	for ((number = 1; number < 32; number++)); do
		(((16#$1 >> (number - 1)) & 1)) && names+="$(kill -l "$number") "
	done
	echo "$names"
}

@test "the server ignores the signals that users send to a step" {
	start_sleeping_step
	ignored=$(server_status SigIgn)
	names=" $(signals_in "${ignored##*	}")"
	for name in TERM INT HUP USR1 USR2 QUIT PIPE; do
		[[ $names == *" $name "* ]] || assertion_failed "not $name: $names"
	done
	# The C library catches 33 once there are threads.
	run server_status SigBlk SigCgt
	assert_output "SigBlk:	0000000000000000
SigCgt:	0000000100000000"
}

# PIPE is 13 and RTMIN 34: scancel takes these by number.  The task reads a file that
# it has not read before.
@test "the server survives the signals that users send to a step" {
	start_step -N1 -n1 --chdir=/shared --sif-image=/shared/good.sif bash -c '
		for s in TERM INT HUP USR1 USR2 QUIT ALRM XCPU 13 34; do
			trap "echo $s >>log" "$s"
		done
		echo $$ >>pids
		until [[ -e go ]]; do read -rt 0.1 <> <(:); done
		sha256sum /usr/bin/od'
	wait_for_lines "$SHARED/pids"
	server=$(server_pids)
	for name in TERM INT HUP USR1 USR2 QUIT ALRM XCPU 13 34; do
		as_alice scancel --signal="$name" --user=alice
		wait_until 10 grep -sqx "$name" "$SHARED/log"
		as_root kill -s "$name" "$server"
	done
	assert_equal "$(server_pids)" "$server"
	touch "$SHARED/go"
	wait_step
	assert_status 0
	assert_line "$(sha256sum /usr/bin/od)"
	refute_contains "image server"
}

# The builder and the server share a CPU while the image's mount points are created.
@test "tasks and server keep their CPU affinity" {
	start_sleeping_step
	cpus=$(as_alice srun -N1 -n1 sed -n 's/^Cpus_allowed_list://p' \
		/proc/self/status)
	for pid in $(<"$SHARED/pids") "$server" $(guard_pids); do
		run as_root sed -n 's/^Cpus_allowed_list://p' "/proc/$pid/status"
		assert_output "$cpus"
	done
}

@test "the server's limits: no core dump, no file, limited memory" {
	start_sleeping_step
	run as_root cat "/proc/$server/limits"
	assert_matches 'Max core file size +0 +0 '
	assert_matches 'Max file size +0 +0 '
	assert_matches 'Max address space +1073741824 +1073741824 '
}

@test "root owns the server's program, and ps shows the image that it serves" {
	start_sleeping_step
	run as_root readlink "/proc/$server/exe"
	assert_output "$PLUGIN_SERVER"
	run as_root stat -c '%U %a' "$PLUGIN_SERVER"
	assert_output "root 711"
	run as_root sh -c "tr '\\0' ' ' </proc/$server/cmdline"
	assert_output "spank-sif-server timeout=45 tasks=2 cache=32 threads=0 uring=auto mount=private image=/shared/good.sif "
}

# --- the tasks, live ---------------------------------------------------------

@test "a task has the user's ids, no capability and no extra descriptor" {
	start_sleeping_step
	run as_root grep -E '^(Uid|CapInh|CapPrm|CapEff|CapAmb|NoNewPrivs):' \
		"/proc/$task/status"
	assert_output "Uid:	2001	2001	2001	2001
CapInh:	0000000000000000
CapPrm:	0000000000000000
CapEff:	0000000000000000
CapAmb:	0000000000000000
NoNewPrivs:	1"
	run as_root ls "/proc/$task/fd"
	assert_output $'0\n1\n2'
}

@test "slurmstepd stays in the host's mount namespace and holds nothing of the step" {
	start_sleeping_step
	stepd=$(as_root pgrep -x slurmstepd)
	assert_equal "$(as_root readlink "/proc/$stepd/ns/mnt")" \
		"$(as_root readlink /proc/1/ns/mnt)"
	run as_root sh -c "readlink /proc/$stepd/fd/* | grep -E 'fuse|good.sif|mnt:|libexec'"
	assert_failure
	assert_output ""
}

@test "root's own job: the server and the tasks have no capability, either" {
	as_root srun --chdir=/shared --sif-image=/shared/good.sif sh -c 'echo $$ >pids
		grep -E "^(CapPrm|CapEff|NoNewPrivs)" /proc/self/status >log
		sleep 1000' >/dev/null 2>&1 </dev/null 3>&- &
	wait_for_lines "$SHARED/pids"
	wait_until 5 file_has_lines "$SHARED/log" 3
	server=$(server_pids)
	run server_status CapPrm CapEff NoNewPrivs Seccomp
	as_root scancel --user=root
	assert_output "CapPrm:	0000000000000000
CapEff:	0000000000000000
NoNewPrivs:	1
Seccomp:	2"
	run cat "$SHARED/log"
	assert_output "CapPrm:	0000000000000000
CapEff:	0000000000000000
NoNewPrivs:	1"
}

# --- strace ------------------------------------------------------------------

# /shared/trace, used by the tests below, has all that slurmd of node1 starts.
trace_a_step() {
	[[ ! -s $SHARED/trace ]] || return 0
	as_root sh -c 'exec strace -f -qq -s 64 -o /shared/trace.raw \
		-p "$(pgrep -xf "slurmd -D -N node1")"' 3>&- &
	tracer=$!
	wait_until 10 slurmd_is_traced
	run in_image good -w node1 -N1 -n3 sh -c \
		'cat /etc/os-release /etc/passwd; ls -R /usr /tmp >/dev/null; id'
	assert_status 0
	wait_until 20 no_jobs
	wait_until 10 no_servers
	as_root sh -c 'kill -INT $(pgrep -x strace)'
	wait "$tracer" || true
	perl -e "$ANALYSIS" <"$SHARED/trace.raw" >"$SHARED/trace"
	# Without custom I/O libfuse tries once, in vain.
	libfuse_has_custom_io ||
		sed -i '/"\/dev\/null", O_RDWR) *= -1 EACCES/d' "$SHARED/trace"
	[[ -s $SHARED/trace ]]
}

# Joins the halves of calls and follows each process: its effective uid, and whether
# it is in the container's mount namespace (C) or the host's (H); it is a "server"
# after its execveat and "sealed" after its first seccomp filter.
# Prints: PID ROLE UID PLACE CALL
ANALYSIS='
	my @lines = <STDIN>;
	my (%parent, %half, %uid, %place, %role);
	for (@lines) {
		$parent{$2} = $1 if
			/^(\d+) +(?:<\.\.\. )?v?(?:clone3?|fork)\b.*= (\d+)$/;
	}
	for (@lines) {
		next unless /^(\d+) +(.*)$/;
		my ($pid, $call) = ($1, $2);
		my $from = $parent{$pid} // 0;
		# A child may appear before the call that made it has returned.
		$uid{$pid} //= $uid{$from} // 0;
		$place{$pid} //= $place{$from} // "H";
		$role{$pid} //= $role{$from} // "slurm";
		if ($call =~ /^(.*) <unfinished \.\.\.>$/) {
			$half{$pid} = $1;
			next;
		}
		if ($call =~ /^<\.\.\. \w+ resumed>(.*)$/) {
			$call = ($half{$pid} // "") . $1;
			delete $half{$pid};
		}
		print "$pid $role{$pid} $uid{$pid} $place{$pid} $call\n";
		next unless $call =~ /^(\w+)\((.*)\) += (\d+)/;
		my ($name, $args) = ($1, $2);
		$uid{$pid} = $1 if $name eq "setresuid" && $args =~ /^-?\d+, (\d+),/;
		$uid{$pid} = $1 if $name eq "setuid" && $args =~ /^(\d+)/;
		$uid{$pid} = $1 if $name eq "setreuid" && $args =~ /, (\d+)/;
		$place{$pid} = "C" if $name =~ /^(unshare|setns)$/ && $args =~ /NEWNS/;
		$role{$pid} = "server" if $name eq "execveat" && $args =~ /spank-sif-server/;
		# The guard forks the server, which is sealed afterwards.
		$role{$1} = $role{$pid}, $uid{$1} = $uid{$pid}, $place{$1} = $place{$pid}
			if $name =~ /^clone/ && $call =~ / = (\d+)/ && $role{$pid} eq "server";
		$role{$pid} = "sealed" if $name eq "seccomp" && $args =~ /SET_MODE_FILTER/
			&& $role{$pid} eq "server";
	}'

@test "the trace has the server's start, the container and the tasks" {
	trace_a_step
	run awk '{ print $2, $4 }' "$SHARED/trace"
	for kind in "slurm H" "slurm C" "server H" "sealed H"; do
		assert_line "$kind"
	done
	run grep -cE ' slurm 2001 C execve\("(/usr)?/bin/(sh|ls|cat|id)"' "$SHARED/trace"
	((output >= 3))
	run grep -E ' slurm 2001 C pivot_root\(' "$SHARED/trace"
	assert_equal "${#lines[@]}" 1
}

@test "no process with uid 0 makes a system call on a path in the container" {
	trace_a_step
	run grep -E '^[0-9]+ [a-z]+ 0 C ' "$SHARED/trace"
	assert_output ""
}

@test "a task makes its mounts with uid 2001 and changes no id in between" {
	trace_a_step
	# mount_setattr(-1) without attributes checks whether the call exists.
	run grep -E ' (fsopen|fsmount|open_tree|move_mount|mount_setattr|pivot_root|umount2|unshare|setns)\(' \
		<(grep -v ' mount_setattr(-1,' "$SHARED/trace")
	assert_status 0
	# slurmstepd's watchdog mounts fusectl in its own namespace; its thread
	# makes no other mount.
	watch=$(sed -n 's/^\([0-9]*\) .* fsopen("fusectl".*/\1/p' "$SHARED/trace" | head -n 1)
	mapfile -t lines < <(printf '%s\n' "${lines[@]}" | awk -v watch="$watch" \
		'!($1 == watch && / (fsopen\("fusectl"|fsmount\()/)')
	for line in "${lines[@]}"; do
		[[ $line == *" slurm 2001 "* ]] || [[ $line == *" = -1 "* ]] ||
			assertion_failed "not by the user: $line"
	done
	run grep -E ' C set[a-z]*(uid|gid|groups)' "$SHARED/trace"
	assert_output ""
}

@test "only processes of the user open the image" {
	trace_a_step
	run grep -E '"(/shared/)?good\.sif"' "$SHARED/trace"
	assert_status 0
	for line in "${lines[@]}"; do
		# The server before it is sealed; see "once sealed".
		[[ $line == *" slurm 2001 H open"* || $line != *open* ||
			$line == *" server 2001 H open"* ]] ||
			assertion_failed "by somebody else: $line"
	done
}

@test "the sealed server makes only the calls that it needs" {
	trace_a_step
	run bash -c "sed -n 's/^[0-9]* sealed [0-9]* H \([a-z0-9_]*\)(.*/\1/p' \
		'$SHARED/trace' | sort -u"
	assert_line read
	assert_line writev
	assert_line pread64
	for call in "${lines[@]}"; do
		case $call in
		read | pread64 | preadv2 | splice | pipe2 | sched_yield | \
		write | writev | close | mmap | munmap | \
		mremap | mprotect | madvise | brk | futex | recvmsg | sendmsg | poll | \
		ppoll | alarm | setitimer | fcntl | getuid | getgid | fstat | \
		newfstatat | seccomp | prctl | getrandom | getpid | gettid | \
		clock_gettime | rt_sig* | restart_syscall | exit | exit_group) ;;
		# The guard, and the server before its sandbox is narrowed.
		clone | clone3 | wait4 | getppid | rseq | set_robust_list | \
		sched_getaffinity | sched_setaffinity | \
		sched_getscheduler | sched_setscheduler) ;;
		*) assertion_failed "the server called $call" ;;
		esac
	done
}

@test "the server, once sealed, never tries to open anything" {
	trace_a_step
	run grep -E '^[0-9]+ sealed .* H (open|openat|openat2|stat|access|readlink)\(' \
		"$SHARED/trace"
	assert_output ""
}

@test "the server, once sealed, never executes, mounts or opens a socket" {
	trace_a_step
	# The guard forks the server, and the server starts its threads; nothing else.
	run grep -E '^[0-9]+ sealed .* H clone3?\(.*CLONE_(NEW|VFORK|PTRACE)' "$SHARED/trace"
	assert_output ""
	run grep -E '^[0-9]+ sealed .* H clone\(.*SIGCHLD' "$SHARED/trace"
	assert_equal "${#lines[@]}" 1
	run grep -E '^[0-9]+ sealed .* H (execve|execveat|fork|vfork|mount|umount2|fsopen|fsmount|open_tree|move_mount|socket|socketpair|connect|ptrace|kill|bpf|unshare|setns|io_uring_setup)\(' "$SHARED/trace"
	assert_output ""
}

@test "slurmstepd as root never opens, stats or passes a path of the user" {
	trace_a_step
	run grep -E '^[0-9]+ slurm 0 H (open|openat|openat2|stat|lstat|newfstatat|access|readlink|execve)\(.*("(/shared|/home/alice)|good\.sif)' \
		"$SHARED/trace"
	assert_output ""
}

@test "only the server reads the image" {
	trace_a_step
	fd=$(sed -n 's/.* slurm 2001 H openat(.*good\.sif".*) *= \([0-9]*\)$/\1/p' \
		"$SHARED/trace" | head -n 1)
	builder=$(sed -n 's/^\([0-9]*\) slurm 2001 H openat(.*good\.sif".*/\1/p' \
		"$SHARED/trace" | head -n 1)
	[[ -n $fd && -n $builder ]]
	# From the open to the close.
	run awk -v pid="$builder" -v fd="$fd" '
		$1 != pid { next }
		/good\.sif"/ { on = 1 }
		on && $5 ~ "^(read|pread64|readv|mmap|preadv)" &&
			$0 ~ "(\\(|, )" fd "," { print }
		on && $0 ~ "close\\(" fd "\\)" { exit }' "$SHARED/trace"
	assert_output ""
}

# The server gets the image in a message.
@test "the sandbox is in place before the first byte of the image is read" {
	trace_a_step
	run awk '$2 == "server" || $2 == "sealed" {
		if ($5 ~ /^seccomp/) sealed = 1
		if (!sealed && $5 ~ /^recvmsg/) print
		seen = 1
	} END { print seen ? "seen" : "not seen" }' "$SHARED/trace"
	assert_output seen
}

# --- the host's mount table --------------------------------------------------

@test "the host's mount table never has a mount of the plugin" {
	assert_no_mount_of_ours
	start_sleeping_step
	assert_no_mount_of_ours
	run as_root grep -c fuse.sif "/proc/$task/mountinfo"
	assert_output 1
	as_alice scancel --user=alice
	wait_step
	assert_no_mount_of_ours
}

assert_no_mount_of_ours() {
	run as_root sh -c 'cat /proc/1/mountinfo \
		"/proc/$(pgrep -xf "slurmd -D -N node1")/mountinfo"'
	assert_status 0
	assert_contains " /proc "
	refute_contains fuse.sif
	refute_contains spank-sif
}

# Needs its own trace, the last one: the administrator's default makes the plugin look
# up names.
@test "task_init sets no_new_privs before it looks up names" {
	rm -f "$SHARED/trace"
	as_root sed -i "s/spank_sif.so.*/& workdir=~/" /etc/slurm/plugstack.conf
	trace_a_step
	as_root sed -i "s/ workdir=~//" /etc/slurm/plugstack.conf
	run awk '$2 == "slurm" && $3 == 2001 && $4 == "H" {
		if (/PR_SET_NO_NEW_PRIVS/ && !first[$1]) first[$1] = "no_new_privs"
		if (/"\/etc\/passwd"/ && !first[$1]) first[$1] = "passwd"
		if (/"\/etc\/passwd"/) looked[$1] = 1
	} END { for (pid in looked) print first[pid] }' "$SHARED/trace"
	assert_line no_new_privs 3
	refute_line passwd
}
