# linux.resources.memory: limit, reservation, swap, swappiness, and the end of who uses more
# covers: linux.resources.memory.{limit,reservation,swap,swappiness,kernel,kernelTCP,useHierarchy}

read_memory() # V1_FILE V2_FILE: of the container $ID
{
	if cgroup_v2; then
		cat "$(cgroup_dir memory "$ID")/$2"
	else
		cat "$(cgroup_dir memory "$ID")/$1"
	fi
}

test_limit()
{
	bundle_new b '.linux.resources.memory.limit=16777216'
	create
	expect_eq 16777216 "$(read_memory memory.limit_in_bytes memory.max)" limit
}

test_reservation()
{
	bundle_new b '.linux.resources.memory={limit:16777216, reservation:8388608}'
	create
	expect_eq 8388608 "$(read_memory memory.soft_limit_in_bytes memory.low)" reservation
}

test_swap()
{
	bundle_new b '.linux.resources.memory={limit:16777216, swap:25165824}'
	create
	if cgroup_v2; then
		expect_eq 8388608 "$(read_memory - memory.swap.max)" swap
	else
		expect_eq 25165824 "$(read_memory memory.memsw.limit_in_bytes -)" swap
	fi
}

test_swappiness()
{
	bundle_new b '.linux.resources.memory.swappiness=20'
	if cgroup_v2; then
		expect_refused 'linux\.resources\.memory\.swappiness: cgroup v2 has no such limit'
	else
		create
		expect_eq 20 "$(read_memory memory.swappiness -)" swappiness
	fi
}

test_kernel_tcp()
{
	bundle_new b '.linux.resources.memory.kernelTCP=16777216'
	if cgroup_v2; then
		id_new
		expect_status 0 hind --log-level info create --bundle "$BUNDLE" "$ID"
		expect_match 'linux\.resources\.memory\.kernelTCP has no effect' "$ERROR"
	else
		create
		expect_eq 16777216 "$(read_memory memory.kmem.tcp.limit_in_bytes -)" kernelTCP
	fi
	config '.linux.resources.memory.kernelTCP=0'
	id_new
	create
}

test_unlimited()
{
	bundle_new b '.linux.resources.memory={limit:-1, swap:-1}'
	run_sh 'exit 0'
}

test_small_limit_still_starts()
{
	bundle_new b '.linux.resources.memory.limit=2097152'
	run_sh 'echo alive'
	expect_eq alive "$OUTPUT"
}

test_more_than_the_limit_is_killed()
{
	bundle_new b '.linux.resources.memory={limit:8388608, swap:8388608}'
	args dd if=/dev/zero of=/dev/null bs=64M count=1
	expect_status 137 run
}

test_too_little_to_start_is_told()
{
	bundle_new b '.linux.resources.memory={limit: 4096}'
	args true
	id_new
	# With systemd the cgroup, which knows of it, may be gone too early.
	expect_error "OOM-killed: linux.resources.memory.limit, 4096 bytes in whole pages, is too low${CGROUP_MANAGER:+|is gone already; linux.resources.memory.limit, 4096 bytes, may be too low}" \
		hind create --bundle "$BUNDLE" "$ID"
	expect_no_leak
}

test_swap_below_limit_is_refused()
{
	bundle_new b '.linux.resources.memory={limit:16777216, swap:8388608}'
	expect_refused 'config\.json:[0-9]+:[0-9]+: \.linux\.resources\.memory\.swap: 8388608 is less than memory\.limit'
}

# What Linux has no switch for any more is said, and stands in nobody's way.
test_limits_that_linux_has_no_more()
{
	bundle_new b '.linux.resources.memory={limit:67108864,kernel:67108864,kernelTCP:67108864,useHierarchy:false}'
	args true
	expect_status 0 run
	expect_match 'warning: linux\.resources\.memory\.useHierarchy has no effect: Linux accounts hierarchically always' "$ERROR"
	config '.linux.resources.memory.useHierarchy=true'
	id_new
	expect_status 0 hind --log-level info run --bundle "$BUNDLE" "$ID"
	expect_match 'linux\.resources\.memory\.kernel has no effect' "$ERROR"
	expect_no_match useHierarchy "$ERROR"
}
