# process.scheduler, as the kernel has it of the container's process
# covers: process.scheduler.{policy,nice,priority,flags,runtime,deadline,period}

setup()
{
	bundle_new b
	args payload self
}

may_nice()
{
	setpriv --dump | grep -q 'sys_nice' || skip 'root of this machine lacks CAP_SYS_NICE'
}

test_other_with_nice()
{
	config '.process.scheduler={policy:"SCHED_OTHER",nice:7}'
	expect_status 0 run
	expect_match '^scheduler 0$' "$OUTPUT"
	expect_match '^nice 7$' "$OUTPUT"
}

test_nice_defaults_to_0()
{
	need_root 'CAP_SYS_NICE, as 0 is less than the 5 of the caller'
	may_nice
	config '.process.scheduler={policy:"SCHED_BATCH"}'
	id_new
	expect_status 0 hind_by nice -n 5 -- run --bundle "$BUNDLE" "$ID"
	expect_match '^scheduler 3$' "$OUTPUT"
	expect_match '^nice 0$' "$OUTPUT"
}

test_idle()
{
	config '.process.scheduler={policy:"SCHED_IDLE"}'
	expect_status 0 run
	expect_match '^scheduler 5$' "$OUTPUT"
}

# On v1 a new cgroup has no real-time budget, and its parent has to have one to give.
rt_group()
{
	may_nice
	[ -e /sys/fs/cgroup/cpu/cpu.rt_runtime_us ] || return 0
	config ".linux.cgroupsPath=\"/$PREFIX-rt\"" '.linux.resources.cpu={realtimePeriod:1000000,realtimeRuntime:10000}'
}

test_real_time_without_a_budget_is_told()
{
	may_nice
	[ -e /sys/fs/cgroup/cpu/cpu.rt_runtime_us ] || skip 'this kernel gives real time to every cgroup (no RT_GROUP_SCHED)'
	config '.process.scheduler={policy:"SCHED_FIFO",priority:1}'
	expect_refused "process\.scheduler: SCHED_FIFO: the container's cgroup has no real-time budget"
}

test_real_time_with_priority()
{
	need_root 'CAP_SYS_NICE'
	rt_group
	config '.process.scheduler={policy:"SCHED_FIFO",priority:42}'
	expect_status 0 run
	expect_match '^scheduler 1$' "$OUTPUT"
	expect_match '^priority 42$' "$OUTPUT"
	config '.process.scheduler={policy:"SCHED_RR",priority:1,flags:["SCHED_FLAG_RESET_ON_FORK"]}'
	expect_status 0 run
	expect_match '^scheduler 1073741826$' "$OUTPUT" # SCHED_RESET_ON_FORK | SCHED_RR
	expect_match '^priority 1$' "$OUTPUT"
}

# Container root is nobody on the host: the parent has to do it.
test_real_time_in_a_user_namespace()
{
	need_root 'CAP_SYS_NICE'
	rt_group
	config '.linux.namespaces+=[{type:"user"}]' '.linux.uidMappings=[{containerID:0,hostID:100000,size:65536}]' \
		'.linux.gidMappings=.linux.uidMappings' '.process.scheduler={policy:"SCHED_FIFO",priority:3}'
	expect_status 0 run
	expect_match '^priority 3$' "$OUTPUT"
}

test_deadline()
{
	need_root 'CAP_SYS_NICE'
	may_nice
	chrt -d -T 1000000 -D 5000000 -P 10000000 0 true 2> chrt.error || skip "no deadline for chrt(1) either: $(cat chrt.error)"
	config '.process.scheduler={policy:"SCHED_DEADLINE",runtime:1000000,deadline:5000000,period:10000000,flags:["SCHED_FLAG_RECLAIM"]}'
	args payload listen 15
	create
	expect_match 'SCHED_DEADLINE' "$(chrt -p "$(pid_of "$ID")")"
	expect_match '1000000/5000000/10000000$' "$(chrt -p "$(pid_of "$ID")")"
	hind start "$ID"
	expect_match '1000000/5000000/10000000$' "$(chrt -p "$(pid_of "$ID")")"
}

test_without_the_capability_it_is_told()
{
	config '.process.scheduler={policy:"SCHED_FIFO",priority:1}' 'del(.process.capabilities)'
	id_new
	expect_error 'sched: process\.scheduler: SCHED_FIFO: needs CAP_SYS_NICE, which this process lacks' \
		hind_by setpriv --bounding-set -sys_nice --inh-caps -sys_nice -- create --bundle "$BUNDLE" "$ID"
	expect_status 1 hind state "$ID"
}

test_wrong_values_are_refused()
{
	config '.process.scheduler={policy:"SCHED_ISO"}'
	expect_refused '\.process\.scheduler\.policy: "SCHED_ISO" is no policy that Linux has'
	config '.process.scheduler={policy:"SCHED_FIFO"}'
	expect_refused '\.process\.scheduler\.priority: 0 is not between 1 and 99, as SCHED_FIFO needs'
	config '.process.scheduler={policy:"SCHED_OTHER",nice:20,priority:1,runtime:5}'
	expect_refused '\.process\.scheduler\.nice: 20 is not between -20 and 19'
	expect_refused '\.process\.scheduler\.priority: SCHED_OTHER has no priority'
	expect_refused '\.process\.scheduler: runtime, deadline and period are for SCHED_DEADLINE, not SCHED_OTHER'
	config '.process.scheduler={policy:"SCHED_DEADLINE",runtime:5000,deadline:4000,period:3000}'
	expect_refused '\.process\.scheduler\.deadline: 4000 is below the runtime 5000'
	expect_refused '\.process\.scheduler\.period: 3000 is below the deadline 4000'
	config '.process.scheduler={policy:"SCHED_OTHER",flags:["SCHED_FLAG_FAST"]}'
	expect_refused '\.process\.scheduler\.flags\[0\]: '
}

test_deadline_with_hooks_that_could_not_start_is_refused()
{
	config '.process.scheduler={policy:"SCHED_DEADLINE",runtime:4000,deadline:5000}' '.hooks.startContainer=[{path:"/bin/true"}]'
	expect_refused '\.process\.scheduler\.flags: needs SCHED_FLAG_RESET_ON_FORK'
}

test_exec_has_the_same()
{
	config '.process.scheduler={policy:"SCHED_BATCH",nice:3}' '.process.ioPriority={class:"IOPRIO_CLASS_BE",priority:7}' \
		'.linux.personality={domain:"LINUX32"}'
	args sleep 100
	create
	hind start "$ID"
	expect_status 0 hind exec "$ID" payload self
	expect_match '^scheduler 3$' "$OUTPUT"
	expect_match '^nice 3$' "$OUTPUT"
	expect_match "^ioprio $((2 << 13 | 7))\$" "$OUTPUT"
	expect_match '^personality 0x8$' "$OUTPUT"
}
