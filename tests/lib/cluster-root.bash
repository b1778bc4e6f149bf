# SPDX-License-Identifier: BSD-3-Clause
# shellcheck shell=bash disable=SC2034,SC2154,SC2164
#
# cluster: process 1 builds its root and enters it.

# Mounts everything below DIR/mnt/root, the future root, and changes to it.
make_root() {
	local bind target mount
	cd "$dir/mnt"
	mount -t tmpfs -o mode=0755 tmpfs .
	cd "$dir/mnt"
	mkdir lower upper work root
	mount --bind "$slurm_root" lower
	mount -t overlay -o lowerdir=lower,upperdir=upper,workdir=work cluster root
	cd root
	for mount in tmp var/tmp dev/shm home run; do
		mkdir -p "$mount"
	done
	mkdir -p proc sys dev shared var/log/slurm var/spool
	mount --bind /dev dev
	mount -t devpts -o newinstance,ptmxmode=0666,mode=0620,gid=5 devpts dev/pts
	mount -t tmpfs -o mode=1777,nosuid,nodev shm dev/shm
	mount -t tmpfs -o mode=1777,nosuid,nodev tmp tmp
	mount -t tmpfs -o mode=1777,nosuid,nodev tmp var/tmp
	mount -t tmpfs -o mode=0755,nosuid,nodev run run
	install -D -m 0600 "$PROGRAM_DIR/one-munged.c" run/cluster/one-munged.c
	mount -t tmpfs -o mode=0755,nosuid,nodev home home
	mount -t tmpfs -o mode=0755 spool var/spool
	mount -t proc -o nosuid,nodev,noexec proc proc
	mount -t sysfs -o nosuid,nodev,noexec sysfs sys
	: </dev/fuse
	if [[ -n $fuse_mode ]]; then
		mknod fuse.device c 10 229
		chmod "$fuse_mode" fuse.device
		mount --bind fuse.device dev/fuse
	fi
	mount_cgroups
	mount -t fusectl -o nosuid,nodev,noexec fusectl sys/fs/fuse/connections
	mount --bind "$dir/log" var/log/slurm
	mount --bind "$dir/shared" shared
	for bind in ${binds[@]+"${binds[@]}"}; do
		target=./${bind#*:}
		bind=${bind%%:*}
		if [[ -d $bind ]]; then
			mkdir -p "$target"
		else
			mkdir -p "${target%/*}"
			touch "$target"
		fi
		mount --rbind "$bind" "$target"
	done
	mount_slurm
	[[ -z $install ]] ||
		cp -dR --preserve=mode,timestamps,links "$install/." .
}

enter_root() {
	mkdir .machine
	pivot_root . .machine
	cd /
	umount --lazy /.machine
	rmdir /.machine
	mount --make-rshared /
	hash -r
}

# A prefix on a file system of its own, or below a directory that is empty here.
mount_slurm() {
	[[ -n $slurm && ! -x .$slurm/sbin/slurmctld ]] || return 0
	[[ -x $slurm/sbin/slurmctld ]] ||
		fail "--slurm=$slurm: there is no '$slurm/sbin/slurmctld'"
	mkdir -p ".$slurm" ../slurm/upper ../slurm/work
	mount -t overlay -o "lowerdir=$slurm,upperdir=../slurm/upper,workdir=../slurm/work" \
		slurm ".$slurm"
}

# Puts the Slurm of a prefix into everybody's PATH, before another one, and has it read
# the cluster's configuration.
link_slurm() {
	local folder
	[[ -n $slurm ]] || return 0
	for folder in bin sbin; do
		[[ $slurm/$folder -ef /usr/local/$folder ]] ||
			ln -sf "$slurm/$folder"/* "/usr/local/$folder/"
	done
	# The path is a constant in its library, or in slurmd if that is static; so is
	# that of configless nodes.
	read -r folder < <(find "$slurm"/lib* "$slurm"/sbin \
		\( -name libslurmfull.so -o -name slurmd \) -exec \
		grep -aho '/[[:graph:]]*/slurm\.conf' {} + | grep -v '^/run/') ||
		fail "--slurm=$slurm: cannot tell where it looks for slurm.conf"
	folder=${folder%/*}
	[[ ! $folder -ef /etc/slurm ]] || return 0
	[[ ! -d $folder ]] || cp -R "$folder/." /etc/slurm/
	rm -rf "$folder"
	mkdir -p "${folder%/*}"
	ln -s /etc/slurm "$folder"
}
