# SPDX-License-Identifier: BSD-3-Clause
# shellcheck shell=bash disable=SC2034,SC2154
#
# cluster: the verbs start, exec, stop and run, in the process that the user
# called.

need_tools() {
	local tool
	((EUID == 0)) || fail "must run as root: namespaces and slurmd need it"
	for tool in unshare nsenter pivot_root setpriv flock ip; do
		command -v "$tool" >/dev/null ||
			fail "'$tool' is missing: install util-linux," \
				"util-linux-extra and iproute2"
	done
}

start() {
	need_tools
	[[ -n $dir ]] || fail "start: DIR is missing"
	((${#rest[@]} == 0)) || fail "start takes no command; use exec"
	[[ -n $owner ]] || options+=(--owner=$PPID)
	start_supervisor --dir="$dir"
}

# Sets $dir to the absolute path of the cluster's directory.
start_supervisor() { # OPTION...
	local supervisor word='' text=''
	exec {supervisor}< <(
		exec setsid "$0" supervise "${options[@]}" "$@" </dev/null 2>&1)
	read -r word text <&"$supervisor" || true
	if [[ $word != ready ]]; then
		echo "$PROGRAM: the cluster did not start" >&2
		echo "$word $text" >&2
		cat <&"$supervisor" >&2
		exit 1
	fi
	dir=$text
	exec {supervisor}<&-
}

# Runs in the cluster's namespaces, except the pid namespace: nsenter puts only the
# child there.  It forwards signals and waits, so that `timeout 5 cluster exec`
# leaves no orphan.  The command runs in the background, so that traps run at once;
# env restores the terminal's signals, which bash ignores for such a command.
# shellcheck disable=SC2016
ENTER_SCRIPT='
	trap "interrupted=yes; kill \$child" TERM HUP
	trap "interrupted=yes" INT QUIT
	env --default-signal=INT,QUIT "$@" <&0 &
	child=$!
	exec 2>/dev/null
	until
		interrupted=; status=0
		wait "$child" || status=$?
		! kill -0 "$child" 2>/dev/null
	do :; done
	[ -z "$interrupted" ] || { status=0; wait "$child" || status=$?; }
	exit "$status"'

# setpriv resolves the user inside the cluster.
set_enter_command() {
	local init
	[[ -s $dir/init.pid ]] && is_running "$dir" ||
		fail "no cluster is running in '$dir'"
	init=$(<"$dir/init.pid")
	# shellcheck disable=SC2016
	enter=(nsenter --target "$init" --mount --pid --net --uts --ipc --cgroup
		--no-fork
		bash -c "$ENTER_SCRIPT" "$PROGRAM"
		setpriv --reuid="$user" --regid="$user" --init-groups
		--pdeathsig TERM --reset-env --)
	((${#envs[@]} == 0)) || enter+=(env "${envs[@]}")
	# shellcheck disable=SC2016
	enter+=(sh -c 'cd "${1:-$HOME}" && shift && exec "$@"' "$PROGRAM" "$workdir")
}

exec_inside() {
	((${#rest[@]})) || fail "exec: the command is missing"
	set_enter_command
	exec "${enter[@]}" "${rest[@]}"
}

stop() {
	local lock
	[[ -n $dir ]] || fail "stop: DIR is missing"
	if is_running "$dir"; then
		exec {lock}<"$dir/lock"
		echo stop >"$dir/control"
		flock --timeout "$STOP_TIMEOUT_S" "$lock" ||
			fail "the cluster in '$dir' does not stop"
		exec {lock}<&-
	fi
	clean_dir "$dir"
	[[ -z $remove || ! -d $dir ]] || remove_dir "$dir"
}

run() {
	local status=0 child=
	need_tools
	((${#rest[@]})) || fail "run: the command is missing"
	if [[ -n $dir ]]; then
		start_supervisor --owner=$$
	else
		remove=yes
		start_supervisor --owner=$$ --rm
	fi
	trap stop EXIT
	set_enter_command
	# In the background, so that the trap runs at once.
	trap 'kill "$child"' TERM HUP
	trap : INT QUIT
	env --default-signal=INT,QUIT "${enter[@]}" "${rest[@]}" <&0 &
	child=$!
	until
		status=0
		wait "$child" || status=$?
		! kill -0 "$child" 2>/dev/null
	do :; done
	return "$status"
}
