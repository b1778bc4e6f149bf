# SPDX-License-Identifier: BSD-3-Clause
# shellcheck shell=bash disable=SC2034,SC2154
#
# cluster: process 1 starts munged, slurmctld and the slurmd, and waits.

# Its stderr holds what the daemon says before it opens its log.
daemon() { # NAME CMD...
	local name=$1
	shift
	(
		exec {control}>&-
		# A background command of a shell ignores some signals; Slurm 26.05
		# passes that on to steps.
		exec env --default-signal "$@" </dev/null \
			>/dev/null 2>"/run/cluster/$name.stderr"
	) &
	daemons[$name]=$!
}

daemons_live() {
	local name
	for name in "${!daemons[@]}"; do
		kill -0 "${daemons[$name]}" 2>/dev/null || {
			tail -n 15 "/run/cluster/$name.stderr" >&2
			fail "$name has ended"
		}
	done
}

munge_works() {
	daemons_live
	munge --no-input 2>/dev/null | unmunge >/dev/null 2>&1
}

controller_answers() {
	daemons_live
	scontrol ping 2>/dev/null | grep -q 'is UP'
}

nodes_are_idle() {
	daemons_live
	(($(sinfo --noheader --Node --states=idle --format=%N 2>/dev/null |
		sort -u | wc -l) == node_count))
}

start_munge() {
	mkdir -m 0755 /run/munge
	head -c 1024 /dev/urandom >/run/cluster/munge.key
	chmod 0400 /run/cluster/munge.key
	daemon munged munged --foreground --key-file=/run/cluster/munge.key \
		--log-file=/run/munge/munged.log --pid-file=/run/munge/munged.pid \
		--seed-file=/run/munge/munged.seed
}

# A Slurm of one slurmd for each machine expects that each has a munged: see
# one-munged.c.
share_munge() {
	! grep -q '^MULTIPLE_SLURMD .*= Yes' <<<"$(scontrol show config)" || return 0
	# shellcheck disable=SC2086 # a compiler with options
	${CC:-cc} -shared -fPIC -o /run/one-munged.so /run/cluster/one-munged.c
	slurmd_preload+=${slurmd_preload:+:}/run/one-munged.so
}

# Each slurmd runs in its own uts namespace, with the name of its node.
start_slurmd() { # NODE
	# shellcheck disable=SC2016
	daemon "$1" env ${slurmd_preload:+LD_PRELOAD=$slurmd_preload} unshare --uts sh -c '
		echo "$0" >/proc/sys/kernel/hostname || exit
		[ -z "$1" ] || echo 0 >"$1/cgroup.procs" || exit
		exec slurmd -D -N "$0"' "$1" "$slurmd_group"
}

start_daemons() {
	local node
	local -a names
	start_munge
	daemon slurmctld slurmctld -D
	wait_for "$READY_TIMEOUT_S" munge_works || fail "munge does not work"
	mapfile -t names < <(scontrol show hostnames "$(
		sed -n 's/^NodeName=\([^ ]*\).*/\1/ip' /etc/slurm/slurm.conf |
			paste -sd,)")
	node_count=${#names[@]}
	wait_for "$READY_TIMEOUT_S" controller_answers ||
		fail "slurmctld does not answer"
	share_munge
	for node in "${names[@]}"; do
		start_slurmd "$node"
	done
	wait_for "$READY_TIMEOUT_S" nodes_are_idle || {
		sinfo --Node --long >&2
		fail "not all nodes became idle"
	}
}

boot() {
	local pid control
	local -A daemons=()
	local node_count=0 slurm_release=0 slurmd_preload="" slurmd_group=""
	read -r pid _ </proc/self/stat
	echo "$pid" >"$dir/init.pid"
	exec {control}>"$dir/control"
	umask 022
	# Slurm resolves its addresses with AI_ADDRCONFIG, which ignores 127.0.0.1.
	# With this address all of 10.0.0.0/24 is local.
	ip link set lo up
	ip address add 10.0.0.200/24 dev lo
	echo login >/proc/sys/kernel/hostname
	make_root
	enter_root
	chmod 0700 /run/cluster
	mkdir -p /etc/slurm /run/lock
	link_slurm
	write_accounts
	write_names
	write_slurm_conf
	find_release
	write_cgroup_conf
	write_plugstack
	start_daemons
	echo ready >&"$control"
	exec {control}>&-
	read -r _ || true
}
