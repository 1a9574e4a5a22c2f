# linux.resources.cpu: shares, quota, period, burst, idle
# covers: linux.resources.cpu.{shares,quota,burst,period,realtimeRuntime,realtimePeriod,idle}
# covers: update/--{cpu-rt-period,cpu-rt-runtime}

read_cpu() # V1_FILE V2_FILE: of the container $ID
{
	if cgroup_v2; then
		cat "$(cgroup_dir cpu "$ID")/$2"
	else
		cat "$(cgroup_dir cpu "$ID")/$1"
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

test_shares()
{
	bundle_new b '.linux.resources.cpu.shares=512'
	create
	expect_eq "$(pick 512 59)" "$(read_cpu cpu.shares cpu.weight)" shares
}

test_quota_and_period()
{
	bundle_new b '.linux.resources.cpu={quota:20000, period:50000}'
	create
	if cgroup_v2; then
		expect_eq '20000 50000' "$(read_cpu - cpu.max)"
	else
		expect_eq 20000 "$(read_cpu cpu.cfs_quota_us -)" quota
		expect_eq 50000 "$(read_cpu cpu.cfs_period_us -)" period
	fi
}

test_burst()
{
	bundle_new b '.linux.resources.cpu={quota:20000, burst:10000}'
	create
	expect_eq 10000 "$(read_cpu cpu.cfs_burst_us cpu.max.burst)" burst
}

test_idle()
{
	bundle_new b '.linux.resources.cpu.idle=1'
	create
	expect_eq 1 "$(read_cpu cpu.idle cpu.idle)" idle
}

test_no_quota()
{
	bundle_new b '.linux.resources.cpu.quota=-1'
	create
	expect_eq "$(pick -1 'max 100000')" "$(read_cpu cpu.cfs_quota_us cpu.max)" quota
}

cpu_used() # microseconds, by $ID
{
	if cgroup_v2; then
		sed -n 's/^usage_usec //p' "$(cgroup_dir cpu "$ID")/cpu.stat"
	else
		echo $(($(cat "$(cgroup_dir cpuacct "$ID")/cpuacct.usage") / 1000))
	fi
}

# A fifth of a CPU, however long the machine takes for it.
test_quota_holds_a_loop()
{
	bundle_new b '.linux.resources.cpu={quota:20000, period:100000}'
	args sh -c 'while :; do :; done'
	create
	hind start "$ID"
	before=$(cpu_used)
	begin=$(date +%s%N)
	sleep 1.3
	used=$(($(cpu_used) - before))
	passed=$((($(date +%s%N) - begin) / 1000))
	[ "$used" -gt 20000 ] || fail "the loop has used $used us only"
	[ "$used" -lt $((passed * 3 / 10 + 40000)) ] || fail "the loop has used $used us in $passed us"
}

test_quota_too_small_is_refused()
{
	bundle_new b '.linux.resources.cpu.quota=500'
	expect_refused 'linux\.resources\.cpu\.quota: write "500" to /sys/fs/cgroup/.*: invalid argument; quota and period are at least 1000 us'
}

test_idle_with_shares_is_refused()
{
	bundle_new b '.linux.resources.cpu={idle:1, shares:100}'
	expect_refused 'config\.json:[0-9]+:[0-9]+: \.linux\.resources\.cpu\.shares: '
}

# A cgroup below the root has no realtime runtime to hand on, unless somebody gives it some.
test_realtime()
{
	bundle_new b '.linux.resources.cpu={realtimePeriod:1000000, realtimeRuntime:5000}'
	if cgroup_v2; then
		expect_refused 'linux\.resources\.cpu\.realtime(Period|Runtime): cgroup v2 has no such limit'
	elif [ ! -e /sys/fs/cgroup/cpu/cpu.rt_runtime_us ]; then
		expect_refused 'linux\.resources\.cpu\.realtime(Period|Runtime): .*this kernel was built without it'
	else
		expect_refused 'linux\.resources\.cpu\.realtimeRuntime: write "5000" to .*; the cgroups above have no realtime runtime'
	fi
}

test_realtime_with_some_above()
{
	top=/sys/fs/cgroup/cpu/$PREFIX-top
	[ -e /sys/fs/cgroup/cpu/cpu.rt_runtime_us ] || skip 'no cgroup v1 with real-time scheduling'
	mkdir "$top"
	bundle_new b ".linux.cgroupsPath=\"/$PREFIX-top/box\"" '.linux.resources.cpu={realtimePeriod:500000, realtimeRuntime:4000}'
	if ! echo 20000 > "$top/cpu.rt_runtime_us" 2> echo.err; then
		rmdir "$top"
		skip "the root cgroup has no realtime runtime left: $(cat echo.err)"
	fi
	create
	runtime=$(cat "$top/box/cpu.rt_runtime_us")
	period=$(cat "$top/box/cpu.rt_period_us")
	hind update --cpu-rt-period 250000 --cpu-rt-runtime 1000 "$ID" || note 'update failed'
	updated="$(cat "$top/box/cpu.rt_runtime_us") of $(cat "$top/box/cpu.rt_period_us")"
	hind delete --force "$ID"
	rmdir "$top"
	expect_eq '4000 of 500000' "$runtime of $period"
	expect_eq '1000 of 250000' "$updated"
}

test_burst_above_the_quota_is_refused()
{
	bundle_new b '.linux.resources.cpu={quota:20000, burst:30000}'
	expect_refused 'config\.json:[0-9]+:[0-9]+: \.linux\.resources\.cpu\.burst: 30000 is more than cpu\.quota, 20000'
}
