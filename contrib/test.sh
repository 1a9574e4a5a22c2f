#!/bin/sh
# Every test, from a fresh Debian or Ubuntu machine on: installs what building and testing need, builds, and runs
#	the layers, the schemas, what has a test, the unit tests, the containers (tests/run), the failing host (tests/fail),
#	the history (tests/cve), the engines on hind and on runc (tests/engines),
#	the containers in a virtual machine with cgroup v2 alone, and in one with systemd as pid 1, as root and as a user (tests/vm),
#	podman, Docker and containerd in both of them, by cgroupfs and by systemd,
#	units and containers once more under the address and undefined-behaviour sanitizers,
#	the package of contrib/debian, the fuzzer for 30 seconds, valgrind, and the benchmark's limits.
# As root; asks nothing. Near the end stands a table of tests and worlds (kept as build/worlds); the last line reads
# `N passed, N failed, N skipped`, and each skip stands above it with its reason.
#	sh contrib/test.sh [--long]		--long: soak, races with 2000 rounds, engines under load, the OCI validation programs
set -eu
cd "$(dirname "$0")/.."
export DEBIAN_FRONTEND=noninteractive LC_ALL=C
long=
case ${1:-} in
--long) long=--long ;;
'') ;;
*)
	echo "usage: sh contrib/test.sh [--long]" >&2
	exit 2
	;;
esac
if [ "$(id -u)" -ne 0 ]; then
	echo "contrib/test.sh: the tests make containers: run them as root" >&2
	exit 2
fi

# The engines' packages bring services, which nobody has asked this machine to start: policy-rc.d(8) says so meanwhile.
apt_install() # PACKAGE...
{
	policy=/usr/sbin/policy-rc.d
	if [ -e "$policy" ]; then
		policy=
	else
		printf '#!/bin/sh\nexit 101\n' >"$policy"
		chmod 755 "$policy"
	fi
	apt_status=0
	apt-get install -y -qq --no-install-recommends "$@" </dev/null >>build-log.apt 2>&1 || apt_status=$?
	[ -z "$policy" ] || rm -f "$policy"
	return $apt_status
}

# What the validation programs are built with.
long_packages='golang-go golang-github-opencontainers-runtime-tools-dev golang-github-google-uuid-dev
	golang-github-mrunalp-fileutils-dev golang-github-urfave-cli-dev'

install_packages()
{
	missing=
	for package in gcc libc6-dev meson ninja-build pkg-config python3 libyajl-dev libseccomp-dev libcap-dev git \
		busybox-static jq stress strace valgrind clang crun runc procps bsdutils util-linux iproute2 patchelf libclang-rt-dev \
		podman conmon buildah catatonit netavark aardvark-dns slirp4netns uidmap iptables socat tmux curl \
		docker.io docker-cli containerd containernetworking-plugins python3-grpcio python3-protobuf python3-websocket \
		protobuf-compiler debhelper dpkg-dev qemu-system-x86 debootstrap e2fsprogs cpio kmod xz-utils ${long:+$long_packages}; do
		dpkg-query -W -f '${Status}' "$package" 2>/dev/null | grep -q ' installed$' || missing="$missing $package"
	done
	[ -n "$missing" ] || return 0
	apt-get update -qq </dev/null >build-log.apt 2>&1 || :
	known=
	for package in $missing; do
		# Older releases have the sanitizers' runtime inside clang's own packages.
		! apt-cache show "$package" >/dev/null 2>&1 || known="$known $package"
	done
	if [ -n "$known" ]; then
		echo "installing:$known"
		# shellcheck disable=SC2086
		apt_install $known || { cat build-log.apt; exit 1; }
	fi
	rm -f build-log.apt
}

build() # DIR [MESON_OPTION...]
{
	dir=$1
	shift
	if [ ! -f "$dir/build.ninja" ]; then
		meson setup "$dir" "$@" >"$dir.log" 2>&1 || { cat "$dir.log"; exit 1; }
	fi
	ninja -C "$dir" >"$dir.log" 2>&1 || { cat "$dir.log"; exit 1; }
	rm -f "$dir.log"
}

# Runs something that prints ok, not ok and skip lines; one that fails without such a line counts as a failure.
part() # NAME CMD...
{
	part_name=$1
	shift
	part_status=0
	part_began=$(date +%s)
	printf '\n%s\n' "--- $part_name"
	"$@" >"$results.part" 2>&1 || part_status=$?
	grep -Ev '^[0-9]+ passed, [0-9]+ failed, [0-9]+ skipped$' "$results.part" || :
	if [ "$part_status" -ne 0 ] && ! grep -q '^not ok ' "$results.part"; then
		echo "not ok $part_name - it ended with status $part_status" | tee -a "$results.part"
	fi
	cat "$results.part" >>"$results"
	rm -f "$results.part"
	echo "--- $part_name took $(($(date +%s) - part_began)) s"
}

unit_programs() # DIR
{
	find "$1" -maxdepth 2 -name 'test-*' -type f -perm -u+x | sort
}

shell_tests() # DIR...
{
	for where; do
		find "tests/$where" -maxdepth 1 -name '*.sh' | sort
	done
}

install_packages
if faster=$(sh tests/newer_jq.sh); then
	export PATH="$faster:$PATH"
fi
results=$PWD/build/test-results
build build
: >"$results"
part layers python3 tests/layers.py
part schemas python3 tests/schemas.py
part coverage python3 tests/coverage.py build/hind build/coverage
cat build/coverage
# shellcheck disable=SC2046
part units build/tests/runner $(unit_programs build)
# shellcheck disable=SC2046
part containers build/tests/runner $long $(shell_tests run fail cve)

# shellcheck disable=SC2086
part engines tests/engines/run $long
[ -z "$long" ] || part validation tests/validation/run
# shellcheck disable=SC2086
part 'cgroup v2' tests/vm/run $long
# shellcheck disable=SC2086
part systemd tests/vm/run --systemd $long
# shellcheck disable=SC2086
part 'engines on cgroup v2' tests/vm/run --engines $long
# shellcheck disable=SC2086
part 'engines in systemd' tests/vm/run --systemd --engines $long

build build-sanitize -Db_sanitize=address,undefined -Db_lundef=false -Dstatic=disabled
# LeakSanitizer stops its own process with ptrace, which an undumpable process refuses: leaks are valgrind's matter.
export ASAN_OPTIONS=detect_leaks=0:abort_on_error=1:handle_abort=0 UBSAN_OPTIONS=halt_on_error=1:print_stacktrace=1
# shellcheck disable=SC2046
part sanitized build-sanitize/tests/runner --tag sanitized $(unit_programs build-sanitize) $(shell_tests run)

part package sh tests/package.sh
part fuzz sh tests/fuzz/run.sh 30
build build-valgrind -Dstatic=disabled
part valgrind build/tests/runner --hind build-valgrind/hind --tag valgrind tests/valgrind/commands.sh
# A busy machine bends ratios, too: they are shown each time, and judged where somebody waits for it.
# shellcheck disable=SC2086
part speed build/tests/bench --peer crun --peer runc --rounds 40 --out build ${long:+--limits}

printf '\nThe same tests in each world:\n'
python3 tests/worlds.py "$results" | tee build/worlds
passed=$(grep -c '^ok ' "$results" || :)
failed=$(grep -c '^not ok ' "$results" || :)
skipped=$(grep -c '^skip ' "$results" || :)
if [ "$skipped" -gt 0 ]; then
	printf '\nSkipped, with the reason:\n'
	grep '^skip ' "$results" | sed 's/^skip /  /'
fi
if [ "$failed" -gt 0 ]; then
	printf '\nFailed:\n'
	grep '^not ok ' "$results" | sed 's/^not ok /  /'
fi
status=0
[ "$failed" -eq 0 ] && [ "$passed" -gt 0 ] || status=1
echo
echo "$passed passed, $failed failed, $skipped skipped"
exit $status
