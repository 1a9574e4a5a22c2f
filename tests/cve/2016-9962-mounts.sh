# CVE-2016-9962, for mounts: the process that comes in to change mounts, seen from inside while it does.

setup()
{
	bundle_new b '.root.readonly=false' '.process.capabilities|=map_values(.+["CAP_SYS_PTRACE"])'
	cp "$(dirname "$PAYLOAD")/spy" b/rootfs/bin/spy
	echo host > marker
	mkdir shared
	echo "[{\"destination\":\"/mnt\",\"type\":\"bind\",\"source\":\"$PWD/shared\"}]" > list.json
}

watch() # starts the container that watches, and changes its mounts meanwhile
{
	args spy look "$PWD/marker" $$
	create
	expect_status 0 hind start "$ID"
	wait_for grep -q ready container.log
	_i=0
	while [ "$_i" -lt 60 ]; do
		_i=$((_i + 1))
		expect_status 0 hind mounts add "$ID" list.json
		expect_status 0 hind mounts remove "$ID" list.json
	done
	touch b/rootfs/tmp/stop
	wait_for is_status "$ID" stopped
	expect_match '^met [1-9]' "$(cat container.log)" 'who was met'
	expect_no_match '^escape' "$(cat container.log)"
}

# Who may trace in there sees it, but nothing of it leads out.
test_nothing_leads_out_for_who_may_trace()
{
	watch
	expect_match '^looked [1-9]' "$(cat container.log)" 'what was seen'
}

test_nothing_leads_out_of_a_user_namespace()
{
	config '.linux.namespaces+=[{type:"user"}]' '.linux.uidMappings=[{containerID:0,hostID:100000,size:65536}]' \
		'.linux.gidMappings=.linux.uidMappings'
	watch
	expect_match '^looked 0$' "$(cat container.log)"
}
