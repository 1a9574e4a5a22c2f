# A thousand containers in a row leave the machine as it was.
# timeout: 1200
# alone

kernel_memory() # KiB that the kernel holds for itself
{
	awk '/^(Slab|KernelStack|Percpu|PageTables):/ { sum += $2 } END { print sum }' /proc/meminfo
}

groups() # the kernel's own count, with those that are removed but not gone
{
	awk '!/^#/ { sum += $3 } END { print sum }' /proc/cgroups
}

many() # N
{
	left=$1
	while [ "$left" -gt 0 ]; do
		expect_status 0 run
		left=$((left - 1))
	done
}

long_a_thousand_containers()
{
	bundle_new b
	args true
	many 100
	sleep 2
	sync
	memory=$(kernel_memory)
	files=$(cut -f 1 /proc/sys/fs/file-nr)
	count=$(groups)
	many 1000
	expect_no_leak
	sleep 5
	note "kernel memory: $memory, now $(kernel_memory) KiB; files: $files, now $(cut -f 1 /proc/sys/fs/file-nr); cgroups: $count, now $(groups)"
	# 32 KiB for each container would be a leak; the caches' noise is less.
	[ "$(kernel_memory)" -lt $((memory + 32000)) ] || fail "kernel memory grew from $memory to $(kernel_memory) KiB"
	[ "$(cut -f 1 /proc/sys/fs/file-nr)" -lt $((files + 500)) ] || fail "open files grew from $files to $(cut -f 1 /proc/sys/fs/file-nr)"
	[ "$(groups)" -lt $((count + 500)) ] || fail "cgroups grew from $count to $(groups)"
}
