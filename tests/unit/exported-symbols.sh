#!/bin/sh
# SPDX-License-Identifier: BSD-3-Clause
# slurmstepd exports error, list_*, fd_* and more.  So the plugin in it must export
# only SPANK's symbols.  In root's process it must load only the C library and have
# no code that parses an image; the server has none that parses plugstack.conf.
set -u
: "${top_builddir:?}"

plugin=$top_builddir/.libs/spank_sif.so

foreign=$(${NM:-nm} -D --defined-only "$plugin" | awk '{ print $NF }' |
	grep -Evx 'plugin_(name|type|version)|spank_plugin_version|slurm_spank_[a-z_]+')
if [ -z "$foreign" ] && [ -f "$plugin" ]; then
	echo "ok 1 - the plugin exports only SPANK's symbols"
else
	echo "not ok 1 - the plugin also exports:" $foreign
fi

hooks=$(${NM:-nm} -D --defined-only "$plugin" | grep -c ' T slurm_spank_')
if [ "$hooks" -eq 7 ]; then
	echo "ok 2 - it exports its 7 hooks"
else
	echo "not ok 2 - it exports $hooks hooks, not 7"
fi

libraries=$(readelf -d "$plugin" | sed -n 's/.*NEEDED.*\[\(.*\)\]/\1/p' |
	grep -v '^libc\.so')
if [ -z "$libraries" ]; then
	echo "ok 3 - it needs only the C library"
else
	echo "not ok 3 - it also needs:" $libraries
fi

# Local symbols included; a stripped plugin has none.
symbols=$(${NM:-nm} "$plugin" | awk '{ print $NF }')
parser=$(printf '%s\n' "$symbols" | grep '^sif_')
if [ -z "$parser" ] && printf '%s\n' "$symbols" | grep -qx slurm_spank_init; then
	echo "ok 4 - it does not parse images"
else
	echo "not ok 4 - it has symbols of the parser, or none at all:" $parser
fi

# Finds a source file that is missing in spank/Makemodule.am, and calls of Slurm's API:
# from 23.02 on, slurmstepd holds locks in some hooks that such calls may take, too.
unknown=$(${NM:-nm} -D --undefined-only "$plugin" | awk '{ print $NF }' |
	grep -Ev '@GLIBC|^(spank_|_ITM_|__gmon_start__|__cxa_finalize)' |
	grep -Evx 'slurm_(conf|error|info|spank_log)')
if [ -z "$unknown" ]; then
	echo "ok 5 - of Slurm it needs SPANK, its configuration and its log"
else
	echo "not ok 5 - it also needs:" $unknown
fi

# That file escapes what users have put into a message.
printing=$(find "$top_builddir/spank/plugin" -name '*.o' ! -name '*-say.o' |
	while read -r object; do
		${NM:-nm} -u "$object" | awk -v object="${object##*/}" \
			'$NF ~ /^(slurm_(error|info|verbose|debug.?|spank_log)|v?printf|puts|perror|stderr)$/ {
				print object ":" $NF }'
	done)
if [ -z "$printing" ] && ${NM:-nm} -D "$plugin" | grep -q ' U slurm_error'; then
	echo "ok 6 - only io/say.c prints"
else
	echo "not ok 6 - these print as well, or nothing does:" $printing
fi

# Nor does the server know what administrators have written.
settings=$(${NM:-nm} "$top_builddir/spank-sif-server" | awk '{ print $NF }' |
	grep -E '^(plugstack|setting)')
if [ -z "$settings" ] && [ -f "$top_builddir/spank-sif-server" ]; then
	echo "ok 7 - the server does not parse plugstack.conf"
else
	echo "not ok 7 - the server has a parser of plugstack.conf:" $settings
fi

# Slurm 25.05 (0x190500) and later look for it; release_mark.h says where the number is.
mark=$(grep -abo 'spank_sif-release' "$plugin" | sed 's/:.*//;q')
slurm=$(od -An -tu4 -j$((mark + 24)) -N4 "$plugin" | tr -d ' ')
has_mode=$(${NM:-nm} -D --defined-only "$plugin" |
	grep -c ' [DR] slurm_spank_init_failure_mode$')
wants_mode=$((slurm >= 0x190500))
if [ "$has_mode" -eq "$wants_mode" ] && [ "$slurm" -ge $((0x160500)) ]; then
	echo "ok 8 - it exports slurm_spank_init_failure_mode where Slurm has that"
else
	echo "not ok 8 - slurm_spank_init_failure_mode: $has_mode times, not" \
		"$wants_mode, for Slurm $slurm"
fi
echo 1..8
