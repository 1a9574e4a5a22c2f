#!/bin/sh
# From a fresh Debian or Ubuntu machine to a container, as root: installs what the build needs, builds, and runs the main job.
set -eu
cd "$(dirname "$0")/.."
export DEBIAN_FRONTEND=noninteractive
if [ "$(id -u)" -ne 0 ]; then
	echo "contrib/try.sh: containers with limits need root" >&2
	exit 2
fi
missing=
for package in gcc libc6-dev meson ninja-build pkg-config python3 libyajl-dev libseccomp-dev libcap-dev; do
	dpkg-query -W -f '${Status}' "$package" 2>/dev/null | grep -q ' installed$' || missing="$missing $package"
done
if [ -n "$missing" ]; then
	echo "installing:$missing"
	log=$(mktemp)
	# shellcheck disable=SC2086
	{ apt-get update -qq && apt-get install -y -qq --no-install-recommends $missing; } </dev/null >"$log" 2>&1 ||
		{ cat "$log"; exit 1; }
	rm -f "$log"
fi
mkdir -p build
[ -f build/build.ninja ] || meson setup build >build/try.log 2>&1 || { cat build/try.log; exit 1; }
ninja -C build >build/try.log 2>&1 || { cat build/try.log; exit 1; }

set -- build/hind run --memory 64m --cpus 0.5 --hostname hind NOIMG sh -c '
	echo "I am pid $$ on $(cat /proc/sys/kernel/hostname). All processes that I can see:"
	for p in /proc/[0-9]*; do
		echo "  ${p#/proc/} $(tr "\0" " " < $p/cmdline | cut -c 1-40 | head -1)"
	done
	c=/sys/fs/cgroup
	if [ -e $c/memory.max ]; then
		echo "memory limit: $(cat $c/memory.max) bytes; cpu quota and period: $(cat $c/cpu.max) us"
	else
		echo "memory limit: $(cat $c/memory/memory.limit_in_bytes) bytes; cpu quota: $(cat $c/cpu/cpu.cfs_quota_us) us of $(cat $c/cpu/cpu.cfs_period_us) us"
	fi'
echo '$ hind run --memory 64m --cpus 0.5 --hostname hind NOIMG sh -c ...'
"$@"
