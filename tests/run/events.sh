# hind events: usage as JSON lines, and the memory limit's kills
# covers: events/--{interval,stats}

setup()
{
	bundle_new b '.linux.resources={memory:{limit:67108864}, pids:{limit:50}, cpu:{quota:10000, period:100000}}'
	args sleep 1000
}

running()
{
	create
	hind start "$ID"
}

stats() # one line of the container $ID into stats.json
{
	expect_status 0 hind events --stats "$ID"
	expect_lines 1 "$OUTPUT" 'stats'
	printf '%s\n' "$OUTPUT" > stats.json
}

is() # JQ_EXPRESSION
{
	jq -e "$1" stats.json > out || fail "not so: $1 in $(jq -c 'del(.data.memory.raw)' stats.json)"
}

has_periods() # for wait_for: the kernel counts one at its end
{
	hind events --stats "$ID" | jq -e '.data.cpu.throttling.periods>0' > out
}

test_stats()
{
	args sh -c 'i=0; while [ $i -lt 10000 ]; do i=$((i+1)); done; sleep 1000 & sleep 1000'
	running
	wait_for grep -q '^2$\|^3$' "$(cgroup_dir pids "$ID")/pids.current"
	wait_for has_periods
	stats
	is ".type==\"stats\" and .id==\"$ID\""
	is '.data.memory.usage.limit==67108864 and .data.memory.usage.usage>10000 and .data.memory.usage.failcnt==0'
	is '.data.memory.raw|length>10'
	is '.data.pids=={current:2,limit:50} or .data.pids=={current:3,limit:50}'
	is '.data.cpu.usage.total>1000000 and .data.cpu.throttling.periods>0'
	is '.data.cpuset.cpus|length>0'
	is '.data.cpuset.cpus==([.data.cpuset.cpus[]]|sort)'
	is '.data|has("blkio") and has("hugetlb") and has("intel_rdt") and has("network_interfaces")'
}

was_throttled() # for half a second
{
	stats
	jq -e '.data.cpu.throttling|.throttledPeriods>1 and .throttledTime>500000000' stats.json > out
}

test_throttled_time()
{
	args sh -c 'while :; do :; done'
	running
	wait_for was_throttled
	is '.data.cpu.usage.total>20000000'
	is '.data.cpu.throttling|.periods>=.throttledPeriods'
}

test_pressure()
{
	running
	stats
	if cgroup_v2; then
		[ ! -e /proc/pressure/cpu ] || is '.data.cpu.psi.some|has("avg10") and has("avg60") and has("avg300") and has("total")'
	else
		is '.data.cpu|has("psi")|not'
	fi
}

test_hugepages()
{
	need_root 'systemd hands users no hugetlb'
	cgroup_v2 || [ -e /sys/fs/cgroup/unified/cgroup.controllers ] || skip 'no cgroup2 is mounted here'
	grep -qw hugetlb /sys/fs/cgroup/cgroup.controllers /sys/fs/cgroup/unified/cgroup.controllers 2> grep.err ||
		skip 'this host has no hugetlb controller'
	config '.linux.resources.hugepageLimits=[{pageSize:"2MB", limit:0}]'
	running
	stats
	is '.data.hugetlb["2MB"].failcnt==0'
}

# Every name of runc's, and no other but those of later releases of it.
test_names_are_those_of_runc()
{
	command -v runc > runc-path || skip 'runc is not installed'
	cgroup_v2 && skip 'runc needs what this test does not give it on v2'
	running
	stats
	id_new OTHER
	status=0
	runc --root "$PWD/runc" run -d --bundle "$BUNDLE" "$OTHER" > runc.log 2>&1 < /dev/null || status=$?
	[ "$status" -ne 0 ] || runc --root "$PWD/runc" events --stats "$OTHER" > runc.json 2>> runc.log || status=$?
	runc --root "$PWD/runc" delete --force "$OTHER" >> runc.log 2>&1 || :
	[ "$status" -eq 0 ] || fail "runc: $(cat runc.log)"
	names='[paths|map(if type=="number" then "*" else . end)|join(".")]|unique|.[]'
	jq -r "$names" stats.json > ours
	jq -r "$names" runc.json > theirs
	# What is counted at all differs from moment to moment.
	sometimes='^data\.(blkio\..*|cpu\.throttling\..*|memory\.(cache|usage\.usage|kernel(TCP)?\.(usage|max)|swap\.usage)|cpu\.usage\.percpu.*|hugetlb\..*)$'
	grep -vE "$sometimes" ours | sort > ours.always
	grep -vE "$sometimes" theirs | sort > theirs.always
	[ -s theirs.always ] || fail 'runc has said nothing'
	expect_eq "$(cat theirs.always)" "$(cat ours.always)" names
	expect_eq "$(jq -cS '.data.cpuset' runc.json)" "$(jq -cS '.data.cpuset' stats.json)" cpuset
	expect_eq "$(jq -c '.data.memory|[.usage.limit,.swap.limit,.kernel.limit,.kernelTCP.limit]' runc.json)" \
		"$(jq -c '.data.memory|[.usage.limit,.swap.limit,.kernel.limit,.kernelTCP.limit]' stats.json)" 'memory limits'
}

has_lines() # N
{
	[ "$(wc -l < events.log)" -ge "$1" ]
}

test_lines_come_until_the_container_ends()
{
	running
	hind events --interval 100ms "$ID" > events.log &
	pid=$!
	wait_for has_lines 3
	hind kill "$ID" KILL
	wait "$pid" || fail "events ended with status $?"
	expect_eq '"stats"' "$(jq -c .type events.log | sort -u)" types
}

test_what_was_killed_for_memory_is_told()
{
	config '.linux.resources.memory={limit:16777216, swap:16777216}'
	args sh -c 'sleep 0.7; dd if=/dev/zero of=/dev/null bs=64M count=1 2> /dev/null; sleep 1000'
	running
	hind events --interval 1h "$ID" > events.log &
	pid=$!
	wait_for has_lines 2
	expect_eq "{\"type\":\"oom\",\"id\":\"$ID\"}" "$(sed -n 2p events.log)" event
	hind kill "$ID" KILL
	wait "$pid"
}

test_what_killed_the_container_itself_is_told()
{
	config '.linux.resources.memory={limit:16777216, swap:16777216}'
	args dd if=/dev/zero of=/dev/null bs=64M count=1
	create
	hind events --interval 1h "$ID" > events.log &
	pid=$!
	wait_for has_lines 1
	hind start "$ID"
	wait "$pid"
	expect_eq oom "$(sed -n 2p events.log | jq -r .type)" event
}

test_removal_is_no_kill()
{
	running
	hind events --interval 1h "$ID" > events.log &
	pid=$!
	wait_for has_lines 1
	hind delete --force "$ID"
	wait "$pid"
	expect_lines 1 "$(cat events.log)" events
}

test_intervals()
{
	create
	for text in 0 -1s 5x '' 1m2 100h; do
		[ "$text" = 1m2 ] || expect_error '^hind: .*--interval: ".*" is no time' hind events --interval="$text" --stats "$ID"
	done
	for text in 5 1.5s 500ms 1m30s 1h; do
		expect_status 0 hind events --interval "$text" --stats "$ID"
	done
}

test_container_must_live()
{
	expect_error "container \`$PREFIX-none\` does not exist" hind events --stats "$PREFIX-none"
	args true
	running
	wait_for is_status "$ID" stopped
	expect_error '^hind: .*container not running$' hind events --stats "$ID"
	expect_error '^hind: .*container not running$' hind events "$ID"
}

test_container_without_a_cgroup()
{
	id_new
	hind --cgroup-manager disabled create --bundle "$BUNDLE" "$ID" > container.log 2>&1 < /dev/null
	expect_error 'no cgroup of its own' hind events --stats "$ID"
}
