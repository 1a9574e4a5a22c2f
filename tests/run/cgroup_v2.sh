# What only cgroup v2 has: controllers from the top down, cgroups without inner processes, threaded ones, delegation, cgroup.kill

setup()
{
	cgroup_v2 || skip 'this machine is not on cgroup v2 alone'
	top=/sys/fs/cgroup/$PREFIX-top
}

# A cgroup of the test's own, and what is below it, goes at its end.
remove_top()
{
	find "$top" -depth -type d -exec rmdir '{}' \;
}

test_all_controllers_are_passed_down()
{
	cgroupfs_paths
	bundle_new b ".linux.cgroupsPath=\"/$PREFIX-top/b/c\""
	create
	expect_eq "$(cat /sys/fs/cgroup/cgroup.subtree_control)" "$(cat "$top/b/c/cgroup.controllers")" controllers
	expect_eq '' "$(cat "$top/b/c/cgroup.subtree_control")" 'passed on by the container'
	hind delete --force "$ID"
	[ ! -e "$top" ] || fail 'a cgroup above is left over'
}

test_namespace_shows_its_own_cgroup_as_root()
{
	bundle_new b
	run_sh 'cat /proc/self/cgroup; ls /sys/fs/cgroup/cgroup.procs; cat /sys/fs/cgroup/cgroup.procs | grep -x $$'
	expect_match '^0::/$' "$OUTPUT"
	expect_match '^1$' "$OUTPUT"
}

test_processes_in_the_cgroup_above_are_told()
{
	cgroupfs_paths
	mkdir "$top"
	sleep 1000 &
	echo $! > "$top/cgroup.procs"
	bundle_new b ".linux.cgroupsPath=\"/$PREFIX-top/x\"" '.linux.resources.memory.limit=16777216'
	expect_refused "linux\.resources\.memory\.limit: write \"\+memory\" to $top/cgroup\.subtree_control: .*; processes live in that cgroup"
	# Without limits nothing has to be handed down.
	config 'del(.linux.resources.memory)'
	expect_status 0 run
	kill $!
	wait_for rmdir "$top"
}

test_threaded_cgroup_is_refused()
{
	cgroupfs_paths
	mkdir -p "$top/x"
	echo threaded > "$top/x/cgroup.type"
	bundle_new b ".linux.cgroupsPath=\"/$PREFIX-top/x/y\""
	expect_refused "cgroup $top/x/y is below a threaded cgroup"
	remove_top
}

# A user to whom a subtree was given makes cgroups there, and limits hold; nowhere else.
test_delegated_subtree()
{
	mkdir -p "$top/own"
	echo '+memory +pids' > "$top/cgroup.subtree_control"
	chown 1000:1000 "$top" "$top/own" "$top/cgroup.procs" "$top/cgroup.subtree_control" "$top/own/cgroup.procs"
	bundle_new b ".linux.cgroupsPath=\"/$PREFIX-top/box\"" '.linux.resources={pids:{limit:33}}' \
		'.linux.uidMappings=[{containerID:0,hostID:1000,size:1}]' '.linux.gidMappings=.linux.uidMappings' \
		'.linux.namespaces+=[{type:"user"}]|.linux.namespaces|=unique_by(.type)' \
		'.mounts|=map(select(.type!="cgroup"))' '(.mounts[]|select(.type=="devpts")|.options)-=["gid=5"]'
	args sleep 1000
	cp "$HIND" hind
	mkdir root
	chown -R 1000:1000 root b
	id_new
	# shellcheck disable=SC2016
	sh -c 'echo 0 > "$1/own/cgroup.procs"; shift; exec setpriv --reuid 1000 --regid 1000 --clear-groups "$@"' - "$top" \
		./hind --root "$PWD/root" create --bundle "$BUNDLE" "$ID" > out 2>&1 < /dev/null || fail "create: $(cat out)"
	expect_eq 33 "$(cat "$top/box/pids.max")"
	[ -n "$(cat "$top/box/cgroup.procs")" ] || fail 'nobody is in it'
	expect_status 0 setpriv --reuid 1000 --regid 1000 --clear-groups ./hind --root "$PWD/root" delete --force "$ID"
	[ ! -e "$top/box" ] || fail 'the cgroup is left over'
	remove_top
}

nobody_is_in() # DIR, which systemd removes when the last has gone
{
	[ ! -e "$1" ] || grep -sqx 'populated 0' "$1/cgroup.events"
}

# Faster than any list of processes; with the host's pid namespace the kernel ends nobody with the first process.
test_fork_bomb_is_killed_as_a_whole()
{
	bundle_new b '.linux.namespaces|=map(select(.type!="pid"))' '.linux.resources.pids.limit=100'
	args sh -c 'bomb() { bomb & bomb & sleep 1; }; bomb; sleep 1000'
	create
	hind start "$ID"
	dir=$(cgroup_dir pids "$ID")
	wait_for grep -q '^max [1-9]' "$dir/pids.events"
	expect_status 0 hind kill --all "$ID" KILL
	wait_for nobody_is_in "$dir"
	expect_status 0 hind delete "$ID"
}

test_cgroups_below_are_killed_and_removed()
{
	bundle_new b '.linux.namespaces|=map(select(.type!="pid"))' '(.mounts[]|select(.type=="cgroup")|.options)-=["ro"]'
	args sh -c 'mkdir -p /sys/fs/cgroup/a/b; setsid sleep 1000 & echo $! > /sys/fs/cgroup/a/b/cgroup.procs; sleep 1000'
	create
	dir=$(cgroup_dir pids "$ID")
	hind start "$ID"
	wait_for grep -q . "$dir/a/b/cgroup.procs"
	expect_status 0 hind delete --force "$ID"
	[ ! -e "$dir" ] || fail 'the cgroup is left over'
}

# A runtime inside the container finds a tree that it can use, once its own processes are in a leaf.
test_container_in_a_container()
{
	if ldd "$HIND" > out 2>&1; then
		skip 'this hind is not linked statically, so it cannot run in the container'
	fi
	bundle_new b '.root.readonly=false' '(.mounts[]|select(.type=="cgroup")|.options)-=["ro"]' \
		'.linux.maskedPaths=[]' '.linux.readonlyPaths=[]' 'del(.linux.seccomp)'
	config '.process.capabilities=({} | .bounding=["CAP_SYS_ADMIN","CAP_CHOWN","CAP_DAC_OVERRIDE","CAP_MKNOD","CAP_SETUID",
		"CAP_SETGID","CAP_SETPCAP","CAP_KILL","CAP_NET_ADMIN","CAP_BPF","CAP_FOWNER","CAP_SYS_CHROOT"]
		| .effective=.bounding | .permitted=.bounding)' '.process.noNewPrivileges=false'
	inner=b/rootfs/inner
	mkdir -p "$inner"
	cp -al "$BASE_ROOTFS" "$inner/rootfs"
	cp "$HIND" b/rootfs/bin/hind
	to_user "$inner"
	hind spec --bundle "$inner"
	jq '.process.terminal=false | .process.args=["sh","-c","cat /sys/fs/cgroup/pids.max; id -u"]
		| .linux.resources={pids:{limit:21}}' "$inner/config.json" > inner.json
	cp inner.json "$inner/config.json"
	run_sh 'mkdir /sys/fs/cgroup/leaf; echo 0 > /sys/fs/cgroup/leaf/cgroup.procs
		hind --root /tmp/state run --bundle /inner inner; ls -d /sys/fs/cgroup/hind 2>&1 || :'
	expect_match '^21$' "$OUTPUT"
	expect_match '/sys/fs/cgroup/hind: No such file' "$OUTPUT"
}

test_memory_high_holds()
{
	bundle_new b '.linux.resources={memory:{limit:33554432, swap:33554432}, unified:{"memory.high":"8388608"}}'
	args sh -c 'dd if=/dev/zero of=/dev/null bs=12M count=1; sleep 1000'
	create
	dir=$(cgroup_dir memory "$ID")
	hind start "$ID"
	wait_for grep -q '^high [1-9]' "$dir/memory.events"
}

test_oom_kill_is_told()
{
	expect_status 137 hind run --rm -m 8m --memory-swap 8m "$BASE_ROOTFS" dd if=/dev/zero of=/dev/null bs=64M count=1
	expect_match 'memory limit' "$ERROR"
}

# runtime-spec, "Cgroup ownership": who is root in a user namespace manages the cgroups below its own, and not its own limits.
test_cgroup_is_given_to_the_root_of_a_user_namespace()
{
	need_root 'to give a cgroup away'
	bundle_new b '.linux.uidMappings=[{containerID:0,hostID:100000,size:100}]' '.linux.gidMappings=.linux.uidMappings' \
		'.linux.namespaces+=[{type:"user"}]|.linux.namespaces|=unique_by(.type)' '.linux.resources.pids.limit=50' \
		'(.mounts[]|select(.type=="cgroup")|.options)-=["ro"]'
	chown -R 100000:100000 b/rootfs
	args sh -c 'mkdir /sys/fs/cgroup/x && echo $$ > /sys/fs/cgroup/x/cgroup.procs && cat /proc/self/cgroup
		echo 40 > /sys/fs/cgroup/pids.max'
	id_new
	capture hind run --bundle "$BUNDLE" "$ID"
	expect_match '^0::/x$' "$OUTPUT"
	expect_match 'pids.max: Permission denied' "$ERROR"
}

test_cgroup_that_is_read_only_is_not_given()
{
	need_root 'to give a cgroup away'
	bundle_new b '.linux.uidMappings=[{containerID:0,hostID:100000,size:100}]' '.linux.gidMappings=.linux.uidMappings' \
		'.linux.namespaces+=[{type:"user"}]|.linux.namespaces|=unique_by(.type)'
	chown -R 100000:100000 b/rootfs
	create
	expect_eq 0 "$(stat -c %u "$(cgroup_dir pids "$ID")")" owner
}
