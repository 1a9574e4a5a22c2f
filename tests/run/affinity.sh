# process.execCPUAffinity: for exec alone
# covers: process.execCPUAffinity.{initial,final}

setup()
{
	cpus=$(sed -n 's/^Cpus_allowed_list:[^0-9]*//p' /proc/self/status)
	first=${cpus%%[,-]*}
	last=${cpus##*[,-]}
	[ "$first" != "$last" ] || skip "this process may run on CPU $cpus alone"
	bundle_new b
	args sleep 100
}

allowed() # CMD...
{
	expect_status 0 "$@"
	OUTPUT=$(printf '%s\n' "$OUTPUT" | sed -n 's/^Cpus_allowed_list:[^0-9]*//p')
}

test_final()
{
	config ".process.execCPUAffinity={initial:\"$first\",final:\"$last\"}"
	create
	# The container's first process is excepted.
	expect_match "^Cpus_allowed_list:.$cpus\$" "$(cat "/proc/$(pid_of "$ID")/status")"
	hind start "$ID"
	allowed hind exec "$ID" cat /proc/self/status
	expect_eq "$last" "$OUTPUT"
	hind exec --detach --pid-file pid "$ID" sleep 100
	expect_match "^Cpus_allowed_list:.$last\$" "$(cat "/proc/$(cat pid)/status")"
}

test_initial_alone_stays()
{
	config ".process.execCPUAffinity={initial:\"$first\"}"
	create
	hind start "$ID"
	allowed hind exec "$ID" cat /proc/self/status
	expect_eq "$first" "$OUTPUT"
}

test_of_the_process_document()
{
	create
	hind start "$ID"
	jq ".process|.execCPUAffinity={final:\"$last\"}|.args=[\"cat\",\"/proc/self/status\"]" b/config.json > process.json
	allowed hind exec --process process.json "$ID"
	expect_eq "$last" "$OUTPUT"
}

# Numbers beyond what a libc's cpu_set_t holds are no mistake; that none of them is there is.
test_cpus_that_are_not_there_are_told()
{
	config '.process.execCPUAffinity={final:"5000-5003"}'
	create
	hind start "$ID"
	expect_status 255 hind exec "$ID" true
	expect_match 'process\.execCPUAffinity\.final: none of the CPUs "5000-5003" is there and allowed' "$ERROR"
}

test_wrong_values_are_refused()
{
	config '.process.execCPUAffinity={initial:"1-0",final:"70000"}'
	expect_refused '\.process\.execCPUAffinity\.initial: "1-0" has a range that ends before it begins'
	expect_refused '\.process\.execCPUAffinity\.final: "70000" has a number above 65535'
	config '.process.execCPUAffinity={initial:"all"}'
	expect_refused '\.process\.execCPUAffinity\.initial: '
}
