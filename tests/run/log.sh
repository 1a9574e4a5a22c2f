# --log, --log-format, --log-level: what engines and people are told
# covers: hind/--{log,log-format,log-level}

setup()
{
	bundle_new b
	args true
}

test_quiet_by_default()
{
	expect_status 0 run
	expect_eq '' "$OUTPUT$ERROR"
}

test_one_json_object_on_failure()
{
	args /no/such/program
	id_new
	expect_status 1 hind --log log.json --log-format json create --bundle "$BUNDLE" "$ID"
	expect_lines 1 "$(cat log.json)" log.json
	expect_eq error "$(jq -r .level log.json)"
	expect_match 'no such file or directory' "$(jq -r .msg log.json)"
	expect_match '^20[0-9-]{8}T[0-9:]{8}(\.[0-9]+)?(Z|[+-][0-9:]{5})$' "$(jq -r .time log.json)" time
	expect_lines 1 "$ERROR" 'stderr, which conmon relays'
}

test_nothing_in_the_log_on_success()
{
	id_new
	expect_status 0 hind --log log.json --log-format json run --bundle "$BUNDLE" "$ID"
	expect_eq '' "$(cat log.json 2> none || :)"
}

test_several_problems_are_one_object()
{
	config '.process.cwd="relative"' '.process.args=[]' '.root.path=3'
	id_new
	expect_status 1 hind --log log.json --log-format json create --bundle "$BUNDLE" "$ID"
	expect_eq 1 "$(jq -s length log.json)"
}

test_log_of_text()
{
	id_new
	expect_status 1 hind --log log.txt state "$ID"
	expect_match 'does not exist' "$(cat log.txt)"
	expect_status 1 hind --log file:log2.txt state "$ID"
	expect_match 'does not exist' "$(cat log2.txt)"
}

test_log_that_cannot_be_opened()
{
	expect_error 'no/such/dir' hind --log no/such/dir/log list
}

test_info_tells_each_step()
{
	config '.linux.resources.pids={"limit":50}'
	id_new
	expect_status 0 hind --log-level info run --bundle "$BUNDLE" "$ID"
	time='^20[0-9-]{8}T[0-9:]{8}\.[0-9]+Z'
	printf '%s\n' "$ERROR" | while read -r line; do
		expect_match "$time [a-z_-]+ .*[a-z]+=" "$line" 'an info line'
	done
	for what in "config .*bundle=$BUNDLE" 'cgroup .*pids.max.*50' 'pid=[0-9]+' 'mount .*/proc' 'program .*found=.*true' 'start .*exec=' \
		'exit .*status=0' 'delete '; do
		expect_match "$time .*$what" "$ERROR" info
	done
}

test_info_as_json()
{
	id_new
	expect_status 0 hind --log-level info --log log.json --log-format json run --bundle "$BUNDLE" "$ID"
	[ "$(jq -s length log.json)" -gt 5 ] || fail "only $(jq -s length log.json) objects"
	expect_eq info "$(jq -rs '[.[].level]|unique|join(" ")' log.json)"
}

test_warning_is_no_error()
{
	config '.process.capabilities.bounding+=["CAP_OF_TOMORROW"]'
	expect_status 0 run
	expect_match 'warning: .*CAP_OF_TOMORROW' "$ERROR"
}
