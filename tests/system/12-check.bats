#!/usr/bin/env bats
# SPDX-License-Identifier: BSD-3-Clause
# shellcheck disable=SC2154
#
# spank-sif-check on healthy and on broken nodes, and the site scripts that keep jobs
# away from nodes without the plugin.

load ../lib/common
load ../lib/assert

SERVER=/usr/libexec/spank-sif/spank-sif-server
LINE=/etc/slurm/plugstack.conf
FUSERMOUNT=$(command -v fusermount3)

setup_file() {
	has_plugin || return 0
	cp -r "$TESTS_LIB/../../examples/site" "$BATS_FILE_TMPDIR/"
	local lua=()
	! has_slurm_plugin job_submit_lua || lua=(--conf=JobSubmitPlugins=lua
		--bind="$BATS_FILE_TMPDIR/site/job_submit.lua:/etc/slurm/job_submit.lua")
	cluster_start --fuse-mode=0600 --conf=Prolog=/root/prolog \
		--bind="$BATS_FILE_TMPDIR/site:/site" "${lua[@]}"
	image_tree "$BATS_FILE_TMPDIR/tree"
	image_sif "$BATS_FILE_TMPDIR/tree" "$SHARED/app.sif"
	as_root cp -a "$LINE" /root/plugstack.conf
	as_root cp -a "$SERVER" /root/server
	as_root cp -a "$FUSERMOUNT" /root/fusermount3
	as_root sh -c 'echo "#!/bin/sh" >/root/prolog; chmod 0755 /root/prolog'
}

teardown() {
	has_plugin || return 0
	as_root cp -a /root/plugstack.conf "$LINE"
	as_root cp -a --remove-destination /root/server "$SERVER"
	as_root cp -a /root/fusermount3 "$FUSERMOUNT"
}

# NAME RESULT TEXT: what one line says.
assert_check() {
	local line
	line=$(printf '%s\n' "${lines[@]}" | grep -E "^[a-z]+ +$1 ") ||
		assertion_failed "there is no check '$1'"
	[[ $line == "$2 "* && $line == *"$3"* ]] ||
		assertion_failed "'$line' is not $2: $3"
}

plugstack() { # TEXT
	as_root sh -c "printf '%s\n' \"\$1\" >$LINE" sh "$1"
}

@test "a healthy node gives no warning or failure, and nothing is left behind" {
	run as_root spank-sif-check
	assert_status 0
	refute_contains warning
	refute_contains failure
	assert_check image ok 'a test image was read'
	assert_check plugstack ok "'$LINE', line"
	run as_root pgrep -f spank-sif-server
	assert_output ''
}

@test "users can run it, too" {
	run as_alice spank-sif-check
	assert_status 0
	assert_check image skipped 'only root'
}

@test "--json prints JSON, --brief a line, other options are refused" {
	run as_root sh -c 'spank-sif-check --json | python3 -c "
import json, sys
checks = json.load(sys.stdin)[\"checks\"]
print(len(checks), {c[\"result\"] for c in checks} <= {\"ok\", \"skipped\"})"'
	assert_output '14 True'
	run as_root srun -N2 spank-sif-check --brief
	assert_status 0
	assert_line 'node1 ok'
	assert_line 'node2 ok'
	run as_root spank-sif-check --only=plugin,kernel
	assert_status 0
	assert_equal "${#lines[@]}" 2
	run as_root spank-sif-check --only=plugin,kernal
	assert_status 2
	run as_root spank-sif-check --breif
	assert_status 2
	assert_contains 'usage: spank-sif-check'
}

@test "a server readable by users, with another owner, or missing is a failure" {
	as_root chmod 0755 "$SERVER"
	run as_root spank-sif-check
	assert_status 1
	assert_check programs failure 'must have the mode 0711'
	as_root chmod 0711 "$SERVER"
	as_root chown alice "$SERVER"
	run as_root spank-sif-check
	assert_status 1
	assert_check programs failure 'does not belong to root'
	assert_check image failure "$SERVER"
	as_root rm "$SERVER"
	run as_root spank-sif-check
	assert_status 1
	assert_check programs failure 'No such file'
	run as_root unshare --mount sh -c 'd=/usr/libexec/spank-sif
		mount -t tmpfs -o noexec,mode=755 none /mnt; cp -a $d/. /mnt
		cp -a /root/server /mnt/spank-sif-server
		mount --bind /mnt $d; spank-sif-check'
	assert_status 1
	assert_check programs failure 'mounted noexec'
}

@test "a setuid helper, one of another version, or a folder of a group, is a failure" {
	run as_root unshare --mount sh -c 'd=/usr/libexec/spank-sif
		mount -t tmpfs -o mode=755 none /mnt; cp -a $d/. /mnt
		mount --bind /mnt $d
		chmod 4755 $d/spank-sif-inspect; spank-sif-check --only=programs
		chmod 0755 $d/spank-sif-inspect
		printf "#!/bin/sh\necho spank-sif-keeper 0.8\n" >$d/spank-sif-keeper
		spank-sif-check --only=programs
		chmod 0775 $d
		runuser -u alice -- spank-sif-check --only=programs'
	assert_status 1
	assert_line "failure  programs          cannot use '/usr/libexec/spank-sif/spank-sif-inspect': it must have the mode 0755; install the package again"
	assert_contains 'is not of version'
	assert_contains '(spank-sif-keeper 0.8): install the package again'
	assert_contains 'others than root may write to a folder above it'
}

# Its wait for the child ends after 5 seconds instead of 40.
@test "a check that hangs or is killed is a failure, and --json stays JSON" {
	run as_root unshare --mount sh -c 'd=/usr/libexec/spank-sif
		mount -t tmpfs -o mode=755 none /mnt; cp -a $d/. /mnt
		printf "#!/bin/sh\nexec sleep 9753\n" >/mnt/spank-sif-gpus
		mount --bind /mnt $d
		strace -o /dev/null -e inject=poll:retval=0:delay_enter="$0" \
			spank-sif-check --json --only=plugin,programs,paths >/mnt/json
		echo "exit status $?"
		python3 -c "
import json
print(*[c[\"result\"] for c in json.load(open(\"/mnt/json\"))[\"checks\"]])"
		grep -c "no result after 40 seconds" /mnt/json
		printf "#!/bin/sh\npkill -KILL -n -x spank-sif-check\n" \
			>/mnt/spank-sif-gpus
		spank-sif-check --only=plugin,programs,paths' "$(scaled 5)000000"
	assert_status 1
	assert_contains $'exit status 1\nok failure skipped\n1\n'
	assert_check programs failure 'killed, or has crashed (signal 9)'
	wait_until 10 as_root sh -c '! pgrep -xf "sleep 9753"'
}

@test "a server that does not work is a failure" {
	as_root cp --remove-destination /usr/bin/false "$SERVER"
	as_root chmod 0711 "$SERVER"
	run as_root spank-sif-check
	assert_status 1
	assert_check image failure 'the image server ended'
	as_root cp -a --remove-destination /root/server "$SERVER"
	run check_after programs 'lib=$(ldd /usr/libexec/spank-sif/spank-sif-gpus |
			sed -n "s/.*yaml.*=> \([^ ]*\).*/\1/p")
		mount --bind /dev/null "$lib"'
	assert_status 1
	assert_check programs failure 'spank-sif-gpus: error while loading shared libraries'
}

@test "plugstack.conf: no line, two lines, optional, or not last is reported" {
	local required="required spank_sif.so"
	plugstack '# nothing'
	run as_root spank-sif-check
	assert_status 1
	assert_check plugstack failure 'does not name spank_sif.so'
	assert_check plugstack failure "add the line 'include /etc/slurm/plugstack.conf.d/*.conf'"
	plugstack "$required"$'\n'"$required"
	run as_root spank-sif-check
	assert_status 1
	assert_check plugstack failure 'listed 2 times'
	plugstack "optional spank_sif.so"
	run as_root spank-sif-check
	assert_status 1
	assert_check plugstack failure "use 'required'"
	plugstack "$required"$'\n'"optional other.so"
	run as_root spank-sif-check
	assert_status 0
	assert_check plugstack warning 'other.so follows'
	plugstack "optional other.so"$'\n'"$required"
	run as_root spank-sif-check --only=plugstack
	assert_status 0
	assert_check plugstack ok "'$LINE', line 2"
	plugstack "$required timeout=banana"
	run as_root spank-sif-check
	assert_status 1
	assert_check plugstack failure banana
}

@test "plugstack.conf: what Slurm reads in another way than it looks is reported" {
	local required="required spank_sif.so"
	plugstack "Required spank_sif.so"
	run as_root spank-sif-check --only=plugstack
	assert_status 1
	assert_check plugstack failure 'Slurm ignores the line'
	plugstack "$required"$'\r'
	run as_root spank-sif-check --only=plugin,plugstack
	assert_status 1
	assert_check plugin ok /
	assert_check plugstack failure 'carriage return'
	plugstack "$required $(printf 'cache=32 %.0s' {1..500})deny=mount"
	run as_root spank-sif-check --only=plugstack
	assert_status 1
	assert_check plugstack failure 'longer than 4094 characters'
	as_root mkdir /etc/slurm/parts
	as_root sh -c 'for n in 1 2; do
		echo required spank_sif.so >/etc/slurm/parts/$n.conf; done'
	plugstack 'include parts/*.conf'
	run as_root spank-sif-check --only=plugstack
	assert_check plugstack failure "2 times, first in '/etc/slurm/parts/1.conf'"
	as_root ln -sf /nowhere /etc/slurm/parts/2.conf
	run as_root spank-sif-check --only=plugstack
	assert_status 0
	as_root chmod 0600 /etc/slurm/parts/1.conf
	run as_root spank-sif-check --only=plugstack
	assert_check plugstack failure 'users cannot read'
	as_root chmod 0666 /etc/slurm/parts/1.conf
	run as_root spank-sif-check --only=plugstack
	assert_check plugstack failure 'all users may write'
	as_root rm -r /etc/slurm/parts
}

@test "the plugin is the one that Slurm loads: by PluginDir or an absolute path" {
	local plugin
	plugin=$(as_root spank-sif-check --only=plugin)
	plugin=/${plugin#*/}
	# A copy, one of another release, one that is cut off.
	as_root env LC_ALL=C plugin="$plugin" sh -ec 'mkdir -p /opt/a /opt/b /opt/c
		cp "$plugin" /opt/a/
		sed "s/\(spank_sif-release\x00*\).../\1\x01\x05\x13/" "$plugin" \
			>/opt/b/spank_sif.so
		head -c 100000 "$plugin" >/opt/c/spank_sif.so
		for dirs in /opt/a: /opt/b: /opt/c: ""; do
			{ cat /etc/slurm/slurm.conf; echo "PluginDir=\"$dirs${plugin%/*}\""
			} >/etc/slurm/"$(basename "0$dirs" :)".conf
		done
		echo PluginDir=/opt/none >>/etc/slurm/0.conf'
	check_with() { # FILE
		run as_root env SLURM_CONF="/etc/slurm/$1.conf" \
			spank-sif-check --only=plugin,release
	}
	check_with a
	assert_status 0
	assert_check plugin warning "Slurm loads '/opt/a/spank_sif.so', but"
	check_with b
	assert_check plugin ok "$plugin"
	check_with c
	assert_check plugin ok "$plugin"
	check_with 0
	assert_status 1
	assert_check plugin failure 'in PluginDir=/opt/none: add its folder'
	plugstack "required /opt/a/spank_sif.so"
	check_with slurm
	assert_check plugin warning "Slurm loads '/opt/a/spank_sif.so', but"
	run as_root unshare --mount sh -ec 'mount -t tmpfs none "$0"
		exec spank-sif-check --only=plugin' "${plugin%/*}"
	assert_status 0
	assert_check plugin ok /opt/a/spank_sif.so
	as_root chmod 0700 /opt/a
	check_with slurm
	assert_status 1
	assert_check plugin failure 'users cannot read'
	as_root chown alice /opt/a
	check_with slurm
	assert_check plugin failure 'others than root may write to a folder above it'
	plugstack "required /opt/c/spank_sif.so"
	check_with slurm
	assert_check release failure 'cannot tell which release'
	plugstack "required /opt/none/spank_sif.so"
	check_with slurm
	assert_check plugin failure "'/opt/none/spank_sif.so': No such file"
}

@test "what bind= and path= name has to be there" {
	plugstack 'required spank_sif.so bind=/shared,/scratch,?/none'
	run as_root spank-sif-check --only=paths
	assert_status 1
	assert_check paths failure 'bind=/scratch: No such file or directory'
	plugstack 'required spank_sif.so bind=?/none path=/images:/project/$USER'
	run as_root spank-sif-check --only=paths
	assert_status 0
	assert_check paths warning 'path=/images: No such file or directory'
	plugstack 'required spank_sif.so bind=/home/$USER path=/shared'
	run as_root spank-sif-check --only=paths
	assert_check paths ok '1 of path= and bind= are there'
}

@test "--json stays JSON whatever is in plugstack.conf" {
	plugstack $'required spank_sif.so timeout="\\x\thome=\\ \xff=\xc3'
	run as_root sh -c 'spank-sif-check --json --only=plugstack | python3 -c "
import json, sys
print(json.load(sys.stdin)[\"checks\"][0][\"result\"])"'
	assert_output failure
}

@test "plugstack.conf is the one that slurm.conf names, also by an include" {
	as_root sh -c 'mkdir -p /opt/conf && cd /opt/conf
		printf "%s\n" "required spank_sif.so mount=/sw/ghost.sif:/data" >other
		echo " plugstackconfig = /opt/conf/other # there" >more.conf
		echo "Include more.conf" >slurm.conf'
	run as_root env SLURM_CONF=/opt/conf/slurm.conf spank-sif-check
	assert_status 0
	assert_check plugstack ok "'/opt/conf/other', line 1"
	assert_check fusermount skipped 'only mount=host'
	# As Slurm has it without --sysconfdir: in its own prefix.
	run as_root unshare --mount sh -ec '
		srun=$(realpath "$(command -v srun)")
		mkdir -p "${srun%/bin/*}/etc"
		mount --bind /opt/conf "${srun%/bin/*}/etc"
		exec spank-sif-check'
	assert_check plugstack ok "'/opt/conf/other', line 1"
	# As slurmd fetches it where there is no slurm.conf (configless).
	run as_root unshare --mount sh -ec '
		mount -t tmpfs none /etc/slurm
		mount -t tmpfs none /run
		mkdir -p /run/slurm/conf
		echo include sif.conf >/run/slurm/conf/plugstack.conf
		echo required spank_sif.so >/run/slurm/conf/sif.conf
		: >/run/slurm/conf/slurm.conf
		exec spank-sif-check --only=plugstack'
	assert_check plugstack ok "'/run/slurm/conf/sif.conf', line 1"
	as_root rm /opt/conf/other
	run as_root env SLURM_CONF=/opt/conf/slurm.conf spank-sif-check
	assert_status 1
	assert_check plugstack failure "there is no '/opt/conf/other'"
}

@test "mount=host: /dev/fuse, fusermount3 and the sweep are checked" {
	plugstack "required spank_sif.so mount=private,host"
	as_root chmod u-s "$FUSERMOUNT"
	run as_root spank-sif-check
	assert_status 1
	assert_check fuse failure 'need 0666'
	assert_check fusermount failure 'not setuid'
	assert_check plugstack warning 'spank_sif_sweep.so'
	as_root chmod 4750 "$FUSERMOUNT"
	run as_root spank-sif-check --only=fusermount
	assert_check fusermount failure 'not every user may run it'
	as_root rm "$FUSERMOUNT"
	run as_root spank-sif-check --only=fusermount
	assert_status 1
	assert_check fusermount failure 'install the package fuse3'
}

# COMMANDS: what fusermount says about another /run.
check_other_run() {
	run check_after fusermount "mount -t tmpfs $1"
}

@test "mount=host: /run/spank-sif can be made, and nothing is left there" {
	plugstack "required spank_sif.so mount=host"
	check_other_run '-o ro none /run'
	assert_status 1
	assert_check fusermount failure "'/run/spank-sif', where mount=host mounts images: Read-only"
	check_other_run '-o nr_inodes=1 none /run'
	assert_status 1
	assert_check fusermount failure 'No space left on device'
	check_other_run 'none /run; mkdir -m 0777 /run/spank-sif'
	assert_status 1
	assert_check fusermount failure 'only root may write'
	check_other_run 'none /run; mkdir -p /run/spank-sif/9.0.1'
	assert_status 0
	assert_check fusermount warning "'/run/spank-sif/9.0.1' is left of a step"
	# As slurmstepd has it.
	check_other_run 'none /run; mkdir -p /run/spank-sif/9.0.1
		exec 9</run/spank-sif/9.0.1; flock 9'
	assert_check fusermount ok "$FUSERMOUNT"
}

@test "mount=host with privilege=userns in jobs with a /tmp of their own is reported" {
	as_root sh -c '{ cat /etc/slurm/slurm.conf
		echo JobContainerType=job_container/tmpfs; } >/etc/slurm/tmpfs.conf'
	check_tmpfs() { # SETTINGS
		plugstack "required spank_sif.so $1"
		run as_root env SLURM_CONF=/etc/slurm/tmpfs.conf \
			spank-sif-check --only=fusermount
	}
	check_tmpfs "mount=private,host privilege=userns"
	assert_check fusermount warning 'do not work together'
	check_tmpfs mount=host
	assert_check fusermount ok "$FUSERMOUNT"
}

@test "a plugin for another release of Slurm is a failure" {
	local slurmd
	slurmd=$(as_root sh -c 'realpath "$(command -v slurmd)"')
	as_root sh -c 'mv "$0" /root/slurmd
		printf "#!/bin/sh\necho slurm 19.05.1\n" >"$0"
		chmod 755 "$0"' "$slurmd"
	run as_root env PATH=/nowhere /usr/bin/spank-sif-check
	as_root mv /root/slurmd "$slurmd"
	assert_status 1
	assert_check release failure "this is 'slurm 19.05.1'"
}

@test "a plugin's file of another release, or none, is a failure" {
	local plugin
	plugin=$(as_root spank-sif-check --only=plugin)
	plugin=/${plugin#*/}
	as_root cp -a "$plugin" /root/plugin.so
	as_root env LC_ALL=C sed -i \
		's/\(spank_sif-release\x00*\).../\1\x01\x05\x13/' "$plugin"
	run as_root spank-sif-check --only=plugin,release
	assert_status 1
	assert_check plugin ok "$plugin"
	assert_check release failure 'built for Slurm 19.05'
	as_root env LC_ALL=C sh -c 'sed "s/\(spank_sif-release\x00*....\)[0-9.]*/\10.8/" \
		/root/plugin.so >"$0"' "$plugin"
	run as_root spank-sif-check --only=release
	assert_status 1
	assert_check release failure "'$plugin' is of spank-sif 0.8"
	as_root rm "$plugin"
	run as_root spank-sif-check --brief --only=plugin,plugstack
	assert_status 1
	assert_contains "failure: plugin: cannot use '$plugin': No such file"
	as_root mv /root/plugin.so "$plugin"
}

# CHECKS COMMANDS: what the checks find after the commands, which see and change a
# mount namespace of their own.
check_after() {
	as_root unshare --mount sh -ec "$2; exec spank-sif-check --only=$1" sh
}

@test "a node without the module fuse, or with little memory, is reported" {
	run check_after fuse 'mount -t tmpfs none /dev'
	assert_status 1
	assert_check fuse failure 'No such file or directory; load the kernel module'
	run check_after fuse,image 'mount -t tmpfs none /mnt; mknod /mnt/fuse c 0 0
		mount --bind /mnt/fuse /dev/fuse'
	assert_status 1
	assert_check fuse failure 'No such device'
	assert_check image failure /dev/fuse
	run check_after fuse 'mount -t tmpfs none /mnt; mknod -m 666 /mnt/fuse c 1 3
		mount --bind /mnt/fuse /dev/fuse'
	assert_status 1
	assert_check fuse failure 'is not the device 10:229'
	run check_after memory 'mount -t tmpfs none /mnt
		echo "MemAvailable: 2048 kB" >/mnt/meminfo
		mount --bind /mnt/meminfo /proc/meminfo'
	assert_status 0
	assert_check memory warning '2 MiB are available'
}

@test "a submit host, without slurmd, needs no /dev/fuse" {
	run check_after fuse,image,release 'mount -t tmpfs none /mnt
		mount --bind /dev/null "$(realpath "$(command -v slurmd)")"
		mknod /mnt/fuse c 0 0; mount --bind /mnt/fuse /dev/fuse'
	assert_status 0
	assert_check fuse warning 'only nodes need this, and there is no slurmd here'
	assert_check image warning 'there is no slurmd here'
	assert_check release ok "$(slurmd -V)"
}

@test "the limits of the cgroups above count as memory, in both versions" {
	local cgroups='mount -t tmpfs none /sys/fs/cgroup
		mkdir -p /sys/fs/cgroup/a/b /sys/fs/cgroup/cpu,memory/a/b
		echo 104857600 >/sys/fs/cgroup/a/memory.max
		echo max >/sys/fs/cgroup/a/b/memory.max
		printf "%s\n" "cache 0" "hierarchical_memory_limit 209715200" \
			>/sys/fs/cgroup/cpu,memory/a/b/memory.stat
		mount -t tmpfs none /proc; mkdir /proc/self
		echo "MemAvailable: 8388608 kB" >/proc/meminfo
		echo "$line" >/proc/self/cgroup'
	run check_after memory "line=0::/a/b; $cgroups"
	assert_status 0
	assert_check memory warning 'allows 100 MiB'
	run check_after memory "line=4:cpu,memory:/a/b; $cgroups"
	assert_check memory warning 'allows 200 MiB'
}

@test "a kernel without Landlock, seccomp or mount_setattr is reported" {
	run as_root strace -f -o /dev/null -e \
		inject=seccomp,landlock_create_ruleset,mount_setattr:error=ENOSYS \
		spank-sif-check --only=kernel,landlock,seccomp
	assert_status 1
	assert_check kernel failure 'Linux 5.14'
	assert_check landlock warning 'seccomp alone confines the image server'
	assert_check seccomp failure CONFIG_SECCOMP_FILTER
	run as_root strace -f -o /dev/null -e \
		inject=landlock_create_ruleset:error=EPERM \
		spank-sif-check --only=landlock
	assert_status 1
	assert_check landlock failure 'Landlock is forbidden here'
}

@test "a slurmd that is older than its file is reported" {
	run as_root sh -c 'cp /bin/bash /opt/slurmd
		/opt/slurmd -c "read -rt 600 <> <(:)" & pid=$!
		while kill -0 $pid && [ "$(readlink /proc/$pid/exe)" != /opt/slurmd ]
		do :; done
		rm /opt/slurmd; spank-sif-check --only=release; kill $pid'
	assert_check release warning 'the running slurmd is older: restart it'
}

# In a user namespace with one user, where root cannot become another one.
check_without_namespaces() {
	run as_root unshare --user --map-root-user spank-sif-check \
		--only=user-namespaces
}

@test "user namespaces: whether they are needed depends on plugstack.conf" {
	check_without_namespaces
	assert_status 0
	assert_check user-namespaces warning 'directories of --sif-overlay need'
	plugstack 'required spank_sif.so deny=overlay'
	check_without_namespaces
	assert_check user-namespaces skipped 'nothing needs them'
	plugstack 'required spank_sif.so privilege=userns'
	check_without_namespaces
	assert_status 1
	assert_check user-namespaces failure 'user.max_user_namespaces'
	run as_root unshare --user --map-root-user --mount sh -ec '
		mount -t tmpfs none /proc/sys/kernel
		echo 0 >/proc/sys/kernel/unprivileged_userns_clone
		spank-sif-check --only=user-namespaces'
	assert_status 1
	assert_check user-namespaces failure 'unprivileged_userns_clone to 1'
}

@test "AppArmor: user namespaces need a profile where they are restricted" {
	local restrict='mount -t tmpfs none /proc/sys/kernel
		echo 1 >/proc/sys/kernel/apparmor_restrict_unprivileged_userns
		mount -t tmpfs none /sys/kernel; mkdir -p /sys/kernel/security/apparmor'
	run check_after user-namespaces "$restrict"
	assert_status 0
	assert_check user-namespaces warning 'give spank-sif-userns a profile'
	run check_after user-namespaces "$restrict
		echo 'spank-sif-userns (unconfined)' >/sys/kernel/security/apparmor/profiles"
	assert_check user-namespaces ok 'users can make them'
}

@test "AppArmor: a profile of fusermount3 has to mention /run/spank-sif" {
	plugstack 'required spank_sif.so mount=host'
	local profile='mount -t tmpfs none /sys/kernel
		mkdir -p /sys/kernel/security/apparmor
		echo "fusermount3 (enforce)" >/sys/kernel/security/apparmor/profiles
		mount -t tmpfs none /mnt
		mkdir -p /etc/apparmor.d; mount --bind /mnt /etc/apparmor.d'
	run check_after fusermount "$profile; echo 'umount /mnt/,' >/mnt/fusermount3"
	assert_status 0
	assert_check fusermount warning "does not mention '/run/spank-sif'"
	run check_after fusermount "$profile; mkdir /mnt/local
		echo 'umount /run/spank-sif/*/image/,' >/mnt/local/fusermount3"
	assert_check fusermount ok "$FUSERMOUNT"
}

@test "--cluster checks every node and finds one without spank-sif" {
	run as_root env SPANK_SIF_IMAGE=/shared/app.sif spank-sif-check --cluster
	assert_status 0
	assert_line 'node1 ok'
	assert_line 'node2 ok'
	as_root mv /usr/bin/spank-sif-check /root/
	as_root scontrol update nodename=node2 state=drain reason=test
	run as_root /root/spank-sif-check --cluster
	as_root mv /root/spank-sif-check /usr/bin/
	as_root scontrol update nodename=node2 state=resume
	assert_status 1
	assert_line 'node1 failure: spank-sif is not installed'
	assert_line 'node2 not asked: its state is drain'
}

@test "--cluster asks nodes of every partition, also from an allocation" {
	wait_until 20 nodes_are_idle
	as_root scontrol update partitionname=main nodes=node1
	as_root scontrol create partitionname=second nodes=node2
	run as_root salloc --quiet --nodelist=node1 --mem=10M spank-sif-check --cluster
	as_root scontrol update partitionname=second state=down
	local all=$output
	run as_root spank-sif-check --cluster
	as_root scontrol delete partitionname=second
	as_root scontrol update partitionname=main nodes=node1,node2
	assert_equal "$all" $'node1 ok\nnode2 ok'
	assert_output $'node2 not asked: its partition is down\nnode1 ok'
	run as_root env SLURM_CONF=/dev/null spank-sif-check --cluster
	assert_status 1
	assert_line 'sinfo lists no nodes: does slurmctld answer?'
}

@test "the prolog keeps jobs from a broken node" {
	as_root cp -a /site/prolog /root/prolog
	run as_alice srun -w node1 hostname
	assert_status 0
	as_root chmod 0755 "$SERVER"
	run as_root srun -w node1 hostname
	assert_failure
	assert_contains 'prolog failed'
	run as_root sinfo --noheader --nodes=node1 --format=%t
	assert_contains drain
	as_root sh -c 'echo "#!/bin/sh" >/root/prolog'
	as_root scontrol update nodename=node1 state=resume
}

@test "job_submit.lua sends batch jobs with an image to the feature sif" {
	has_slurm_plugin job_submit_lua || skip "this Slurm was built without Lua"
	as_root scontrol update nodename=node2 AvailableFeatures=sif,fast \
		ActiveFeatures=sif,fast
	as_root scontrol update nodename=node1 AvailableFeatures=slow ActiveFeatures=slow
	run as_alice sbatch --wait --output=/shared/batch.out --constraint='fast|slow' \
		--sif-image=/shared/app.sif --wrap=hostname
	assert_status 0
	assert_equal "$(<"$SHARED/batch.out")" node2
	# COMMAND...: the features that the job then asks for.
	features_of() {
		local job
		job=$(as_alice "$@" --hold --parsable --wrap=true) &&
			as_alice squeue --noheader --jobs="$job" --format=%f &&
			as_alice scancel "$job"
	}
	run features_of sbatch --sif-image=/shared/app.sif
	assert_output sif
	run features_of env SPANK_SIF_IMAGE=/shared/app.sif sbatch
	assert_output sif
	run features_of sbatch --sif-image=none
	assert_output '(null)'
	run as_alice sbatch --nodelist=node1 --sif-image=/shared/app.sif --wrap=true
	assert_failure
	assert_contains 'Requested node configuration is not available'
}

# MODULE LABEL: what ps prints for slurmd.
check_under() {
	as_root unshare --mount sh -ec 'mount -t tmpfs none /mnt
		case $0 in
		selinux)
			mount -t tmpfs none /sys/fs
			mkdir /sys/fs/selinux
			echo 1 >/sys/fs/selinux/enforce ;;
		apparmor)
			mount -t tmpfs none /sys/module
			mkdir -p /sys/module/apparmor/parameters
			echo Y >/sys/module/apparmor/parameters/enabled ;;
		esac
		printf "#!/bin/sh\necho %s\n" "\"$1\"" >/mnt/ps
		chmod 0755 /mnt/ps
		mount --bind /mnt/ps "$(command -v ps)"
		spank-sif-check --only=security-modules' "$@"
}

@test "SELinux, AppArmor: slurmd's context says whether it is confined" {
	run check_under selinux system_u:system_r:unconfined_service_t:s0
	assert_check security-modules ok 'does not confine slurmd'
	run check_under selinux system_u:system_r:slurmd_t:s0
	assert_check security-modules warning 'may confine slurmd (system_u:system_r:slurmd_t:s0)'
	run check_under apparmor '/usr/sbin/slurmd (enforce)'
	assert_check security-modules warning 'AppArmor confines slurmd (/usr/sbin/slurmd (enforce))'
	run check_under apparmor unconfined
	assert_check security-modules ok 'AppArmor does not confine slurmd'
	run as_root spank-sif-check --only=security-modules
	assert_check security-modules ok 'SELinux is '
}
