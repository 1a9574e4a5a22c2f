# linux.maskedPaths and linux.readonlyPaths
# covers: linux.{maskedPaths,readonlyPaths}
# covers: host_device

setup()
{
	bundle_new b '.root.readonly=false' '.linux.maskedPaths=[]' '.linux.readonlyPaths=[]'
}

test_masked_file_and_directory()
{
	mkdir b/rootfs/secrets
	echo secret > b/rootfs/secrets/file
	echo secret > b/rootfs/etc/secret
	config '.linux.maskedPaths=["/secrets","/etc/secret","/proc/keys","/sys/kernel"]'
	run_sh 'cat /etc/secret /proc/keys; ls -A /secrets /sys/kernel; { echo x > /secrets/x; } 2>&1; echo x > /etc/secret'
	expect_no_match '^secret|^file' "$OUTPUT"
	expect_match 'Read-only file system' "$OUTPUT"
	expect_eq secret "$(cat b/rootfs/etc/secret)"
	# The mode is that of a directory which nobody may write to.
	run_sh 'stat -c "%a %u" /secrets; stat -c "%t:%T" /etc/secret'
	expect_eq "555 0
1:3" "$OUTPUT"
}

# One file system for all directories: a mount is cheap, a superblock is not.
test_directories_share_one_file_system()
{
	mkdir b/rootfs/one b/rootfs/two b/rootfs/three
	config '.linux.maskedPaths=["/one","/two","/three"]'
	run_sh 'grep -E " /(one|two|three) " /proc/self/mountinfo'
	expect_lines 3 "$OUTPUT"
	expect_lines 1 "$(printf '%s\n' "$OUTPUT" | cut -d' ' -f3 | sort -u)" 'devices'
	expect_lines 3 "$(printf '%s\n' "$OUTPUT" | grep ' ro,nosuid,nodev,noexec')"
}

test_missing_paths_are_no_error()
{
	config '.linux.maskedPaths=["/no/such","/etc/passwd/below"]' '.linux.readonlyPaths=["/no/such","/proc/no_such"]'
	run_sh 'cat /etc/passwd'
	expect_match '^root:' "$OUTPUT"
}

test_link_of_the_image_leads_inside()
{
	mkdir b/rootfs/real
	echo secret > b/rootfs/real/file
	ln -s /real b/rootfs/link
	ln -s ../../../../../../etc b/rootfs/up
	config '.linux.maskedPaths=["/link","/up/passwd"]'
	run_sh 'ls -A /real; cat /etc/passwd; cut -d" " -f5 /proc/self/mountinfo'
	expect_no_match '^file$|^root:' "$OUTPUT"
	expect_match '^/real$' "$OUTPUT"
	expect_match '^/etc/passwd$' "$OUTPUT"
	expect_match '^root:' "$(cat /etc/passwd)" "the host's passwd"
}

test_the_same_path_twice()
{
	config '.linux.maskedPaths=["/etc","/etc"]' '.linux.readonlyPaths=["/etc","/root","/root"]'
	run_sh 'ls -A /etc; { echo x > /root/x; } 2>&1 || :'
	expect_match 'Read-only' "$OUTPUT"
}

test_read_only_paths()
{
	mkdir -p dir/sub
	mount -t tmpfs -o nosuid,noatime sub dir/sub
	config ".mounts+=[{destination:\"/d\",type:\"bind\",source:\"$PWD/dir\",options:[\"rbind\",\"nodev\"]}]" \
		'.linux.readonlyPaths=["/d","/etc/passwd","/proc/sys"]'
	run_sh 'for f in /d/x /d/sub/x /etc/passwd /proc/sys/kernel/domainname; do { echo x > $f; } 2>&1 || :; done; grep -E " (/d|/d/sub|/proc/sys) " /proc/self/mountinfo; cat /etc/passwd'
	umount dir/sub
	expect_lines 4 "$(printf '%s\n' "$OUTPUT" | grep 'Read-only file system')"
	expect_match ' /d ro,nodev,relatime ' "$OUTPUT"
	expect_match ' /d/sub ro,nosuid,noatime ' "$OUTPUT"
	expect_match ' /proc/sys ro,nosuid,nodev,noexec,relatime ' "$OUTPUT"
	expect_match '^root:' "$OUTPUT"
}

test_default_lists_hide_what_they_should()
{
	bundle_new d
	run_sh 'for p in /proc/kcore /proc/keys /proc/timer_list /proc/interrupts; do [ ! -e $p ] || [ -z "$(head -c 1 $p)" ] || echo $p; done; ls -A /proc/acpi /proc/scsi /sys/firmware /sys/devices/virtual/powercap 2> /dev/null || :'
	expect_no_match '^/proc/[a-z_]*$' "$OUTPUT"
	expect_eq '' "$(printf '%s\n' "$OUTPUT" | grep -v -e '^/.*:$' -e '^$' || :)" 'what is left to see'
}

test_in_a_user_namespace()
{
	chmod 755 . b
	mkdir b/rootfs/secrets
	echo secret > b/rootfs/secrets/file
	config '.linux.namespaces+=[{type:"user"}]' '.linux.uidMappings=[{containerID:0,hostID:100000,size:65536}]' \
		'.linux.gidMappings=.linux.uidMappings' '.linux.maskedPaths=["/secrets","/proc/keys"]' '.linux.readonlyPaths=["/proc/sys"]'
	run_sh 'ls -A /secrets; cat /proc/keys; { echo x > /proc/sys/kernel/domainname; } 2>&1 || :'
	expect_match 'Read-only' "$OUTPUT"
	expect_lines 1 "$OUTPUT"
}

test_wrong_lists()
{
	config '.linux.maskedPaths=["/fine","relative"]' '.linux.readonlyPaths=["x"]'
	id_new
	expect_status 1 hind create --bundle "$BUNDLE" "$ID"
	expect_match 'config\.json:[0-9]+:[0-9]+: \.?linux\.maskedPaths\[1\]: .*absolute' "$ERROR"
	expect_match 'linux\.readonlyPaths\[0\]: ' "$ERROR"
	config '.linux.maskedPaths=["/fine"]' '.linux.readonlyPaths=[]' '.mounts=[]' '.linux.namespaces|=map(select(.type!="mount"))'
	expect_refused 'linux\.maskedPaths: .*mount namespace'
}
