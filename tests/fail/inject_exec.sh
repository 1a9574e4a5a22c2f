# exec where every system call fails in turn, and where each of its three processes is killed at any of its calls: an error is
# told in one line or the program has run, and the container is what it was before, with no process more.
# timeout: 300

setup()
{
	bundle_new b
	args sleep 1000
	create
	expect_status 0 hind start "$ID"
	files=$(ls "$HIND_ROOT/$ID")
}

is_alone()
{
	[ "$(hind ps --format json "$ID" | jq length)" -eq 1 ]
}

# WHAT happened before
expect_as_before()
{
	_left=200
	until is_alone; do
		_left=$((_left - 1))
		[ "$_left" -gt 0 ] || fail "$1: $(hind ps "$ID")"
		sleep 0.02
	done
	expect_eq running "$(status_of "$ID")" "$1"
	expect_eq "$files" "$(ls "$HIND_ROOT/$ID")" "$1"
}

calls_of() # SYSCALL
{
	hind_by strace -f -qq -e trace="$1" -e signal=none -o trace.all -- \
		exec --pid-file "$PWD/pid" "$ID" true < /dev/null > out 2>&1 || fail "exec under strace: $(cat out)"
	grep -c "^[0-9]* *$1(" trace.all || :
}

inject() # SYSCALL N [OPTION...]
{
	_call=$1 _nth=$2 _status=0
	shift 2
	rm -f pid
	hind_by timeout -k 2 20 strace -f -qq -e trace="$_call" -e signal=none -e inject="$_call:error=EIO:when=$_nth" -o trace.one -- \
		exec --pid-file "$PWD/pid" "$@" "$ID" true < /dev/null > out 2> err || _status=$?
	case $_status in
	124 | 137) fail "$_call number $_nth fails: hangs; $(cat err)" ;;
	esac
	[ "$_status" -lt 128 ] || [ "$_status" -eq 255 ] || fail "$_call number $_nth fails: status $_status; $(cat err)"
	if [ "$_status" -eq 255 ]; then
		_failed=$((_failed + 1))
		[ ! -e pid ] || fail "$_call number $_nth fails: the pid file is left"
		# The first one is also that of the process which tells the error.
		[ "$_call $_nth" = 'write 1' ] || grep -q '^hind: ' err || fail "$_call number $_nth fails: no word why"
		[ "$(grep -vc '^hind: warning: ' err)" -le 1 ] || fail "$_call number $_nth fails: more than one error: $(cat err)"
	fi
	expect_as_before "$_call number $_nth fails"
}

fail_each() # SYSCALL...
{
	for _each; do
		_n=$(calls_of "$_each")
		_i=1
		_failed=0
		while [ "$_i" -le "$_n" ]; do
			inject "$_each" "$_i"
			inject "$_each" "$_i" --detach
			_i=$((_i + 1))
		done
		note "$_each: $_n calls, $_failed failed commands"
		_sum=$((${_sum:-0} + _failed))
	done
	[ "$_sum" -gt 0 ] || fail "no command failed: nothing was injected"
}

test_processes_and_namespaces()
{
	fail_each clone3 setns pidfd_open
}

test_conversation()
{
	fail_each socketpair pipe2 sendmsg recvmsg sendto recvfrom
}

test_ids_and_privileges()
{
	fail_each setgroups setresuid setresgid capset prctl setsid keyctl
}

test_files()
{
	fail_each openat openat2
}

test_reading_and_writing()
{
	fail_each read write
}

test_own_procfs()
{
	fail_each fstatfs
}

test_program_executed()
{
	fail_each fchdir close_range execve fcntl rename renameat
}

kill_at() # WHOM N
{
	_status=0
	hind_by timeout -k 2 20 "$(dirname "$RUNNER")/strike" "$1" "$2" -- \
		exec "$ID" true < /dev/null > out 2> err || _status=$?
	[ "$_status" -ne 124 ] || fail "$1 killed at call $2: hangs"
	expect_as_before "$1 killed at call $2"
	case $_status in
	0) return 0 ;;
	99) return 1 ;;
	*) fail "$1 killed at call $2: strike ends with $_status: $(cat err)" ;;
	esac
}

kill_each() # WHOM LEAST
{
	_n=1
	while kill_at "$1" "$_n"; do
		_n=$((_n + 1))
	done
	note "$1 has $_n calls"
	[ "$_n" -gt "$2" ] || fail "only $_n calls of the $1: that was no exec"
}

test_parent_killed_at_every_call()
{
	kill_each parent 40
}

test_process_in_between_killed_at_every_call()
{
	kill_each child 60
}

test_newcomer_killed_at_every_call()
{
	kill_each second 15
}
