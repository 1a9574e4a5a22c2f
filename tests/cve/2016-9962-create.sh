# CVE-2016-9962, for create: init of a container that joins the pid namespace of another one, seen from there.
# timeout: 120

setup()
{
	# shellcheck disable=SC2046
	set -- $(uname -r | tr .- '  ')
	[ "$1" -gt 6 ] || { [ "$1" -eq 6 ] && [ "$2" -ge 17 ]; } || skip 'before Linux 6.17 a procfs is of the pid namespace of who makes it'
	bundle_new b '.root.readonly=false' '.process.capabilities|=map_values(.+["CAP_SYS_PTRACE"])'
	cp "$(dirname "$PAYLOAD")/spy" b/rootfs/bin/spy
	echo host > marker
}

watch() # WHAT FILTER...: one container watches while others, of these, come and go
{
	HIND_TEST_WORD=$PWD/marker
	export HIND_TEST_WORD
	args spy "$1" "$PWD/marker" $$
	shift
	create
	expect_status 0 hind start "$ID"
	wait_for grep -q ready container.log
	mv container.log spy.log
	spy=$ID
	bundle_new other "$@" ".linux.namespaces|=map(if .type==\"pid\" then .path=\"/proc/$(pid_of "$ID")/ns/pid\" else . end)"
	args sh -c 'test -e /proc/self/status && test $$ != 1 && ps | grep -q "[s]py "'
	_i=0
	_end=$(($(date +%s) + 30))
	while [ "$_i" -lt 20 ] && [ "$(date +%s)" -lt "$_end" ]; do
		_i=$((_i + 1))
		expect_status 0 run
	done
	touch b/rootfs/tmp/stop
	wait_for is_status "$spy" stopped
	expect_match '^met [1-9]' "$(cat spy.log)" 'who was met'
	expect_no_match '^escape' "$(cat spy.log)"
}

test_nothing_leads_out()
{
	watch look
}

test_nothing_is_gained()
{
	watch seize
	expect_match '^seized [1-9]' "$(cat spy.log)" 'who was attached to'
}

test_nothing_is_gained_of_a_user()
{
	watch seize '.process.user={uid:1000,gid:1000}' '.process.rlimits=[{type:"RLIMIT_NOFILE",soft:70,hard:80}]'
}

# Born late, it is a container like others: its numbers, its terminal, its limit of pids.
test_what_is_born_late_is_whole()
{
	args sleep 1000
	create
	expect_status 0 hind start "$ID"
	bundle_new other ".linux.namespaces|=map(if .type==\"pid\" then .path=\"/proc/$(pid_of "$ID")/ns/pid\" else . end)" \
		'.root.readonly=false' '.linux.resources.pids={limit:1}' \
		'.hooks={startContainer:[{path:"/bin/sh",args:["sh","-c","cat > /tmp/state"]}]}'
	args sleep 1000
	create
	pid=$(pid_of "$ID")
	expect_status any hind start "$ID" # the hook is one process more than the limit
	expect_match 'fork|clone|Resource temporarily unavailable' "$ERROR"
	hind delete --force "$ID"
	config 'del(.linux.resources.pids)'
	create
	pid=$(pid_of "$ID")
	expect_status 0 hind start "$ID"
	expect_eq "$pid" "$(jq .pid other/rootfs/tmp/state)" 'the pid that the hook got'
	expect_eq "$pid" "$(sed -n 's/^Pid:	//p' "/proc/$pid/status")"
	expect_status 0 hind exec "$ID" true
	hind delete --force "$ID"
	config '.linux.resources.pids={limit:1}' 'del(.hooks)' '.process.terminal=true'
	config '.process.args=["cut","-d"," ","-f","1,6,7","/proc/self/stat"]'
	expect_status 0 run
	# It leads its session, which has the terminal.
	expect_match '^([0-9]+) \1 [1-9]' "$OUTPUT"
}
