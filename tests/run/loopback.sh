# The loopback interface of a new network namespace is up; the host's own is left alone.

test_loopback_is_up_and_answers()
{
	bundle_new b
	run_sh 'ip -o link show lo; ip -o addr show lo; ping -c 1 -W 5 127.0.0.1'
	expect_match 'LOOPBACK,UP,LOWER_UP' "$OUTPUT"
	expect_match '127\.0\.0\.1/8' "$OUTPUT"
	expect_match ' 0% packet loss' "$OUTPUT"
}

test_loopback_in_a_user_namespace()
{
	bundle_new b '.linux.namespaces+=[{type:"user"}]' '.linux.uidMappings=[{containerID:0,hostID:100000,size:65536}]' \
		'.linux.gidMappings=.linux.uidMappings'
	run_sh 'ip -o link show lo'
	expect_match 'LOOPBACK,UP,LOWER_UP' "$OUTPUT"
}

# In a network namespace of this case, where lo is down, a container without one of its own.
test_host_network_stays_as_it_is()
{
	bundle_new b '.linux.namespaces|=map(select(.type!="network"))' '.mounts|=map(select(.type!="sysfs"))'
	args ip -o link show lo
	id_new
	expect_status 0 hind_by unshare --net -- run --bundle "$BUNDLE" "$ID"
	expect_no_match 'UP' "$OUTPUT"
}
