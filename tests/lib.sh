# shellcheck shell=dash
# The language of the tests in tests/run, tests/fail and tests/cve: POSIX sh on real containers, as root.
#
# A test file holds functions named test_some_words; each is one case. The runner (runner.c) runs every case in a shell and a
# mount namespace of its own (its / is shared, as systemd's is), in a fresh directory, with a private --root and a private
# /run/hind, and afterwards looks for what is left over: processes, mounts, cgroups, files. A file may define `setup`, which
# runs before each of its cases. Functions named long_some_words are cases of `--long` only. Lines for the runner:
#	# timeout: 120		seconds for each case of this file (60)
#	# alone			no other case runs beside these (they measure time)
#
#	# tests/run/hostname.sh: hostname and domainname
#	test_name_is_set()
#	{
#		bundle_new b '.hostname="box"'
#		args hostname
#		expect_status 0 run
#		expect_eq box "$OUTPUT"
#	}
#
# The shell runs with -eu: a command that fails fails the case. Say what you expect with the expect_ functions: they fill
# $OUTPUT and $ERROR and name what they got. Never use $(hind create ...): the container keeps the pipe open; expect_status
# takes the output by files. Ids, cgroup paths and other global names start with $PREFIX, or a leak cannot be attributed.
# Edit config.json with jq (python is slow in the virtual machine). By hand:
#	build/tests/runner --hind build/hind tests/run/hostname.sh --match name

# shellcheck source=tests/case.sh
. "${0%/*}/case.sh"

# --- hind ------------------------------------------------------------------------------------------------------------

# CGROUP_MANAGER in the environment is the manager of all containers (tests/vm/run: the same limits, by systemd), and HIND_USER
# the id of a user with a session, who calls hind instead of root and to whom the bundles belong.
hind() # ARG...: with the private state root
{
	hind_by -- "$@"
}

# The same behind another program, which gets it as its last words: hind_by nice -n 5 -- run ... By `exec` a shell in the
# background becomes hind, and $! is its pid.
hind_by() # [WORD...] -- ARG...
{
	_left=$#
	while [ "$1" != -- ]; do
		set -- "$@" "$1"
		shift
		_left=$((_left - 1))
	done
	shift
	# shellcheck disable=SC2086
	set -- "$@" ${AS_USER:-} "$HIND" --root "$HIND_ROOT" ${CGROUP_MANAGER:+--cgroup-manager "$CGROUP_MANAGER"}
	while [ $((_left -= 1)) -gt 0 ]; do
		set -- "$@" "$1"
		shift
	done
	"$@"
}

call_as_user() # ID: from here on
{
	HIND_USER=$1
	AS_USER="setpriv --reuid $1 --regid $1 --init-groups"
	HIND=${BASE_ROOTFS%/*}/hind
	export XDG_RUNTIME_DIR="/run/user/$HIND_USER"
	chown "$HIND_USER:$HIND_USER" "$HIND_ROOT" "$CASE_DIR/work"
}

# What root has made, and who calls hind is to write to.
to_user() # FILE...
{
	[ -z "${HIND_USER:-}" ] || chown -R "$HIND_USER:$HIND_USER" "$@"
}

# For cases whose cgroupsPath is a path, as systemd's manager takes none.
cgroupfs_paths()
{
	need_root 'a path of cgroups that are not its own'
	[ -z "${CGROUP_MANAGER:-}" ] || CGROUP_MANAGER=cgroupfs
}

# Only root may do it, in the container or before.
need_root() # REASON
{
	[ -z "${HIND_USER:-}" ] || skip "not for a user: $*"
}

# A hind command that must fail with status 1 and one line of error.
expect_error() # EXTENDED_REGEX CMD...
{
	_regex=$1
	shift
	expect_status 1 "$@"
	expect_match "$_regex" "$ERROR" "error of '$*'"
	expect_lines 1 "$ERROR" "error of '$*'"
}

id_new() # [VARIABLE]: a new container id in $ID (or $VARIABLE)
{
	_ids=$((${_ids:-0} + 1))
	eval "${1:-ID}=$PREFIX-$_ids"
}

# A root file system of its own: busybox applets as hard links of one inode, /bin/payload, passwd and group, empty mount
# points. Who writes into /bin/busybox or /bin/payload makes a copy first: the inode is shared with the other cases.
rootfs_new() # DIR
{
	"$RUNNER" --copy-tree "$BASE_ROOTFS" "$1"
}

# Where something may write into programs of the root file system: they are no links to the other cases' any more.
rootfs_own_programs() # DIR
{
	cp -a "$1/bin" "$1/own"
	rm -r "$1/bin"
	mv "$1/own" "$1/bin"
}

# A bundle in DIR with config.json as `hind spec` writes it, without terminal, edited by jq FILTERs; it becomes $BUNDLE.
bundle_new() # DIR [FILTER...]
{
	BUNDLE=$PWD/$1
	shift
	rootfs_new "$BUNDLE/rootfs"
	cp -p "${BASE_ROOTFS%/*}/config.json" "$BUNDLE/config.json"
	[ -z "${HIND_USER:-}" ] || chown "$HIND_USER:$HIND_USER" "$BUNDLE"
	[ $# -eq 0 ] || config "$@"
}

# jq takes longer to start than a container, so one does them all, and what every case wants is done without it.
config() # FILTER...: edits $BUNDLE/config.json
{
	_filters=.
	for _filter; do
		_filters="$_filters|($_filter)"
	done
	jq "$_filters" "$BUNDLE/config.json" > "$BUNDLE/.config.new" || fail "jq refuses: $_filters"
	mv "$BUNDLE/.config.new" "$BUNDLE/config.json"
}

# Exchanges the list in the text that jq and `hind spec` write, where process.args is the only one of its name so far left.
args_in_text() # ARG...: false where the text is another
{
	awk '
	function quoted(s,	i, c, out) {
		if (s !~ /[\\"\001-\037]/)
			return "\"" s "\""
		for (i = 1; i <= length(s); i++) {
			c = substr(s, i, 1)
			out = out (c in escape ? escape[c] : c)
		}
		return "\"" out "\""
	}
	BEGIN {
		for (i = 1; i < 32; i++)
			escape[sprintf("%c", i)] = sprintf("\\u%04x", i)
		escape["\\"] = "\\\\"
		escape["\""] = "\\\""
		for (i = 2; i < ARGC; i++)
			list = list (i > 2 ? "," : "") "\n      " quoted(ARGV[i])
		ARGC = 2
	}
	/^    "args": \[$/ { found = inside = 1; print $0 list }
	inside && /^    \],?$/ { inside = 0 }
	!inside
	END { exit !found }' "$BUNDLE/config.json" "$@" > "$BUNDLE/.config.new"
}

args() # ARG...: what the container runs
{
	args_in_text "$@" ||
		jq '.process.args=$ARGS.positional' --args -- "$@" < "$BUNDLE/config.json" > "$BUNDLE/.config.new"
	mv "$BUNDLE/.config.new" "$BUNDLE/config.json"
}

run() # [OPTION...]: runs $BUNDLE to its end under a new id
{
	id_new
	hind run --bundle "$BUNDLE" "$@" "$ID"
}

create() # [OPTION...]: creates a container of $BUNDLE under a new id; its output goes to ./container.log
{
	id_new
	hind create --bundle "$BUNDLE" "$@" "$ID" > container.log 2>&1 < /dev/null || fail "create: $(cat container.log)"
}

run_sh() # SCRIPT: runs it in $BUNDLE by the container's sh and expects success; $OUTPUT is what it printed
{
	args sh -c "$1"
	expect_status 0 run
}

# $BUNDLE as it stands is refused by create, with this reason, before anything was made.
expect_refused() # EXTENDED_REGEX
{
	id_new
	expect_status 1 hind create --bundle "$BUNDLE" "$ID" < /dev/null
	expect_match "$1" "$ERROR" 'reason'
	expect_status 1 hind state "$ID"
}

status_of() # ID
{
	hind state "$1" | sed -n 's/^  "status": "\(.*\)",\{0,1\}$/\1/p'
}

pid_of() # ID
{
	hind state "$1" | sed -n 's/^  "pid": \([0-9]*\),\{0,1\}$/\1/p'
}

is_status() # ID STATUS: for wait_for
{
	[ "$(status_of "$1")" = "$2" ]
}

hind_pty() # ARG...
{
	hind_by pty -- "$@"
}

# --- the machine -----------------------------------------------------------------------------------------------------

cgroup_dir() # CONTROLLER ID: the cgroup of the container's first process, as the host sees it
{
	_pid=$(pid_of "$2")
	if cgroup_v2; then
		echo "/sys/fs/cgroup$(sed -n 's/^0:://p' "/proc/$_pid/cgroup")"
	else
		echo "/sys/fs/cgroup/$1$(sed -nE "s/^[0-9]+:([^:]*,)?$1(,[^:]*)?://p" "/proc/$_pid/cgroup")"
	fi
}

need_criu() # a criu that works on this kernel is in PATH from here on, or the case ends with the reason
{
	_criu=$(sh "$TESTS/criu.sh" 2> "$CASE_DIR/stderr") || skip "$(cat "$CASE_DIR/stderr")"
	PATH=$_criu:$PATH
}

# What a container does that is to survive a checkpoint: it counts, beside a word that it thought of when it started.
counter() # [COMMAND]: one more thing that it does in each round
{
	args sh -c "w=\$(cat /proc/sys/kernel/random/uuid); i=0; while i=\$((i + 1)); do
		echo \"\$w \$i\" > /tmp/new; mv /tmp/new /tmp/count; ${1:-:}; sleep 0.05
	done"
}

counts() # [FROM]: for wait_for; has the counter of $BUNDLE reached more than FROM (0)?
{
	[ -s "$BUNDLE/rootfs/tmp/count" ] && read -r _word _count < "$BUNDLE/rootfs/tmp/count" && [ "$_count" -gt "${1:-0}" ]
}

counter_now() # leaves its word in $WORD and its number in $COUNT
{
	wait_for counts
	read -r WORD COUNT < "$BUNDLE/rootfs/tmp/count"
}

expect_same_counter() # it is the counter of counter_now, and has gone on
{
	wait_for counts "$COUNT"
	read -r _word _count < "$BUNDLE/rootfs/tmp/count"
	expect_eq "$WORD" "$_word" 'the word of the counter'
}

# Fails the case where anything is left over at this point: for cases that try many things in turn. Calls itself a second
# after the last process of a container has gone at the latest.
expect_no_leak() # [WHAT]
{
	"$RUNNER" --leak-check "$CASE_DIR/leak" > "$CASE_DIR/leaks" || fail "${1:-left over}: $(tr '\n' ';' < "$CASE_DIR/leaks")"
}

# --- how the runner calls this file ----------------------------------------------------------------------------------

# Whatever the case left below its state root goes now; what cannot go is found by the runner.
delete_all()
{
	for _dir in "$HIND_ROOT"/*/; do
		[ -d "$_dir" ] || continue
		timeout -k 1 20 "$HIND" --root "$HIND_ROOT" delete --force "$(basename "$_dir")" || :
	done
}

at_exit() # STATUS LINE
{
	trap - EXIT
	set +e
	cd "$CASE_DIR/work" || exit 1
	delete_all
	if [ "$1" -ne 0 ] && [ ! -e "$CASE_DIR/reason" ]; then
		printf 'a command failed with status %s' "$1" > "$CASE_DIR/reason"
	fi
	exit "$1"
}

case ${1:-} in
--base-rootfs)
	set -eu
	base_rootfs "$2"
	cp "$HIND" "${2%/*}/hind" # where a user can reach it
	"$HIND" spec --bundle "${2%/*}"
	sed -i 's/"terminal": true/"terminal": false/' "${2%/*}/config.json"
	[ -z "${HIND_USER:-}" ] || chown -R "$HIND_USER:$HIND_USER" "$2"
	;;
--delete-all)
	delete_all
	;;
*)
	set -eu
	trap 'at_exit $?' EXIT
	[ -z "${HIND_USER:-}" ] || call_as_user "$HIND_USER"
	# shellcheck source=/dev/null
	. "$1"
	if command -v setup > "$CASE_DIR/stdout"; then
		setup
	fi
	"$2"
	;;
esac
