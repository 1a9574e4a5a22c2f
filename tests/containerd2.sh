#!/bin/sh
# A containerd 2, for tests/engines/cri2.sh: prints the directory that its programs are in. Debian 12 has 1.6, which asks no
# runtime for its features; Debian unstable's runs here as it is. Where none can be had, it ends with status 77 and the reason
# on stderr.
#	sh tests/containerd2.sh
set -eu
what='containerd 2'
cache=${HIND_CACHE:-/var/cache/hind}/containerd2
. "$(dirname "$0")/unstable.sh"

works()
{
	"$cache/containerd" --version 2>>"$cache.log" | grep -q ' v\{0,1\}2\.' && [ -x "$cache/containerd-shim-runc-v2" ]
}

lock
if [ ! -x "$cache/containerd" ]; then
	unpack containerd
	mv "$cache.new/root/usr/bin/containerd" "$cache.new/root/usr/bin/containerd-shim-runc-v2" "$cache.new/root/usr/bin/ctr" \
		"$cache.new"
	rm -rf "$cache.new/root"
	keep
fi
works || give_up "it does not run here: $(tail -n 1 "$cache.log")"
echo "$cache"
