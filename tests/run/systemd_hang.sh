# --systemd-cgroup where systemd does not answer, or not what was asked: hind ends with a clear line, and nothing is left
# alone
# timeout: 300

setup()
{
	[ -S /run/systemd/private ] || skip 'pid 1 of this machine is not systemd'
	cgroup_v2 || skip 'systemd of this machine has cgroup v1'
	bundle_new b
	args sleep 1000
}

expect_no_unit() # SYSTEMCTL...
{
	expect_eq '' "$("$@" list-units --all --plain --no-legend "*$PREFIX*.scope")" 'units left over'
	expect_eq '' "$("$@" list-jobs --plain --no-legend "*$PREFIX*.scope")" 'jobs left over'
	expect_no_leak
}

# The job of the scope waits for that of its slice, and that one for a service that never gets ready.
test_job_that_never_ends()
{
	slice=$(echo "$PREFIX" | tr - x).slice
	units=/run/systemd/system
	mkdir -p "$units/$slice.d"
	printf '[Service]\nType=oneshot\nExecStart=/bin/sleep 1000\n' > "$units/$PREFIX-slow.service"
	printf '[Unit]\nRequires=%s\nAfter=%s\n' "$PREFIX-slow.service" "$PREFIX-slow.service" > "$units/$slice.d/slow.conf"
	systemctl daemon-reload
	config ".linux.cgroupsPath=\"$slice:hind:$PREFIX-1\""
	id_new
	capture timeout 100 "$HIND" --root "$HIND_ROOT" --systemd-cgroup create --bundle "$BUNDLE" "$ID"
	systemctl stop "$PREFIX-slow.service" "$slice"
	rm -r "$units/$slice.d" "$units/$PREFIX-slow.service"
	systemctl daemon-reload
	expect_eq 1 "$STATUS" "status ($ERROR)"
	expect_lines 1 "$ERROR" error
	expect_match "systemd has not started hind-$PREFIX-1\.scope within 30 s; see systemctl list-jobs" "$ERROR"
	expect_status 1 hind state "$ID"
	expect_no_unit systemctl
}

# --- the systemd of a user, which can be stopped as no pid 1 can ---

stop_the_users_systemd() # CMD...: while it is stopped
{
	_manager=$(systemctl show --value -p MainPID user@1000.service)
	kill -STOP "$_manager"
	capture "$@"
	kill -CONT "$_manager"
}

user()
{
	[ -S /run/user/1000/systemd/private ] || skip 'user 1000 has no systemd of its own running'
	CGROUP_MANAGER=systemd
	call_as_user 1000
	chown 1000:1000 b
	id_new
}

users_systemctl()
{
	XDG_RUNTIME_DIR=/run/user/1000 setpriv --reuid 1000 --regid 1000 --clear-groups systemctl --user "$@"
}

test_stopped_systemd_is_told()
{
	user
	stop_the_users_systemd hind create --bundle "$BUNDLE" "$ID"
	expect_eq 1 "$STATUS" "status ($ERROR)"
	expect_lines 1 "$ERROR" error
	expect_match "the user's systemd cannot be reached \(.*no answer in time.*\); use --cgroup-manager cgroupfs" "$ERROR"
	expect_status 1 hind state "$ID"
	expect_no_unit users_systemctl
}

gone() # DIR
{
	[ ! -e "$1" ]
}

test_delete_does_without_a_stopped_systemd()
{
	user
	hind create --bundle "$BUNDLE" "$ID" > container.log 2>&1 < /dev/null || fail "create: $(cat container.log)"
	dir=$(cgroup_dir memory "$ID")
	[ -d "$dir" ] || fail "there is no $dir"
	stop_the_users_systemd hind delete --force "$ID"
	expect_eq 0 "$STATUS" "status ($ERROR)"
	expect_status 1 hind state "$ID"
	wait_for gone "$dir"
	# It may believe in the unit still, which is no hindrance to the next container of that name.
	hind create --bundle "$BUNDLE" "$ID" > container.log 2>&1 < /dev/null || fail "create again: $(cat container.log)"
	expect_status 0 hind delete --force "$ID"
	expect_no_unit users_systemctl
}
