# linux.resources.unified: v2's files by name, the cgroup2 beside v1, and misc.max
# covers: linux.resources.unified

cgroup2() # where a cgroup2 is mounted
{
	if cgroup_v2; then
		echo /sys/fs/cgroup
	elif [ -e /sys/fs/cgroup/unified/cgroup.controllers ]; then
		echo /sys/fs/cgroup/unified
	fi
}

cgroup2_dir() # ID: the container's cgroup there
{
	echo "$(cgroup2)$(sed -n 's/^0:://p' "/proc/$(pid_of "$1")/cgroup")"
}

test_file_of_a_controller()
{
	need_root 'systemd hands users no hugetlb'
	[ -n "$(cgroup2)" ] || skip 'no cgroup2 is mounted here'
	grep -qw hugetlb "$(cgroup2)/cgroup.controllers" || skip 'the cgroup2 here has no hugetlb controller'
	bundle_new b '.linux.resources.unified={"hugetlb.2MB.max":"4194304"}'
	create
	expect_eq 4194304 "$(cat "$(cgroup2_dir "$ID")/hugetlb.2MB.max")"
	expect_status 0 hind delete --force "$ID"
	expect_no_leak
}

test_hugepages_and_their_reservation()
{
	need_root 'systemd hands users no hugetlb'
	[ -n "$(cgroup2)" ] || skip 'no cgroup2 is mounted here'
	grep -qw hugetlb "$(cgroup2)/cgroup.controllers" || skip 'the cgroup2 here has no hugetlb controller'
	bundle_new b '.linux.resources.hugepageLimits=[{pageSize:"2MB", limit:6291456}]'
	create
	expect_eq 6291456 "$(cat "$(cgroup2_dir "$ID")/hugetlb.2MB.max")"
	expect_eq 6291456 "$(cat "$(cgroup2_dir "$ID")/hugetlb.2MB.rsvd.max")"
}

test_core_file_needs_no_controller()
{
	[ -n "$(cgroup2)" ] || skip 'no cgroup2 is mounted here'
	bundle_new b '.linux.resources.unified={"cgroup.max.depth":"3"}'
	create
	expect_eq 3 "$(cat "$(cgroup2_dir "$ID")/cgroup.max.depth")"
}

test_file_whose_controller_is_not_there()
{
	[ -n "$(cgroup2)" ] || skip 'no cgroup2 is mounted here'
	bundle_new b '.linux.resources.unified={"nothing.max":"1"}'
	expect_refused 'linux\.resources\.unified\.nothing\.max: the host has no nothing controller here \(cgroup v2, '
}

test_file_of_a_controller_that_v1_has()
{
	cgroup_v2 && skip 'v1 only'
	[ -n "$(cgroup2)" ] || skip 'no cgroup2 is mounted here'
	bundle_new b '.linux.resources.unified={"memory.high":"100000000"}'
	expect_refused 'linux\.resources\.unified\.memory\.high: the host has no memory controller here'
}

test_path_is_refused()
{
	bundle_new b '.linux.resources.unified={"../cgroup.freeze":"1"}'
	expect_refused 'config\.json:[0-9]+:[0-9]+: .*a file name cannot hold a slash'
}

test_misc()
{
	need_root 'systemd hands users no misc'
	bundle_new b '.linux.resources.unified={"misc.max":"sev 10"}'
	if [ -n "$(cgroup2)" ] && grep -qw misc "$(cgroup2)/cgroup.controllers"; then
		expect_refused 'linux\.resources\.unified\.misc\.max: write "sev 10" to .*/misc\.max: .*; the host has no such resource'
	else
		expect_refused 'linux\.resources\.unified\.misc\.max: the host has no misc controller'
	fi
}

test_misc_line_that_is_none()
{
	bundle_new b '.linux.resources.unified={"misc.max":"sev ten"}'
	expect_refused 'config\.json:[0-9]+:[0-9]+: .*"sev ten" is no resource and its limit'
}
