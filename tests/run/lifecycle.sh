# create, start, state, kill, delete: the OCI life cycle. covers: create, start, state, kill, delete
# timeout: 180
# covers: annotations delete/--force kill/--all run/--keep run/--detach create/--bundle run/--bundle create/--pid-file
# covers: run/--pid-file

setup()
{
	bundle_new b
	args sleep 1000
}

test_created_running_stopped_gone()
{
	create
	expect_eq created "$(status_of "$ID")"
	expect_status 0 hind start "$ID"
	expect_eq running "$(status_of "$ID")"
	expect_eq sleep "$(cat "/proc/$(pid_of "$ID")/comm")"
	expect_status 0 hind kill "$ID" KILL
	wait_for is_status "$ID" stopped
	expect_eq 0 "$(pid_of "$ID")"
	expect_status 0 hind delete "$ID"
	expect_error 'does not exist' hind state "$ID"
	expect_no_leak
}

test_bundle_of_another_runtimes_spec()
{
	command -v runc > out || skip "runc is not installed"
	rm b/config.json
	runc spec --bundle b
	config '.process.terminal=false'
	args sleep 1000
	create
	expect_eq created "$(status_of "$ID")"
	expect_status 0 hind start "$ID"
	expect_eq running "$(status_of "$ID")"
	expect_status 0 hind kill "$ID" 9
	wait_for is_status "$ID" stopped
	expect_status 0 hind delete "$ID"
	expect_no_leak
}

test_state_has_what_engines_read()
{
	config '.annotations={"org.example.a":"b"}'
	create
	hind state "$ID" > state
	expect_eq "$ID" "$(jq -r .id state)"
	expect_eq "$BUNDLE" "$(jq -r .bundle state)"
	expect_eq "$BUNDLE/rootfs" "$(jq -r .rootfs state)"
	expect_eq b "$(jq -r '.annotations["org.example.a"]' state)"
	expect_match '^1\.[0-9]+\.[0-9]+$' "$(jq -r .ociVersion state)" ociVersion
	expect_match '^20[0-9][0-9]-[01][0-9]-[0-3][0-9]T[0-9:]{8}(\.[0-9]+)?Z$' "$(jq -r .created state)" created
	expect_eq number "$(jq -r '.pid|type' state)"
	expect_eq string "$(jq -r '.owner|type' state)"
}

test_program_ends_by_itself()
{
	args sh -c 'exit 3'
	create
	expect_status 0 hind start "$ID"
	wait_for is_status "$ID" stopped
	expect_status 0 hind delete "$ID"
	expect_no_leak
}

test_same_id_twice_is_refused()
{
	create
	expect_error "already exists" hind create --bundle "$BUNDLE" "$ID"
	expect_error "already exists" hind run --bundle "$BUNDLE" "$ID"
	expect_eq created "$(status_of "$ID")"
}

test_pid_file_is_plain_decimal()
{
	create --pid-file pid
	expect_match '^[0-9]+$' "$(cat pid)"
	expect_eq "$(pid_of "$ID")" "$(cat pid)"
}

test_pid_file_is_replaced_not_rewritten()
{
	echo old > pid
	ln pid other
	create --pid-file pid
	expect_eq old "$(cat other)" 'what another reader holds'
}

test_relative_bundle()
{
	id_new
	expect_status 0 hind create --bundle b "$ID"
	expect_eq "$BUNDLE" "$(hind state "$ID" | jq -r .bundle)"
}

test_bundle_is_the_working_directory()
{
	id_new
	cd b
	expect_status 0 hind create "$ID"
	expect_eq "$BUNDLE" "$(hind state "$ID" | jq -r .bundle)"
}

test_other_config_file()
{
	jq '.hostname="other"' b/config.json > other.json
	create --config other.json
	expect_status 0 hind start "$ID"
	expect_eq other "$(nsenter -u -t "$(pid_of "$ID")" hostname)"
}

test_kill_knows_names_and_numbers()
{
	args payload listen 10 12 15 34 36
	for signal in TERM:15 SIGTERM:15 term:15 15:15 USR1:10 SIGUSR2:12 RTMIN:34 SIGRTMIN+2:36 36:36; do
		id_new
		hind create --bundle "$BUNDLE" "$ID" > log 2>&1 < /dev/null
		expect_status 0 hind start "$ID"
		wait_for grep -q ready log
		expect_status 0 hind kill "$ID" "${signal%:*}"
		wait_for is_status "$ID" stopped
		expect_eq "${signal#*:}" "$(tail -1 log)" "kill ${signal%:*}"
		expect_status 0 hind delete "$ID"
	done
}

test_kill_sends_term_by_default()
{
	args payload listen 15
	id_new
	hind create --bundle "$BUNDLE" "$ID" > log 2>&1 < /dev/null
	expect_status 0 hind start "$ID"
	wait_for grep -q ready log
	expect_status 0 hind kill "$ID"
	wait_for is_status "$ID" stopped
	expect_eq 15 "$(tail -1 log)"
}

test_kill_of_a_created_container()
{
	create
	expect_status 0 hind kill "$ID" KILL
	wait_for is_status "$ID" stopped
	expect_status 0 hind delete "$ID"
}

test_kill_all_reaches_every_process()
{
	config '.linux.namespaces|=map(select(.type!="pid"))'
	args sh -c 'sleep 998 & sleep 999 & exec sleep 997'
	create
	expect_status 0 hind start "$ID"
	group=$(cgroup_dir pids "$ID")/cgroup.procs
	wait_for eval '[ "$(grep -c "" "$group")" -eq 3 ]'
	expect_status 0 hind kill --all "$ID" KILL
	wait_for eval '[ ! -e "$group" ] || [ "$(grep -c "" "$group")" -eq 0 ]'
	expect_status 0 hind kill --all "$ID" KILL
	expect_status 0 hind delete "$ID"
	expect_no_leak
}

test_force_removes_in_every_status()
{
	create
	expect_status 0 hind delete --force "$ID"
	expect_no_leak created
	create
	expect_status 0 hind start "$ID"
	expect_status 0 hind delete --force "$ID"
	expect_no_leak running
	create
	expect_status 0 hind start "$ID"
	expect_status 0 hind kill "$ID" KILL
	expect_status 0 hind delete --force "$ID"
	expect_no_leak stopped
}

test_force_removes_what_shares_the_hosts_pids()
{
	config '.linux.namespaces|=map(select(.type!="pid"))'
	args sh -c 'sleep 998 & sleep 999 & exec sleep 997'
	create
	expect_status 0 hind start "$ID"
	expect_status 0 hind delete --force "$ID"
	expect_no_leak
}

test_id_may_hold_dots_and_signs()
{
	id_new
	ID=$ID.a_b+c-d
	expect_status 0 hind create --bundle "$BUNDLE" "$ID"
	expect_eq created "$(status_of "$ID")"
}

test_run_leaves_nothing()
{
	args true
	expect_status 0 run
	expect_eq '' "$OUTPUT$ERROR"
	expect_error 'does not exist' hind state "$ID"
	expect_no_leak
}

test_run_detached()
{
	id_new
	expect_status 0 hind run --detach --pid-file pid --bundle "$BUNDLE" "$ID"
	expect_eq running "$(status_of "$ID")"
	expect_eq "$(cat pid)" "$(pid_of "$ID")"
}

test_run_keep()
{
	args sh -c 'exit 7'
	expect_status 7 run --keep
	expect_eq stopped "$(status_of "$ID")"
	expect_status 0 hind delete "$ID"
	expect_no_leak
}

test_many_in_a_row_leave_nothing()
{
	n=20
	[ "$LONG" = 0 ] || n=100
	while [ "$n" -gt 0 ]; do
		create
		expect_status 0 hind start "$ID"
		expect_status 0 hind kill "$ID" KILL
		wait_for is_status "$ID" stopped
		expect_status 0 hind delete "$ID"
		n=$((n - 1))
	done
	expect_no_leak
}

test_many_side_by_side()
{
	ids=
	for _ in 1 2 3 4 5 6 7 8 9 10 11 12; do
		id_new
		ids="$ids $ID"
		hind create --bundle "$BUNDLE" "$ID" > "log.$ID" 2>&1 < /dev/null &
	done
	wait
	for ID in $ids; do
		expect_eq created "$(status_of "$ID")" "$(cat "log.$ID")"
	done
	for ID in $ids; do
		hind start "$ID" &
	done
	wait
	for ID in $ids; do
		expect_eq running "$(status_of "$ID")"
		hind delete --force "$ID" &
	done
	wait
	expect_no_leak
}

test_one_of_many_creators_wins()
{
	id_new
	for n in 1 2 3 4 5 6 7 8; do
		{ hind create --bundle "$BUNDLE" "$ID" > "log.$n" 2>&1 < /dev/null && touch "won.$n"; } &
	done
	wait
	expect_eq 1 "$(find . -maxdepth 1 -name 'won.*' | grep -c '')" winners
	expect_eq created "$(status_of "$ID")"
}
