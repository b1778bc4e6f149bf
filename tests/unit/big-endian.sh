#!/bin/sh
# SPDX-License-Identifier: BSD-3-Clause
# configure refuses a big-endian machine, early and with a sentence.
set -u
: "${top_srcdir:?}"

source=$(cd "$top_srcdir" && pwd) || exit 1
work=$(mktemp -d) || exit 1
trap 'rm -rf "$work"' EXIT
cd "$work" || exit 1
# The source folder may be configured itself, as for a package; its links are not.
mkdir source && ln -s "$source"/* source/ && rm -f source/config.status || exit 1

# A cross compiler for such a machine is rare, so the check's result is given.
if source/configure --host=s390x-linux-gnu CC="${CC:-cc}" ac_cv_c_bigendian=yes \
	>log 2>&1; then
	echo "not ok 1 - configure accepts a big-endian machine"
elif grep -q 'error: this machine (s390x) is big-endian: ' log &&
	! grep -q 'Slurm' log; then
	echo "ok 1 - configure refuses a big-endian machine"
else
	sed 's/^/# /' log | tail -n 5
	echo "not ok 1 - configure does not say that the machine is big-endian"
fi
echo 1..1
