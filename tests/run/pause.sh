# pause and resume: every process of a container stands still
# covers: exec/--ignore-paused
# covers: resume

setup()
{
	bundle_new b '.root.readonly=false'
	args sh -c 'i=0; while :; do i=$((i+1)); echo $i > /tmp/count; done'
	create
	expect_status 0 hind start "$ID"
	wait_for test -s b/rootfs/tmp/count
}

counts() # does it go on?
{
	_before=$(cat b/rootfs/tmp/count)
	sleep 0.2
	[ "$_before" != "$(cat b/rootfs/tmp/count)" ]
}

test_it_stands_still_and_goes_on()
{
	wait_for counts
	expect_status 0 hind pause "$ID"
	expect_eq paused "$(status_of "$ID")"
	if counts; then
		fail 'it counts on while it is paused'
	fi
	expect_status 0 hind resume "$ID"
	expect_eq running "$(status_of "$ID")"
	wait_for counts
}

test_neither_twice()
{
	expect_error 'container not paused' hind resume "$ID"
	expect_status 0 hind pause "$ID"
	expect_error 'container not running' hind pause "$ID"
	expect_status 0 hind resume "$ID"
}

test_stopped_and_created()
{
	hind kill "$ID" KILL
	wait_for is_status "$ID" stopped
	expect_error '^hind: container not running' hind pause "$ID"
	expect_error '^hind: container not running' hind resume "$ID"
	create
	expect_error '^hind: container not running' hind pause "$ID"
	expect_error "container \`$PREFIX-none\` does not exist" hind pause "$PREFIX-none"
	expect_error "container \`$PREFIX-none\` does not exist" hind resume "$PREFIX-none"
}

test_kill_ends_the_paused()
{
	expect_status 0 hind pause "$ID"
	expect_status 0 hind kill "$ID" KILL
	wait_for is_status "$ID" stopped
	expect_status 0 hind delete "$ID"
}

test_delete_by_force_ends_the_paused()
{
	expect_status 0 hind pause "$ID"
	expect_error 'not stopped: paused' hind delete "$ID"
	expect_status 0 hind delete --force "$ID"
	expect_no_leak
}

test_another_signal_waits()
{
	expect_status 0 hind pause "$ID"
	expect_status 0 hind kill "$ID" STOP
	expect_eq paused "$(status_of "$ID")"
	expect_status 0 hind resume "$ID"
}

test_exec_is_refused_unless_it_is_asked_for()
{
	expect_status 0 hind pause "$ID"
	expect_status 255 hind exec "$ID" true
	expect_eq 'hind: cannot exec in a paused container (use --ignore-paused to override)' "$ERROR"
	hind exec --ignore-paused "$ID" echo entered > out 2> err &
	sleep 0.3
	expect_eq '' "$(cat out)" 'before it goes on'
	expect_status 0 hind resume "$ID"
	wait $! || fail "exec: $(cat err)"
	expect_eq entered "$(cat out)"
}

test_nobody_can_be_paused_without_a_cgroup()
{
	id_new
	hind --cgroup-manager disabled create --bundle "$BUNDLE" "$ID" > log 2>&1 < /dev/null || fail "$(cat log)"
	hind start "$ID"
	expect_error 'has no cgroup of its own' hind pause "$ID"
}
