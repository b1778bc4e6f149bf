# SPDX-License-Identifier: BSD-3-Clause
# shellcheck shell=bash disable=SC2034,SC2154
#
# cluster: process 1 writes accounts, names, and the configuration of Slurm.

# The users and groups of the system, without people, and the cluster's own.
write_accounts() {
	local file line id
	for file in passwd group; do
		while IFS= read -r line; do
			IFS=: read -r _ _ id _ <<<"$line"
			((id >= 1000 && id != 65534)) || echo "$line"
		done <"/etc/$file" >"/run/cluster/$file"
		cp "/run/cluster/$file" "/etc/$file"
	done
	cat >>/etc/passwd <<-'END'
	alice:*:2001:2001:Alice:/home/alice:/bin/bash
	bob:*:2002:2002:Bob:/home/bob:/bin/bash
	END
	cat >>/etc/group <<-'END'
	alice:x:2001:
	bob:x:2002:
	project:x:3001:alice,bob
	gpu:x:3002:alice
	lab-1:x:3003:alice
	END
	install -d -m 0700 -o 2001 -g 2001 /home/alice
	install -d -m 0700 -o 2002 -g 2002 /home/bob
}

write_names() {
	local n
	rm -f /etc/hosts /etc/nsswitch.conf /etc/resolv.conf /etc/hostname
	printf '%s: files\n' passwd group shadow gshadow hosts networks \
		protocols services ethers rpc >/etc/nsswitch.conf
	echo "search cluster.test" >/etc/resolv.conf
	echo "login" >/etc/hostname
	{
		echo "127.0.0.1 localhost"
		echo "10.0.0.200 login"
		for ((n = 1; n <= nodes; n++)); do
			echo "10.0.0.$n node$n"
		done
	} >/etc/hosts
}

# By default batch jobs wait for further submissions, and heterogeneous jobs for half
# a minute: hence SchedulerParameters.
default_conf() {
	local n
	cat <<-'END'
	ClusterName=throwaway
	SlurmctldHost=login
	SlurmUser=root
	AuthType=auth/munge
	CredType=cred/munge
	MpiDefault=none
	ProctrackType=proctrack/linuxproc
	TaskPlugin=task/none
	SelectType=select/cons_tres
	SelectTypeParameters=CR_CPU
	SchedulerParameters=batch_sched_delay=0,sched_min_interval=0,bf_interval=1
	SlurmdParameters=config_overrides
	ReturnToService=2
	KillWait=5
	UnkillableStepTimeout=20
	SlurmctldDebug=info
	SlurmctldLogFile=/var/log/slurm/slurmctld.log
	SlurmctldPidFile=/run/slurmctld.pid
	SlurmdDebug=debug
	SlurmdLogFile=/var/log/slurm/%n.log
	SlurmdPidFile=/run/slurmd-%n.pid
	SlurmdSpoolDir=/var/spool/slurmd-%n
	StateSaveLocation=/var/spool/slurmctld
	PlugStackConfig=/etc/slurm/plugstack.conf
	PartitionName=main Nodes=ALL Default=YES MaxTime=INFINITE State=UP
	END
	# Slurm warns of more than 100.
	echo "MessageTimeout=$((SLOWNESS < 10 ? SLOWNESS * 10 : 100))"
	for ((n = 1; n <= nodes; n++)); do
		echo "NodeName=node$n NodeAddr=node$n Port=$((7000 + n))" \
			"CPUs=32 Sockets=1 CoresPerSocket=32 ThreadsPerCore=1" \
			"RealMemory=8192 State=UNKNOWN"
	done
}

write_slurm_conf() {
	local line key
	local -A given=()
	for line in ${conf[@]+"${conf[@]}"}; do
		key=${line%%=*}
		given[${key,,}]=yes
	done
	while IFS= read -r line; do
		key=${line%%=*}
		[[ -n ${given[${key,,}]-} ]] || echo "$line"
	done < <(default_conf) >/etc/slurm/slurm.conf
	((${#conf[@]} == 0)) || printf '%s\n' "${conf[@]}" >>/etc/slurm/slurm.conf
}

# Sets $slurm_release; 2205 is Slurm 22.05.
find_release() {
	local version major minor
	version=$(slurmd -V)
	IFS=. read -r major minor _ <<<"${version##* }"
	slurm_release=$((major * 100 + 10#$minor))
}

# Some plugins, such as task/affinity, make slurmd load a cgroup plugin even where
# none is used; cgroup/v1 then does not look for a hierarchy.
write_cgroup_conf() {
	local plugin=disabled
	((slurm_release >= 2405)) || plugin=cgroup/v1
	[[ $slurm_release$cgroup != 2311v2 ]] ||
		fail "--cgroup=v2: Slurm 23.11 cannot use cgroup v2 in a namespace"
	{
		echo "CgroupPlugin=${cgroup:+cgroup/}${cgroup:-$plugin}"
		((${#cgroup_conf[@]} == 0)) || printf '%s\n' "${cgroup_conf[@]}"
	} >/etc/slurm/cgroup.conf
}

print_plugstack() {
	local plugin_dir=
	((${#plugstack[@]} == 0)) || printf '%s\n' "${plugstack[@]}"
	if [[ -n $plugin ]]; then
		plugin_dir=$(find ${slurm:+"$slurm"/lib*} /usr/lib* /usr/local/lib* \
			-name auth_munge.so -printf '%h\n' -quit)
		[[ -e $plugin_dir/spank_sif.so ]] ||
			fail "no spank_sif.so in Slurm's plugin directory" \
				"'$plugin_dir': use --install=DIR or --no-plugin"
		echo "required spank_sif.so $plugin_args"
	fi
	((${#plugstack_after[@]} == 0)) || printf '%s\n' "${plugstack_after[@]}"
}

write_plugstack() {
	print_plugstack >/etc/slurm/plugstack.conf
}
