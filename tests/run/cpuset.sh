# linux.resources.cpu: cpus and mems
# covers: linux.resources.cpu.{cpus,mems}

last_cpu() # the last one of the machine
{
	sed 's/.*[-,]//' /sys/devices/system/cpu/online
}

test_cpus_and_mems()
{
	cpu=$(last_cpu)
	bundle_new b ".linux.resources.cpu={cpus:\"$cpu\", mems:\"0\"}"
	run_sh 'grep _allowed_list /proc/self/status'
	expect_match "^Cpus_allowed_list:[[:space:]]*$cpu\$" "$OUTPUT"
	expect_match '^Mems_allowed_list:[[:space:]]*0$' "$OUTPUT"
}

test_cpus_alone()
{
	bundle_new b '.linux.resources.cpu.cpus="0"'
	create
	expect_eq 0 "$(cat "$(cgroup_dir cpuset "$ID")/cpuset.cpus")"
}

test_without_a_wish_all_cpus_are_there()
{
	bundle_new b
	run_sh 'grep Cpus_allowed_list /proc/self/status'
	expect_eq "$(grep Cpus_allowed_list /proc/self/status)" "$OUTPUT"
}

# The cgroup above is one that somebody else has made and left as v1 makes it: without any CPU.
test_empty_cpuset_above()
{
	cgroup_v2 && skip 'v1 only: an empty cpuset of v2 has the CPUs of the one above'
	top=/sys/fs/cgroup/cpuset/$PREFIX-top
	mkdir "$top"
	bundle_new b ".linux.cgroupsPath=\"/$PREFIX-top/box\"" '.linux.resources.cpu.cpus="0"'
	capture run
	rmdir "$top"
	expect_eq 0 "$STATUS" "status ($ERROR)"
}

test_cpu_that_is_not_there_is_refused()
{
	bundle_new b '.linux.resources.cpu.cpus="4000"'
	expect_refused 'linux\.resources\.cpu\.cpus: write "4000" to /sys/fs/cgroup/.*/cpuset\.cpus: .*; take CPUs that'
}

test_list_that_is_none_is_refused()
{
	bundle_new b '.linux.resources.cpu.mems="x"'
	expect_refused 'linux\.resources\.cpu\.mems: write "x" to '
}

test_sched_getaffinity()
{
	bundle_new b '.linux.resources.cpu.cpus="0"'
	run_sh nproc
	expect_eq 1 "$OUTPUT" 'CPUs that nproc counts'
}
