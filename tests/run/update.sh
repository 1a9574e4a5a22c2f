# hind update: limits of a container that lives
# covers: linux.resources.memory.{disableOOMKiller,checkBeforeUpdate}
# covers: update/--{blkio-weight,cpu-burst,cpu-idle,cpu-period,cpu-quota,cpu-share,cpuset-cpus,cpuset-mems,memory,memory-reservation,memory-swap,pids-limit,resources}

setup()
{
	bundle_new b
	args sleep 1000
}

# What the container $ID's control file holds.
value() # CONTROLLER V1_FILE V2_FILE
{
	if cgroup_v2; then
		cat "$(cgroup_dir "$1" "$ID")/$3"
	else
		cat "$(cgroup_dir "$1" "$ID")/$2"
	fi
}

pick() # V1 V2: the value that is right for this host
{
	if cgroup_v2; then
		echo "$2"
	else
		echo "$1"
	fi
}

update() # OPTION...
{
	expect_status 0 hind update "$@" "$ID"
	expect_eq '' "$OUTPUT$ERROR" 'output of update'
}

resources() # JQ_EXPRESSION: a document in ./r.json
{
	jq -n "$1" > r.json
}

running()
{
	create
	hind start "$ID"
}

# --- flags -----------------------------------------------------------------------------------------------------------

test_cpu()
{
	create
	update --cpu-share 512 --cpu-quota 30000 --cpu-period 60000
	expect_eq "$(pick 512 59)" "$(value cpu cpu.shares cpu.weight)" shares
	expect_eq "$(pick 30000 '30000 60000')" "$(value cpu cpu.cfs_quota_us cpu.max)" quota
	update --cpu-burst 10000
	expect_eq 10000 "$(value cpu cpu.cfs_burst_us cpu.max.burst)" burst
	expect_eq "$(pick 30000 '30000 60000')" "$(value cpu cpu.cfs_quota_us cpu.max)" 'quota after burst'
	update --cpu-burst 0 --cpu-quota -1
	# systemd keeps no period where there is no quota.
	no_quota_period=60000
	[ "${CGROUP_MANAGER:-}" != systemd ] || no_quota_period=100000
	expect_eq "$(pick -1 "max $no_quota_period")" "$(value cpu cpu.cfs_quota_us cpu.max)" 'no quota'
}

test_period_alone_keeps_the_quota()
{
	config '.linux.resources.cpu={quota:20000, period:100000}'
	create
	update --cpu-period 50000
	if cgroup_v2; then
		expect_eq '20000 50000' "$(value cpu - cpu.max)"
	else
		expect_eq '20000 50000' "$(value cpu cpu.cfs_quota_us -) $(value cpu cpu.cfs_period_us -)"
	fi
}

test_cpu_idle()
{
	create
	update --cpu-idle 1
	expect_eq 1 "$(value cpu cpu.idle cpu.idle)" idle
	update --cpu-idle 0 --cpu-share 512
	expect_eq "$(pick 512 59)" "$(value cpu cpu.shares cpu.weight)" 'shares after idle'
}

test_cpuset()
{
	running
	update --cpuset-cpus 0 --cpuset-mems 0
	expect_eq 0 "$(value cpuset cpuset.cpus cpuset.cpus)" cpus
	expect_match '^Cpus_allowed_list:[[:space:]]0$' "$(cat "/proc/$(pid_of "$ID")/status")"
}

test_pids()
{
	create
	update --pids-limit 40
	expect_eq 40 "$(value pids pids.max pids.max)"
	update --pids-limit -1
	expect_eq max "$(value pids pids.max pids.max)"
}

test_blkio_weight()
{
	create
	if ! cgroup_v2 && [ ! -e "$(cgroup_dir blkio "$ID")/blkio.bfq.weight" ]; then
		skip 'the kernel has no BFQ'
	fi
	update --blkio-weight 200
	if ! cgroup_v2; then
		expect_eq 200 "$(value blkio blkio.bfq.weight -)"
	elif [ -e "$(cgroup_dir io "$ID")/io.bfq.weight" ]; then
		expect_match '200' "$(value io - io.bfq.weight)"
	else
		expect_match '1920' "$(value io - io.weight)"
	fi
}

test_memory_takes_units()
{
	create
	update --memory 32m --memory-reservation 16777216
	expect_eq 33554432 "$(value memory memory.limit_in_bytes memory.max)" limit
	expect_eq 16777216 "$(value memory memory.soft_limit_in_bytes memory.low)" reservation
}

# Each of the two is never above the other, so the order of the writes is another each time.
test_memory_and_swap_up_and_down()
{
	config '.linux.resources.memory={limit:33554432, swap:67108864}'
	create
	for size in 16 256 8 64; do
		update --memory "${size}m" --memory-swap "$((size * 2))m"
		expect_eq $((size << 20)) "$(value memory memory.limit_in_bytes memory.max)" limit
		expect_eq "$(pick $((size << 21)) $((size << 20)))" "$(value memory memory.memsw.limit_in_bytes memory.swap.max)" swap
	done
	update --memory -1
	expect_match '^(max|9223372036854771712)$' "$(value memory memory.limit_in_bytes memory.max)" 'no limit'
}

test_swap_alone()
{
	config '.linux.resources.memory={limit:33554432, swap:67108864}'
	create
	update --memory-swap 48m
	expect_eq "$(pick 50331648 16777216)" "$(value memory memory.memsw.limit_in_bytes memory.swap.max)" swap
	expect_error 'linux\.resources\.memory\.swap: .*(at least memory\.limit|less than the memory limit)' \
		hind update --memory-swap 16m "$ID"
	expect_eq "$(pick 50331648 16777216)" "$(value memory memory.memsw.limit_in_bytes memory.swap.max)" 'swap after the error'
}

test_what_has_no_effect_is_taken()
{
	create
	update --kernel-memory 1000000 --kernel-memory-tcp 1000000
	update
}

# --- the document ----------------------------------------------------------------------------------------------------

test_document_by_file_and_standard_input()
{
	create
	resources '{memory:{limit:41943040}, pids:{limit:30}, cpu:{shares:0, cpus:""}, blockIO:null}'
	update --resources r.json
	expect_eq 41943040 "$(value memory memory.limit_in_bytes memory.max)" limit
	expect_eq 30 "$(value pids pids.max pids.max)" pids
	resources '{pids:{limit:31}}'
	expect_status 0 hind update -r - "$ID" < r.json
	expect_eq 31 "$(value pids pids.max pids.max)" pids
	expect_eq 41943040 "$(value memory memory.limit_in_bytes memory.max)" 'limit that was not named'
}

test_flags_count_more_than_the_document()
{
	create
	resources '{pids:{limit:30}, memory:{limit:41943040}}'
	update -r r.json --pids-limit 50
	expect_eq 50 "$(value pids pids.max pids.max)" pids
	expect_eq 41943040 "$(value memory memory.limit_in_bytes memory.max)" limit
}

# What containerd sends: the whole of linux.resources.
test_the_whole_of_config_json()
{
	config '.linux.resources.devices=[{allow:false, access:"rwm"}]' '.linux.resources.pids.limit=20'
	running
	jq '.linux.resources|.cpu.shares=300' "$BUNDLE/config.json" > r.json
	update -r r.json
	expect_eq "$(pick 300 39)" "$(value cpu cpu.shares cpu.weight)"
}

test_wrong_documents()
{
	create
	resources '{memory:{limit:"a"}}'
	expect_error '^hind: .*r\.json:[0-9]+:[0-9]+: \.memory\.limit: ' hind update -r r.json "$ID"
	resources '{memory:{swappiness:101}}'
	expect_error 'r\.json:[0-9]+:[0-9]+: \.memory\.swappiness: 101 is not' hind update -r r.json "$ID"
	resources '{memory:{limit:8388608, swap:4194304}}'
	expect_error 'standard input:[0-9]+:[0-9]+: \.memory\.swap: ' hind update -r - "$ID" < r.json
	resources '{unknown:1}'
	update -r r.json
	expect_status 1 hind --strict update -r r.json "$ID"
	expect_match 'r\.json:[0-9]+:[0-9]+: \.unknown: ' "$ERROR"
	expect_error '^hind: .*--resources: .*/no/where.*no such file' hind update -r /no/where "$ID"
}

test_wrong_flags()
{
	create
	expect_error '^hind: .*--memory: "1x" is no number of bytes' hind update --memory 1x "$ID"
	expect_error '^hind: .*--pids-limit: "many" is no' hind update --pids-limit many "$ID"
	expect_error '^hind: .*--cpu-share: "-3" is no' hind update --cpu-share -3 "$ID"
	expect_error '^hind: .*--blkio-weight: "70000" is no' hind update --blkio-weight 70000 "$ID"
	expect_error 'blockIO\.weight: 5 is not between 10 and 1000' hind update --blkio-weight 5 "$ID"
	expect_error 'update takes one container id' hind update
}

# --- what may be updated ---------------------------------------------------------------------------------------------

test_container_must_live()
{
	expect_error "container \`$PREFIX-none\` does not exist" hind update --pids-limit 9 "$PREFIX-none"
	args true
	running
	wait_for is_status "$ID" stopped
	expect_error '^hind: .*container not running$' hind update --pids-limit 9 "$ID"
}

test_container_without_a_cgroup()
{
	id_new
	hind --cgroup-manager disabled create --bundle "$BUNDLE" "$ID" > container.log 2>&1 < /dev/null
	expect_error 'no cgroup of its own' hind update --pids-limit 9 "$ID"
}

test_limit_that_is_refused_leaves_all_as_it_was()
{
	config '.linux.resources={cpu:{shares:400}, pids:{limit:21}, memory:{limit:67108864, swap:134217728}}'
	create
	resources '{cpu:{shares:300, cpus:"0"}, pids:{limit:9}, memory:{limit:8388608, swap:16777216},
		blockIO:{throttleReadBpsDevice:[{major:7, minor:0, rate:1000000}, {major:999, minor:0, rate:1000000}]}}'
	before=$(value cpuset cpuset.effective_cpus cpuset.cpus.effective)
	expect_error 'linux\.resources\.blockIO\.throttleReadBpsDevice\[[01]\]: write "(7|999):0 .*' hind update -r r.json "$ID"
	expect_eq "$(pick 400 49)" "$(value cpu cpu.shares cpu.weight)" shares
	expect_eq 21 "$(value pids pids.max pids.max)" pids
	expect_eq 67108864 "$(value memory memory.limit_in_bytes memory.max)" limit
	expect_eq "$(pick 134217728 67108864)" "$(value memory memory.memsw.limit_in_bytes memory.swap.max)" swap
	expect_eq "$before" "$(value cpuset cpuset.effective_cpus cpuset.cpus.effective)" cpus
	expect_no_match '^7:0' "$(value blkio blkio.throttle.read_bps_device io.max 2> /dev/null || :)" throttle
}

test_controller_that_the_container_has_no_cgroup_of()
{
	cgroup_v2 && skip 'v2 has one hierarchy'
	create
	expect_status 0 hind state "$ID"
	resources '{network:{classID:1}}'
	[ ! -d /sys/fs/cgroup/net_cls ] || skip 'the host has net_cls'
	expect_error 'linux\.resources\.network\.classID: no cgroup of the container has the net_cls controller' \
		hind update -r r.json "$ID"
}

# v1's kernel refuses what v2's would kill for.
test_less_memory_than_is_in_use()
{
	config '.linux.resources.memory={limit:134217728}'
	args sh -c 'head -c 20000000 /dev/zero > /dev/shm/full; echo ready; sleep 1000; true'
	running
	wait_for grep -q ready container.log
	resources '{memory:{limit:8388608, checkBeforeUpdate:true}}'
	expect_error 'linux\.resources\.memory\.limit: .*(use more and it cannot be reclaimed|in use, and checkBeforeUpdate)' \
		hind update -r r.json "$ID"
	expect_eq 134217728 "$(value memory memory.limit_in_bytes memory.max)" limit
	expect_eq running "$(status_of "$ID")"
}

test_oom_killer()
{
	cgroup_v2 && skip 'v2 cannot do without its OOM killer'
	create
	resources '{memory:{disableOOMKiller:true}}'
	update -r r.json
	expect_match '^oom_kill_disable 1$' "$(value memory memory.oom_control -)"
	resources '{memory:{disableOOMKiller:false}}'
	update -r r.json
	expect_match '^oom_kill_disable 0$' "$(value memory memory.oom_control -)"
}

# --- the new limits hold ---------------------------------------------------------------------------------------------

test_fewer_processes_than_before()
{
	args sh -c 'while [ ! -e /tmp/go ]; do :; done; (sleep 10 & sleep 10 & sleep 10 & wait)'
	config '.mounts|=map(select(.destination!="/tmp"))' '.linux.resources.pids.limit=100'
	running
	update --pids-limit 2
	: > "$BUNDLE/rootfs/tmp/go"
	wait_for grep -q "can't fork" container.log
}

test_less_memory_than_will_be_asked_for()
{
	args sh -c 'while [ ! -e /tmp/go ]; do :; done; exec dd if=/dev/zero of=/dev/null bs=64M count=1'
	config '.mounts|=map(select(.destination!="/tmp"))' '.linux.resources.memory={limit:268435456, swap:268435456}'
	running
	update --memory 16m --memory-swap 16m
	: > "$BUNDLE/rootfs/tmp/go"
	wait_for is_status "$ID" stopped
	expect_no_match records "$(cat container.log)" 'what dd says at its end'
}

# The program is moved to the CPU that is left, without being asked.
test_one_cpu()
{
	args sh -c 'while :; do :; done'
	running
	update --cpuset-cpus 0
	wait_for runs_on_cpu 0
	expect_match '^Cpus_allowed_list:[[:space:]]0$' "$(cat "/proc/$(pid_of "$ID")/status")"
}

runs_on_cpu() # N
{
	[ "$(sed 's/.*) //' "/proc/$(pid_of "$ID")/stat" | cut -d' ' -f37)" = "$1" ]
}

test_less_time()
{
	args sh -c 'while :; do :; done'
	running
	update --cpu-quota 5000 --cpu-period 100000
	wait_for is_throttled
}

is_throttled()
{
	[ "$(sed -n 's/^nr_throttled //p' "$(cgroup_dir cpu "$ID")/cpu.stat")" -ge 3 ]
}

# --- devices ---------------------------------------------------------------------------------------------------------

deny='{allow:false, access:"rwm"}'

# A device without a driver: the cgroup is asked first, so what it lets through ends in "No such device".
device_says() # through | denied
{
	cat "$BUNDLE/rootfs/tmp/said" 2> said.err > said || :
	case $1 in
	through) grep -q 'No such device' said ;;
	denied) grep -q 'not permitted' said ;;
	esac
}

device_box() # runs a container that says again and again what it gets
{
	config '.root.readonly=false' '.process.capabilities|=map_values((. // [])+["CAP_MKNOD"])' \
		'.mounts|=map(select(.destination!="/tmp"))' ".linux.resources.devices=[$deny]"
	args sh -c 'mknod /tmp/stray c 241 7
		while :; do
			(true < /tmp/stray) 2> /tmp/says
			mv /tmp/says /tmp/said
			(echo x > /dev/null) 2> /tmp/null || echo null-refused
			cat /tmp/null
		done'
	running
	wait_for device_says denied
}

test_devices_are_allowed_and_denied_again()
{
	need_root 'rules for devices'
	device_box
	resources "{devices:[$deny, {allow:true, type:\"c\", major:241, minor:7, access:\"rw\"}]}"
	update -r r.json
	wait_for device_says through
	resources "{devices:[$deny]}"
	update -r r.json
	wait_for device_says denied
	expect_eq '' "$(cat container.log)" 'what /dev/null said meanwhile'
}

test_default_devices_work_all_the_time()
{
	need_root 'rules for devices'
	device_box
	for i in 1 2 3 4 5 6 7 8 9 10; do
		resources "{devices:[$deny, {allow:true, type:\"c\", major:241, minor:$i, access:\"rw\"}], pids:{limit:-1}}"
		update -r r.json
	done
	expect_eq '' "$(cat container.log)" 'what /dev/null said meanwhile'
	cgroup_v2 && return
	list=$(value devices devices.list -)
	expect_match '^c 241:10 rw$' "$list"
	expect_no_match '^c 241:[1-9] ' "$list"
}

# On v1, "deny all" and the exceptions again would refuse /dev/null for a moment.
test_only_what_differs_is_written()
{
	cgroup_v2 && skip 'v2 exchanges one program for another'
	device_box
	resources "{devices:[$deny, {allow:true, type:\"c\", major:241, minor:1, access:\"rw\"}]}"
	expect_status 0 hind --log-level info update -r r.json "$ID"
	expect_eq '/devices.allow value=c 241:1 rw' "$(printf '%s\n' "$ERROR" | sed -n 's/.*file=.*\(\/devices\.\)/\1/p')" 'added'
	resources "{devices:[$deny, {allow:true, type:\"c\", major:241, minor:1, access:\"r\"}]}"
	expect_status 0 hind --log-level info update -r r.json "$ID"
	expect_eq '/devices.deny value=c 241:1 w' "$(printf '%s\n' "$ERROR" | sed -n 's/.*file=.*\(\/devices\.\)/\1/p')" 'removed'
	expect_status 0 hind --log-level info update -r r.json "$ID"
	expect_no_match devices "$ERROR" 'the same once more'
}

test_one_more_device()
{
	need_root 'rules for devices'
	device_box
	resources '{devices:[{allow:true, type:"c", major:241, minor:7, access:"r"}]}'
	if cgroup_v2; then
		expect_error 'linux\.resources\.devices: on cgroup v2 an update replaces the whole list' hind update -r r.json "$ID"
		wait_for device_says denied
	else
		update -r r.json
		wait_for device_says through
		expect_no_match '^a ' "$(value devices devices.list -)"
	fi
}

test_devices_that_are_refused_leave_the_list()
{
	cgroup_v2 && skip 'on v2 programs of the cgroups above bound it, so nothing is refused'
	top=/sys/fs/cgroup/devices/$PREFIX-top
	mkdir "$top"
	echo 'c 241:9 rwm' > "$top/devices.deny"
	config ".linux.cgroupsPath=\"/$PREFIX-top/box\"" ".linux.resources.devices=[$deny]" '.linux.resources.pids.limit=33'
	create
	before=$(value devices devices.list - | sort)
	resources "{pids:{limit:9}, devices:[$deny, {allow:true, type:\"c\", major:241, minor:8, access:\"r\"},
		{allow:true, type:\"c\", major:241, minor:9, access:\"r\"}]}"
	capture hind update -r r.json "$ID"
	after=$(value devices devices.list - | sort)
	pids=$(value pids pids.max -)
	hind delete --force "$ID"
	rmdir "$top"
	expect_eq 1 "$STATUS" status
	expect_match 'linux\.resources\.devices: write "c 241:9 r" to .*; the cgroups above do not allow it' "$ERROR"
	expect_eq "$before" "$after" list
	expect_eq 33 "$pids" pids
}

# The cgroup2 of a host with v1 controllers, looked at as if it were all there is: what needs no controller works there.
only_v2() # CMD...
{
	if cgroup_v2; then
		"$@"
		return
	fi
	[ -e /sys/fs/cgroup/unified/cgroup.controllers ] || skip 'no cgroup2 is mounted here'
	mount --bind /sys/fs/cgroup/unified /sys/fs/cgroup
	"$@"
	hind delete --force "$ID"
	umount /sys/fs/cgroup
}

test_devices_by_program()
{
	need_root 'rules for devices'
	only_v2 devices_by_program
}

devices_by_program()
{
	device_box
	resources "{devices:[$deny, {allow:true, type:\"c\", major:241, minor:7, access:\"rw\"}]}"
	for _ in 1 2 3; do
		update -r r.json
	done
	wait_for device_says through
	resources '{devices:[{allow:true, type:"c", major:241, minor:8, access:"r"}]}'
	expect_error 'linux\.resources\.devices: on cgroup v2 an update replaces the whole list' hind update -r r.json "$ID"
	resources "{devices:[$deny]}"
	update -r r.json
	wait_for device_says denied
	expect_eq '' "$(cat container.log)" 'what /dev/null said meanwhile'
}

test_controller_that_v2_lacks()
{
	only_v2 controller_that_v2_lacks
}

controller_that_v2_lacks()
{
	create
	resources '{unified:{"cgroup.max.depth":"5", "nothing.max":"1"}}'
	expect_error 'linux\.resources\.unified\.nothing\.max: the host has no nothing controller here' hind update -r r.json "$ID"
	expect_eq max "$(cat "$(cgroup_dir cpu "$ID")/cgroup.max.depth")" 'the file that was written before'
	resources '{unified:{"cgroup.max.depth":"5"}}'
	update -r r.json
	expect_eq 5 "$(cat "$(cgroup_dir cpu "$ID")/cgroup.max.depth")"
}
