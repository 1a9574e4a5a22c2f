# CVE-2016-9962, for mounts: the process that comes in to change mounts, seen from inside while it does.

setup()
{
	bundle_new b '.root.readonly=false' '.process.capabilities|=map_values(.+["CAP_SYS_PTRACE"])'
	cp "$(dirname "$PAYLOAD")/spy" b/rootfs/bin/spy
	echo host > marker
	mkdir shared
	echo "[{\"destination\":\"/mnt\",\"type\":\"bind\",\"source\":\"$PWD/shared\"}]" > list.json
}

watch() # WHAT: starts the container that watches, and changes its mounts meanwhile, as list.json has them
{
	args spy "$1" "$PWD/marker" $$
	create
	expect_status 0 hind start "$ID"
	wait_for grep -q ready container.log
	_i=0
	_end=$(($(date +%s) + 20))
	while [ "$_i" -lt 40 ] && [ "$(date +%s)" -lt "$_end" ]; do
		_i=$((_i + 1))
		expect_status 0 hind mounts add "$ID" list.json
		expect_status 0 hind mounts remove "$ID" list.json
	done
	touch b/rootfs/tmp/stop
	wait_for is_status "$ID" stopped
	expect_no_match '^escape' "$(cat container.log)"
}

# Who changes mounts has all rights, so nobody in there is to meet it, whether he may trace or not.
test_nobody_is_met()
{
	watch look
	expect_match '^met 0$' "$(cat container.log)" 'who was met'
}

test_nobody_can_be_attached_to()
{
	watch seize
	expect_match '^seized 0$' "$(cat container.log)" 'who was attached to'
}

# For a procfs of the container's pid namespace it has to be there. No descriptor of it leads out.
test_nothing_leads_out_of_who_mounts_a_procfs()
{
	mkdir b/rootfs/mnt/proc
	echo '[{"destination":"/mnt/proc","type":"proc","source":"proc"}]' > list.json
	watch look
	expect_match '^met [1-9]' "$(cat container.log)" 'who was met'
	expect_match '^looked [1-9]' "$(cat container.log)" 'what was seen'
}

test_nothing_leads_out_of_a_user_namespace()
{
	mkdir b/rootfs/mnt/proc
	echo '[{"destination":"/mnt/proc","type":"proc","source":"proc"}]' > list.json
	config '.linux.namespaces+=[{type:"user"}]' '.linux.uidMappings=[{containerID:0,hostID:100000,size:65536}]' \
		'.linux.gidMappings=.linux.uidMappings' '.linux.maskedPaths=[]' '.linux.readonlyPaths=[]'
	watch look
	expect_match '^met [1-9]' "$(cat container.log)" 'who was met'
	expect_match '^looked 0$' "$(cat container.log)"
}
