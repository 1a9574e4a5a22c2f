# ps: a container's processes as the host counts them
# covers: ps/--format

setup()
{
	bundle_new b
	args sh -c 'sleep 1000 & exec sleep 2000'
	create
	expect_status 0 hind start "$ID"
	wait_for has_two
}

has_two()
{
	[ "$(hind ps --format json "$ID" | jq length)" -eq 2 ]
}

test_json_is_an_array_of_pids()
{
	expect_status 0 hind ps --format json "$ID"
	expect_match '^\[[0-9]+,[0-9]+\]$' "$OUTPUT"
	expect_eq "$(pid_of "$ID")" "$(printf %s "$OUTPUT" | jq 'min')"
	for pid in $(printf %s "$OUTPUT" | jq '.[]'); do
		expect_eq sleep "$(cat "/proc/$pid/comm")"
	done
}

test_table_is_that_of_ps()
{
	expect_status 0 hind ps "$ID"
	expect_match '^UID +PID' "$OUTPUT"
	expect_match " $(pid_of "$ID") .* sleep 2000\$" "$OUTPUT"
	expect_match ' sleep 1000$' "$OUTPUT"
	expect_lines 3 "$OUTPUT"
}

# ps by itself would show what is on our terminal.
test_options_that_choose_no_process()
{
	for options in '-o pid,args' '-opid,args' '-ww -o pid,args' '-O args' '-f' '--format pid,args' '--sort=pid -o pid,args' '-H'; do
		# shellcheck disable=SC2086
		expect_status 0 hind_pty ps "$ID" $options
		expect_lines 3 "$OUTPUT"
		expect_match "^ *([a-z]+ +)?$(pid_of "$ID") " "$OUTPUT" "$options"
	done
	expect_status 0 hind ps "$ID" -o pid,args --ppid "$(pid_of "$ID")"
	expect_lines 2 "$OUTPUT"
	expect_match ' sleep 1000$' "$OUTPUT"
	expect_status 0 hind ps "$ID" aux
	expect_lines 3 "$OUTPUT"
}

test_without_a_cgroup()
{
	id_new
	hind --cgroup-manager disabled create --bundle "$BUNDLE" "$ID" > log 2>&1 < /dev/null || fail "$(cat log)"
	hind start "$ID"
	wait_for has_two
	# Namespaces below the container's count, too.
	hind exec --detach --cap SYS_ADMIN "$ID" unshare --pid --fork sleep 3000
	wait_for has_four
	hind kill --all "$ID" CONT
	hind kill --all "$ID" KILL
	wait_for is_status "$ID" stopped
	expect_eq '[]' "$(hind ps --format json "$ID")"
	hind kill --all "$ID" KILL
	[ -z "${HIND_USER:-}" ] || return 0 # up to its program init is undumpable, and its namespaces are closed to a user
	config '.linux.namespaces|=map(select(.type!="pid"))'
	id_new
	hind --cgroup-manager disabled create --bundle "$BUNDLE" "$ID" > log 2>&1 < /dev/null || fail "$(cat log)"
	expect_error 'no cgroup of its own and no pid namespace' hind ps "$ID"
	expect_error 'no cgroup of its own and no pid namespace' hind kill --all "$ID" KILL
}

has_four()
{
	[ "$(hind ps --format json "$ID" | jq length)" -eq 4 ]
}

test_options_of_ps()
{
	expect_status 0 hind ps "$ID" -e -o comm,pid
	expect_match '^COMMAND +PID$' "$OUTPUT"
	expect_match "^sleep +$(pid_of "$ID")\$" "$OUTPUT"
	expect_lines 3 "$OUTPUT"
	expect_error 'no column PID' hind ps "$ID" -e -o comm
	expect_status 1 hind ps "$ID" --no-such-option
}

test_exec_is_among_them()
{
	expect_status 0 hind exec -d "$ID" sleep 3000
	expect_status 0 hind ps -f json "$ID"
	expect_eq 3 "$(printf %s "$OUTPUT" | jq length)"
}

test_stopped_has_none()
{
	hind kill "$ID" KILL
	wait_for is_status "$ID" stopped
	expect_status 0 hind ps --format json "$ID"
	expect_eq '[]' "$OUTPUT"
	expect_status 0 hind ps "$ID"
	expect_lines 1 "$OUTPUT"
}

test_unknown_is_an_error()
{
	expect_error "container \`$PREFIX-none\` does not exist" hind ps "$PREFIX-none"
	expect_error 'neither table nor json' hind ps --format yaml "$ID"
	expect_error 'ps takes a container id' hind ps
}
