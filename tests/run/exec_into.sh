# exec into containers of every make: user, time, joined or missing namespaces, without /proc, with a seccomp agent
# covers: create/--{no-new-keyring,no-pivot} exec/--{additional-gids,cgroup,user}
# covers: below, seccomp_pass

up() # FILTER...: a running container of these
{
	_up=$((${_up:-0} + 1))
	bundle_new "b$_up" '.process.env=["PATH=/bin"]' '.process.noNewPrivileges=false' "$@"
	args sleep 1000
	create
	expect_status 0 hind start "$ID"
	pid=$(pid_of "$ID")
}

# An exec of the container has each of init's namespaces.
expect_same_namespaces()
{
	expect_status 0 hind exec "$ID" payload namespaces
	for _ns in cgroup ipc mnt net pid time user uts; do
		expect_match "^$_ns $(readlink "/proc/$pid/ns/$_ns" | sed 's/[][]/./g')\$" "$OUTPUT" "$_ns"
	done
}

userns='.linux.namespaces+=[{type:"user"}] | .linux.uidMappings=[{containerID:0,hostID:100000,size:65536}] | .linux.gidMappings=.linux.uidMappings'

test_user_namespace()
{
	up "$userns"
	expect_same_namespaces
	expect_status 0 hind exec -d --pid-file "$PWD/pid" -u 5:6 -g 7 "$ID" sleep 1000
	expect_match '^Uid:	100005	100005	100005	100005$' "$(cat "/proc/$(cat pid)/status")"
	expect_match '^Groups:	100007 ?$' "$(cat "/proc/$(cat pid)/status")"
	expect_eq "$(cat "/proc/$pid/cgroup")" "$(cat "/proc/$(cat pid)/cgroup")"
	expect_status 0 hind exec "$ID" payload status CapEff CapBnd CapInh
	# shellcheck disable=SC2154
	expect_eq "$(grep -E '^Cap(Inh|Eff|Bnd)' "/proc/$pid/status" | sort)" "$(printf '%s\n' "$OUTPUT" | sort)"
	expect_status 255 hind exec -u 70000 "$ID" true
	expect_match 'is not mapped' "$ERROR"
	expect_status 0 hind exec -t "$ID" true < /dev/null
}

test_time_namespace()
{
	[ -e /proc/self/ns/time ] || skip 'this kernel has no time namespaces'
	up '.linux.namespaces+=[{type:"time"}]' '.linux.timeOffsets={boottime:{secs:2000000}}'
	expect_same_namespaces
	expect_status 0 hind exec "$ID" cut -d. -f1 /proc/uptime
	[ "$OUTPUT" -gt 2000000 ] || fail "uptime is $OUTPUT"
}

test_time_and_user_namespace()
{
	[ -e /proc/self/ns/time ] || skip 'this kernel has no time namespaces'
	up "$userns" '.linux.namespaces+=[{type:"time"}]' '.linux.timeOffsets={boottime:{secs:2000000}}'
	expect_same_namespaces
}

test_host_namespaces()
{
	up '.linux.namespaces|=map(select(.type=="mount"))' 'del(.hostname)'
	expect_same_namespaces
	up '.linux.namespaces|=map(select(.type!="network" and .type!="pid"))'
	expect_same_namespaces
}

test_joined_namespaces()
{
	need_root 'namespaces that belong to the user namespace of another container'
	up
	first=$pid
	up "$(printf '.linux.namespaces|=map(if .type=="pid" or .type=="network" or .type=="ipc" then .path="/proc/%s/ns/"+({pid:"pid",network:"net",ipc:"ipc"}[.type]) else . end)' "$first")"
	expect_same_namespaces
	expect_eq "$(readlink "/proc/$first/ns/net")" "$(readlink "/proc/$pid/ns/net")"
}

# A pod: the second container lives in the user namespace of the first, and in its others.
test_joined_user_namespace()
{
	up "$userns"
	first=$pid
	up "$(printf '.linux.namespaces|=map(if .type=="network" then .path="/proc/%s/ns/net" else . end)+[{type:"user",path:"/proc/%s/ns/user"}]' "$first" "$first")"
	expect_same_namespaces
	expect_eq "$(readlink "/proc/$first/ns/user")" "$(readlink "/proc/$pid/ns/user")"
}

test_own_user_namespace_by_path()
{
	need_root 'nothing new comes with the user namespace that one is in'
	up '.linux.namespaces+=[{type:"user",path:"/proc/self/ns/user"}]'
	expect_same_namespaces
}

test_root_without_a_mount_namespace()
{
	need_root 'devices without a mount namespace to bind them in'
	up '.linux.namespaces|=map(select(.type!="mount"))' '.mounts=[]' '.linux.maskedPaths=[]' '.linux.readonlyPaths=[]' '.root.readonly=false'
	expect_status 0 hind exec "$ID" ls /
	expect_eq "$(ls "$BUNDLE/rootfs")" "$OUTPUT"
}

test_root_that_was_moved()
{
	bundle_new b
	args sleep 1000
	create --no-pivot
	expect_status 0 hind start "$ID"
	expect_status 0 hind exec "$ID" ls /
	expect_eq "$(ls "$BUNDLE/rootfs")" "$OUTPUT"
}

# Nothing of ours comes from the container's /proc.
test_no_proc()
{
	up '.mounts|=map(select(.destination!="/proc"))' '.linux.maskedPaths=[]' '.linux.readonlyPaths=[]'
	expect_status 0 hind exec "$ID" echo in
	expect_eq in "$OUTPUT"
	up "$userns" '.mounts|=map(select(.destination!="/proc"))' '.linux.maskedPaths=[]' '.linux.readonlyPaths=[]'
	expect_status 0 hind exec "$ID" echo in
	expect_eq in "$OUTPUT"
}

test_session_keyring_is_the_containers()
{
	[ -e /proc/keys ] || skip 'this kernel has no keyrings, or does not show them'
	up '.linux.maskedPaths=[]'
	expect_status 0 hind exec "$ID" cat /proc/keys
	expect_match "keyring +_ses\\.$ID: " "$OUTPUT"
	serial=$(printf '%s\n' "$OUTPUT" | sed -n "s/^\([0-9a-f]*\) .*_ses\\.$ID: .*/\1/p")
	expect_status 0 hind exec "$ID" cat /proc/keys
	expect_match "^$serial .*_ses\\.$ID: " "$OUTPUT" 'the same one again'
	up "$userns" '.linux.maskedPaths=[]'
	expect_status 0 hind exec "$ID" sh -c 'cat /proc/keys; exec sh -c "cat /proc/keys"'
	expect_match "keyring +_ses\\.$ID: " "$OUTPUT"
}

test_no_new_keyring_is_remembered()
{
	[ -e /proc/keys ] || skip 'this kernel has no keyrings, or does not show them'
	bundle_new b '.linux.maskedPaths=[]'
	args sleep 1000
	create --no-new-keyring
	hind start "$ID"
	expect_status 0 hind exec "$ID" cat /proc/keys
	expect_no_match "_ses\\.$ID:" "$OUTPUT"
}

test_seccomp_agent_gets_the_listener_of_an_exec()
{
	[ "$(uname -m)" = x86_64 ] || skip "the number of getpriority on $(uname -m) is not known to this test"
	"$(dirname "$RUNNER")/agent" "$PWD/agent" 78 > agent.log 2>&1 &
	wait_for test -S agent
	to_user agent
	up '.linux.seccomp={"defaultAction":"SCMP_ACT_ALLOW"}'
	# An agent of the tests answers one process: here that of exec.
	jq '.linux.seccomp={"defaultAction":"SCMP_ACT_ALLOW","listenerPath":"'"$PWD"'/agent",
		"syscalls":[{"names":["getpriority"],"action":"SCMP_ACT_NOTIFY"}]}' "$HIND_ROOT/$ID/config.json" > config.new
	cp config.new "$HIND_ROOT/$ID/config.json"
	hind exec --pid-file "$PWD/pid" "$ID" payload syscall 140 0 0 > out || fail "$(cat out)"
	expect_eq 'errno 78' "$(cat out)"
	wait
	expect_eq "$(cat pid)" "$(jq -r .pid agent.log)" 'the pid as the host counts'
}

# The filter is loaded before the process is born that it is for, and yet judges nothing but that one's program.
test_filter_that_refuses_what_is_left_to_do()
{
	refused='["capget","capset","clone","clone3","close_range","fork","ioctl","prlimit64","recvmsg","sendmsg","setsid","vfork"]'
	up '.process.noNewPrivileges=false' '.process.rlimits=[{type:"RLIMIT_NOFILE",soft:70,hard:80}]' \
		".linux.seccomp={defaultAction:\"SCMP_ACT_ALLOW\",syscalls:[{names:$refused,action:\"SCMP_ACT_ERRNO\"}]}"
	for option in --tty --user=1000:1000; do
		expect_status 0 hind exec "$option" "$ID" cat /proc/self/limits /proc/self/status
		expect_match '^Max open files +70 +80 ' "$OUTPUT"
		expect_match '^Seccomp:	2' "$OUTPUT"
		expect_status any hind exec "$option" "$ID" sh -c 'true | true'
		expect_match 'fork: Operation not permitted' "$OUTPUT$ERROR" "$option"
	done
}

test_container_of_the_shortcut()
{
	id_new
	expect_status 0 hind run -d --name "$ID" -m 64m "$BASE_ROOTFS" sleep 1000
	expect_status 0 hind exec "$ID" sh -c 'hostname; cat /proc/self/cgroup'
	expect_match "^$ID\$" "$OUTPUT"
}

# --- cgroups below the container's ---

in_cgroup() # CONTROLLER PATH: makes it below the container's
{
	mkdir "$(cgroup_dir "$1" "$ID")/$2"
}

cgroup_of_exec() # OPTION...: /proc/PID/cgroup of a process that exec made
{
	rm -f pid
	expect_status 0 hind exec "$@" -d --pid-file "$PWD/pid" "$ID" sleep 1000
	OUTPUT=$(cat "/proc/$(cat pid)/cgroup")
	kill -9 "$(cat pid)"
}

test_cgroup_below_in_all_hierarchies()
{
	up
	before=$(cat "/proc/$pid/cgroup")
	expect_status 255 hind exec --cgroup sub "$ID" true
	expect_match '\-\-cgroup "sub": .*/sub: no such file or directory' "$ERROR"
	cut -d: -f2 "/proc/$pid/cgroup" | while read -r controllers; do
		path=$(sed -n "s/^[0-9]*:$controllers://p" "/proc/$pid/cgroup")
		case $controllers in
		name=*) dir=/sys/fs/cgroup/${controllers#name=} ;;
		'') dir=/sys/fs/cgroup/unified && cgroup_v2 && dir=/sys/fs/cgroup ;;
		*) dir=/sys/fs/cgroup/$controllers ;;
		esac
		[ "$path" = "$(sed -n "s/^[0-9]*:$controllers://p" /proc/self/cgroup)" ] || mkdir "$dir$path/sub"
		[ "$controllers" != cpuset ] || { cat "$dir$path/cpuset.cpus" > "$dir$path/sub/cpuset.cpus" && cat "$dir$path/cpuset.mems" > "$dir$path/sub/cpuset.mems"; }
	done
	cgroup_of_exec --cgroup sub
	expect_eq "$(printf '%s\n' "$before" | grep "$ID" | sed 's/$/\/sub/')" "$(printf '%s\n' "$OUTPUT" | grep "$ID")"
	cgroup_of_exec --cgroup /sub/
	expect_match "/sub\$" "$OUTPUT"
	cgroup_of_exec
	expect_eq "$before" "$OUTPUT"
	cgroup_of_exec --cgroup /
	expect_eq "$before" "$OUTPUT"
}

test_cgroup_below_of_one_controller()
{
	! cgroup_v2 || skip 'controllers have paths of their own on cgroup v1 alone'
	up
	in_cgroup pids sub
	in_cgroup memory other
	cgroup_of_exec --cgroup pids:sub --cgroup memory:other
	expect_match ':pids:/.*/sub$' "$OUTPUT"
	expect_match ':memory:/.*/other$' "$OUTPUT"
	expect_match ":cpu:/.*$ID\$" "$OUTPUT"
	expect_status 255 hind exec --cgroup nothing:sub "$ID" true
	expect_match 'no cgroup of the controller "nothing"' "$ERROR"
}

test_cgroup_above_is_refused()
{
	up
	for path in .. ../.. /.. sub/../.. ./..; do
		expect_status 255 hind exec --cgroup "$path" "$ID" true
		expect_match '"\.\." would lead out' "$ERROR"
	done
}

# At the limit of pids nothing can be born in the cgroup, but who looks why has to get in.
test_limit_of_pids_is_no_hindrance()
{
	up '.linux.resources.pids={limit:1}'
	if [ -n "${HIND_USER:-}" ]; then
		expect_status 255 hind exec "$ID" echo in
		expect_match 'linux\.resources\.pids\.limit is in use, and beyond it comes only who may move: ' "$ERROR"
		return
	fi
	expect_status 0 hind exec "$ID" echo in
	expect_eq in "$OUTPUT"
}

# As an init system inside does it: it goes to a cgroup below, and hands controllers to those; then the container's own
# cgroup holds no processes any more ("no internal process constraint").
test_init_that_has_moved_to_a_cgroup_below()
{
	if cgroup_v2; then
		base=/sys/fs/cgroup controller=pids
		up
	else
		base=/sys/fs/cgroup/unified
		controller=$(cut -d ' ' -f 1 "$base/cgroup.controllers" 2> /dev/null) || :
		[ "$controller" = hugetlb ] || skip 'there is no cgroup2 with a controller'
		size=$(sed -n 's/^Hugepagesize: *\([0-9]*\) kB/\1/p' /proc/meminfo)
		up ".linux.resources.hugepageLimits=[{pageSize:\"$((size / 1024))MB\",limit:1048576000}]"
	fi
	own=$(sed -n 's/^0:://p' "/proc/$pid/cgroup")
	mkdir "$base$own/init.scope"
	echo "$pid" > "$base$own/init.scope/cgroup.procs"
	echo "+$controller" > "$base$own/cgroup.subtree_control"
	expect_status 0 hind exec -d --pid-file "$PWD/pid" "$ID" sleep 1000
	expect_eq "$own/init.scope" "$(sed -n 's/^0:://p' "/proc/$(cat pid)/cgroup")"
	expect_status 255 hind exec --cgroup / "$ID" true
	expect_match "resource busy${HIND_USER:+|AttachProcessesToUnit: Failed}" "$ERROR"
}

# Who comes in has no "self" in the container's procfs until it is born there, last of all.
test_program_behind_self()
{
	up
	expect_status 0 hind exec "$ID" /proc/self/root/bin/true
	expect_status 255 hind exec "$ID" /proc/self/nothing
	expect_match 'exec.*/proc/self/nothing.*no such file or directory' "$ERROR"
}
