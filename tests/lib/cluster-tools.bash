# SPDX-License-Identifier: BSD-3-Clause
# shellcheck shell=bash disable=SC2034,SC2154
#
# cluster: errors, waiting, processes, and the cluster's directory.

fail() {
	echo "$PROGRAM: $*" >&2
	exit 1
}

# A pause that starts no process: a read from a pipe without a writer.
pause() {
	[[ -n ${never_fd-} ]] || exec {never_fd}<> <(:)
	read -rt "$1" -u "$never_fd" || true
}

wait_for() { # SECONDS CMD...
	local end=$((SECONDS + $1))
	shift
	until "$@"; do
		((SECONDS < end)) || return 1
		pause "$POLL_S"
	done
}

# Sets $started to the start time of a living process, which tells it from a later
# one with the same pid.  No subshell: the supervisor calls this all the time.
start_time() { # PID
	local stat
	{ read -r stat <"/proc/$1/stat"; } 2>/dev/null || return 1
	local -a field
	read -ra field <<<"${stat##*) }"
	[[ ${field[0]} != [ZX] ]] || return 1
	started=${field[19]}
}

close_inherited() {
	local fd
	for fd in /proc/self/fd/*; do
		fd=${fd##*/}
		((fd <= 2 || fd == 255)) || eval "exec $fd>&-"
	done
}

is_running() { # DIR
	[[ -e $1/lock ]] && ! flock --nonblock 9 9<"$1/lock"
}

# Removes what the supervisor made in DIR, except the logs.  The lock goes last: it
# and log/ mark the directory as a cluster's.
clean_dir() { # DIR
	[[ -f $1/lock && -d $1/log ]] || return 0
	rm -rf --one-file-system "${1:?}"/{control,init.pid,mnt,shared}
	rm -f "${1:?}/lock"
}

remove_dir() { # DIR
	rm -rf --one-file-system "${1:?}/log"
	rmdir "$1"
}
