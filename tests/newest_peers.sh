#!/bin/sh
# The newest runc and crun that there are, for tests/run/peers.sh: prints the directory that they are in. Debian 12 has runc 1.1
# and crun 1.8, which know neither features nor mounts nor this specification; Debian unstable's are taken beside them. Where none
# can be had, it ends with status 77 and the reason on stderr.
#	sh tests/newest_peers.sh
set -eu
what=peers
cache=${HIND_CACHE:-/var/cache/hind}/peers
. "$(dirname "$0")/unstable.sh"

works()
{
	"$cache/runc" --version >>"$cache.log" 2>&1 && "$cache/crun" --version >>"$cache.log" 2>&1
}

lock
if [ ! -x "$cache/runc" ]; then
	unpack runc crun libcriu2
	relocate usr/sbin/runc usr/bin/crun
	keep
fi
works || give_up "they do not run here: $(tail -n 1 "$cache.log")"
echo "$cache"
