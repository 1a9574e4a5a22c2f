# Every step on the host is made to fail in turn: strace(1) lets the N-th call of one kind fail, in the parent or in the child.
# Whatever happens then, it ends soon; an error is told in one line; and after `delete --force` nothing is left.
# timeout: 300

# What may fail on a full, restricted or broken host. ENOSYS would be a kernel below 5.14.
FAILURE=EIO

setup()
{
	bundle_new b
	args true
}

calls_of() # SYSCALL: how many of them a whole run makes, in all processes
{
	id_new
	hind_by strace -f -qq -e trace="$1" -e signal=none -o trace.all -- \
		run --bundle "$BUNDLE" "$ID" < /dev/null > out 2>&1 || fail "run under strace: $(cat out)"
	grep -c "^[0-9]* *$1(" trace.all || :
}

# hind under strace(1), which stays as long as a process of the container does: who has created one has to delete it.
injected() # SYSCALL N COMMAND
{
	_status=0
	hind_by exec timeout -k 2 20 strace -f -qq -e trace="$1" -e signal=none -e inject="$1:error=$FAILURE:when=$2" -o trace.one -- \
		"$3" --bundle "$BUNDLE" "$ID" < /dev/null > out 2> err &
	_strace=$!
	while [ "$3" = create ] && kill -0 "$_strace" 2> gone; do
		if hind state "$ID" 2> gone | grep -q '"created"'; then
			sleep 0.05
			expect_status 0 hind delete --force "$ID"
		fi
		sleep 0.02
	done
	wait "$_strace" || _status=$?
}

inject() # SYSCALL N COMMAND: the N-th call of the process that it hits fails
{
	id_new
	injected "$@"
	case $_status in
	124 | 137) fail "$3, $1 number $2 fails: hangs; $(cat err)" ;;
	esac
	[ "$_status" -lt 128 ] || fail "$3, $1 number $2 fails: killed, status $_status; $(cat err)"
	if [ "$_status" -ne 0 ]; then
		_failed=$((_failed + 1))
		[ -s err ] || fail "$3, $1 number $2 fails: status $_status and no word why"
		grep -v '^hind: ' err > strange || :
		[ ! -s strange ] || fail "$3, $1 number $2 fails: strange words: $(cat strange)"
		[ "$(grep -vc '^hind: warning: ' err)" -le 1 ] || fail "$3, $1 number $2 fails: more than one error: $(cat err)"
	fi
	expect_status 0 hind delete --force "$ID"
	expect_no_leak "$3, $1 number $2 fails"
}

fail_each() # SYSCALL...
{
	for _each; do
		_n=$(calls_of "$_each")
		_i=1
		_failed=0
		inject "$_each" 1 create # some are calls of create alone
		while [ "$_i" -le "$_n" ]; do
			inject "$_each" "$_i" run
			inject "$_each" "$_i" create
			_i=$((_i + 1))
		done
		note "$_each: $_n calls, $_failed failed commands"
		_sum=$((${_sum:-0} + _failed))
	done
	[ "$_sum" -gt 0 ] || fail "no command failed: nothing was injected"
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

# Mounts on the host go with the container.
test_mounts_without_mount_namespace()
{
	config '.linux.namespaces|=map(select(.type!="mount"))' '.linux.maskedPaths=[]' '.linux.readonlyPaths=[]' \
		'.root.readonly=false' '.mounts=[{destination:"/tmp",type:"tmpfs",source:"tmpfs"}]'
	fail_each open_tree move_mount mount_setattr umount2 statx symlinkat
}

test_processes_and_namespaces()
{
	fail_each clone3 unshare setns pidfd_send_signal
}

test_conversation()
{
	fail_each socketpair sendmsg recvmsg bind listen
}

# systemd's socket, too, and the kernel's for interfaces.
test_other_sockets()
{
	fail_each socket connect sendto recvfrom poll
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

test_files_read_and_written()
{
	fail_each read pread64 write
}

test_files_locked_and_looked_at()
{
	fail_each flock fcntl newfstatat readlinkat fstatfs statfs fchmod fchownat
}

test_program_executed()
{
	fail_each chdir fchdir close_range dup3 execve
}
