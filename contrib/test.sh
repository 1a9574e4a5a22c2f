#!/bin/sh
# Installs what building and testing need (Debian, Ubuntu; as root), builds, and runs every test.
# The last line reads `N passed, N failed, N skipped`.
set -eu
cd "$(dirname "$0")/.."
export DEBIAN_FRONTEND=noninteractive
missing=
for package in gcc meson ninja-build pkg-config python3 libyajl-dev libseccomp-dev libcap-dev; do
	dpkg -s "$package" >/dev/null 2>&1 || missing="$missing $package"
done
if [ -n "$missing" ]; then
	apt-get update -qq </dev/null
	# shellcheck disable=SC2086
	apt-get install -y -qq --no-install-recommends $missing </dev/null >/dev/null
fi
[ -f build/build.ninja ] || meson setup build >/dev/null
ninja -C build >build/test-build.log || { cat build/test-build.log; exit 1; }
results=build/test-results
: >"$results"
for program in build/test-*; do
	[ -f "$program" ] && [ -x "$program" ] || continue
	if ! "$program" >"$program.out" 2>&1 && ! grep -q '^not ok ' "$program.out"; then
		echo "not ok $program - it ended before its last check" >>"$program.out"
	fi
	cat "$program.out"
	cat "$program.out" >>"$results"
done
passed=$(grep -c '^ok ' "$results" || true)
failed=$(grep -c '^not ok ' "$results" || true)
skipped=$(grep -c '^skip ' "$results" || true)
status=0
[ "$failed" -eq 0 ] && [ "$passed" -gt 0 ] || status=1
echo "$passed passed, $failed failed, $skipped skipped"
exit $status
