# linux.uidMappings and linux.gidMappings

setup()
{
	bundle_new b '.linux.namespaces+=[{type:"user"}]' '.linux.uidMappings=[{containerID:0,hostID:100000,size:65536}]' \
		'.linux.gidMappings=[{containerID:0,hostID:200000,size:65536}]'
}

test_maps_are_written()
{
	run_sh 'cat /proc/self/uid_map; cat /proc/self/gid_map; cat /proc/self/setgroups'
	expect_match '^ +0 +100000 +65536$' "$OUTPUT"
	expect_match '^ +0 +200000 +65536$' "$OUTPUT"
	expect_match '^allow$' "$OUTPUT"
}

test_host_sees_the_mapped_ids()
{
	config '.process.user={uid:5,gid:6,additionalGids:[7,8]}'
	args sleep 1000
	create
	expect_status 0 hind start "$ID"
	status=$(cat "/proc/$(pid_of "$ID")/status")
	expect_match '^Uid:	100005	100005	100005	100005$' "$status"
	expect_match '^Gid:	200006	200006	200006	200006$' "$status"
	expect_match '^Groups:	200007 200008 ?$' "$status"
	expect_status 0 hind kill "$ID" KILL
	wait_for is_status "$ID" stopped
}

test_several_mappings()
{
	config '.linux.uidMappings=[{containerID:0,hostID:100000,size:10},{containerID:10,hostID:5000,size:1},{containerID:100,hostID:300000,size:50}]'
	run_sh 'cat /proc/self/uid_map'
	expect_lines 3 "$OUTPUT"
	expect_match '^ +10 +5000 +1$' "$OUTPUT"
}

test_privileges_count_inside_only()
{
	run_sh 'hostname other && hostname; mknod /tmp/null c 1 3 || echo no device' || :
	expect_no_match 'panic' "$OUTPUT"
	run_sh 'cat /proc/sys/kernel/core_pattern > /dev/null; echo x > /proc/sys/vm/drop_caches || echo refused'
	expect_match '^refused$' "$OUTPUT"
}

test_ids_of_the_process_must_be_mapped()
{
	config '.process.user={uid:65536,gid:0}'
	expect_refused 'config\.json:[0-9]+:[0-9]+: \.process\.user\.uid: 65536 is not mapped in the container.s user namespace'
}

test_wrong_mappings_are_refused()
{
	config '.linux.uidMappings=[{containerID:0,hostID:1000,size:10},{containerID:9,hostID:2000,size:1}]'
	expect_refused '\.linux\.uidMappings\[1\]\.containerID: overlaps linux\.uidMappings\[0\]'
	config '.linux.uidMappings=[{containerID:1,hostID:1000,size:10}]'
	expect_refused '\.linux\.uidMappings: does not map containerID 0'
	config 'del(.linux.uidMappings)'
	expect_refused '\.linux\.uidMappings: is missing'
	config '.linux.uidMappings=[{containerID:0,hostID:1000,size:10}]' '.linux.namespaces|=map(select(.type!="user"))'
	expect_refused '\.linux\.uidMappings: needs a user namespace'
}
