# linux.timeOffsets
# covers: linux.timeOffsets.{monotonic,boottime}.{secs,nanosecs}

setup()
{
	[ -e /proc/self/ns/time ] || skip 'this kernel has no time namespaces'
	bundle_new b '.linux.namespaces+=[{type:"time"}]'
}

test_offsets_move_the_clocks()
{
	config '.linux.timeOffsets={monotonic:{secs:1000000,nanosecs:5},boottime:{secs:2000000}}'
	before=$(cut -d. -f1 /proc/uptime)
	run_sh 'cut -d. -f1 /proc/uptime; readlink /proc/self/ns/time; readlink /proc/self/ns/time_for_children; cat /proc/self/timens_offsets'
	inside=$(printf '%s\n' "$OUTPUT" | sed -n 1p)
	[ "$((inside - before))" -ge 2000000 ] || fail "uptime $before outside, $inside inside"
	[ "$((inside - before))" -lt 2000060 ] || fail "uptime $before outside, $inside inside"
	expect_eq "$(printf '%s\n' "$OUTPUT" | sed -n 2p)" "$(printf '%s\n' "$OUTPUT" | sed -n 3p)" 'own and children'
	expect_match '^monotonic +1000000 +5$' "$OUTPUT"
	expect_match '^boottime +2000000 +0$' "$OUTPUT"
}

test_without_offsets_the_clocks_stay()
{
	run_sh 'readlink /proc/self/ns/time; cat /proc/self/timens_offsets'
	expect_ne "$(readlink /proc/self/ns/time)" "$(printf '%s\n' "$OUTPUT" | sed -n 1p)"
	expect_match '^monotonic +0 +0$' "$OUTPUT"
}

test_offsets_in_a_user_namespace()
{
	config '.linux.timeOffsets={boottime:{secs:2000000}}' '.linux.namespaces+=[{type:"user"}]' \
		'.linux.uidMappings=[{containerID:0,hostID:100000,size:65536}]' '.linux.gidMappings=.linux.uidMappings'
	run_sh 'cat /proc/self/timens_offsets'
	expect_match '^boottime +2000000 +0$' "$OUTPUT"
}

test_clock_below_zero()
{
	config '.linux.timeOffsets={boottime:{secs:-1000000000}}'
	expect_refused 'linux\.timeOffsets: a clock would be below zero or beyond 146 years: numerical result out of range$'
}

test_offsets_need_a_new_namespace()
{
	config '.linux.timeOffsets={boottime:{secs:1}}' '.linux.namespaces|=map(select(.type!="time"))'
	expect_refused 'config\.json:[0-9]+:[0-9]+: \.linux\.timeOffsets: needs a new time namespace'
}
