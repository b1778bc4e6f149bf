# SPDX-License-Identifier: BSD-3-Clause
# shellcheck shell=bash disable=SC2034,SC2154
#
# cluster, --cgroup: groups of the cluster's own in the machine's hierarchies.  The
# supervisor makes and removes them, process 1 joins and mounts them.

# Prints the machine's hierarchies for the cluster, from /proc/self/cgroup: the mount
# point, the name, and the group of this process.
list_hierarchies() {
	local id controllers group
	while IFS=: read -r id controllers group; do
		case $cgroup:$id:$controllers in
		v1:0:* | v1:*:name=*) ;;
		v1:*) echo "/sys/fs/cgroup/$controllers $controllers $group" ;;
		v2:0:) echo "$(findmnt --first-only --noheadings --types cgroup2 \
			--output TARGET) unified $group" ;;
		esac
	done </proc/self/cgroup
}

# Sets $cgroups to the cluster's own groups.
make_cgroups() {
	local mount name group file
	cgroups=()
	[[ -n $cgroup ]] || return 0
	while read -r mount name group; do
		group=$mount${group%/}
		[[ -e $group/cgroup.procs ]] ||
			fail "--cgroup=$cgroup: the machine has no '$group'"
		mkdir "$group/cluster.$$"
		cgroups+=("$group/cluster.$$")
		# A new cpuset is empty, and no process can join an empty one.
		[[ $name != *cpuset* ]] || for file in cpuset.cpus cpuset.mems; do
			cat "$group/$file" >"$group/cluster.$$/$file"
		done
	done < <(list_hierarchies)
	((${#cgroups[@]})) || fail "--cgroup=$cgroup: the machine has none"
}

# Process 1 runs it, so that every member of the groups is in its pid namespace:
# Slurm 24.11 and later refuses a group with other members.
# shellcheck disable=SC2016
JOIN_SCRIPT='
	for group in $0; do
		echo 0 >"$group/cgroup.procs" || exit
	done
	exec unshare --cgroup -- "$@"'

cgroups_are_gone() {
	find "${cgroups[@]}" -depth -type d -exec rmdir {} + 2>/dev/null
	[[ -z $(find "${cgroups[@]}" -maxdepth 0 2>/dev/null) ]]
}

# The kernel releases a group a moment after its last process has ended.
remove_cgroups() {
	((${#cgroups[@]} == 0)) || wait_for "$STOP_TIMEOUT_S" cgroups_are_gone ||
		echo "cannot remove the cgroups ${cgroups[*]}" >&2
}

# Mounts them where systemd does.  With v2, Slurm must not see the machine's v1
# (see only-cgroup2.c), and slurmd must be alone in the root group: from 24.11 on it
# moves all other members, and fails if one of them ends meanwhile.
mount_cgroups() {
	local name
	case $cgroup in
	v1)
		mount -t tmpfs -o mode=0755 cgroup sys/fs/cgroup
		while read -r _ name _; do
			mkdir "sys/fs/cgroup/$name"
			mount -t cgroup -o "$name" cgroup "sys/fs/cgroup/$name"
		done < <(list_hierarchies)
		;;
	v2)
		mount -t cgroup2 cgroup sys/fs/cgroup
		mkdir sys/fs/cgroup/system.slice # as systemd does
		mkdir sys/fs/cgroup/boot
		echo 0 >sys/fs/cgroup/boot/cgroup.procs
		slurmd_group=/sys/fs/cgroup
		slurmd_preload=/run/only-cgroup2.so
		# shellcheck disable=SC2086 # a compiler with options
		${CC:-cc} -shared -fPIC -o ".$slurmd_preload" "$PROGRAM_DIR/only-cgroup2.c"
		;;
	esac
}
