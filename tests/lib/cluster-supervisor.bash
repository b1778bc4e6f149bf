# SPDX-License-Identifier: BSD-3-Clause
# shellcheck shell=bash disable=SC2034,SC2154
#
# cluster: the supervisor, one process outside of the namespaces.  It owns DIR,
# and ends the cluster on a word in DIR/control or when the owner or DIR is gone.

owner_lives() {
	[[ $owner == none ]] ||
		{ start_time "$owner" && [[ $started == "$owner_start" ]]; }
}

# False if DIR was removed, even if it now holds another cluster.
dir_is_ours() {
	[[ $dir/control -ef /proc/self/fd/$control ]]
}

# Prints the end of each log, after a start that failed.
print_logs() {
	local log
	for log in "$dir"/log/*; do
		[[ ! -s $log ]] || { echo "--- ${log##*/}" && tail -n 15 "$log"; }
	done
}

# Takes a directory that is new, empty, or holds only the logs of an earlier cluster.
claim_dir() {
	local entry
	if [[ -z $dir ]]; then
		dir=$(mktemp -d "${TMPDIR:-/tmp}/cluster.XXXXXX")
	fi
	mkdir -p "$dir"
	dir=$(realpath "$dir")
	! is_running "$dir" || fail "a cluster is already running in '$dir'"
	clean_dir "$dir"
	for entry in "$dir"/*; do
		[[ ! -e $entry || $entry == "$dir/log" ]] ||
			fail "'$dir' is not empty: it holds '${entry##*/}'"
	done
	exec {lock}>"$dir/lock"
	flock --timeout 1 "$lock" || fail "'$dir' is in use"
	rm -rf --one-file-system "$dir/log"
	mkdir "$dir/log" "$dir/mnt" "$dir/shared"
	chmod 1777 "$dir/shared"
	mkfifo "$dir/control"
}

supervise() {
	local lock control life namespaces word='' part='' ready='' owner_start='' status
	close_inherited
	trap '' HUP INT QUIT PIPE
	if [[ $owner != none ]]; then
		start_time "$owner" ||
			fail "the owner, process $owner, does not exist"
		owner_start=$started
	fi
	claim_dir
	exec 2>>"$dir/log/cluster.log"
	exec {control}<>"$dir/control"
	make_cgroups
	exec {life}> >(
		exec {lock}>&- >&2
		env -i PATH="$SYSTEM_PATH" CC="${CC-}" \
			SPANK_SIF_TEST_SLOWNESS="$SLOWNESS" setpriv --pdeathsig KILL \
			unshare --mount --propagation private --pid --fork \
			--kill-child=KILL --net --uts --ipc \
			${cgroup:+sh -c "$JOIN_SCRIPT" "${cgroups[*]}"} \
			"$0" boot "${options[@]}" --dir="$dir" || true
		echo ended >&"$control"
	)
	namespaces=$!
	while :; do
		status=0
		read -rt "$OWNER_POLL_S" -u "$control" part || status=$?
		# The read can time out in the middle of a word.
		word+=$part
		case $status:$word in
		0:ready) ready=yes word=''; echo "ready $dir" || true ;;
		0:*) break ;;
		*) owner_lives && dir_is_ours || break ;;
		esac
	done
	dir_is_ours || remove='' dir=/nonexistent
	# Process 1 reads its standard input only after it has booted.
	[[ ! -s $dir/init.pid || $word == ended ]] ||
		kill -KILL "$(<"$dir/init.pid")" || true
	exec {life}>&-
	while [[ $word != ended ]]; do
		read -r -t "$STOP_TIMEOUT_S" -u "$control" word || break
	done
	[[ $word != ended ]] || wait "$namespaces" || true
	remove_cgroups
	# Nobody may be reading our standard output any more.
	[[ -n $ready ]] || print_logs || true
	clean_dir "$dir"
	[[ -z $remove ]] || remove_dir "$dir"
}
