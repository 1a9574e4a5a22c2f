# --systemd-cgroup: the container's cgroup is a scope of systemd, which shows its limits and does not undo them
# covers: annotation:org.systemd.property. hind/--systemd-cgroup

setup()
{
	need_root "the system's manager; systemd_user.sh has the user's"
	[ -S /run/systemd/private ] || skip 'pid 1 of this machine is not systemd'
	cgroup_v2 || skip 'systemd of this machine has cgroup v1'
}

sd() # ARG...
{
	hind --systemd-cgroup "$@"
}

create_sd()
{
	id_new
	sd create --bundle "$BUNDLE" "$@" "$ID" > container.log 2>&1 < /dev/null || fail "create: $(cat container.log)"
}

scope() # the unit of $ID without a cgroupsPath
{
	echo "hind-$ID.scope"
}

shows() # PROPERTY: of $ID's scope, as systemd sees it
{
	systemctl show --value -p "$1" "$(scope)"
}

file() # NAME: a control file of $ID's cgroup
{
	cat "/sys/fs/cgroup/system.slice/$(scope)/$1"
}

expect_no_unit()
{
	expect_eq '' "$(systemctl list-units --all --plain --no-legend "*$PREFIX*.scope")" 'units left over'
	expect_no_leak
}

expect_no_sd() # EXTENDED_REGEX: $BUNDLE is refused with this reason
{
	id_new
	expect_error "$1" sd create --bundle "$BUNDLE" "$ID"
	expect_no_unit
}

test_scope()
{
	bundle_new b
	create_sd
	expect_eq "/sys/fs/cgroup/system.slice/$(scope)" "$(cgroup_dir memory "$ID")"
	expect_eq active "$(shows ActiveState)"
	expect_eq yes "$(shows Delegate)"
	expect_eq system.slice "$(shows Slice)"
	expect_eq systemd "$(jq -r .cgroup.manager "$HIND_ROOT/$ID/state.json")"
	sd delete --force "$ID"
	expect_no_unit
}

# As engines call it: the later commands do not say --systemd-cgroup.
test_life()
{
	bundle_new b
	args sleep 1000
	create_sd
	hind start "$ID"
	expect_eq running "$(status_of "$ID")"
	hind kill "$ID" KILL
	wait_for is_status "$ID" stopped
	hind delete "$ID"
	expect_no_unit
}

test_run()
{
	bundle_new b
	args cat /proc/self/cgroup
	id_new
	expect_status 0 sd run --bundle "$BUNDLE" "$ID"
	expect_no_unit
	# Its own cgroup is the root of its cgroup namespace.
	expect_eq '0::/' "$OUTPUT"
}

test_named_slice()
{
	slice=$(echo "$PREFIX" | tr - x)-a.slice
	bundle_new b ".linux.cgroupsPath=\"$slice:engine:$PREFIX-x\""
	create_sd
	expect_eq "/sys/fs/cgroup/${slice%-a.slice}.slice/$slice/engine-$PREFIX-x.scope" "$(cgroup_dir memory "$ID")"
	hind delete --force "$ID"
	systemctl stop "${slice%-a.slice}.slice"
	expect_no_unit
}

test_without_prefix_and_with_odd_letters()
{
	bundle_new b ".linux.cgroupsPath=\"system.slice::$PREFIX-x+y\""
	create_sd
	expect_eq "/sys/fs/cgroup/system.slice/$PREFIX-x\\x2by.scope" "$(cgroup_dir memory "$ID")"
	hind delete --force "$ID"
	expect_no_unit
}

test_path_is_refused()
{
	bundle_new b ".linux.cgroupsPath=\"/$PREFIX/x\""
	expect_no_sd "linux\.cgroupsPath: \"/$PREFIX/x\" is not slice:prefix:name"
	config ".linux.cgroupsPath=\"machine:a:$PREFIX\""
	expect_no_sd 'linux\.cgroupsPath: "machine" is no name of a slice'
	config ".linux.cgroupsPath=\"a--b.slice:a:$PREFIX\""
	expect_no_sd 'linux\.cgroupsPath: "a--b\.slice" is no name of a slice'
	config ".linux.cgroupsPath=\"system.slice:a:$(head -c 100 /dev/zero | tr '\0' +)\""
	expect_no_sd 'linux\.cgroupsPath: the unit.s name .* has [0-9]+ bytes'
}

resources='.linux.resources={
	memory: {limit: 67108864, reservation: 33554432, swap: 134217728},
	cpu: {shares: 512, quota: 25500, period: 50000, cpus: "0-1", mems: "0"},
	pids: {limit: 42}, unified: {"memory.high": "50331648", "memory.min": "4194304"},
	devices: [{allow: false, access: "rwm"}, {allow: true, type: "c", major: 10, minor: 229, access: "rw"}]}'

files()
{
	for name in memory.max memory.low memory.high memory.min memory.swap.max cpu.weight cpu.max cpuset.cpus cpuset.mems \
		pids.max; do
		printf '%s %s\n' "$name" "$(file "$name")"
	done
}

test_limits_are_properties()
{
	bundle_new b "$resources"
	create_sd
	expect_eq 67108864 "$(shows MemoryMax)" MemoryMax
	expect_eq 33554432 "$(shows MemoryLow)" MemoryLow
	expect_eq 50331648 "$(shows MemoryHigh)" MemoryHigh
	expect_eq 4194304 "$(shows MemoryMin)" MemoryMin
	expect_eq 67108864 "$(shows MemorySwapMax)" MemorySwapMax
	expect_eq 59 "$(shows CPUWeight)" CPUWeight
	expect_eq 510ms "$(shows CPUQuotaPerSecUSec)" CPUQuotaPerSecUSec
	expect_eq 50ms "$(shows CPUQuotaPeriodUSec)" CPUQuotaPeriodUSec
	expect_eq 0-1 "$(shows AllowedCPUs)" AllowedCPUs
	expect_eq 0 "$(shows AllowedMemoryNodes)" AllowedMemoryNodes
	expect_eq 42 "$(shows TasksMax)" TasksMax
	expect_eq strict "$(shows DevicePolicy)" DevicePolicy
	expect_match '/dev/char/10:229 rw' "$(shows DeviceAllow)" DeviceAllow
	expect_eq 'cpu.max 25500 50000' "$(files | grep cpu.max)"
	expect_eq 'memory.swap.max 67108864' "$(files | grep memory.swap)"
}

test_reload_undoes_nothing()
{
	bundle_new b "$resources"
	config '.process.capabilities|=map_values((. // [])+["CAP_MKNOD"])' '.root.readonly=false'
	args sh -c 'mknod /tmp/x c 241 7; mknod /tmp/fuse c 10 229; while sleep 0.1; do
		{ true < /tmp/x; } 2> /tmp/word.new; { true < /tmp/fuse; } 2>> /tmp/word.new; true < /dev/null && mv /tmp/word.new /tmp/word; done'
	create_sd
	hind start "$ID"
	files > before
	systemctl daemon-reload
	systemctl reset-failed
	files > after
	expect_eq "$(cat before)" "$(cat after)" 'control files'
	wait_for test -s b/rootfs/tmp/word
	rm b/rootfs/tmp/word
	wait_for test -s b/rootfs/tmp/word
	expect_match '/tmp/x: Operation not permitted' "$(cat b/rootfs/tmp/word)" 'a device that is not allowed'
	expect_no_match 'fuse: Operation not permitted' "$(cat b/rootfs/tmp/word)" 'a device that is allowed'
}

test_idle()
{
	bundle_new b '.linux.resources.cpu.idle=1'
	create_sd
	expect_eq 1 "$(file cpu.idle)"
	systemctl daemon-reload
	expect_eq 1 "$(file cpu.idle)" 'after daemon-reload'
	# On a busy machine what is idle takes its time to die, too.
	hind delete --force "$ID"
	expect_no_unit
}

test_no_property_for_it()
{
	bundle_new b '.linux.resources.unified={"pids.max": "33", "cpu.max.burst": "5000", "cpu.max": "20000 100000"}'
	create_sd
	expect_eq 5000 "$(file cpu.max.burst)" burst
	expect_eq 33 "$(shows TasksMax)" TasksMax
	expect_eq 200ms "$(shows CPUQuotaPerSecUSec)" CPUQuotaPerSecUSec
}

# systemd enables no such controller below its slices.
test_controller_that_systemd_does_not_know()
{
	[ -e /sys/fs/cgroup/hugetlb.2MB.max ] || grep -qw hugetlb /sys/fs/cgroup/cgroup.controllers || skip 'no hugetlb controller'
	bundle_new b '.linux.resources.hugepageLimits=[{pageSize: "2MB", limit: 4194304}]'
	create_sd
	expect_eq 4194304 "$(file hugetlb.2MB.max)"
	systemctl daemon-reload
	expect_eq 4194304 "$(file hugetlb.2MB.max)" 'after daemon-reload'
}

test_refused_limit_leaves_nothing()
{
	bundle_new b '.linux.resources.cpu.cpus="4000"'
	expect_no_sd 'linux\.resources\.cpu\.cpus: write "4000" to'
}

test_missing_program_leaves_nothing()
{
	bundle_new b
	args /no/such/program
	id_new
	expect_error '/no/such/program' sd run --bundle "$BUNDLE" "$ID"
	expect_no_unit
}

test_cgroup_in_use_is_refused()
{
	bundle_new b ".linux.cgroupsPath=\"system.slice:x:$PREFIX-used\""
	create_sd
	first=$ID
	id_new
	expect_error 'cgroup /sys/fs/cgroup/system\.slice/.* exists already and process [0-9]+ lives in it' \
		sd create --bundle "$BUNDLE" "$ID"
	expect_eq created "$(status_of "$first")"
	# Where it would be itself is nobody yet, but the unit is in use.
	config '.annotations={"run.oci.systemd.subgroup":"inner"}'
	expect_error 'cgroup /sys/fs/cgroup/system\.slice/.* exists already and process [0-9]+ lives in it' \
		sd create --bundle "$BUNDLE" "$ID"
	expect_eq created "$(status_of "$first")"
}

test_annotations()
{
	bundle_new b '.annotations={"org.systemd.property.TimeoutStopUSec": "uint64 7000000",
		"org.systemd.property.RuntimeMaxSec": "3600.5", "org.systemd.property.KillSignal": "10",
		"org.systemd.property.Description": "\"a box: \\\"x\\\"\"", "org.systemd.property.SendSIGHUP": "true",
		"org.systemd.property.Documentation": "[\"man:hind(1)\", '"'"'https://example.org/'"'"']",
		"org.systemd.property.CollectMode": "'"'"'inactive'"'"'"}'
	create_sd
	expect_eq 7s "$(shows TimeoutStopUSec)" TimeoutStopUSec
	expect_eq '1h 500ms' "$(shows RuntimeMaxUSec)" RuntimeMaxUSec
	expect_eq 10 "$(shows KillSignal)" KillSignal
	expect_eq 'a box: "x"' "$(shows Description)" Description
	expect_eq yes "$(shows SendSIGHUP)" SendSIGHUP
	expect_match 'man:hind\(1\)"? https://example\.org/' "$(shows Documentation)" Documentation
	expect_eq inactive "$(shows CollectMode)" CollectMode
}

test_property_that_systemd_refuses()
{
	bundle_new b '.annotations={"org.systemd.property.NoSuchThing": "true"}'
	expect_no_sd 'systemd: unit hind-.*: StartTransientUnit: .*NoSuchThing'
}

test_processes_die_with_the_container()
{
	bundle_new b '.linux.namespaces|=map(select(.type != "pid"))'
	args sh -c 'setsid sleep 1000 & setsid sleep 1000 & exit 0'
	id_new
	sd create --bundle "$BUNDLE" "$ID" > out 2>&1 < /dev/null
	hind start "$ID"
	wait_for is_status "$ID" stopped
	hind delete "$ID"
	expect_no_unit
}

test_fork_bomb_under_a_limit()
{
	bundle_new b '.linux.resources.pids.limit=20'
	args sh -c 'bomb() { bomb | bomb & }; bomb; sleep 1000'
	create_sd
	hind start "$ID"
	sleep 1
	[ "$(file pids.current)" -le 20 ] || fail "there are $(file pids.current) processes"
	wait_for grep -q '^max [1-9]' "/sys/fs/cgroup/system.slice/$(scope)/pids.events"
	expect_status 0 hind delete --force "$ID"
	expect_no_unit
}

test_oom_is_told()
{
	bundle_new b '.linux.resources.memory={limit:8388608, swap:8388608}'
	args dd if=/dev/zero of=/dev/null bs=64M count=1
	id_new
	expect_status 137 sd run --bundle "$BUNDLE" "$ID"
	expect_match 'the memory limit of 8388608 bytes killed 1 process' "$ERROR"
	expect_no_unit
}

test_exec()
{
	bundle_new b 'del(.linux.namespaces[]|select(.type=="cgroup"))'
	args sleep 1000
	create_sd
	hind start "$ID"
	expect_status 0 hind exec "$ID" cat /proc/self/cgroup
	expect_match "/system\.slice/hind-$ID\.scope\$" "$OUTPUT"
}

test_pause()
{
	bundle_new b
	args sleep 1000
	create_sd
	hind start "$ID"
	hind pause "$ID"
	expect_eq paused "$(status_of "$ID")"
	systemctl daemon-reload
	expect_eq paused "$(status_of "$ID")" 'after daemon-reload'
	hind resume "$ID"
	expect_eq running "$(status_of "$ID")"
	hind pause "$ID"
	expect_status 0 hind delete --force "$ID"
	expect_no_unit
}

# The bus does as well, where systemd's own socket is not in sight.
test_by_the_bus()
{
	wait_for test -S /run/dbus/system_bus_socket
	bundle_new b "$resources"
	mkdir empty
	mount --bind empty /run/systemd
	create_sd
	[ -d "/sys/fs/cgroup/system.slice/$(scope)" ] || fail 'there is no scope'
	sd delete --force "$ID"
	umount /run/systemd
	expect_no_unit
}

test_no_systemd_is_told()
{
	bundle_new b
	mkdir empty
	mount --bind empty /run/systemd
	mount --bind empty /run/dbus
	id_new
	expect_error 'systemd cannot be reached \(connect to socket /run/systemd/private: no such .*/run/dbus/system_bus_socket: no such' \
		sd create --bundle "$BUNDLE" "$ID"
	umount /run/systemd /run/dbus
	expect_no_unit
}

test_update_stays_after_reload()
{
	bundle_new b "$resources"
	create_sd
	expect_status 0 hind update --memory 83886080 --memory-swap 83886080 --pids-limit 50 --cpu-quota 30500 --cpu-period 50000 "$ID"
	expect_eq 83886080 "$(shows MemoryMax)" MemoryMax
	expect_eq 50 "$(shows TasksMax)" TasksMax
	files > before
	systemctl daemon-reload
	files > after
	expect_eq "$(cat before)" "$(cat after)" 'control files'
	expect_match '^cpu.max 30500 50000$' "$(cat after)"
	expect_match '^pids.max 50$' "$(cat after)"
}

# What an update names is one of two that belong together.
test_update_of_the_quota_alone()
{
	bundle_new b "$resources"
	create_sd
	expect_status 0 hind update --cpu-quota 10000 "$ID"
	expect_eq 200ms "$(shows CPUQuotaPerSecUSec)" CPUQuotaPerSecUSec
	systemctl daemon-reload
	expect_eq '10000 50000' "$(file cpu.max)"
}

test_refused_update_changes_nothing()
{
	bundle_new b "$resources"
	create_sd
	files > before
	expect_error 'cpus: write "4000"' hind update --pids-limit 50 --cpuset-cpus 4000 "$ID"
	expect_eq 42 "$(shows TasksMax)" TasksMax
	files > after
	expect_eq "$(cat before)" "$(cat after)" 'control files'
}

test_cgroups_below_the_scope()
{
	bundle_new b "$resources" '.annotations={"run.oci.systemd.subgroup":"inner", "run.oci.delegate-cgroup":"own"}'
	args sh -c 'cat /proc/self/cgroup; sleep 1000'
	create_sd
	dir=/sys/fs/cgroup/system.slice/$(scope)
	expect_eq "$dir/inner/own" "$(cgroup_dir memory "$ID")"
	expect_eq 67108864 "$(file inner/memory.max)" memory.max
	expect_eq max "$(file inner/own/memory.max)" 'memory.max of the delegated one'
	hind start "$ID"
	wait_for grep -qx '0::/' container.log
	expect_status 0 hind update --pids-limit 40 "$ID"
	expect_eq 40 "$(file inner/pids.max)" pids.max
	expect_status 0 hind delete --force "$ID"
	expect_no_unit
}

test_cgroup_below_without_delegation()
{
	bundle_new b '.annotations={"run.oci.systemd.subgroup":"a/b"}'
	create_sd
	expect_eq "/sys/fs/cgroup/system.slice/$(scope)/a/b" "$(cgroup_dir memory "$ID")"
	expect_status 0 hind delete --force "$ID"
	expect_no_unit
}

# systemd's own program is put beside ours by whoever changes the list; majors are numbers there, too.
test_list_of_devices_of_systemd_itself()
{
	bundle_new b '.linux.resources.devices=[{allow:false, access:"rwm"}, {allow:true, type:"c", major:242, access:"rw"}]'
	config '.process.capabilities|=map_values((. // [])+["CAP_MKNOD"])' '.root.readonly=false'
	args sh -c 'mknod /tmp/no c 241 7; mknod /tmp/yes c 242 7; while [ ! -e /tmp/go ]; do sleep 0.1; done
		for f in /tmp/no /tmp/yes /dev/ptmx /dev/null; do (true < $f) 2>&1; done; mknod /tmp/more c 1 1; echo end'
	create_sd
	hind start "$ID"
	systemctl set-property --runtime "$(scope)" 'DeviceAllow=/dev/char/5:5 r'
	touch b/rootfs/tmp/go
	wait_for grep -qx end container.log
	expect_match '/tmp/no: Operation not permitted' "$(cat container.log)"
	expect_match '/tmp/yes: No such device' "$(cat container.log)"
	expect_no_match 'ptmx|null|more' "$(cat container.log)"
}
