#!/bin/sh
# Builds the fuzz target with clang and runs it for that many seconds; prints one line, ok, not ok or skip.
set -eu
seconds=${1:-30}
cd "$(dirname "$0")/../.."
if ! command -v clang >/dev/null 2>&1; then
	echo "skip fuzz: config - clang is not installed"
	exit 0
fi
unset ASAN_OPTIONS UBSAN_OPTIONS
if [ ! -f build-fuzz/build.ninja ]; then
	CC=clang meson setup build-fuzz -Db_sanitize=address,undefined -Db_lundef=false -Dstatic=disabled -Dfuzz=true \
		-Dc_args=-fsanitize=fuzzer-no-link >build-fuzz.log 2>&1 || { cat build-fuzz.log; exit 1; }
fi
ninja -C build-fuzz fuzz-config >build-fuzz.log 2>&1 || { cat build-fuzz.log; exit 1; }
rm -f build-fuzz.log
corpus=$(mktemp -d)
trap 'rm -rf "$corpus"' EXIT
mkdir "$corpus/found"
cp schemas/default-config.json "$corpus/found/default"
find tests/json tests/fuzz -name '*.json' -exec sh -c 'for f; do cp "$f" "$0/found/$(echo "$f" | tr / _)"; done' "$corpus" {} + \
	2>/dev/null || :
status=0
build-fuzz/tests/fuzz-config -max_total_time="$seconds" -max_len=65536 -dict=tests/fuzz/config.dict -print_final_stats=1 \
	-artifact_prefix="$corpus/" -timeout=5 -rss_limit_mb=2048 "$corpus/found" >"$corpus/log" 2>&1 || status=$?
runs=$(sed -n 's/^stat::number_of_executed_units: //p' "$corpus/log")
if [ "$status" -ne 0 ] || [ "${runs:-0}" -lt 1000 ]; then
	tail -60 "$corpus/log"
	for input in "$corpus"/crash-* "$corpus"/timeout-* "$corpus"/oom-* "$corpus"/leak-*; do
		[ -f "$input" ] && base64 "$input" | head -40
	done
	echo "not ok fuzz: config - status $status after ${runs:-0} inputs"
	exit 1
fi
echo "ok fuzz: config, $runs inputs in $seconds s"
