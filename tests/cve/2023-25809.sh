# CVE-2023-25809: with a user namespace but no cgroup namespace, the host user's own cgroups were writable in the container.
# covers: mount_cgroup

test_cgroups_are_read_only_without_a_cgroup_namespace()
{
	bundle_new b '.linux.namespaces|=(map(select(.type!="cgroup"))+[{type:"user"}])' \
		'.linux.uidMappings=[{containerID:0,hostID:100000,size:65536}]' '.linux.gidMappings=.linux.uidMappings' \
		'.mounts|=map(if .type=="cgroup" then .options=["nosuid","noexec","nodev","rw"] else . end)'
	chmod 755 . b
	create
	nsenter -m -t "$(pid_of "$ID")" /bin/busybox cut -d' ' -f5,6 /proc/1/mountinfo | grep '^/sys/fs/cgroup' > mounts
	expect_match '/sys/fs/cgroup' "$(cat mounts)"
	expect_no_match ' rw' "$(cat mounts)"
	hind delete --force "$ID"
	file=$(cgroup_v2 && echo cgroup.procs || echo pids/cgroup.procs)
	run_sh "{ echo 1 > /sys/fs/cgroup/$file; } 2>&1 || :; ls /sys/fs/cgroup"
	expect_match 'Read-only file system' "$OUTPUT"
}

# What is shown is the container's own cgroup, and none beside or above it.
test_only_the_own_cgroup_is_there()
{
	bundle_new b '.linux.namespaces|=map(select(.type!="cgroup"))'
	create
	other=$ID
	dir=$(cgroup_v2 && echo /sys/fs/cgroup || echo /sys/fs/cgroup/pids)
	run_sh "find $dir -name '*$PREFIX*'; cat $dir/cgroup.procs"
	expect_no_match "$PREFIX" "$OUTPUT"
	expect_match '^1$' "$OUTPUT"
	hind delete --force "$other"
}
