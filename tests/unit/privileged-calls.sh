#!/bin/sh
# SPDX-License-Identifier: BSD-3-Clause
# Only common/privileged/*.c may make calls that need or change privileges, and only a
# few files with a reason may make raw system calls.  Checks what the objects of the
# plugin and of the server import.  spank-sif-check is exempt: no step runs it; what it
# does is in doc/privileges.md.
set -u
: "${top_builddir:?}"

forbidden='mount|umount|umount2|unshare|setns|clone|pivot_root|chroot
setuid|seteuid|setreuid|setresuid|setgid|setegid|setregid|setresgid
setgroups|initgroups|setfsuid|setfsgid|capset|cap_set_proc|fork|vfork|_Fork
execve|execv|execvp|execl|execlp|execveat|fexecve|system|popen|posix_spawn
fsopen|fsconfig|fsmount|move_mount|open_tree|mount_setattr|ptrace
pidfd_open|pidfd_send_signal|kill|chown|lchown|fchown|fchownat'
forbidden=$(printf '%s' "$forbidden" | tr '\n' '|')
# syscall(2) itself: openat2 and pidfd calls, Landlock; fstat.
raw_allowed='/privileged/|image_path\.o|child\.o|sandbox\.o|uring\.o|server/.*damage\.o'

failures=0
count=0
for object in $(find "$top_builddir/common" "$top_builddir/spank" \
	-name '*.o' ! -path '*/tests/*' ! -path '*/check/*' | sort); do
	count=$((count + 1))
	imports=$(${NM:-nm} -u "$object" | awk '{ print $NF }' |
		sed 's/@.*//; s/^__//')
	case $object in
	*/privileged/*) found= ;;
	# It runs as the user, who may start and end ldconfig.
	*/gpus/*loader_cache.o)
		found=$(printf '%s\n' "$imports" | grep -Ex "$forbidden" |
			grep -Evx 'posix_spawn|kill') ;;
	# The server forks a replacement, which can do no more than itself.
	*/server/*supervisor.o)
		found=$(printf '%s\n' "$imports" | grep -Ex "$forbidden" |
			grep -vx fork) ;;
	*) found=$(printf '%s\n' "$imports" | grep -Ex "$forbidden") ;;
	esac
	if printf '%s\n' "$imports" | grep -qx syscall &&
		! printf '%s\n' "$object" | grep -Eq "$raw_allowed"; then
		found="$found syscall"
	fi
	if [ -n "$found" ]; then
		printf 'not ok %d - %s imports: %s\n' "$count" "$object" \
			"$(printf '%s' "$found" | tr '\n' ' ')"
		failures=$((failures + 1))
	else
		printf 'ok %d - %s\n' "$count" "${object##*/}"
	fi
done
if [ "$count" -lt 10 ]; then
	count=$((count + 1))
	printf 'not ok %d - too few objects were found\n' "$count"
	failures=1
fi
printf '1..%d\n' "$count"
[ "$failures" -eq 0 ]
