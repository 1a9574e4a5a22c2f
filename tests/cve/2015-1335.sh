# CVE-2015-1335 (lxc): mounts went where links of the container's root file system led, on the host; CVE-2015-1334: what the runtime
# reads and writes in /proc was the container's own.
# covers: mount, procfs

setup()
{
	mkdir outside dir
	touch dir/file
	bundle_new b '.root.readonly=false'
}

test_mount_points_behind_links()
{
	before=$(cat /proc/self/mountinfo)
	for target in "$PWD/outside" ../../../../../../../../../../../../../../../../../../"$PWD/outside" /proc/1/root/"$PWD/outside"; do
		rm -rf b/rootfs/mnt
		ln -s "$target" b/rootfs/mnt
		config ".mounts|=map(select(.destination|startswith(\"/mnt\")|not))+[{destination:\"/mnt\",type:\"bind\",source:\"$PWD/dir\",options:[\"bind\"]},
			{destination:\"/mnt/new/tmpfs\",type:\"tmpfs\",source:\"tmpfs\"}]"
		args cut -d' ' -f5 /proc/self/mountinfo
		capture run
		[ "$STATUS" -ne 0 ] || expect_match "^$PWD/outside\$" "$OUTPUT" "the same path, inside, for $target"
		expect_eq '' "$(ls -A outside)" "what was made outside, for $target"
		expect_eq "$before" "$(cat /proc/self/mountinfo)" "mounts of the host, for $target"
		rm -rf "b/rootfs/${PWD#/}"
	done
}

test_masks_behind_links()
{
	ln -s "$PWD/dir/file" b/rootfs/masked
	ln -s "$PWD/dir" b/rootfs/readonly
	before=$(cat /proc/self/mountinfo)
	config '.linux.maskedPaths=["/masked"]' '.linux.readonlyPaths=["/readonly"]'
	args true
	capture run
	expect_eq "$before" "$(cat /proc/self/mountinfo)" 'mounts of the host'
	echo x > dir/file
	expect_eq x "$(cat dir/file)"
}

# A /proc of the container's making takes no write that was meant for the kernel.
test_false_proc()
{
	mkdir -p b/false/self b/false/sys/kernel
	touch b/false/self/oom_score_adj b/false/sys/kernel/msgmax
	args sh -c 'mount -t proc proc /mnt 2>&1; cat /mnt/self/oom_score_adj /mnt/sys/kernel/msgmax'
	config '.mounts|=map(if .destination=="/proc" then {destination:"/proc",type:"bind",source:"false",options:["bind"]} else . end)' \
		'.linux.maskedPaths=[]' '.linux.readonlyPaths=[]' '.process.oomScoreAdj=777' '.linux.sysctl={"kernel.msgmax":"7777"}' \
		'.process.capabilities|=map_values(.+["CAP_SYS_ADMIN"])'
	expect_status 0 run
	expect_eq "777
7777" "$OUTPUT"
	expect_eq '' "$(cat b/false/self/oom_score_adj b/false/sys/kernel/msgmax)"
}
