# CVE-2016-9962, for exec: the process that comes in, seen from inside while it does.
# timeout: 120

setup()
{
	bundle_new b '.root.readonly=false'
	cp "$(dirname "$PAYLOAD")/spy" b/rootfs/bin/spy
	echo host > marker
}

spy() # WHAT: starts the container that watches
{
	args spy "$1" "$PWD/marker" $$
	create
	expect_status 0 hind start "$ID"
	wait_for grep -q ready container.log
}

enter() # N [OPTION...]: so many times, but no longer than 20 s: beside the spy, an emulated machine needs seconds for each
{
	_i=$1
	_end=$(($(date +%s) + 20))
	shift
	while [ "$_i" -gt 0 ] && [ "$(date +%s)" -lt "$_end" ]; do
		_i=$((_i - 1))
		expect_status 0 hind exec "$@" "$ID" true < /dev/null
	done
}

spy_ends()
{
	touch b/rootfs/tmp/stop
	wait_for is_status "$ID" stopped
	expect_match '^met [1-9]' "$(cat container.log)" 'who was met'
	expect_no_match '^escape' "$(cat container.log)"
}

# The usual container: nothing of it can be seen at all.
test_nothing_can_be_seen()
{
	spy look
	enter 40
	enter 20 -u 1000:1000
	spy_ends
	expect_match '^looked 0$' "$(cat container.log)"
}

test_nobody_can_trace()
{
	spy trace
	enter 40
	enter 20 -u 1000:1000
	spy_ends
	expect_match '^traced 0$' "$(cat container.log)"
}

# Who may trace in there sees it, but nothing of it leads out.
test_nothing_leads_out_for_who_may_trace()
{
	config '.process.capabilities|=map_values(.+["CAP_SYS_PTRACE"])'
	spy look
	enter 25
	enter 10 -u 1000:1000
	enter 10 --tty
	spy_ends
	expect_match '^looked [1-9]' "$(cat container.log)" 'what was seen'
}

test_nothing_leads_out_of_a_user_namespace()
{
	config '.process.capabilities|=map_values(.+["CAP_SYS_PTRACE"])' '.linux.namespaces+=[{type:"user"}]' \
		'.linux.uidMappings=[{containerID:0,hostID:100000,size:65536}]' '.linux.gidMappings=.linux.uidMappings'
	spy look
	enter 40
	enter 20 -u 1000:1000
	spy_ends
	expect_match '^looked 0$' "$(cat container.log)"
}

# Who attaches to it from its birth on, and follows it up to its execve, finds what the container itself has, and no more.
nothing_is_gained()
{
	HIND_TEST_WORD=$PWD/marker
	export HIND_TEST_WORD
	config '.process.capabilities|=map_values(.+["CAP_SYS_PTRACE"])'
	spy seize
	enter 25
	enter 10 -u 1000:1000
	enter 10 --tty
	spy_ends
	expect_match '^seized [1-9]' "$(cat container.log)" 'who was attached to'
}

test_nothing_is_gained_by_who_may_trace()
{
	nothing_is_gained
}

# Without noNewPrivileges it takes CAP_SYS_ADMIN to load a filter, and yet nobody is to be found with that, or without the
# filter.
test_nothing_is_gained_beside_a_filter()
{
	config '.process.noNewPrivileges=false' \
		'.linux.seccomp={defaultAction:"SCMP_ACT_ALLOW",syscalls:[{names:["swapon"],action:"SCMP_ACT_ERRNO"}]}'
	nothing_is_gained
}
