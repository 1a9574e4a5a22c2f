# Either half of `create` is killed with SIGKILL at its N-th system call, for every N: what is left can be removed by
# `delete --force`, and then nothing is left.
# timeout: 300

setup()
{
	bundle_new b
	args sleep 100
}

kill_at() # parent|child N: false where it has fewer calls
{
	id_new
	_status=0
	hind_by timeout -k 2 20 "$(dirname "$RUNNER")/strike" "$1" "$2" -- \
		create --bundle "$BUNDLE" "$ID" < /dev/null > out 2> err || _status=$?
	[ "$_status" -ne 124 ] || fail "$1 killed at call $2: hangs"
	capture hind_by timeout -k 2 20 -- delete --force "$ID"
	[ "$STATUS" -eq 0 ] || fail "$1 killed at call $2: delete --force: status $STATUS: $ERROR"
	expect_no_leak "$1 killed at call $2"
	case $_status in
	0) return 0 ;;
	99) return 1 ;;
	*) fail "$1 killed at call $2: strike ends with $_status: $(cat err)" ;;
	esac
}

kill_each() # parent|child FIRST STEP LEAST
{
	_n=$2
	while kill_at "$1" "$_n"; do
		_n=$((_n + $3))
	done
	note "$1 has $_n calls"
	[ "$_n" -gt "$4" ] || fail "only $_n calls of the $1: that was no create"
}

test_parent_killed_at_every_odd_call()
{
	kill_each parent 1 2 40
}

test_parent_killed_at_every_even_call()
{
	kill_each parent 2 2 40
}

test_child_killed_at_every_odd_call()
{
	kill_each child 1 2 40
}

test_child_killed_at_every_even_call()
{
	kill_each child 2 2 40
}

# Its mounts are on the host then, where nobody but `delete` takes them away.
mounts_on_the_host()
{
	config '.linux.namespaces|=map(select(.type!="mount"))' '.linux.maskedPaths=[]' '.linux.readonlyPaths=[]' \
		'.root.readonly=false' '.mounts=[{destination:"/tmp",type:"tmpfs",source:"tmpfs"}]'
}

test_parent_killed_without_mount_namespace()
{
	mounts_on_the_host
	kill_each parent 1 2 40
}

test_child_killed_without_mount_namespace()
{
	mounts_on_the_host
	kill_each child 1 4 40
}
