# hind with systemd's manager is killed with SIGKILL at its N-th system call, or its child is: `delete --force` removes what is
# left, and systemd keeps no unit of it.
# timeout: 600

setup()
{
	[ -S /run/systemd/private ] || skip 'pid 1 of this machine is not systemd'
	cgroup_v2 || skip 'systemd of this machine has cgroup v1'
	bundle_new b
	args sleep 100
}

units()
{
	systemctl list-units --all --plain --no-legend "*$PREFIX*.scope"
}

no_units()
{
	[ -z "$(units)" ]
}

kill_at() # parent|child N: false where it has fewer calls
{
	id_new
	_status=0
	timeout -k 2 60 "$(dirname "$RUNNER")/strike" "$1" "$2" \
		"$HIND" --root "$HIND_ROOT" --systemd-cgroup create --bundle "$BUNDLE" "$ID" < /dev/null > out 2> err || _status=$?
	[ "$_status" -ne 124 ] || fail "$1 killed at call $2: hangs"
	capture timeout -k 2 60 "$HIND" --root "$HIND_ROOT" delete --force "$ID"
	[ "$STATUS" -eq 0 ] || fail "$1 killed at call $2: delete --force: status $STATUS: $ERROR"
	# Where the parent was killed before it had recorded anything, only systemd knows, and sees for itself that all have ended.
	wait_for no_units
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
	[ "$_n" -gt "$4" ] || fail "only $_n calls of the $1: that was no create"
}

test_parent_killed()
{
	kill_each parent 3 9 60
}

test_child_killed()
{
	kill_each child 5 19 40
}

long_parent_killed_at_every_call()
{
	kill_each parent 1 1 60
}

long_child_killed_at_every_call()
{
	kill_each child 1 1 40
}

# The container's program ends by itself, and nobody ever calls delete: systemd has nothing left, and delete comes late.
test_scope_goes_when_the_program_ends()
{
	args true
	id_new
	expect_status 0 hind --systemd-cgroup create --bundle "$BUNDLE" "$ID" < /dev/null
	hind start "$ID"
	wait_for no_units
	expect_status 0 hind delete "$ID"
	expect_no_leak
}

# Engines use a name again at once.
test_same_name_again_and_again()
{
	for _ in 1 2 3 4 5 6; do
		expect_status 0 hind --systemd-cgroup run --bundle "$BUNDLE" --detach "$PREFIX-again" < /dev/null
		expect_status 0 hind delete --force "$PREFIX-again"
	done
	expect_eq '' "$(units)" units
}

# Somebody stopped the scope behind our back. What does not know SIGTERM gets 90 s from systemd otherwise.
test_scope_stopped_by_systemctl()
{
	config '.annotations={"org.systemd.property.TimeoutStopUSec":"uint64 500000"}'
	id_new
	expect_status 0 hind --systemd-cgroup create --bundle "$BUNDLE" "$ID" < /dev/null
	systemctl stop "hind-$ID.scope"
	wait_for is_status "$ID" stopped
	expect_status 0 hind delete "$ID"
	expect_no_leak
}
