#!/usr/bin/env bats
# SPDX-License-Identifier: BSD-3-Clause
#
# What is visible in a container on request: binds of users and of the site, further
# images, /tmp, home, the working directory, the writable layer.  And images that try
# to redirect a bind.

load ../lib/common
load ../lib/assert

setup_file() {
	has_plugin || return 0
	cluster_start
	export TREES=$BATS_FILE_TMPDIR/trees
	local tree=$TREES/small
	image_tree "$tree"
	compile_show_ids "$tree/usr/bin/show-ids"
	chmod 4755 "$tree/usr/bin/show-ids"
	mkdir "$tree/opt/there"
	echo image >"$tree/opt/there/file"
	image_sif "$tree" "$SHARED/small.sif" -comp lz4
	make_data_images
	image_tree "$TREES/odd" sh cat ls
	as_alice sh -c 'mkdir -p /shared/d/sub /shared/e && echo d >/shared/d/in-d &&
		echo e >/shared/e/in-e && echo sub >/shared/d/sub/file'
}

teardown() {
	has_plugin || return 0
	stop_steps
	stop_other
	rm -rf "$SHARED"/{go,pid,hostile.sif,pids}
}

make_data_images() {
	mkdir -p "$TREES/data"
	echo faces >"$TREES/data/mark"
	image_squashfs "$TREES/data" "$SHARED/faces.sqsh" -comp gzip
	mkdir -p "$TREES/parts/sub/a b" "$TREES/parts/links"
	echo sub >"$TREES/parts/sub/mark"
	echo blank >"$TREES/parts/sub/a b/mark"
	ln -s ../sub "$TREES/parts/links/relative"
	ln -s /sub/mark "$TREES/parts/links/absolute"
	ln -s ../../../../sub "$TREES/parts/links/above"
	ln -s loop "$TREES/parts/links/loop"
	mkfifo "$TREES/parts/fifo"
	image_squashfs "$TREES/parts" "$SHARED/parts.sqsh" -comp gzip
	echo maps >"$TREES/data/mark"
	image_squashfs "$TREES/data" "$BATS_FILE_TMPDIR/maps.sqsh" -comp gzip
	# A data partition without a root file system.
	siftool new "$SHARED/maps.sif"
	siftool add --datatype 4 --parttype 3 --partfs 1 --partarch "$(image_sif_arch)" \
		"$SHARED/maps.sif" "$BATS_FILE_TMPDIR/maps.sqsh"
}

inside() { # SRUN-ARGUMENT...
	here srun --sif-image=small.sif "$@"
}

# Copies the odd tree; in the copy PLACE is a symlink to TARGET.
hostile_image() { # PLACE TARGET...
	rm -rf "${TREES:?}/hostile"
	cp -a "$TREES/odd" "$TREES/hostile"
	while (($#)); do
		rm -rf "${TREES:?}/hostile/$1"
		mkdir -p "$(dirname "$TREES/hostile/$1")"
		ln -s "$2" "$TREES/hostile/$1"
		shift 2
	done
	image_sif "$TREES/hostile" "$SHARED/hostile.sif" -comp lz4
}

# Without the image itself, which each test makes.
host_state() {
	host_files | grep -v -e "^shared/hostile.sif " -e "^shared d " -e " shared$"
}

# The host is unchanged, whether or not the step failed.
assert_harmless_bind() { # BEFORE SRUN-ARGUMENT...
	local before=$1
	shift
	run here srun --sif-image=hostile.sif "$@"
	diff <(echo "$before") <(host_state) | head -n 20 | tee /dev/stderr |
		(! grep -q .)
	[[ -z $(as_root findmnt --noheadings --output TARGET --types fuse.sif) ]]
}

# --- the grammar ---------------------------------------------------------------

@test "SRC, SRC:DST, SRC:DST:ro, several, relative, with variables work" {
	run inside --chdir=/tmp --sif-bind=/shared/d cat /shared/d/in-d
	assert_output d
	run inside --sif-bind=d:/mnt,/shared/e:/opt/new/deep \
		cat /mnt/in-d /opt/new/deep/in-e
	assert_output $'d\ne'
	run inside --sif-bind=d/in-d:/opt/there/file,./e/../d/./in-d:/etc/file \
		cat /opt/there/file /etc/file
	assert_output $'d\nd'
	# shellcheck disable=SC2016
	run here env NAME=e TOP=/opt srun --sif-image=small.sif \
		--sif-bind='$PWD/d:$TOP/1,/shared/${NAME}:${TOP}/2' \
		cat /opt/1/in-d /opt/2/in-e
	assert_output $'d\ne'
	as_alice sh -c 'echo home >/home/alice/file'
	run inside --sif-bind='~/file:/mnt/file' cat /mnt/file
	as_alice rm /home/alice/file
	assert_output home
}

@test "a backslash quotes ':' and ','" {
	as_alice mkdir '/shared/a:b,c d'
	as_alice touch '/shared/a:b,c d/odd'
	run inside --sif-bind='/shared/a\:b\,c d:/mnt/x\:y' sh -c 'ls "/mnt" "/mnt/x:y"'
	rm -r "$SHARED/a:b,c d"
	assert_output $'/mnt:\nx:y\n\n/mnt/x:y:\nodd'
}

@test "'ro' and 'rw' are enforced even for the owner of the directory" {
	run inside --sif-bind=d:/mnt:ro sh -c \
		'cat /mnt/in-d; echo no >/mnt/new; echo no >/mnt/in-d; rm /mnt/in-d'
	assert_failure
	assert_equal "$(grep -c "Read-only file system" <<<"$output")" 3
	assert_line d
	run inside --sif-bind=d:/mnt:ro,rw,e:/opt/e:rw,ro sh -c \
		'echo yes >/mnt/new && cat /mnt/new; echo no >/opt/e/new'
	assert_contains "Read-only file system"
	assert_line yes
	as_alice rm /shared/d/new
	run inside --sif-bind=d:/mnt sh -c 'echo yes >/mnt/new'
	assert_status 0
	as_alice rm /shared/d/new
	# Also for mounts below it.
	run inside --sif-bind=/dev:/mnt:ro sh -c 'touch /mnt/shm/file'
	assert_contains "Read-only file system"
}

@test "a later bind replaces an earlier one; parents are mounted first" {
	run inside --sif-bind=d:/mnt,e:/mnt ls /mnt
	assert_output in-e
	run inside --sif-bind=e:/mnt/sub,d:/mnt sh -c 'ls /mnt /mnt/sub'
	assert_output $'/mnt:\nin-d\nsub\n\n/mnt/sub:\nin-e'
	run inside --sif-bind=e:/tmp ls /tmp
	assert_output in-e
	run inside --sif-bind=d/in-d:/etc/hosts,d/in-d:/usr/bin/env \
		--sif-bind=d/in-d:/etc/passwd,?/nonesuch:/etc/group \
		cat /etc/hosts /usr/bin/env /etc/passwd
	assert_output $'d\nd\nd'
}

@test "'?' makes a bind optional, '-' leaves one out" {
	run inside --sif-bind='?/nonesuch:/mnt/1,?d:/mnt/2' ls /mnt
	assert_status 0
	assert_output 2
	run inside --sif-bind=-/home/alice,-/etc/slurm,-/nonesuch \
		sh -c 'ls /home /etc/slurm'
	refute_line alice
	run inside --sif-bind=d:/mnt,-/mnt ls /mnt
	assert_output ""
	run inside --sif-bind=-/proc true
	assert_failure
	assert_contains "--sif-bind: '/proc' cannot be left out or covered: it belongs to every container of this site"
}

@test "binds in job scripts for Singularity and Apptainer work" {
	run here env SINGULARITY_BIND=/shared/d:/mnt/1 \
		SINGULARITY_BINDPATH=/shared/e:/mnt/2:ro APPTAINER_BIND=/shared/d:/mnt/3 \
		APPTAINER_BINDPATH=/shared/e:/mnt/4,/shared/d:/mnt/5 \
		srun --sif-image=small.sif ls /mnt
	assert_output $'1\n2\n3\n4\n5'
	run here env APPTAINER_BIND=/shared/d:/mnt srun --sif-image=small.sif \
		--sif-bind=e:/mnt ls /mnt
	assert_output in-e
	run here env APPTAINER_BIND=/shared/d:/mnt:wrong srun --sif-image=small.sif \
		true
	assert_failure
	assert_contains "APPTAINER_BIND: '/shared/d:/mnt:wrong': 'wrong' is not an option"
	run here env APPTAINER_BIND=/shared/d:/mnt:wrong srun echo no image
	assert_output "no image"
	# Scripts write this for a variable that is not set.
	run here env SINGULARITY_BIND=,/shared/d:/mnt/1,,/shared/e:/mnt/2, \
		srun --sif-image=small.sif ls /mnt
	assert_output $'1\n2'
}

@test "an error in a variable's bind names the variable, on the node, too" {
	# shellcheck disable=SC2016
	run here env SINGULARITY_BINDPATH='$NONE:/mnt' srun --sif-image=small.sif true
	assert_failure
	assert_contains "SINGULARITY_BINDPATH: '\$NONE': the variable NONE, which it contains, is not set"
	refute_contains --sif-bind
	for source in /nonesuch nonesuch/./x '$PWD/nonesuch'; do
		run here env APPTAINER_BINDPATH="/shared/d:/mnt/1,$source:/mnt/2" \
			srun --sif-image=small.sif --sif-bind=e:/mnt/3 true
		assert_failure
		assert_matches "APPTAINER_BINDPATH: cannot bind '[a-z/.]*nonesuch[/.x]*'"
		refute_contains --sif-bind
	done
	run here env APPTAINER_BINDPATH=/shared/d:/proc srun --sif-image=small.sif true
	assert_failure
	assert_contains "APPTAINER_BINDPATH: '/proc' cannot be left out or covered"
	run here env APPTAINER_BINDPATH=/shared/d:/mnt/1 \
		srun --sif-image=small.sif --sif-bind=/nonesuch:/mnt/2 true
	assert_failure
	assert_contains "--sif-bind: cannot bind '/nonesuch'"
	# In a job that already has them.
	run here env SINGULARITY_BIND=/shared/d:/mnt/1 salloc --quiet \
		--sif-image=small.sif sh -c 'echo "$SPANK_SIF_BIND"
			srun sh -c "echo \$SPANK_SIF_BIND"'
	assert_line /shared/d:/mnt/1 2
}

@test "empty items are refused by the commands and on the node" {
	while IFS='|' read -r name value sentence; do
		run inside --sif-"$name"="$value" true
		assert_failure
		assert_contains "--sif-$name: $sentence"
		refute_contains node1
		run here env "SPANK_SIF_${name^^}=$value" srun --sif-image=small.sif true
		assert_failure
		assert_contains "SPANK_SIF_${name^^}: $sentence"
		# A value that no command has checked; it keeps the quotes.
		[[ $value != *,* ]] || value="'$value'"
		run inside -w node1 --export="ALL,SLURM_SIF_${name^^}=$value" true
		assert_failure
		assert_contains "error: spank_sif: SLURM_SIF_${name^^}: "
		assert_contains "node1: task 0: Exited"
		assert_contains "${sentence##*\'}"
	done <<-'END'
	bind|/shared/d:/mnt,,/shared/e|'/shared/d:/mnt,,/shared/e' has an empty item: remove the comma next to it
	bind|/shared/d:/mnt,|'/shared/d:/mnt,' has an empty item
	bind|/tmp:|'/tmp:': the destination is missing
	mount|faces.sqsh:/data,|'faces.sqsh:/data,' has an empty item
	env|FOO,|'FOO,' has an empty item
	env|=|'=' is not NAME or NAME=VALUE
	END
}

@test "each mistake in a bind has its own message" {
	as_root mkdir -m 0700 /shared/roots
	while IFS='|' read -r bind sentence; do
		run inside --sif-bind="$bind" true
		assert_failure
		assert_contains "$sentence"
	done <<-'END'
	/nonesuch:/mnt|'/nonesuch': No such file or directory; it must exist on this node (a '?' before it makes it optional)
	/shared/d/in-d/x:/mnt|Not a directory; it must exist on this node
	/shared/roots/x:/mnt|Permission denied; you must be able to reach it on this node
	/shared/d:/opt/there/file|cannot make the mount point '/opt/there/file' in the image: Not a directory
	/shared/d/in-d:/opt/there|cannot make the mount point '/opt/there' in the image: Is a directory
	/shared/d:/opt/there/file/x|cannot make the mount point
	/shared/e:/mnt,/shared/d:/mnt/new|cannot bind at '/mnt/new': '/mnt' shows '/shared/e' of this node, which has no such file or directory; make it there, or choose another destination
	/shared/d:/mnt:rw,nosuid|--sif-bind: '/shared/d:/mnt:rw,nosuid': 'nosuid' cannot be chosen for a bind, but ro and rw can (all are nosuid): leave it out
	/shared/d:/mnt:rbind|'rbind' cannot be chosen for a bind
	/shared/d:/opt/..|nothing can be bound at '/', the root of the image
	$NONE:/mnt|the variable NONE, which it contains, is not set
	END
	rmdir "$SHARED/roots"
	[[ ! -e $SHARED/e/new ]]
}

@test "a bind gives no access that the user lacks on the host" {
	run inside --sif-bind=/etc/shadow:/mnt/shadow cat /mnt/shadow
	assert_failure
	assert_contains "Permission denied"
	run inside --sif-bind=/home/bob:/mnt/bob ls /mnt/bob
	assert_failure
	assert_contains "Permission denied"
	run inside --sif-bind=/:/mnt/host cat /mnt/host/etc/shadow
	assert_failure
}

@test "a mounted file system, a device and a socket can be bound" {
	run inside --sif-bind=/dev/shm:/mnt/shm,/dev/null:/mnt/null sh -c \
		'echo gone >/mnt/null && echo x >/mnt/shm/bound && cat /dev/shm/bound
		rm /mnt/shm/bound'
	assert_output x
	run inside --sif-bind=/run/munge/munge.socket.2:/mnt/socket \
		stat -c %F /mnt/socket
	assert_output socket
}

# --- binds of the site ---------------------------------------------------------

@test "site binds can be optional, and left out by the user unless fixed" {
	start_other "bind=/shared/d:/site/d:ro,?/nonesuch:/site/none \
		bind=!/shared/e:/site/e,?!/nonesuch2:/site/none2"
	mkdir "$OTHER/shared/"{d,e}
	touch "$OTHER/shared/d/in-d" "$OTHER/shared/e/in-e"
	run on_other srun --sif-image=small.sif sh -c 'ls /site/*; touch /site/d/x'
	assert_contains $'/site/d:\nin-d\n\n/site/e:\nin-e'
	assert_contains "Read-only file system"
	refute_contains none
	run on_other srun --sif-image=small.sif --sif-bind=-/site/d ls /site
	assert_status 0
	assert_output e
	run on_other srun --sif-image=small.sif --sif-bind=/shared/e:/site/d ls /site/d
	assert_output in-e
	for bind in -/site/e /shared/d:/site/e -/site//x/../e/; do
		run on_other srun --sif-image=small.sif --sif-bind="$bind" true
		assert_failure
		assert_contains "'/site/e' cannot be left out or covered: it belongs to every container of this site"
	done
	for target in /site/e /proc; do
		run on_other srun --sif-image=small.sif \
			--sif-mount="small.sif:$target" true
		assert_failure
		assert_contains "--sif-mount: '$target' cannot be left out or covered"
	done
	run on_other srun --sif-image=small.sif --sif-mount=small.sif:/site/e true
	assert_failure
	assert_contains "'/site/e' cannot be left out"
	run on_other srun --sif-image=small.sif --sif-home=/proc \
		--sif-bind=-/proc true
	assert_failure
	assert_contains "--sif-home: '/proc' cannot be left out or covered"
	# A value that no command would pass on.
	run on_other srun --sif-image=small.sif --export=ALL,SLURM_SIF_BIND=proc true
	assert_failure
	assert_contains "--sif-bind: the destination 'proc' is not an absolute path"
}

@test "no bind covers the site's binds through a symlink in the image" {
	local tree=$BATS_TEST_TMPDIR/tree
	image_tree "$tree"
	ln -s /site/e "$tree/to-e"
	ln -s /site "$tree/to-above"
	ln -s /proc "$tree/to-proc"
	start_other 'bind=!/shared/e:/site/e'
	mkdir "$OTHER"/shared/{d,e}
	touch "$OTHER"/shared/d/in-d "$OTHER"/shared/e/in-e
	image_sif "$tree" "$OTHER/shared/alias.sif" -comp lz4
	for bind in d:/to-e d:/to-above d:/to-proc; do
		run on_other srun --sif-image=alias.sif --sif-bind="/shared/$bind" true
		assert_failure
		assert_contains "cannot be left out or covered: it belongs to every container of this site"
	done
	run on_other srun --sif-image=alias.sif --sif-mount=alias.sif:/to-e true
	assert_failure
	assert_contains "'/site/e' cannot be left out or covered"
	run on_other srun --sif-image=alias.sif --sif-bind=/shared/d:/to-none ls /to-none /site/e
	assert_status 0
	assert_output $'/site/e:\nin-e\n\n/to-none:\nin-d'
}

# /site/e is fixed; /shared/e has a directory, a file, and a separate file system in
# sub/fs.
start_fixed() {
	local tree=$BATS_TEST_TMPDIR/tree
	start_other "$1"
	mkdir -p "$OTHER"/shared/{d,e/sub/fs}
	touch "$OTHER"/shared/d/in-d "$OTHER"/shared/e/{in-e,sub/in-sub}
	"$CLUSTER_TOOL" exec "$OTHER" --user=root -- sh -c \
		'mount -t tmpfs none /shared/e/sub/fs && mkdir /shared/e/sub/fs/deep'
	image_tree "$tree"
	ln -s /site/e/sub "$tree/to-sub"
	ln -s /site/e/in-e "$tree/to-file"
	ln -s /site/e/sub/fs/deep "$tree/to-deep"
	mkdir -p "$tree/real/e"
	image_sif "$tree" "$OTHER/shared/alias.sif" -comp lz4
}

on_other_alias() { # BIND CMD...
	local bind=$1
	shift
	run on_other srun --sif-image=alias.sif --sif-bind="$bind" "$@"
}

@test "no bind of a user is below a fixed one, by name or through a symlink" {
	start_fixed 'bind=!/shared/e:/site/e,!/shared/d'
	for bind in d:/site/e/sub d/in-d:/site/e/in-e d:/site/e/sub/fs/deep \
		d:/to-sub d/in-d:/to-file d:/to-deep ?d:/to-sub; do
		on_other_alias "$bind" true
		assert_failure
		assert_contains "--sif-bind: '/site/e' cannot be left out or covered: it belongs to every container of this site"
	done
	for target in /site/e/sub /to-sub /to-deep; do
		run on_other srun --sif-image=alias.sif \
			--sif-mount="alias.sif:$target" true
		assert_failure
		assert_contains "--sif-mount: '/site/e' cannot be left out or covered"
	done
	# What is visible there is unchanged.
	mkdir "$OTHER/shared/d/sub"
	on_other_alias /shared/d/sub,/shared/d ls /shared/d
	assert_output $'in-d\nsub'
	on_other_alias /shared/d/sub:/shared/d/sub:ro true
	assert_failure
	assert_contains "--sif-bind: '/shared/d' cannot be left out or covered"
	run "$CLUSTER_TOOL" exec "$OTHER" --chdir=/shared/d/sub -- srun \
		--sif-image=/shared/alias.sif --sif-home=/shared/d/sub sh -c 'pwd; echo $HOME'
	assert_output $'/shared/d/sub\n/shared/d/sub'
	# Nor mounts for the user's working directory.
	"$CLUSTER_TOOL" exec "$OTHER" --user=root -- sh -c \
		'mkdir -p /site/e/sub && chmod 0777 /site/e/sub /shared/e/sub'
	run "$CLUSTER_TOOL" exec "$OTHER" --chdir=/site/e/sub -- env \
		TMPDIR=/site/e/sub srun --sif-image=/shared/alias.sif sh -c 'pwd; ls'
	assert_output $'/site/e/sub\nfs\nin-sub'
	# /proc, /sys and /dev are fixed, but binds below them are allowed.
	on_other_alias d/in-d:/proc/version,d:/dev/shm \
		sh -c 'ls /dev/shm; test ! -s /proc/version'
	assert_status 0
	assert_output $'in-d\nsub'
}

@test "a fixed bind is refused where the user could replace its path later" {
	start_fixed 'bind=!/shared/e:/data/e,?!/shared/d:/data/d'
	# Owned by the user, by root, and by root with a symlink to the user's.
	on_other mkdir -p /shared/mine/{e,d} /shared/linked /shared/other
	on_other ln -s /shared/other /shared/linked/e
	mkdir -p "$OTHER"/shared/{roots/{e,d},links/{d,x},open/{e,d},sticky/e,none/e}
	ln -s /data/x "$OTHER/shared/links/e"
	chmod 0777 "$OTHER/shared/open"
	chmod 1777 "$OTHER/shared/sticky"
	on_other mkdir /shared/sticky/d
	on_other sh -c 'mkdir /shared/linked/d'
	for bind in {mine,linked,links,open,sticky}:/data{,:ro}; do
		on_other_alias "$bind" true
		assert_failure
		assert_matches "which belongs to every container of this site, would lie in a directory that others than root can change; choose another destination|cannot bind at '/data/e'"
	done
	on_other_alias mine:/data true
	assert_contains "--sif-bind: '/shared/mine' cannot be bound at '/data': '/data/e', which belongs to every container of this site, would lie in a directory that others than root can change; choose another destination"
	on_other mv /shared/sticky/d /shared/sticky/mine
	mkdir "$OTHER/shared/sticky/d"
	on_other_alias sticky:/data true
	assert_status 0
	on_other_alias roots:/data ls /data /data/e /data/d
	assert_status 0
	assert_output $'/data:\nd\ne\n\n/data/d:\nin-d\n\n/data/e:\nin-e\nsub'
	# Another user's, and a directory that an image server calls root's.
	"$CLUSTER_TOOL" exec "$OTHER" --user=bob -- mkdir -p /shared/bobs/{e,d}
	on_other_alias bobs:/data true
	assert_failure
	assert_contains "others than root can change"
	# With a writable layer the user owns root's files, but only the image's.
	run on_other srun --sif-image=alias.sif --sif-writable-tmpfs --sif-bind=roots:/data true
	assert_status 0
	run on_other srun --sif-image=alias.sif --sif-writable-tmpfs --sif-bind=mine:/data true
	assert_failure
	# Through the user's symlink to a path in the image.
	on_other mkdir -p /shared/away/d
	on_other ln -s /real/e /shared/away/e
	on_other_alias away:/data true
	assert_failure
	assert_contains "'/data/e', which belongs to every container of this site, would be found by way of a directory that others than root can change"
	# '?' concerns only the source.
	on_other_alias none:/data true
	assert_failure
	assert_contains "cannot bind at '/data/d': '/data' shows '/shared/none' of this node"
}

@test "a fixed bind below two binds is not below the user's" {
	start_fixed 'bind=!/shared/d/sub/e'
	mkdir -p "$OTHER/shared/d/sub/e"
	on_other mkdir -p /shared/mine/e
	on_other_alias /shared/d,mine:/shared/d/sub true
	assert_failure
	assert_contains "--sif-bind: '/shared/mine' cannot be bound at '/shared/d/sub'"
	on_other_alias /shared/d true
	assert_status 0
}

@test "site binds: variables come from the user's entry and Slurm, not from the job" {
	local binds='/shared/$USER/d:/site/${USER},?/shared/none.$UID:/none'
	binds+=',!/shared/$UID:/site/uid,~/mine:/site/$SLURM_JOB_ID'
	binds+=',/shared/\$USER:/site/dollar'
	start_other "bind=$binds"
	mkdir -p "$OTHER/shared/"{alice/d,2001,'$USER',mallory/d}
	touch "$OTHER/shared/"{alice/d/of-alice,2001/of-2001,mallory/d/of-mallory}
	on_other mkdir /home/alice/mine
	on_other touch /home/alice/mine/of-home
	for set in USER=mallory UID=2002 HOME=/shared/mallory SLURM_JOB_ID=7; do
		run on_other srun --sif-image=small.sif \
			--export="ALL,$set" sh -c 'ls /site/alice /site/uid
			ls /site; ls /site/[1-9]*'
		assert_status 0
		assert_line of-alice
		assert_line of-2001
		assert_line of-home
		assert_line dollar
		refute_contains mallory
	done
	run on_other salloc --quiet --sif-image=small.sif sh -c \
		'srun test -e /site/$SLURM_JOB_ID/of-home && echo of the job'
	assert_output "of the job"
	run on_other srun --sif-image=small.sif --sif-bind=/shared:/site/uid true
	assert_failure
	assert_contains "'/site/uid' cannot be left out or covered"
	run "$CLUSTER_TOOL" exec "$OTHER" --user=bob --chdir=/shared -- \
		srun --sif-image=small.sif true
	assert_failure
	assert_contains "cannot bind '/shared/bob/d': No such file or directory"
}

@test "binds-max= limits the binds of users and does not count the site's" {
	start_other "binds-max=3 bind=/shared:/s/1,/shared:/s/2,/shared:/s/3,/shared:/s/4"
	run on_other srun --sif-image=small.sif \
		--sif-bind=/shared:/u/1,/shared:/u/2,/shared:/u/3 ls /s /u
	assert_output $'/s:\n1\n2\n3\n4\n\n/u:\n1\n2\n3'
	run on_other env SINGULARITY_BIND=/shared:/u/1,/shared:/u/2 srun \
		--sif-image=small.sif --sif-bind=/shared:/u/3,/shared:/u/4 true
	assert_failure
	assert_contains "--sif-bind: a step can have 3 binds, and this one has 4: bind directories above them, or ask the administrator for binds-max=4 in plugstack.conf"
	refute_contains node1
	# A value that no command would pass on.
	run on_other srun -w node1 --sif-image=small.sif \
		--export="ALL,SLURM_SIF_BIND='/a:/b,/a:/c,/a:/d,/a:/e'" true
	assert_failure
	assert_contains "error: spank_sif: --sif-bind: a step can have 3 binds"
	assert_contains "node1: task 0: Exited"
}

@test "deny=bind: variables in the client's environment bind nothing" {
	start_other deny=bind
	on_other sh -c 'mkdir -p /shared/secret /shared/own/spmix_appdir_2001_x &&
		echo mine >/shared/secret/file && cp /shared/secret/file \
		/shared/secret/.Xauthority && cp -r /etc/slurm/. /shared/secret &&
		ln -s /shared/secret/file /tmp/.Xauthority-mine'
	while read -r -a variables; do
		run "$CLUSTER_TOOL" exec "$OTHER" --chdir=/tmp -- \
			env "${variables[@]}" srun --sif-image=/shared/small.sif \
			--sif-tmp=private sh -c 'ls -A /tmp /shared'
		assert_contains "'/shared': No such file or directory"
		refute_contains Xauthority
	done <<-'END'
	PMIX_SERVER_TMPDIR=/shared/secret PMIX_NAMESPACE=slurm.pmix.1.0
	XAUTHORITY=/shared/secret/file
	XAUTHORITY=/shared/secret/.Xauthority HOME=/shared/secret
	XAUTHORITY=/tmp/.Xauthority-mine
	XAUTHORITY=/tmp/.Xauthority-/../../shared/secret/file
	SLURM_CONF=/shared/secret/slurm.conf
	SLURM_PMIX_TMPDIR=/shared/own PMIX_NAMESPACE=slurm.pmix.x/../../secret PMIX_SERVER_TMPDIR=/x
	END
	# Where Slurm creates a directory for PMIx.
	[[ $(on_other srun --mpi=list 2>&1) == *pmix* ]] || return 0
	run "$CLUSTER_TOOL" exec "$OTHER" --chdir=/tmp -- \
		env SLURM_PMIX_TMPDIR=/shared/own srun --mpi=pmix \
		--sif-image=/shared/small.sif sh -c 'ls /shared; ls -d "$PMIX_SERVER_TMPDIR"'
	assert_contains "'/shared': No such file or directory"
	assert_matches '/pmix\.[0-9]+\.0'
}

@test "a missing site bind fails, and the message names plugstack.conf" {
	start_other "bind=/nonesuch:/site"
	run on_other srun --sif-image=small.sif true
	assert_failure
	assert_contains "'/nonesuch': No such file or directory"
	run on_other srun --sif-image=small.sif --sif-bind=-/site echo without
	assert_output without
}

# --- further images ------------------------------------------------------------

@test "--sif-mount mounts several squashfs and SIF files, read-only" {
	run inside --sif-mount=faces.sqsh:/data/faces,maps.sif:/data/maps \
		--sif-mount=small.sif:/mnt sh -c \
		'cat /data/faces/mark /data/maps/mark /mnt/opt/there/file
		echo no >/data/faces/new'
	for line in faces maps image; do
		assert_line "$line"
	done
	assert_contains "Read-only file system"
	run inside -N2 -n4 --sif-mount=faces.sqsh:/data,faces.sqsh:/mnt \
		cat /data/mark /mnt/mark
	assert_line faces 8
	run inside --sif-mount=small.sif:/mnt sh -c 'unset LD_LIBRARY_PATH
		/mnt/usr/bin/show-ids; grep " /mnt " /proc/self/mountinfo'
	assert_line "2001 2001 2001"
	assert_matches ' /mnt ro,nosuid,nodev'
	wait_until 10 no_servers
}

@test "--sif-mount mounts an ext3 file" {
	type -P mke2fs >/dev/null || skip "no mke2fs"
	mke2fs -q -F -t ext3 -d "$TREES/data" "$SHARED/data.ext3" 16M
	run inside -n4 --sif-mount=data.ext3:/data sh -c \
		'cat /data/mark; grep " /data " /proc/self/mountinfo'
	assert_line maps 4
	assert_matches ' /data ro,nosuid,nodev'
	debugfs -w -R 'feature +needs_recovery' "$SHARED/data.ext3" 2>/dev/null
	run inside --sif-mount=data.ext3:/data true
	assert_failure
	assert_contains "'/shared/data.ext3': its ext file system was not unmounted properly"
	wait_until 10 no_servers
}

@test "each mistake in --sif-mount has its own message" {
	while IFS='|' read -r mount sentence; do
		run inside --sif-mount="$mount" true
		assert_failure
		assert_contains "$sentence"
	done <<-'END'
	/nonesuch:/data|cannot open the image '/nonesuch': No such file or directory
	d:/data|cannot use the image '/shared/d': it is a directory
	d/in-d:/data|cannot use the image '/shared/d/in-d': it is neither a SIF nor a squashfs file
	faces.sqsh:/|is the root of the image
	faces.sqsh:/data,maps.sif:/data/|--sif-mount: there is more than one image for '/data'
	faces.sqsh:/proc|--sif-mount: '/proc' cannot be left out or covered: it belongs to every container of this site
	faces.sqsh:/opt/there/file|cannot make the mount point '/opt/there/file' in the image
	END
	many=
	for i in 1 2 3 4 5 6 7 8; do
		many+=,faces.sqsh:/data/$i
	done
	run inside --sif-mount="${many#,}" sh -c 'cat /data/*/mark'
	assert_line faces 8
	run inside --sif-mount="${many#,},faces.sqsh:/data/9" true
	assert_failure
	assert_contains "--sif-mount: a step can have 8 further images, not more"
	refute_contains node1
}

@test "a directory or a file of an image, with its symlinks followed inside" {
	while read -r part shown; do
		run inside --sif-mount="parts.sqsh:/data:src=$part" sh -c \
			'test -d /data && cat /data/mark || cat /data'
		assert_status 0
		assert_output "$shown"
	done <<-'END'
	/sub sub
	/sub/mark sub
	//sub/../sub/./mark sub
	/links/relative sub
	/links/absolute sub
	/links/above sub
	END
	run inside "--sif-mount=parts.sqsh:/data:src=/sub/a b" \
		--sif-mount=parts.sqsh:/mnt:image-src=/,ro \
		cat /data/mark /mnt/sub/mark
	assert_output $'blank\nsub'
	# Nothing of the image lies above.
	run inside --sif-mount=parts.sqsh:/data:src=/sub ls -a /data
	assert_output $'.\n..\na b\nmark'
	run inside --sif-mount=parts.sqsh:/data/f:src=/sub/mark sh -c \
		'grep " /data/f " /proc/self/mountinfo; stat -c %F /data/f
		echo no >/data/f'
	assert_matches ' /data/f ro,nosuid,nodev'
	assert_line "regular file"
	assert_contains "Read-only file system"
	wait_until 10 no_servers
}

@test "parts of images in the lists of binds, as Singularity has them" {
	run inside --sif-bind=d:/data/d,parts.sqsh:/data/p:image-src=/sub,ro \
		cat /data/d/in-d /data/p/mark
	assert_output $'d\nsub'
	run here env SINGULARITY_BIND=parts.sqsh:/data:image-src=/links/relative \
		srun --sif-image=small.sif --sif-bind=d:/mnt \
		cat /data/mark /mnt/in-d
	assert_output $'sub\nd'
	run inside --export=NONE --sif-bind=parts.sqsh:/data:image-src=/sub \
		cat /data/mark
	assert_output sub
}

@test "each mistake in a part of an image has its own message" {
	while IFS='|' read -r option sentence; do
		run inside "--sif-$option" true
		assert_failure
		assert_contains "$sentence"
	done <<-'END'
	mount=parts.sqsh:/data:src=/none|--sif-mount: cannot use the image '/shared/parts.sqsh': there is no '/none' in it
	mount=parts.sqsh:/data:src=/sub/mark/x|'/sub/mark/x' cannot be found in it: Not a directory
	mount=parts.sqsh:/data:src=/links/loop|'/links/loop' cannot be found in it: Too many levels of symbolic links
	mount=parts.sqsh:/data:src=/fifo|'/fifo' in it is neither a directory nor a file
	bind=parts.sqsh:/data:image-src=/none|--sif-bind: cannot use the image '/shared/parts.sqsh': there is no '/none' in it
	bind=parts.sqsh:/data:image-src=sub|the path in the image, 'sub', is not absolute
	bind=parts.sqsh:/data:image-src=/sub,rw|an image is read-only: leave 'rw' out
	bind=d:/data:image-src=/|cannot use the image '/shared/d': it is a directory
	bind=parts.sqsh:/opt/there/file:image-src=/sub|cannot make the mount point '/opt/there/file' in the image
	END
	run inside --sif-mount=parts.sqsh:/data \
		--sif-bind=parts.sqsh:/data:image-src=/ true
	assert_failure
	assert_contains "there is more than one image for '/data'"
}

@test "a data image cannot be the root, and a user's bind covers one" {
	run here srun --sif-image=maps.sif true
	assert_failure
	assert_contains "no primary system partition"
	refute_contains node1
	run inside --sif-mount=faces.sqsh:/data --sif-bind=d/in-d:/data/mark \
		cat /data/mark
	assert_output d
}

# --- /tmp, home, working directory -----------------------------------------------

@test "--sif-tmp=private: empty, one per step, removed with it" {
	as_alice sh -c 'echo host >/tmp/host; echo host >/var/tmp/host'
	run inside -n2 --sif-tmp=private --sif-bind=d:/tmp/d sh -c \
		'ls /var/tmp; ls /tmp; ls /tmp/d; stat -c %a /tmp'
	assert_status 0
	assert_line d 2
	assert_line in-d 2
	assert_line 1777 2
	refute_line host
	inside -n2 --sif-tmp=private sh -c 'echo mine >/tmp/$SLURM_PROCID
		until test -s /tmp/0 && test -s /tmp/1; do sleep 0.05; done'
	run as_alice ls /tmp/0 /tmp/1
	assert_failure
	run inside --sif-tmp=private ls /tmp
	assert_output ""
	run inside --sif-tmp=host cat /tmp/host /var/tmp/host
	assert_output $'host\nhost'
	as_alice rm /tmp/host /var/tmp/host
	run "$CLUSTER_TOOL" exec "$CLUSTER" --chdir=/tmp -- \
		srun --sif-image=/shared/small.sif --sif-tmp=private sh -c 'pwd; ls'
	assert_output /tmp
}

@test "--sif-home=private: empty, writable, one per step; HOME is unchanged" {
	as_alice sh -c 'mkdir -p ~/project/sub && echo host >~/host
		echo host >~/project/sub/host'
	run inside -n2 --sif-home=private sh -c '
		stat -c "%a %U" ~; echo $HOME; getent passwd alice | sed "s/:[^:]*$//; s/.*://"
		echo mine >~/$SLURM_PROCID
		until test -s ~/0 && test -s ~/1; do sleep 0.05; done
		ls -A /home ~; cat ~/host'
	assert_line "700 alice" 2
	assert_line /home/alice 4
	refute_line host
	assert_contains "No such file or directory"
	run as_alice ls -d /home/alice/0
	assert_failure
	# The working directory is kept, or is the empty home.
	run "$CLUSTER_TOOL" exec "$CLUSTER" --chdir=/home/alice/project/sub -- \
		srun --sif-image=/shared/small.sif --sif-home=private sh -c \
		'pwd; cat host; ls ~'
	assert_output $'/home/alice/project/sub\nhost\nproject'
	run "$CLUSTER_TOOL" exec "$CLUSTER" --chdir=/home/alice -- \
		srun --sif-image=/shared/small.sif --sif-home=private sh -c \
		'pwd; ls -A'
	assert_output /home/alice
	# Like --contain of Apptainer: no file of the user is visible.
	run "$CLUSTER_TOOL" exec "$CLUSTER" --chdir=/home/alice/project -- \
		srun --chdir=/home/alice --sif-image=/shared/small.sif \
		--sif-home=private --sif-tmp=private sh -c 'pwd; ls -A . /tmp'
	assert_output $'/home/alice\n.:\n\n/tmp:'
	# A bind may be below it.
	run inside --sif-home=private --sif-bind=/home/alice/project sh -c \
		'cat ~/project/sub/host; ls ~'
	assert_output $'host\nproject'
	as_alice rm -r /home/alice/{host,project}
}

@test "the directory of TMPDIR is bound, is empty in a private /tmp, or is reported" {
	as_root install -d -o alice -m 700 /scratch.alice /scratch.alice/sub
	run inside --export=ALL,TMPDIR=/scratch.alice/sub/ sh -c 'echo x >$TMPDIR/x && cat $TMPDIR/x'
	assert_output x
	assert_equal "$(as_root cat /scratch.alice/sub/x)" x
	run inside -n2 --export=ALL,TMPDIR=/tmp/job/7 --sif-tmp=private sh -c \
		'echo $TMPDIR; stat -c %a $TMPDIR /tmp; ls $TMPDIR; echo x >$TMPDIR/x.$$'
	assert_status 0
	assert_line 700 2
	assert_line 1777 2
	# /tmp itself is unchanged.
	run inside --export=ALL,TMPDIR=/tmp/ --sif-tmp=private stat -c %a /tmp
	assert_output 1777
	# The node lacks it, too: only Slurm reports it.
	run inside --export=ALL,TMPDIR=/nonesuch true
	refute_contains spank_sif
	run inside --export=ALL,TMPDIR=/scratch.alice --sif-cleanenv ls -d /scratch.alice
	assert_failure
	run inside -w node1 --sif-env=TMPDIR=/opt true
	assert_status 0
	assert_contains "node1: warning: TMPDIR is '/opt', where nothing can be written in the container (Read-only file system): show that directory with --sif-bind"
	as_root rm -r /scratch.alice
}

@test "deny=bind: the directory of TMPDIR is not bound, which is reported" {
	start_other deny=bind
	run on_other sh -c 'mkdir /shared/tmp; TMPDIR=/shared/tmp srun --chdir=/tmp \
		--sif-image=/shared/small.sif ls /shared'
	stop_other
	assert_failure
	assert_contains "TMPDIR is '/shared/tmp', where nothing can be written in the container (No such file or directory)"
}

@test "--sif-home=no and --sif-home=PATH work" {
	run inside --sif-home=no ls /home
	assert_output ""
	run as_alice srun --sif-image=/shared/small.sif --sif-home=no sh -c 'pwd; ls /home'
	assert_line /
	refute_line alice
	as_alice mkdir /home/alice/work
	run "$CLUSTER_TOOL" exec "$CLUSTER" --chdir=/home/alice/work -- \
		srun --sif-image=/shared/small.sif --sif-home=no sh -c \
		'pwd; ls /home/alice'
	assert_output $'/home/alice/work\nwork'
	as_alice rmdir /home/alice/work
	run inside --sif-home=/shared/d sh -c \
		'echo $HOME; cat ~/in-d; getent passwd alice; ls /home'
	assert_output $'/shared/d\nd\nalice:x:2001:2001:Alice:/shared/d:/bin/bash'
	# shellcheck disable=SC2016
	run inside --sif-home='$PWD/e' sh -c 'echo $HOME; ls ~'
	assert_output $'/shared/e\nin-e'
	run inside --sif-home=/shared/d:/home/alice true
	assert_failure
	assert_contains "--sif-home: '/shared/d:/home/alice' is not one directory: for the home /home/alice that shows /shared/d, give --sif-home=/home/alice and --sif-bind=/shared/d:/home/alice"
	run inside --sif-home=/home/new --sif-bind=/shared/d:/home/new \
		sh -c 'echo $HOME; cat ~/in-d; ls /home'
	assert_output $'/home/new\nd\nnew'
	run inside --sif-home=/nonesuch true
	assert_failure
	assert_contains "'/nonesuch': No such file or directory"
}

@test "--sif-workdir: a directory of the image, of a bind, or a message" {
	run inside --sif-workdir=/opt/there sh -c 'pwd; cat file'
	assert_output $'/opt/there\nimage'
	run inside --sif-bind=d:/mnt --sif-workdir=/mnt/sub cat file
	assert_output sub
	# shellcheck disable=SC2016
	run here env W=opt srun --sif-image=small.sif --sif-workdir='/$W/./there/..' pwd
	assert_output /opt
	run inside --sif-workdir=/../../../../opt/there pwd
	assert_output /opt/there
	run inside -n3 --sif-workdir=/nonesuch true
	assert_failure
	assert_equal "$(grep -c "cannot start in '/nonesuch' in the image (--sif-workdir): No such file or directory" <<<"$output")" 1
	run inside --sif-workdir=/opt/there/file true
	assert_failure
	assert_contains "Not a directory"
}

@test "\$PWD is the step's directory, also after --sif-workdir and with two names" {
	run inside --sif-workdir=/opt/there printenv PWD
	assert_output /opt/there
	run inside --sif-bind=/shared:/mnt --sif-workdir=/mnt sh -c 'echo $PWD; pwd'
	assert_output $'/mnt\n/mnt'
	run inside --sif-workdir=/opt/there --sif-cleanenv --sif-env=PWD=/x printenv PWD
	assert_output /opt/there
	# Slurm changes the directory but not the variable.
	run inside --chdir=/shared/d printenv PWD
	assert_output /shared/d
	run "$CLUSTER_TOOL" exec "$CLUSTER" --chdir=/opt -- \
		srun --sif-image=/shared/small.sif --chdir=/boot printenv PWD
	assert_line /
	# A path through a symlink is kept, as in a shell.
	ln -s d "$SHARED/link"
	run here bash -c 'cd /shared/link && srun --sif-image=/shared/small.sif \
		--sif-bind=/shared sh -c "echo \$PWD; pwd"'
	rm "$SHARED/link"
	assert_output $'/shared/link\n/shared/link'
}

# --- the writable layer ----------------------------------------------------------

@test "--sif-writable-tmpfs: the tasks of a step share it, and nothing is left" {
	sum=$(sha256sum <"$SHARED/small.sif")
	inside -n2 --sif-writable-tmpfs sh -c '
		echo new >>/opt/there/file; rm /etc/os-release; mkdir -p /made/deep
		echo $SLURM_PROCID >/made/$SLURM_PROCID
		until test -s /made/0 && test -s /made/1; do sleep 0.05; done'
	run inside --sif-writable-tmpfs sh -c 'cat /opt/there/file; ls -d /made
		ls /etc/os-release'
	assert_line image
	refute_line new
	refute_line /made
	assert_line /etc/os-release
	assert_equal "$(sha256sum <"$SHARED/small.sif")" "$sum"
	run inside sh -c 'echo >/opt/there/file'
	assert_contains "Read-only file system"
}

@test "another step does not see the layer, in which the user owns everything" {
	start_step -n1 --overlap --chdir=/shared --sif-image=/shared/small.sif \
		--sif-writable-tmpfs sh -c 'echo changed >/opt/there/file
		echo >>/shared/go; sleep 1000'
	wait_for_lines "$SHARED/go"
	run inside --sif-writable-tmpfs cat /opt/there/file
	assert_output image
	# So the user may change files that root owns in the image.
	run inside --sif-writable-tmpfs sh -c 'stat -c "%u %a" /usr/bin/show-ids /'
	assert_output $'2001 4755\n2001 755'
}

@test "--sif-writable-tmpfs=yes,SIZE is a limit; the layer is nosuid and nodev" {
	run inside --sif-writable-tmpfs=yes,1m sh -c 'head -c 4M /dev/zero >/opt/big'
	assert_failure
	assert_contains "No space left on device"
	# The number of files is limited even without room for a page.
	run inside --sif-writable-tmpfs=yes,1k sh -c 'for i in $(seq 100); do
		: >/opt/$i || exit; done'
	assert_failure
	assert_contains "No space left on device"
	run inside --sif-writable-tmpfs=yes,64m sh -c \
		'head -c 4M /dev/zero >/opt/big && stat -c %s /opt/big'
	assert_output 4194304
	run inside --sif-writable-tmpfs sh -c 'show-ids; cp /usr/bin/show-ids /opt
		chmod 4755 /opt/show-ids; /opt/show-ids
		grep CapEff /proc/self/status
		findmnt --noheadings --output OPTIONS /'
	assert_line "2001 2001 2001" 2
	assert_line "CapEff:	0000000000000000"
	assert_matches 'rw,nosuid,nodev'
}

@test "binds in a writable container create mount points and keep what is below" {
	run inside --sif-writable-tmpfs --sif-bind=d:/brand/new sh -c \
		'cat /brand/new/in-d; touch /brand/other && ls /brand'
	assert_output $'d\nnew\nother'
	[[ ! -e $SHARED/d/other ]]
}

# --- hostile images --------------------------------------------------------------

@test "symlinks at and above a destination stay inside the image" {
	before=$(host_state)
	for target in /etc /shared/e ../../../../../../etc /home/bob; do
		hostile_image data "$target"
		assert_harmless_bind "$before" --sif-bind=/shared/d:/data ls /data
		assert_harmless_bind "$before" --sif-bind=/shared/d:/data/new/deep \
			ls /data/new/deep
		assert_harmless_bind "$before" \
			--sif-bind=/shared/d/in-d:/data/passwd cat /data/passwd
		assert_harmless_bind "$before" --sif-mount=faces.sqsh:/data/m true
	done
}

@test "loops, dangling links and long chains at a destination give a message" {
	before=$(host_state)
	hostile_image a b b a
	assert_harmless_bind "$before" --sif-bind=/shared/d:/a true
	assert_failure
	assert_contains "Too many levels of symbolic links"
	assert_harmless_bind "$before" --sif-bind=/shared/d:/a/x true
	assert_failure
	hostile_image a a/a
	assert_harmless_bind "$before" --sif-bind=/shared/d:/a/x true
	assert_failure
	hostile_image a /not/there/yet
	assert_harmless_bind "$before" --sif-bind=/shared/d:/a ls /a /not/there/yet
	assert_status 0
	assert_line in-d 2
}

@test "a destination that leads to the root of the image is refused" {
	before=$(host_state)
	for target in / . .. ../.. /usr/..; do
		hostile_image data "$target"
		assert_harmless_bind "$before" --sif-bind=/shared/d:/data true
		assert_failure
		assert_contains "the image's '/data' leads to its root: nothing can be bound there"
	done
}

@test "links into /proc do not lead out: root, cwd, descriptors" {
	before=$(host_state)
	for target in /proc/self/root /proc/1/root/etc /proc/self/cwd /proc/self/fd/3 \
		/proc/thread-self/root/shared /dev/fd/3; do
		hostile_image data "$target"
		assert_harmless_bind "$before" --sif-bind=/shared/d:/data ls /data
		assert_harmless_bind "$before" --sif-bind=/shared/d:/data/new \
			ls /data/new
		assert_harmless_bind "$before" --sif-writable-tmpfs \
			--sif-bind=/shared/d/in-d:/data/etc/passwd true
	done
}

@test "links at /proc, /sys, /dev, /tmp, /etc and the home do not lead out" {
	before=$(host_state)
	for place in proc sys dev tmp etc home var; do
		hostile_image "$place" ../../../shared/e
		assert_harmless_bind "$before" --sif-bind=/shared/d:/mnt:ro \
			sh -c 'cat /usr/mark'
		hostile_image "$place" /proc/self/root/shared/e
		assert_harmless_bind "$before" --sif-tmp=private \
			--sif-bind=/shared/d:/tmp/below --sif-writable-tmpfs true
	done
}

@test "a user's bind or '-' replaces the plugin's /etc/passwd" {
	as_alice sh -c 'echo mine:x:2001:2001:::/bin/sh >/shared/d/accounts'
	run here srun --sif-image=small.sif --sif-bind=d/accounts:/etc/passwd \
		sh -c 'cat /etc/passwd; grep -c alice /etc/group'
	assert_status 0
	assert_line mine:x:2001:2001:::/bin/sh
	refute_contains alice:
	run here srun --sif-image=small.sif --sif-bind=-/etc/passwd,-/etc/group \
		cat /etc/passwd /etc/group
	assert_status 0
	refute_contains alice
	assert_contains root:x:0
}
