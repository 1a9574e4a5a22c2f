# shellcheck shell=dash
# The language of the tests in tests/engines: real engines on hind, and the same scenarios on another runtime beside it.
#
# tests/engines/run starts each file twice, with hind and with a peer (runc), and compares: what works with the peer works
# with hind. One engine with one runtime is a session. It has a pid, mount, network, ipc and uts namespace of its own with
# a reaping init, so that at its end every daemon is gone; a cgroup and cgroup namespace of its own, whose hierarchies are
# mounted again, so that all cgroups lie below one that is removed; empty /run and /dev/shm; loopback; and these are the
# session's own, so that a file uses the engine's default paths and edits /etc as an administrator would:
#	/etc /usr/local /home	over the machine's (an overlay)
#	/var/lib/X		from session_dir /var/lib/X: an empty directory on the disk, fit for overlays
#	/usr/local/bin/hind	the runtime under test; a link of that name to the peer in the peer's session
#	/usr/sbin/criu		one that works here, where it can be had (tests/criu.sh); $CRIU is empty where not
# With CGROUP_MANAGER=systemd none of these namespaces is its own, as pids, cgroups and timers are systemd's business, too: it is a
# scope of the machine, and at its end processes, units, mounts and what has come into /run are removed.
#
# A test file holds:
#	# needs: podman conmon		the programs without which the file is skipped
#	# timeout: 120			seconds for each case of this file (60)
#	engine_start()			once per session, as root in $SESSION. When it fails, that is the case `start`
#	engine_stop()			optional; after the last case. The case `end` fails where it fails
#	case_end()			optional; after each case in the case's shell, also when it failed
#	test_some_words()		a case: its own shell with -eu in a fresh directory; long_some_words(): with --long only
# engine_start runs in the shell that starts the cases, so what it exports is seen by them; daemons it starts go to the
# background and end with the session, or in engine_stop.
#
# Beside tests/case.sh (fail, skip, expect_..., capture, wait_for, pty) a case knows:
#	$RUNTIME_NAME	hind, or the peer's: the name under which the engine knows it
#	$RUNTIME	the program's path: /usr/local/bin/hind, or /usr/sbin/runc
#	$ROOTFS		the tree of the test image (busybox, payload); $IMAGE_TAR: the same as a tar archive
#	$CGROUP_MANAGER	who makes the cgroups, for engines and runtimes: cgroupfs or systemd
#	$SESSION	the session's directory, on the disk; it dies with the session
#	same WHAT TEXT	the runtimes must agree on TEXT, or the case fails with hind
# Compare with `same` what engines tell their users (messages, exit codes); let expectations judge the rest.

# shellcheck source=tests/case.sh
. "$TESTS/case.sh"
# shellcheck source=tests/own_cgroups.sh
. "$TESTS/own_cgroups.sh"

# --- for cases -------------------------------------------------------------------------------------------------------

same() # WHAT TEXT
{
	printf '%s: %s\n' "$1" "$2" >> "$CASE_DIR/same"
}

on_hind() # is this hind's session?
{
	[ "$RUNTIME_NAME" = hind ]
}

is_gone() # PID: for wait_for
{
	[ ! -d "/proc/$1" ] || grep -qs '^State:.Z' "/proc/$1/status"
}

by_systemd() # do engine and runtime ask systemd for cgroups?
{
	[ "$CGROUP_MANAGER" = systemd ]
}

# CMD within SECONDS, or the case fails.
within() # SECONDS CMD...
{
	_status=0
	timeout -k 5 "$@" || _status=$?
	[ "$_status" -ne 124 ] || fail "took longer than $1 s: $*"
	return "$_status"
}

goes_on() # CONTAINER TICKS: for wait_for; the file has `ticks CONTAINER`, how often it has counted
{
	[ "$(ticks "$1")" -gt "$2" ]
}

# --- for engine_start ------------------------------------------------------------------------------------------------

session_dir() # PATH: an empty directory of the session, on the disk, mounted there
{
	mkdir -p "$1" "$SESSION/disk$1"
	mount --bind "$SESSION/disk$1" "$1"
}

# --- the session -----------------------------------------------------------------------------------------------------

# Its own branch over the machine's directory.
session_overlay() # DIR
{
	mkdir -p "$SESSION/over$1/upper" "$SESSION/over$1/work"
	mount -t overlay -o "lowerdir=$1,upperdir=$SESSION/over$1/upper,workdir=$SESSION/over$1/work" overlay "$1"
}

# What would hide systemd's sockets from us, or us from systemd.
session_own_mounts()
{
	cgroup_mount
	mount -t tmpfs -o mode=755 tmpfs /run
	mkdir -m 1777 /run/lock
	mount -t tmpfs -o mode=1777 tmpfs /dev/shm
	ip link set lo up
}

session_mounts()
{
	by_systemd || session_own_mounts
	for _dir in /etc /usr/local /home; do
		session_overlay "$_dir"
	done
	session_dir /var/tmp
	chmod 1777 /var/tmp
	if on_hind; then
		cp "$HIND" /usr/local/bin/hind
	else
		ln -sf "$RUNTIME" /usr/local/bin/hind
	fi
	if [ -n "$CRIU" ]; then
		mkdir -p "$SESSION/criu"
		ln -s "$CRIU" "$SESSION/criu/criu"
		mount -t overlay -o "lowerdir=$SESSION/criu:/usr/sbin" overlay /usr/sbin
	fi
	# As systemd has it: what a runtime mounts must not come out all the same.
	mount --make-rshared /
}

# --- the session that has the machine ---------------------------------------------------------------------------------

units() # OPTION...: the names of those that are up or have failed
{
	systemctl list-units --plain --no-legend --full "$@" | awk '{ print $1 }' | sort
}

machine_note()
{
	units > "$SESSION/units"
	ls -A /run > "$SESSION/run"
	cut -d ' ' -f 1 /proc/self/mountinfo > "$SESSION/mounts"
}

# Without the session's own, and without the slice that systemd makes for podman's scopes and leaves when the last has gone.
units_since() # those that were not there when the session began
{
	units | grep -vxF -f "$SESSION/units" | grep -vx -e "$CGROUP.scope" -e 'machine.slice' || :
}

# Mounts have names with octal escapes in mountinfo; findmnt(8) reads them.
machine_undo()
{
	for _pid in $(cat "/sys/fs/cgroup/system.slice/$CGROUP.scope/cgroup.procs"); do
		[ "$_pid" = $$ ] || kill -KILL "$_pid" 2> /dev/null || :
	done
	_units=$(units_since | grep -E '\.(scope|slice|timer|service)$' || :)
	# shellcheck disable=SC2086
	[ -z "$_units" ] || systemctl kill --signal KILL $_units || :
	# shellcheck disable=SC2086
	[ -z "$_units" ] || systemctl stop $_units || :
	systemctl reset-failed
	findmnt --raw --noheadings --output ID,TARGET | sort -rn | while read -r _id _target; do
		grep -qx "$_id" "$SESSION/mounts" || umount --lazy "$_target" || :
	done
	for _name in $(ls -A /run); do
		grep -qxF "$_name" "$SESSION/run" || rm -rf "/run/${_name:?}"
	done
}

# For engine_stop: what systemd still knows of the engine's containers.
units_gone()
{
	by_systemd || return 0
	wait_for no_unit_since
	expect_eq '' "$(units --failed)" 'failed units'
}

no_unit_since()
{
	_since=$(units_since | grep -v '\.mount$' || :)
	[ -z "$_since" ] || { echo "units left: $_since" && return 1; }
}

# --- steps and cases --------------------------------------------------------------------------------------------------

session_result() # NAME OUTCOME [REASON_FILE]
{
	mkdir -p "$RESULTS/$1"
	[ -z "${3:-}" ] || [ ! -e "$3" ] || tr '\n' ' ' < "$3" | cut -c 1-600 > "$RESULTS/$1/$RUNTIME_NAME.reason"
	echo "$2" > "$RESULTS/$1/$RUNTIME_NAME"
}

session_step() # NAME FUNCTION: a part of the session itself, judged like a case
{
	CASE_DIR=$SESSION/cases/$1
	mkdir -p "$CASE_DIR/work"
	cd "$CASE_DIR/work"
	# Not in a subshell, as it may export; so a failure ends the session by the trap.
	STEP=$1
	"$2" >> "$CASE_DIR/output" 2>&1
	STEP=
	session_result "$1" ok
	cd "$SESSION"
}

session_end() # STATUS
{
	trap - EXIT
	if [ -n "$STEP" ]; then
		[ -e "$CASE_DIR/reason" ] || printf 'a command failed with status %s: %s' "$1" \
			"$(tail -n 1 "$CASE_DIR/output")" > "$CASE_DIR/reason"
		cp "$CASE_DIR/output" "$RESULTS/$STEP.$RUNTIME_NAME.output"
		session_result "$STEP" 'not ok' "$CASE_DIR/reason"
	fi
	cd /
	! by_systemd || machine_undo
	exit "$1"
}

session_case() # NAME
{
	_name=${1#*_}
	CASE_DIR=$SESSION/cases/$_name
	mkdir -p "$CASE_DIR/work" "$RESULTS/$_name"
	_status=0
	_began=$(date +%s)
	CASE_DIR=$CASE_DIR timeout -k 10 "$TIMEOUT" sh "$TESTS/engines/session.sh" --case "$ENGINE" "$1" \
		> "$CASE_DIR/output" 2>&1 < /dev/null || _status=$?
	echo $(($(date +%s) - _began)) > "$RESULTS/$_name/$RUNTIME_NAME.seconds"
	case $_status in
	0) _outcome=ok ;;
	77) _outcome=skip ;;
	124 | 137)
		printf 'took longer than %s s' "$TIMEOUT" > "$CASE_DIR/reason"
		_outcome='not ok'
		;;
	*)
		[ -e "$CASE_DIR/reason" ] || printf 'a command failed with status %s' "$_status" > "$CASE_DIR/reason"
		_outcome='not ok'
		;;
	esac
	[ ! -e "$CASE_DIR/same" ] || cp "$CASE_DIR/same" "$RESULTS/$_name/$RUNTIME_NAME.same"
	cp "$CASE_DIR/output" "$RESULTS/$_name/$RUNTIME_NAME.output"
	session_result "$_name" "$_outcome" "$CASE_DIR/reason"
}

case_at_exit() # STATUS
{
	trap - EXIT
	set +e
	cd "$CASE_DIR/work" || exit 1
	if command -v case_end > /dev/null; then
		case_end > "$CASE_DIR/case_end" 2>&1 || cat "$CASE_DIR/case_end"
	fi
	exit "$1"
}

# --- how tests/engines/run calls this file ---------------------------------------------------------------------------

set -eu
case ${1:-} in
--image) # DIR: the tree and the archive, once per run
	base_rootfs "$2/rootfs"
	tar -C "$2/rootfs" -cf "$2/image.tar" .
	;;
--session) # the first process in the new namespaces
	! by_systemd || exec sh "$0" --session-inside
	cgroup_enter
	exec unshare --cgroup sh "$0" --session-inside
	;;
--session-inside)
	STEP=
	# As in a login: podman takes itself for a service by it, and leaves conmon where it is.
	unset INVOCATION_ID
	! by_systemd || machine_note
	trap 'session_end $?' EXIT
	trap 'exit 143' TERM
	session_mounts
	# shellcheck source=/dev/null
	. "$ENGINE"
	session_step start engine_start
	for _case in $CASES; do
		session_case "$_case"
	done
	if command -v engine_stop > /dev/null; then
		session_step end engine_stop
	fi
	;;
--case) # FILE NAME
	trap 'case_at_exit $?' EXIT
	cd "$CASE_DIR/work"
	# shellcheck source=/dev/null
	. "$2"
	"$3"
	;;
*)
	echo "tests/engines/session.sh is called by tests/engines/run" >&2
	exit 2
	;;
esac
