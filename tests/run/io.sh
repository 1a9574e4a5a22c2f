# linux.resources.blockIO: weights, and limits that hold for a disk
# covers: linux.resources.blockIO.weight
# covers: linux.resources.blockIO.throttle{Read,Write}{Bps,IOPS}Device[].{major,minor,rate}

read_io() # V1_FILE V2_FILE: of the container $ID
{
	if cgroup_v2; then
		cat "$(cgroup_dir io "$ID")/$2"
	else
		cat "$(cgroup_dir blkio "$ID")/$1"
	fi
}

# A disk of 4 MiB in $DISK, with its numbers in $MAJOR and $MINOR. Detached while it is open it goes with this shell.
disk()
{
	truncate -s 4M disk.img
	DISK=$(losetup --find --show disk.img 2> losetup.log) || skip "no loop device can be had here: $(cat losetup.log)"
	MAJOR=$((0x$(stat -c %t "$DISK")))
	MINOR=$((0x$(stat -c %T "$DISK")))
	exec 9< "$DISK"
	to_user "$DISK"
	losetup --detach "$DISK"
}

throttle() # MEMBER RATE
{
	echo ".linux.resources.blockIO.$1=[{major:$MAJOR, minor:$MINOR, rate:$2}]"
}

test_weight()
{
	bundle_new b '.linux.resources.blockIO.weight=300'
	id_new
	capture hind create --bundle "$BUNDLE" "$ID" < /dev/null
	if [ "$STATUS" -ne 0 ]; then
		expect_match 'weights need the BFQ I/O scheduler' "$ERROR"
		skip 'the kernel has no BFQ'
	fi
	expect_match '(^|default )(300|2930)$' "$(read_io blkio.bfq.weight io.bfq.weight 2> no-bfq || read_io - io.weight)"
}

test_limits_of_a_disk()
{
	disk
	bundle_new b "$(throttle throttleReadBpsDevice 1048576)" "$(throttle throttleWriteBpsDevice 2097152)" \
		"$(throttle throttleReadIOPSDevice 300)" "$(throttle throttleWriteIOPSDevice 400)"
	create
	if cgroup_v2; then
		io=$(read_io - io.max)
	else
		io=$(for what in read_bps write_bps read_iops write_iops; do read_io "blkio.throttle.${what}_device" -; done)
	fi
	if cgroup_v2; then
		expect_match "^$MAJOR:$MINOR rbps=1048576 wbps=2097152 riops=300 wiops=400\$" "$io"
	else
		for rate in 1048576 2097152 300 400; do
			expect_match "^$MAJOR:$MINOR $rate\$" "$io"
		done
	fi
}

rate_limit()
{
	throttle throttleReadBpsDevice 524288
}

unified_limit()
{
	echo ".linux.resources.unified={\"io.max\": \"$MAJOR:$MINOR rbps=524288\"}"
}

# 1.5 MiB at 512 KiB in a second, past the page cache; the container reads when ./b/rootfs/tmp/go is there.
reader() # LIMIT
{
	disk
	bundle_new b "$("$1")" '.root.readonly=false' \
		".linux.devices=[{path:\"/dev/disk\", type:\"b\", major:$MAJOR, minor:$MINOR}]" \
		".linux.resources.devices=[{allow:false}, {allow:true, type:\"b\", major:$MAJOR, minor:$MINOR, access:\"rwm\"}]"
	# shellcheck disable=SC2016
	args sh -c 'until [ -e /tmp/go ]; do sleep 0.1; done; begin=$(cut -d. -f1 /proc/uptime)
		dd if=/dev/disk of=/dev/null bs=128k count=12 iflag=direct 2>&1; echo "seconds $(($(cut -d. -f1 /proc/uptime) - begin))"'
}

expect_slow() # OUTPUT
{
	seconds=$(printf '%s\n' "$1" | sed -n 's/^seconds //p')
	[ "${seconds:-0}" -ge 2 ] || fail "1.5 MiB at 512 KiB/s took $seconds s: $1"
}

test_limit_holds()
{
	reader rate_limit
	touch b/rootfs/tmp/go
	capture run
	expect_eq 0 "$STATUS" "status ($ERROR$OUTPUT)"
	expect_slow "$OUTPUT"
}

# systemd writes its own properties again then, and io.max is one whose other lines it knows nothing of.
holds_after_reload() # LIMIT
{
	[ -S /run/systemd/private ] || skip 'pid 1 of this machine is not systemd'
	cgroup_v2 || skip 'systemd of this machine has cgroup v1'
	CGROUP_MANAGER=systemd
	reader "$1"
	create
	hind start "$ID"
	before=$(read_io - io.max)
	expect_match "^$MAJOR:$MINOR rbps=524288 " "$before"
	systemctl daemon-reload
	expect_eq "$before" "$(read_io - io.max)" 'io.max after daemon-reload'
	touch b/rootfs/tmp/go
	wait_for grep -q ^seconds container.log
	expect_slow "$(cat container.log)"
}

test_limit_holds_after_daemon_reload()
{
	holds_after_reload rate_limit
}

test_limit_of_unified_holds_after_daemon_reload()
{
	holds_after_reload unified_limit
}

test_limit_is_lifted_by_an_update()
{
	disk
	bundle_new b "$(throttle throttleReadBpsDevice 524288)"
	create
	echo "{\"blockIO\":{\"throttleReadBpsDevice\":[{\"major\":$MAJOR,\"minor\":$MINOR,\"rate\":0}]}}" > r.json
	capture hind update -r r.json "$ID"
	io=$(read_io blkio.throttle.read_bps_device io.max)
	expect_eq 0 "$STATUS" "status ($ERROR)"
	expect_no_match "^$MAJOR:$MINOR" "$io" 'limit'
}

test_no_such_device()
{
	MAJOR=999 MINOR=7
	bundle_new b "$(throttle throttleReadBpsDevice 524288)"
	expect_refused 'linux\.resources\.blockIO\.throttleReadBpsDevice\[0\]: write "999:7 .*" to .*; there is no such block device'
}

test_leaf_weight()
{
	bundle_new b '.linux.resources.blockIO.leafWeight=100'
	expect_refused 'linux\.resources\.blockIO\.leafWeight: (write "100" to .*; Linux has no leaf weights since 5\.0|cgroup v2 has no leaf weights)'
}

test_weight_out_of_range()
{
	bundle_new b '.linux.resources.blockIO.weight=1001'
	expect_refused 'config\.json:[0-9]+:[0-9]+: \.linux\.resources\.blockIO\.weight: 1001 is not between 10 and 1000'
}
