# CVE-2022-0492: the release_agent of a cgroup v1 hierarchy is a program that the host's kernel runs as root; a container that could
# mount one, or write to the one that it sees, was out.
# covers: mount_cgroup

test_what_is_shown_cannot_be_written()
{
	bundle_new b
	run_sh 'for file in $(find /sys/fs/cgroup -name release_agent -o -name notify_on_release -o -name cgroup.procs); do
		{ echo 1 > $file; } 2> /dev/null && echo "$file"; done; :'
	expect_eq '' "$OUTPUT" 'written'
}

# Neither by a mount nor by a user namespace, which would have all capabilities.
test_no_other_hierarchy_can_be_mounted()
{
	for way in 'mount -t cgroup -o pids cgroup /tmp' 'mount -t cgroup2 cgroup2 /tmp' 'unshare -U -r -m mount -t tmpfs tmpfs /tmp' \
		'unshare -U -r -C -m mount -t cgroup -o pids cgroup /tmp' 'mount -o remount,rw /sys/fs/cgroup'; do
		expect_status any hind run NOIMG sh -c "$way"
		expect_match 'Operation not permitted|permission denied|must be superuser|Function not implemented' "$ERROR" "$way"
	done
}
