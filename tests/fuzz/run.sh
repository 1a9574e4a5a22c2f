#!/bin/sh
# Fuzzes the decoder for some seconds, beginning with the documents of tests/json.
#	sh tests/fuzz/run.sh [SECONDS]
# What goes wrong stays in build-fuzz/ as crash-*, and is run again by build-fuzz/tests/fuzz-config FILE.
set -eu
cd "$(dirname "$0")/../.."
seconds=${1:-30}
if ! echo 'int LLVMFuzzerTestOneInput(void) { return 0; }' | clang -x c -fsanitize=fuzzer -o /dev/null - 2>/dev/null; then
	echo "skip fuzz config - there is no clang with libFuzzer"
	exit 0
fi
if [ ! -f build-fuzz/build.ninja ]; then
	CC=clang meson setup build-fuzz -Dfuzz=true -Dstatic=disabled -Db_sanitize=address,undefined -Db_lundef=false \
		>build-fuzz.log 2>&1 || { cat build-fuzz.log; exit 1; }
fi
ninja -C build-fuzz tests/fuzz-config >build-fuzz.log 2>&1 || { cat build-fuzz.log; exit 1; }
rm -f build-fuzz.log
rm -rf build-fuzz/corpus
mkdir build-fuzz/corpus
cp tests/json/good/*.json tests/json/bad/*.json schemas/default-config.json build-fuzz/corpus
if build-fuzz/tests/fuzz-config -max_total_time="$seconds" -timeout=10 -rss_limit_mb=2048 -max_len=16384 \
	-dict=tests/fuzz/config.dict -artifact_prefix=build-fuzz/ build-fuzz/corpus >build-fuzz/log 2>&1; then
	echo "ok fuzz config ($(sed -n 's/^Done \([0-9]* runs\).*/\1/p' build-fuzz/log) in ${seconds}s)"
else
	tail -40 build-fuzz/log
	echo "not ok fuzz config - $(grep -m 1 -E 'ERROR|SUMMARY|runtime error' build-fuzz/log || echo 'it ended early')"
	exit 1
fi
