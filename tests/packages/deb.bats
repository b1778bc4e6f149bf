#!/usr/bin/env bats
# SPDX-License-Identifier: BSD-3-Clause
# shellcheck disable=SC2154
#
# The Debian package on a live node: dpkg runs in the root of a throw-away
# cluster, where nothing of the plugin is installed before.  `make check-deb`
# says in DEB where the package is.

load ../lib/common
load ../lib/assert

LINK=/etc/slurm/plugstack.conf.d/spank-sif.conf
CONF=/etc/spank-sif/plugstack.conf
OTHER_RELEASE=19.05

setup_file() {
	unset SPANK_SIF_INSTALL
	cluster_start --nodes=1 \
		--plugstack='include /etc/slurm/plugstack.conf.d/*.conf'
	image_tree "$BATS_FILE_TMPDIR/tree"
	image_sif "$BATS_FILE_TMPDIR/tree" "$SHARED/image.sif"
	cp "$DEB" "$SHARED/1.deb"
	repack 0.9-2 "$SHARED/2.deb" true
	repack 0.9-3 "$SHARED/other.deb" built_for_other_release
}

# Each test begins on a node without the package, and ends with an idle one.
setup() {
	as_root dpkg --purge --force-depends slurm-spank-sif >/dev/null 2>&1
}

teardown() {
	stop_steps
	wait_until 20 nodes_are_idle
}

# The package with another version, and with what EDIT does to its control files.
repack() { # VERSION OUT EDIT
	local tree=$BATS_FILE_TMPDIR/deb
	rm -rf "$tree"
	dpkg-deb --raw-extract "$DEB" "$tree"
	sed -i "s/^Version: .*/Version: $1/" "$tree/DEBIAN/control"
	(cd "$tree/DEBIAN" && "$3")
	dpkg-deb --root-owner-group --build "$tree" "$2" >/dev/null
}

built_for_other_release() {
	local release
	release=$(release_of_deb)
	sed -i "/^Depends:/s/>= ${release}/>= $OTHER_RELEASE/g
		/^Depends:/s/<< [0-9.]*~/<< 19.06~/g" control
	sed -i "s/${release}/$OTHER_RELEASE/g" postinst
}

# The release of Slurm that it is built for.
release_of_deb() {
	dpkg-deb --field "$DEB" Depends | sed 's/.*basic-plugins (>= \([0-9.]*\)).*/\1/'
}

# For dpkg, the node has slurm-smd VERSION instead of the distribution's Slurm.
# shellcheck disable=SC2016
with_smd() { # VERSION CMD...
	as_root sh -c '
		cd /var/lib/dpkg && cp status /run/status
		awk -v RS= -v ORS="\n\n" "!/^Package: (lib)?slurm/" /run/status >status
		printf "%s\n" "Package: slurm-smd" "Status: install ok installed" \
			"Architecture: all" "Version: $0" "Maintainer: none" \
			"Description: none" >>status
		"$@"
		result=$?
		dpkg --purge slurm-spank-sif
		mv /run/status status
		exit "$result"' "$@"
}

install_package() { # NAME [OPTION...]
	run as_root dpkg --install "${@:2}" "/shared/$1.deb"
}

start_reading_step() {
	rm -f "$SHARED"/{go,started}
	start_step --sif-image=/shared/image.sif --sif-bind=/shared sh -c '>/shared/started
		until [ -e /shared/go ]; do sleep 0.1; done; cat /etc/os-release'
	wait_until 20 test -e "$SHARED/started"
}

# It reads the image from here on.
assert_step_lives() {
	touch "$SHARED/go"
	wait_step
	assert_status 0
	assert_line 'ID=demonstration'
}

assert_image_works() {
	run in_image image cat /etc/os-release
	assert_status 0
	assert_line 'ID=demonstration'
}

assert_plugin_is_off() {
	run as_alice srun --sif-image=/shared/image.sif true
	assert_failure
	assert_contains "unrecognized option '--sif-image"
	run as_alice srun hostname
	assert_status 0
	assert_output node1
}

@test "an installed package is enabled, and whole" {
	assert_plugin_is_off
	install_package 1
	assert_status 0
	assert_contains "enabled by $LINK; restart slurmd"
	assert_image_works
	run as_root dpkg --verify slurm-spank-sif
	assert_status 0
	assert_output ''
	run as_root stat -c '%a %n' /usr/libexec/spank-sif/spank-sif-{server,keeper}
	assert_output '711 /usr/libexec/spank-sif/spank-sif-server
711 /usr/libexec/spank-sif/spank-sif-keeper'
}

@test "without the include in plugstack.conf, the installation says what to add" {
	as_root sed -i 's/^include/# &/' /etc/slurm/plugstack.conf
	install_package 1
	as_root sed -i 's/^# include/include/' /etc/slurm/plugstack.conf
	assert_status 0
	assert_contains "add 'include /etc/slurm/plugstack.conf.d/*.conf' to plugstack.conf"
	refute_contains 'enabled by'
	assert_image_works
}

@test "an unpacked package that is not configured changes nothing" {
	run as_root dpkg --unpack /shared/1.deb
	assert_status 0
	assert_plugin_is_off
	run as_root dpkg --configure slurm-spank-sif
	assert_status 0
	assert_image_works
}

@test "a running step survives an upgrade and a downgrade" {
	local version
	install_package 1
	for version in 2 1; do
		start_reading_step
		install_package "$version"
		assert_status 0
		assert_image_works
		assert_step_lives
	done
}

@test "an upgrade keeps what the administrator has edited, and a removed link" {
	install_package 1
	as_root sed -i 's/^required.*/& home=no/' "$CONF"
	install_package 2 --force-confdef
	assert_status 0
	run as_root grep -c '^required.* home=no' "$CONF"
	assert_output 1
	assert_image_works
	as_root rm "$LINK"
	install_package 1 --force-confdef
	assert_plugin_is_off
}

@test "a running step survives a removal, and the node goes on without it" {
	install_package 1
	start_reading_step
	run as_root dpkg --remove slurm-spank-sif
	assert_status 0
	assert_plugin_is_off
	assert_step_lives
	install_package 1
	assert_status 0
	assert_image_works
}

@test "a purge leaves nothing" {
	install_package 1
	run as_root dpkg --purge slurm-spank-sif
	assert_status 0
	run as_root find /etc /usr /var/lib /run -xdev -name '*spank*sif*' \
		-not -path '/var/lib/dpkg/*'
	assert_status 0
	assert_output ''
}

@test "a package for another release of Slurm is refused, or not enabled" {
	install_package other
	assert_status 1
	assert_contains 'dependency problems'
	as_root dpkg --purge slurm-spank-sif
	install_package other --force-depends
	assert_status 0
	assert_contains "not enabled: it is built for Slurm $OTHER_RELEASE"
	assert_plugin_is_off
}

@test "SchedMD's slurm-smd of the same release will do, no other" {
	run with_smd "$(release_of_deb).9-1" dpkg --install /shared/1.deb
	assert_status 0
	run with_smd 99.05.1-1 dpkg --install /shared/1.deb
	assert_status 1
	assert_contains 'slurm-spank-sif depends on slurm-wlm-basic-plugins'
}
