# mounts of type cgroup and cgroup2

setup()
{
	bundle_new b
}

cgroupns() # true or false
{
	if "$1"; then
		config '.linux.namespaces|=(map(select(.type!="cgroup"))+[{type:"cgroup"}])'
	else
		config '.linux.namespaces|=map(select(.type!="cgroup"))'
	fi
}

# The mount points at and below /sys/fs/cgroup, each with its type and options, as the container sees them.
see()
{
	run_sh 'cat /proc/self/mountinfo'
	printf '%s\n' "$OUTPUT" | awk '$5 ~ "^/sys/fs/cgroup" { for (i = 7; $i != "-"; i++); print $5, $4, $(i + 1), $6 }' | sort > seen
	SEEN=$(cat seen)
}

# Names of the v1 hierarchies that hind shows: one directory for each that the host has.
hierarchies()
{
	awk '{ for (i = 7; $i != "-"; i++); if ($(i + 1) == "cgroup") { n = split($5, part, "/"); print part[n] } }' /proc/self/mountinfo | sort -u
}

test_with_a_cgroup_namespace()
{
	cgroupns true
	see
	expect_no_match '[^ ]+ /[^ ]+ ' "$(grep ' cgroup' seen)" 'roots of the mounts'
	expect_no_match ' rw,' "$SEEN"
	if cgroup_v2; then
		expect_eq '/sys/fs/cgroup / cgroup2 ro,nosuid,nodev,noexec,relatime' "$SEEN"
	else
		expect_match '^/sys/fs/cgroup / tmpfs ro,nosuid,nodev,noexec' "$SEEN"
		expect_eq "$(hierarchies)" "$(sed -nE 's,^/sys/fs/cgroup/([^ ]*) / cgroup ro\,nosuid\,nodev\,noexec.*,\1,p' seen | sort)"
	fi
}

test_without_a_cgroup_namespace()
{
	cgroupns false
	see
	expect_no_match ' rw,' "$SEEN"
	if cgroup_v2; then
		expect_match '^/sys/fs/cgroup /.*/?hind[/-].* cgroup2 ro,nosuid,nodev,noexec' "$SEEN"
	else
		expect_eq "$(hierarchies)" "$(sed -nE 's,^/sys/fs/cgroup/([^ ]*) [^ ]*/hind/[^ ]* cgroup ro\,nosuid\,nodev\,noexec.*,\1,p' seen | sort)"
	fi
}

# Either way what the container finds there is its own cgroup, with itself in it.
test_the_containers_own_cgroup_is_shown()
{
	for own in true false; do
		cgroupns $own
		if cgroup_v2; then
			run_sh 'cat /sys/fs/cgroup/cgroup.procs'
		else
			run_sh 'for d in /sys/fs/cgroup/*/; do [ -L "${d%/}" ] || grep -qx 1 $d/cgroup.procs || echo $d; done; cat /sys/fs/cgroup/pids/cgroup.procs'
		fi
		expect_match '^1$' "$OUTPUT" "namespace $own"
		expect_no_match / "$OUTPUT" "namespace $own"
	done
}

test_access_times()
{
	need_root 'the options of a mount of the host stay in a user namespace'
	config '.mounts|=map(if .type=="cgroup" then .options+=["noatime"] else . end)'
	for own in true false; do
		cgroupns $own
		see
		expect_match ' ro,nosuid,nodev,noexec,noatime' "$(grep ' cgroup' seen)" "namespace $own"
		expect_no_match relatime "$(grep ' cgroup' seen)" "namespace $own"
	done
}

test_read_only_unless_it_says_otherwise()
{
	cgroupns true
	file=$(cgroup_v2 && echo cgroup.procs || echo pids/cgroup.procs)
	run_sh "{ echo 1 > /sys/fs/cgroup/$file; } 2>&1 || :"
	expect_match 'Read-only file system' "$OUTPUT"
	config '.mounts|=map(if .type=="cgroup" then .options-=["ro"] else . end)'
	run_sh "echo 1 > /sys/fs/cgroup/$file && echo written"
	expect_eq written "$OUTPUT"
}

# The root of the tree on v1 is hind's own tmpfs, closed like the rest.
test_nothing_can_be_added_beside_the_hierarchies()
{
	run_sh '{ mkdir /sys/fs/cgroup/new; } 2>&1 || :; ls -d /sys/fs/cgroup/new 2> /dev/null || :'
	expect_no_match '^/sys/fs/cgroup/new$' "$OUTPUT"
}

test_controllers_that_share_a_hierarchy_have_links()
{
	! cgroup_v2 || skip 'cgroup v2 has one hierarchy'
	awk '{ print $5 }' /proc/self/mountinfo | grep -q '^/sys/fs/cgroup/[a-z_]*,[a-z_,]*$' || skip 'no two controllers share a hierarchy here'
	run_sh 'cd /sys/fs/cgroup; for n in *; do [ -L $n ] && echo $n $(readlink $n); done; true'
	for pair in $(awk '{ print $5 }' /proc/self/mountinfo | sed -n 's,^/sys/fs/cgroup/\([a-z_]*\,[a-z_,]*\)$,\1,p'); do
		for name in $(printf '%s' "$pair" | tr , ' '); do
			expect_match "^$name $pair\$" "$OUTPUT"
		done
	done
}

test_type_cgroup2()
{
	grep -q ' - cgroup2 ' /proc/self/mountinfo || skip 'no cgroup2 is mounted here'
	for own in true false; do
		cgroupns $own
		config '.mounts|=(map(select(.destination!="/sys/fs/cgroup"))+[{destination:"/mnt",type:"cgroup2",source:"cgroup2",options:["ro","nosuid"]}])'
		run_sh 'grep " /mnt " /proc/self/mountinfo; cat /mnt/cgroup.procs'
		expect_match ' /mnt ro,nosuid(,nodev,noexec)?,relatime - cgroup2 ' "$OUTPUT" "namespace $own"
		expect_match '^1$' "$OUTPUT" "namespace $own"
	done
}

# With the manager "disabled" there is no cgroup of the container's own.
test_without_cgroups()
{
	cgroupns true
	config 'del(.linux.resources)'
	args sh -c 'grep -c " /sys/fs/cgroup" /proc/self/mountinfo'
	id_new
	expect_status 0 hind --cgroup-manager disabled run --bundle "$BUNDLE" "$ID"
	[ "$OUTPUT" -ge 1 ] || fail 'nothing is mounted'
}

test_in_a_user_namespace()
{
	chmod 755 . b
	config '.linux.namespaces+=[{type:"user"}]' '.linux.uidMappings=[{containerID:0,hostID:100000,size:65536}]' \
		'.linux.gidMappings=.linux.uidMappings'
	for own in true false; do
		cgroupns $own
		see
		expect_match '/sys/fs/cgroup' "$SEEN"
		expect_no_match ' rw,' "$SEEN" "namespace $own"
	done
}
