# Every step on the host is made to fail in turn: strace(1) lets the N-th call of one kind fail, in the parent or in the child.
# Whatever happens then, it ends soon; an error is told in one line; and after `delete --force` nothing is left.
# timeout: 300

# What may fail on a full, restricted or broken host. ENOSYS would be a kernel below 5.14.
ERROR=EIO

setup()
{
	bundle_new b
	args true
}

calls_of() # SYSCALL: how many of them a whole run makes, in all processes
{
	id_new
	strace -f -qq -e trace="$1" -e signal=none -o trace.all \
		"$HIND" --root "$HIND_ROOT" run --bundle "$BUNDLE" "$ID" < /dev/null > out 2>&1 || fail "run under strace: $(cat out)"
	grep -c "^[0-9]* *$1(" trace.all || :
}

# One run with the N-th call of the process it hits made to fail.
inject() # SYSCALL N COMMAND...
{
	_call=$1
	_nth=$2
	shift 2
	id_new
	_status=0
	timeout -k 2 20 strace -f -qq -e trace="$_call" -e signal=none -e inject="$_call:error=$ERROR:when=$_nth" -o trace.one \
		"$HIND" --root "$HIND_ROOT" "$@" --bundle "$BUNDLE" "$ID" < /dev/null > out 2> err || _status=$?
	case $_status in
	124 | 137) fail "$_call number $_nth fails: hangs; $(cat err)" ;;
	esac
	[ "$_status" -lt 128 ] || fail "$_call number $_nth fails: killed, status $_status; $(cat err)"
	if [ "$_status" -ne 0 ] && [ "$(grep -c '' err)" -lt 1 ]; then
		fail "$_call number $_nth fails: status $_status and no word why"
	fi
	if [ "$_status" -ne 0 ]; then
		grep -v '^hind: ' err > strange || :
		[ ! -s strange ] || fail "$_call number $_nth fails: strange words: $(cat strange)"
		[ "$(grep -vc '^hind: warning: ' err)" -le 1 ] || fail "$_call number $_nth fails: more than one error: $(cat err)"
	fi
	expect_status 0 hind delete --force "$ID"
	expect_no_leak "$_call number $_nth fails"
}

fail_each() # SYSCALL...
{
	for _each; do
		_n=$(calls_of "$_each")
		note "$_each: $_n calls"
		_i=1
		while [ "$_i" -le "$_n" ] && [ "$_i" -le 12 ]; do
			inject "$_each" "$_i" run
			inject "$_each" "$_i" create
			_i=$((_i + 1))
		done
	done
}

test_directories_and_links()
{
	fail_each mkdir mkdirat symlink symlinkat
}

test_nodes_and_names()
{
	fail_each mknodat unlinkat rename renameat renameat2
}

test_mounts()
{
	fail_each fsopen fsconfig fsmount
}

test_trees()
{
	fail_each open_tree move_mount mount_setattr umount2 pivot_root
}

test_processes_and_namespaces()
{
	fail_each clone3 unshare setns pidfd_send_signal
}

test_conversation()
{
	fail_each socketpair sendmsg recvmsg bind listen sendto recvfrom
}

test_ids_and_privileges()
{
	fail_each setgroups setresuid setresgid setuid setgid capset prctl setsid
}

test_files_resolved_in_the_root()
{
	fail_each openat2
}

test_files_opened()
{
	fail_each openat
}

test_files_written()
{
	fail_each write
}

test_program_executed()
{
	fail_each chdir fchdir close_range dup3 execve
}
