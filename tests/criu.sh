#!/bin/sh
# A criu that works on this machine's kernel, for tests/run/checkpoint.sh: prints the directory that it is in. Where none can be
# had, it ends with status 77 and the reason on stderr.
#
# An installed criu is taken when `criu check` is content with the kernel. Debian 12's 3.17 is not with Linux 6.x (it knows
# neither rseq's nor the vdso's shape there), so Debian unstable's is taken.
#	sh tests/criu.sh
set -eu
what=criu
cache=${HIND_CACHE:-/var/cache/hind}/criu
. "$(dirname "$0")/unstable.sh"

works() # CRIU
{
	"$1" check >"$cache.log" 2>&1
}

lock
if installed=$(command -v criu) && works "$installed"; then
	dirname "$installed"
	exit 0
fi
if [ ! -x "$cache/criu" ]; then
	unpack criu
	relocate usr/sbin/criu
	keep
fi
works "$cache/criu" || give_up "criu check says: $(grep -m 1 -i error "$cache.log" || tail -n 1 "$cache.log")"
echo "$cache"
