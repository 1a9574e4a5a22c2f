# linux.uidMappings and linux.gidMappings
# covers: linux.{uidMappings,gidMappings}[].{containerID,hostID,size}

setup()
{
	bundle_new b '.linux.namespaces+=[{type:"user"}]' '.linux.uidMappings=[{containerID:0,hostID:100000,size:65536}]' \
		'.linux.gidMappings=[{containerID:0,hostID:200000,size:65536}]'
}

test_maps_are_written()
{
	need_root 'ids beyond the subordinate ones'
	run_sh 'cat /proc/self/uid_map; cat /proc/self/gid_map; cat /proc/self/setgroups'
	expect_match '^ +0 +100000 +65536$' "$OUTPUT"
	expect_match '^ +0 +200000 +65536$' "$OUTPUT"
	expect_match '^allow$' "$OUTPUT"
}

test_host_sees_the_mapped_ids()
{
	need_root 'ids beyond the subordinate ones'
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
	need_root 'ids beyond the subordinate ones'
	config '.linux.uidMappings=[{containerID:0,hostID:100000,size:10},{containerID:10,hostID:5000,size:1},{containerID:100,hostID:300000,size:50}]'
	run_sh 'cat /proc/self/uid_map'
	expect_lines 3 "$OUTPUT"
	expect_match '^ +10 +5000 +1$' "$OUTPUT"
}

test_privileges_count_inside_only()
{
	need_root 'ids beyond the subordinate ones'
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

# hind without privileges: one id, its own, and no setgroups(2) (CVE-2014-8989).
unprivileged() # FILTER...
{
	setpriv --reuid 1000 --regid 1000 --clear-groups test -x "$PWD" || skip 'user 1000 cannot come here'
	config '.linux.uidMappings=[{containerID:0,hostID:1000,size:1}]' '.linux.gidMappings=.linux.uidMappings' \
		'.mounts|=map(select(.type!="cgroup"))' '(.mounts[]|select(.type=="devpts")|.options)-=["gid=5"]' \
		'del(.linux.resources)' "$@"
	cp "$HIND" hind
	mkdir root
	chown -R 1000:1000 root b
	id_new
	capture setpriv --reuid 1000 --regid 1000 --clear-groups ./hind --root "$PWD/root" --cgroup-manager disabled \
		run --bundle "$BUNDLE" "$ID"
}

test_unprivileged_user_maps_itself()
{
	args sh -c 'id -u; cat /proc/self/uid_map /proc/self/setgroups'
	unprivileged
	expect_eq 0 "$STATUS" "status ($ERROR)"
	expect_match '^0$' "$OUTPUT"
	expect_match '^ +0 +1000 +1$' "$OUTPUT"
	expect_match '^deny$' "$OUTPUT"
}

test_unprivileged_user_has_no_groups_to_give()
{
	args payload status Groups
	unprivileged '.process.user.additionalGids=[0]'
	expect_eq 0 "$STATUS" "status ($ERROR)"
	expect_match 'warning: additionalGids are left out' "$ERROR"
	expect_match '^Groups:	 ?$' "$OUTPUT"
}

test_unprivileged_user_needs_help_for_more()
{
	args true
	unprivileged '.linux.uidMappings[0].size=2'
	expect_ne 0 "$STATUS" status
	expect_match 'linux\.uidMappings: .*newuidmap' "$ERROR"
}

test_offsets_and_score_of_an_unprivileged_user()
{
	[ -e /proc/self/ns/time ] || skip 'this kernel has no time namespaces'
	args cat /proc/self/timens_offsets /proc/self/oom_score_adj
	unprivileged '.linux.namespaces+=[{type:"time"}]' '.linux.timeOffsets={boottime:{secs:99}}' '.process.oomScoreAdj=900'
	expect_eq 0 "$STATUS" "status ($ERROR)"
	expect_match '^boottime +99 +0$' "$OUTPUT"
	expect_match '^900$' "$OUTPUT"
}
