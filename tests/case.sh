# shellcheck shell=dash
# What every case can say, whether it drives hind itself (tests/lib.sh) or an engine that drives it (tests/engines/session.sh).
# It stands in $CASE_DIR, whose file `reason` says why it failed or was skipped; $PAYLOAD is the program of payload.c.

# --- what a case says about itself -----------------------------------------------------------------------------------

fail() # WHY: ends the case
{
	printf '%s' "$*" > "$CASE_DIR/reason"
	exit 1
}

skip() # REASON: ends the case; only for what this machine truly cannot do
{
	printf '%s' "$*" > "$CASE_DIR/reason"
	exit 77
}

note() # shown when the case fails
{
	printf '# %s\n' "$*"
}

# --- expectations ----------------------------------------------------------------------------------------------------

expect_eq() # WANT GOT [WHAT]
{
	[ "$1" = "$2" ] || fail "${3:-value}: wanted '$1', got '$2'"
}

expect_ne() # NOT_WANTED GOT [WHAT]
{
	[ "$1" != "$2" ] || fail "${3:-value}: '$2' was not wanted"
}

expect_match() # EXTENDED_REGEX TEXT [WHAT]: some line of TEXT matches
{
	printf '%s\n' "$2" | grep -Eq -e "$1" || fail "${3:-text}: no match for /$1/ in '$2'"
}

expect_no_match() # EXTENDED_REGEX TEXT [WHAT]
{
	if printf '%s\n' "$2" | grep -Eq -e "$1"; then
		fail "${3:-text}: /$1/ was not wanted in '$2'"
	fi
}

expect_lines() # N TEXT [WHAT]
{
	set -- "$1" "$(printf '%s' "$2" | grep -c '' || :)" "${3:-lines}" "$2"
	[ "$1" = "$2" ] || fail "$3: wanted $1 lines, got $2: '$4'"
}

# Runs CMD in this shell, leaves its exit status in $STATUS, its standard output in $OUTPUT and its errors in $ERROR.
capture() # CMD...
{
	STATUS=0
	"$@" > "$CASE_DIR/stdout" 2> "$CASE_DIR/stderr" || STATUS=$?
	OUTPUT=
	ERROR=
	[ ! -s "$CASE_DIR/stdout" ] || OUTPUT=$(cat "$CASE_DIR/stdout")
	[ ! -s "$CASE_DIR/stderr" ] || ERROR=$(cat "$CASE_DIR/stderr")
}

expect_status() # N CMD...: N is a status, or "any" for every status but 0
{
	_want=$1
	shift
	capture "$@"
	case $_want in
	any) [ "$STATUS" -ne 0 ] && return ;;
	*) [ "$STATUS" -eq "$_want" ] && return ;;
	esac
	printf '%s\n' "$OUTPUT"
	printf '%s\n' "$ERROR"
	fail "'$*': wanted status $_want, got $STATUS: $ERROR"
}

uptime_seconds()
{
	read -r _uptime _idle < /proc/uptime
	echo "${_uptime%.*}"
}

wait_for() # CMD...: polls until CMD succeeds; 30 s, and forty times where the machine is so busy that each takes long
{
	_end=$(($(uptime_seconds) + 30))
	_left=40
	until "$@"; do
		_left=$((_left - 1))
		[ "$_left" -gt 0 ] || [ "$(uptime_seconds)" -lt "$_end" ] || fail "waited 30 s in vain for: $*"
		sleep 0.025
	done
}

# CMD on a real terminal of its own (script(1)), its status passed on. Lines end in \r\n.
pty() # CMD...
{
	_words=
	for _word; do
		_words="$_words '$(printf '%s' "$_word" | sed "s/'/'\\\\''/g")'"
	done
	# At the end of its input script(1) types a NUL, so nobody at the keyboard is a FIFO that never ends.
	if [ "$(readlink /proc/self/fd/0)" = /dev/null ]; then
		[ -e "$CASE_DIR/keyboard" ] || mkfifo "$CASE_DIR/keyboard"
		SHELL=/bin/sh script -qec "$_words" /dev/null <> "$CASE_DIR/keyboard"
	else
		SHELL=/bin/sh script -qec "$_words" /dev/null
	fi
}

# --- the machine -----------------------------------------------------------------------------------------------------

cgroup_v2() # is the machine on cgroup v2 alone?
{
	[ -e /sys/fs/cgroup/cgroup.controllers ]
}

has_controller() # NAME
{
	if cgroup_v2; then
		grep -qw "$1" /sys/fs/cgroup/cgroup.controllers
	else
		[ -d "/sys/fs/cgroup/$1" ]
	fi
}

# The tree that rootfs_new copies, once per run.
base_rootfs() # DIR
{
	mkdir -p "$1/bin" "$1/etc" "$1/proc" "$1/sys" "$1/dev" "$1/tmp" "$1/root" "$1/run" "$1/mnt" "$1/home/user"
	chmod 1777 "$1/tmp"
	cp "$(command -v busybox)" "$1/bin/busybox"
	for _applet in $("$1/bin/busybox" --list); do
		[ "$_applet" = busybox ] || ln "$1/bin/busybox" "$1/bin/$_applet"
	done
	cp "$PAYLOAD" "$1/bin/payload"
	printf 'root:x:0:0:root:/root:/bin/sh\nuser:x:1000:1000:user:/home/user:/bin/sh\n' > "$1/etc/passwd"
	printf 'root:x:0:\nuser:x:1000:\n' > "$1/etc/group"
	chown 1000:1000 "$1/home/user"
}
