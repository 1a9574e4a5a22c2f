#!/bin/sh
# A jq that starts fast, for all tests: prints the directory that it is in. Every case calls it, and before 1.7 it parsed its
# library of filters each time: 20 ms here, 280 ms in the guests of tests/vm, where 1.8 takes 3 and 30. Debian 12 has 1.6; Debian
# unstable's is taken. Where none can be had, it ends with status 77 and the reason on stderr, and the installed one does as well.
#	sh tests/newer_jq.sh
set -eu
what=jq
cache=${HIND_CACHE:-/var/cache/hind}/jq
. "$(dirname "$0")/unstable.sh"

lock
case $(jq --version 2>/dev/null) in
'' | jq-1.[0-6] | jq-1.[0-6].*) ;;
*)
	dirname "$(command -v jq)"
	exit 0
	;;
esac
if [ ! -x "$cache/jq" ]; then
	unpack jq
	relocate usr/bin/jq
	keep
fi
"$cache/jq" --version >"$cache.log" 2>&1 || give_up "it does not run here: $(tail -n 1 "$cache.log")"
echo "$cache"
