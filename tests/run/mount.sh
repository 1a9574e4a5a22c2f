# mounts
# covers: mounts[].{destination,type,source,options}
# covers: mount:{lazytime,noatime,nodiratime,nosymfollow,private,relatime,remount,rnosymfollow,rprivate,ro,bind,rbind,nosuid,nodev,noexec,slave,sync,tmpcopyup,rro,rrw,unbindable}
# covers: mount_tree, mount_copy_up

setup()
{
	bundle_new b '.root.readonly=false'
}

add() # JSON: one more entry of mounts
{
	config ".mounts+=[$1]"
}

# What the container sees at a mount point: type and the options of the mount, sorted.
see() # MOUNT_POINT...
{
	run_sh "cat /proc/self/mountinfo"
	for _point; do
		printf '%s\n' "$OUTPUT" | awk -v point="$_point" '$5 == point { for (i = 7; $i != "-"; i++); print $(i + 1), $6 }' | tail -n 1
	done > seen
	SEEN=$(cat seen)
}

# --- binds ---

test_bind_of_a_directory_and_of_a_file()
{
	mkdir dir
	echo in > dir/file
	echo alone > file
	to_user dir file
	add "{destination:\"/new/dir\",type:\"bind\",source:\"$PWD/dir\",options:[\"bind\"]}"
	add "{destination:\"/etc/one\",source:\"$PWD/file\",options:[\"rbind\",\"ro\"]}"
	run_sh 'cat /new/dir/file /etc/one; echo out > /new/dir/out; { echo x > /etc/one; } 2>&1 || :'
	expect_match '^in$' "$OUTPUT"
	expect_match '^alone$' "$OUTPUT"
	expect_match 'Read-only file system' "$OUTPUT"
	expect_eq out "$(cat dir/out)"
	expect_eq alone "$(cat file)"
}

# Engines give paths in the bundle so.
test_relative_source_is_in_the_bundle()
{
	mkdir b/files
	echo x > b/files/x
	add '{destination:"/files",type:"bind",source:"files",options:["bind"]}'
	cd /
	run_sh 'cat /files/x'
	expect_eq x "$OUTPUT"
	cd "$OLDPWD"
}

test_missing_source_is_named_with_its_place()
{
	add '{destination:"/x",type:"bind",source:"/no/such/source",options:["rbind"]}'
	expect_error 'mounts\[[0-9]+\] at /x \(bind of /no/such/source\): source: open /no/such/source: no such file or directory' run
}

test_nothing_can_be_made_below_proc()
{
	add '{destination:"/proc/self/new",type:"bind",source:"/dev/null",options:["bind"]}'
	expect_error 'at /proc/self/new \(bind of /dev/null\): create /proc/self/new: this file system takes no new files$' run
	config '.mounts[-1].source="/tmp" | .mounts[-1].destination="/proc/new/dir"'
	expect_error 'at /proc/new/dir \(bind of /tmp\): create /proc/new/dir: this file system takes no new files$' run
}

test_type_bind_without_the_option()
{
	mkdir dir
	touch dir/file
	add "{destination:\"/x\",type:\"bind\",source:\"$PWD/dir\"}"
	run_sh 'ls /x'
	expect_eq file "$OUTPUT"
}

test_rbind_takes_mounts_along_and_bind_does_not()
{
	need_root 'what a mount of the host covers stays covered in a user namespace'
	mkdir -p dir/sub
	mount -t tmpfs sub dir/sub
	touch dir/sub/file
	add "{destination:\"/r\",type:\"bind\",source:\"$PWD/dir\",options:[\"rbind\"]}"
	add "{destination:\"/b\",type:\"bind\",source:\"$PWD/dir\",options:[\"bind\"]}"
	run_sh 'echo r $(ls /r/sub); echo b $(ls /b/sub)'
	umount dir/sub
	expect_eq "r file
b" "$OUTPUT"
}

test_kinds_must_agree()
{
	mkdir dir
	touch file
	add "{destination:\"/etc/passwd\",type:\"bind\",source:\"$PWD/dir\",options:[\"bind\"]}"
	expect_error 'mounts\[.*/etc/passwd \(bind of .*\): .*not a directory' run
	config ".mounts[-1]={destination:\"/etc\",type:\"bind\",source:\"$PWD/file\",options:[\"bind\"]}"
	expect_error 'mounts\[.*/etc \(bind of .*\): .*is a directory' run
}

# A FIFO, a socket or a device is bound like a file, and not opened.
test_bind_of_a_fifo()
{
	mkfifo fifo
	add "{destination:\"/fifo\",type:\"bind\",source:\"$PWD/fifo\",options:[\"bind\"]}"
	run_sh 'test -p /fifo && echo fifo'
	expect_eq fifo "$OUTPUT"
}

# --- options ---

test_plain_options_reach_the_mount()
{
	need_root 'the options of a mount of the host stay in a user namespace'
	mkdir dir
	add "{destination:\"/a\",type:\"bind\",source:\"$PWD/dir\",options:[\"bind\",\"ro\",\"nosuid\",\"nodev\",\"noexec\",\"noatime\",\"nodiratime\",\"nosymfollow\"]}"
	add "{destination:\"/b\",type:\"tmpfs\",source:\"tmpfs\",options:[\"strictatime\",\"nosuid\",\"suid\",\"noexec\"]}"
	add "{destination:\"/c\",type:\"bind\",source:\"$PWD/dir\",options:[\"bind\",\"ro\",\"rw\",\"defaults\"]}"
	see /a /b /c
	expect_eq "ro,nosuid,nodev,noexec,noatime,nodiratime,nosymfollow
rw,noexec
rw,relatime" "$(cut -d' ' -f2 seen)"
}

test_recursive_options_reach_every_mount()
{
	need_root 'the options of a mount of the host stay in a user namespace'
	mkdir -p dir/sub
	mount -t tmpfs -o nosuid sub dir/sub
	add "{destination:\"/a\",type:\"bind\",source:\"$PWD/dir\",options:[\"rbind\",\"rro\",\"rnodev\",\"rnoatime\"]}"
	add "{destination:\"/b\",type:\"bind\",source:\"$PWD/dir\",options:[\"rbind\",\"ro\"]}"
	add "{destination:\"/c\",type:\"bind\",source:\"$PWD/dir\",options:[\"rbind\",\"rsuid\",\"rnoexec\"]}"
	see /a /a/sub /b /b/sub /c/sub
	umount dir/sub
	expect_eq "ro,nodev,noatime
ro,nosuid,nodev,noatime
ro,relatime
rw,nosuid,relatime
rw,noexec,relatime" "$(cut -d' ' -f2 seen)"
}

# "rw" takes away what the source's mount has; nothing else does.
test_attributes_of_the_source_stay_unless_named()
{
	need_root 'the options of a mount of the host stay in a user namespace'
	mkdir dir
	mount -t tmpfs -o ro,nosuid,nodev,noatime source dir
	add "{destination:\"/a\",type:\"bind\",source:\"$PWD/dir\",options:[\"bind\",\"noexec\"]}"
	add "{destination:\"/b\",type:\"bind\",source:\"$PWD/dir\",options:[\"bind\",\"rw\"]}"
	see /a /b
	umount dir
	expect_eq "ro,nosuid,nodev,noexec,noatime
rw,nosuid,nodev,noatime" "$(cut -d' ' -f2 seen)"
}

test_propagation_of_a_mount()
{
	mkdir dir
	mount -t tmpfs source dir
	for kind in shared slave private unbindable; do
		add "{destination:\"/$kind\",type:\"bind\",source:\"$PWD/dir\",options:[\"rbind\",\"r$kind\"]}"
	done
	add "{destination:\"/both\",type:\"bind\",source:\"$PWD/dir\",options:[\"bind\",\"slave\",\"shared\"]}"
	add '{destination:"/fresh",type:"tmpfs",source:"tmpfs",options:["shared"]}'
	args cat /proc/self/mountinfo
	expect_status 0 run
	umount dir
	for point in /shared /slave /private /unbindable /both /fresh; do
		printf '%s\n' "$OUTPUT" | awk -v point=$point '$5 == point { for (i = 7; $i != "-"; i++) printf "%s ", $i; print "." }'
	done | sed -E 's/:[0-9]+//g' > seen
	# The default makes all slaves first: "shared" is then both.
	expect_eq "shared master .
master .
.
unbindable .
shared master .
shared ." "$(cat seen)"
}

test_data_of_the_file_system()
{
	add '{destination:"/t",type:"tmpfs",source:"name",options:["size=128k","nr_inodes=20","mode=0711","uid=7","gid=8","sync"]}'
	run_sh 'grep " /t " /proc/self/mountinfo; stat -c "%a %u %g" /t'
	expect_match ' - tmpfs name rw,sync,size=128k,nr_inodes=20,mode=711,uid=(7,gid=8|100006,gid=100007)' "$OUTPUT"
	expect_match '^711 7 8$' "$OUTPUT"
}

test_the_kernels_own_words_are_in_the_error()
{
	add '{destination:"/t",type:"tmpfs",source:"tmpfs",options:["size=many"]}'
	expect_error "mounts\[[0-9]+\] at /t \(tmpfs\): tmpfs: fsconfig size=many: .*size.*: invalid argument" run
	config '.mounts[-1].options=["bogus=1"]'
	expect_error "Unknown parameter 'bogus'" run
	config '.mounts[-1]={destination:"/t",type:"nonsuch",source:"x"}'
	expect_error 'this kernel has no file system "nonsuch"' run
}

test_remount_changes_what_is_there()
{
	mkdir dir
	add "{destination:\"/d\",type:\"bind\",source:\"$PWD/dir\",options:[\"bind\",\"nosuid\"]}"
	add '{destination:"/d",type:"none",options:["remount","bind","ro"]}'
	add '{destination:"/t",type:"tmpfs",source:"tmpfs",options:["size=64k","nodev"]}'
	add '{destination:"/t",type:"tmpfs",source:"tmpfs",options:["remount","size=128k","noexec"]}'
	run_sh 'grep -E " /(d|t) " /proc/self/mountinfo'
	expect_match ' /d ro,nosuid,relatime ' "$OUTPUT"
	expect_match ' /t rw,nodev,noexec,relatime - tmpfs tmpfs rw,size=128k' "$OUTPUT"
	config '.mounts[-1].destination="/etc"'
	expect_error 'at /etc \(tmpfs\): remount: nothing is mounted exactly there' run
}

# The host's superblock is not ours: "remount,ro" is about the mount.
test_remount_leaves_the_host_alone()
{
	mkdir dir
	mount -t tmpfs source dir
	add "{destination:\"/d\",type:\"bind\",source:\"$PWD/dir\",options:[\"bind\"]}"
	add '{destination:"/d",type:"none",options:["remount","ro"]}'
	run_sh '{ echo x > /d/x; } 2>&1 || :'
	expect_match 'Read-only' "$OUTPUT"
	echo x > dir/x
	umount dir
}

test_read_only_kernel_file_systems_stay_writable_outside()
{
	config '.mounts|=map(if .type=="proc" or .type=="mqueue" then .options+=["ro"] else . end)'
	run_sh 'grep -E " - (proc|mqueue|sysfs) " /proc/self/mountinfo'
	expect_lines 3 "$(printf '%s\n' "$OUTPUT" | grep -E ' /(proc|dev/mqueue|sys) ro,.* - [a-z]+ [a-z]+ rw')"
	echo $$ > /proc/self/oom_score_adj 2> oom || :
	expect_no_match 'Read-only' "$(cat oom)"
}

# --- tmpfs ---

# Over a directory that is there it takes that one's mode; otherwise the kernel's own default.
test_mode_of_a_tmpfs()
{
	mkdir -m 2751 b/rootfs/there
	add '{destination:"/there",type:"tmpfs",source:"tmpfs"}'
	add '{destination:"/new",type:"tmpfs",source:"tmpfs"}'
	add '{destination:"/there",type:"tmpfs",source:"tmpfs",options:["mode=700"]}'
	run_sh 'stat -c %a /new /there; umount /there 2>&1 || :; grep " /there " /proc/self/mountinfo'
	expect_eq "1777
700" "$(printf '%s\n' "$OUTPUT" | head -n 2)"
	expect_match ' rw,mode=2751' "$OUTPUT"
}

# What is read-only in the end is filled before.
test_read_only_tmpfs_takes_mount_points_and_devices()
{
	mkdir dir
	touch dir/x
	to_user dir
	config '.mounts|=map(if .destination=="/dev" then .options+=["ro"] else . end)'
	add '{destination:"/t",type:"tmpfs",source:"tmpfs",options:["ro"]}'
	add "{destination:\"/t/made/here\",type:\"bind\",source:\"$PWD/dir\",options:[\"bind\"]}"
	run_sh 'ls /t/made/here; echo x > /dev/null; { touch /t/y; touch /dev/y; } 2>&1 || :; test ! -e /t/y; touch /dev/shm/y /t/made/here/y'
	expect_match '^x$' "$OUTPUT"
	expect_match '/t/y: Read-only file system' "$OUTPUT"
	expect_match '/dev/y: Read-only file system' "$OUTPUT"
}

test_tmpcopyup()
{
	need_root 'owners and devices of the image'
	mkdir -p b/rootfs/data/sub/deep
	echo one > b/rootfs/data/one
	chmod 640 b/rootfs/data/one
	chown 7:8 b/rootfs/data/one
	touch -d '2001-02-03 04:05:06 UTC' b/rootfs/data/one
	ln -s /etc/passwd b/rootfs/data/link
	mkfifo b/rootfs/data/fifo
	mknod b/rootfs/data/node c 1 3
	chmod 1770 b/rootfs/data/sub
	dd if=/dev/urandom of=b/rootfs/data/sub/deep/large bs=1M count=3 2> dd.log
	add '{destination:"/data",type:"tmpfs",source:"tmpfs",options:["tmpcopyup"]}'
	run_sh 'cd /data; stat -c "%a %u %g %Y %F" one; cat one; readlink link; test -p fifo; stat -c "%t:%T" node; stat -c %a sub; md5sum < sub/deep/large; echo new > one; rm -r sub'
	expect_eq "640 7 8 $(stat -c %Y b/rootfs/data/one) regular file
one
/etc/passwd
1:3
1770
$(md5sum < b/rootfs/data/sub/deep/large)" "$OUTPUT"
	expect_eq one "$(cat b/rootfs/data/one)" 'the image'
}

test_tmpcopyup_into_too_small_a_tmpfs()
{
	mkdir b/rootfs/data
	dd if=/dev/zero of=b/rootfs/data/large bs=1k count=200 2> dd.log
	add '{destination:"/data",type:"tmpfs",source:"tmpfs",options:["tmpcopyup","size=64k"]}'
	expect_error 'mounts\[[0-9]+\] at /data \(tmpfs\): .*large: .*no space left on device' run
}

# --- destinations ---

test_links_of_the_image_lead_inside()
{
	mkdir dir
	touch dir/x
	ln -s /run b/rootfs/var
	ln -s ../../../../../../../etc b/rootfs/up
	add "{destination:\"/var/dir\",type:\"bind\",source:\"$PWD/dir\",options:[\"bind\"]}"
	add '{destination:"/up/tmpfs",type:"tmpfs",source:"tmpfs"}'
	run_sh 'ls /run/dir; cut -d" " -f5 /proc/self/mountinfo'
	expect_match '^x$' "$OUTPUT"
	expect_match '^/run/dir$' "$OUTPUT"
	expect_match '^/etc/tmpfs$' "$OUTPUT"
}

# As images have it for /etc/resolv.conf: the file is made where the link points, inside.
test_link_to_nothing_as_a_destination()
{
	echo content > file
	ln -s ../run/deep/er/resolv.conf b/rootfs/etc/resolv.conf
	ln -s /run/dir b/rootfs/dirlink
	add "{destination:\"/etc/resolv.conf\",type:\"bind\",source:\"$PWD/file\",options:[\"bind\"]}"
	add '{destination:"/dirlink/sub",type:"tmpfs",source:"tmpfs"}'
	run_sh 'cat /etc/resolv.conf; cut -d" " -f5 /proc/self/mountinfo'
	expect_match '^content$' "$OUTPUT"
	expect_match '^/run/deep/er/resolv.conf$' "$OUTPUT"
	expect_match '^/run/dir/sub$' "$OUTPUT"
}

test_order_of_the_list()
{
	mkdir one two
	touch one/one two/two
	add "{destination:\"/o\",type:\"bind\",source:\"$PWD/one\",options:[\"bind\"]}"
	add "{destination:\"/o\",type:\"bind\",source:\"$PWD/two\",options:[\"bind\"]}"
	add '{destination:"/p/q",type:"tmpfs",source:"tmpfs"}'
	add '{destination:"/p",type:"tmpfs",source:"tmpfs"}'
	run_sh 'ls /o; ls /p'
	expect_eq two "$OUTPUT"
}

test_mount_on_the_root_itself()
{
	mv b/rootfs/bin bin
	add '{destination:"/",type:"tmpfs",source:"tmpfs",options:["mode=751"]}'
	add "{destination:\"/bin\",type:\"bind\",source:\"$PWD/bin\",options:[\"bind\"]}"
	config '.mounts=[.mounts[-2,-1]]+.mounts[:-2]' '.root.readonly=true'
	run_sh 'ls /; stat -f -c %T /; stat -c %a /; { touch /x; } 2>&1 || :'
	expect_match '^tmpfs$' "$OUTPUT"
	expect_match '^751$' "$OUTPUT"
	expect_no_match '^etc$' "$OUTPUT"
	expect_match 'Read-only file system' "$OUTPUT"
}

test_links_as_crun_has_them()
{
	mkdir dir
	ln -s dir/target link
	add "{destination:\"/copied\",type:\"bind\",source:\"$PWD/link\",options:[\"bind\",\"copy-symlink\"]}"
	add "{destination:\"/itself\",type:\"bind\",source:\"$PWD/link\",options:[\"bind\",\"src-nofollow\"]}"
	ln -s /etc b/rootfs/over
	add "{destination:\"/over\",type:\"bind\",source:\"$PWD/link\",options:[\"bind\",\"src-nofollow\",\"dest-nofollow\"]}"
	add "{destination:\"/plain\",type:\"bind\",source:\"$PWD/dir\",options:[\"bind\",\"copy-symlink\"]}"
	run_sh 'readlink /copied; cut -d" " -f5 /proc/self/mountinfo'
	expect_match '^dir/target$' "$OUTPUT"
	expect_match '^/itself$' "$OUTPUT"
	expect_match '^/over$' "$OUTPUT"
	expect_match '^/plain$' "$OUTPUT"
	[ -L b/rootfs/copied ] || fail 'no link was made'
	ln -sfn elsewhere b/rootfs/copied
	expect_error 'copy-symlink: something else' run
}

# --- in a user namespace ---

in_userns()
{
	chmod 755 . b
	config '.linux.namespaces+=[{type:"user"}]' '.linux.uidMappings=[{containerID:0,hostID:100000,size:65536}]' \
		'.linux.gidMappings=.linux.uidMappings'
	chown -R 100000:100000 b/rootfs/etc b/rootfs/mnt b/rootfs/run
	chown 100000:100000 b/rootfs
}

test_default_mounts_in_a_user_namespace()
{
	in_userns
	see /proc /dev /dev/pts /dev/mqueue /sys
	expect_match '^proc rw,nosuid,nodev,noexec' "$SEEN"
	expect_match '^devpts ' "$SEEN"
	expect_match '^mqueue ' "$SEEN"
	expect_match '^sysfs ro' "$SEEN"
}

# sysfs shows a network namespace, which has to be one's own: otherwise the host's is there to be read.
test_sysfs_of_the_hosts_network()
{
	in_userns
	config '.linux.namespaces|=map(select(.type!="network"))' '.mounts|=map(if .type=="sysfs" then .options=["nosuid"] else . end)'
	run_sh 'grep " /sys " /proc/self/mountinfo; ls /sys/class/net; { echo x > /sys/kernel/uevent_helper; } 2>&1 || :'
	expect_match ' /sys ro,nosuid,nodev,noexec.* - sysfs ' "$OUTPUT"
	expect_match '^lo$' "$OUTPUT"
	expect_no_match '^[^ ]+ [^ ]+ [^ ]+ [^ ]+ /sys/[^ ]* rw' "$OUTPUT"
}

# Attributes that are locked stay, also where engines write "rw" without thinking; what is asked for in earnest is an error.
test_locked_attributes()
{
	mkdir dir
	mount -t tmpfs -o ro,nosuid,mode=755 source dir
	in_userns
	add "{destination:\"/run/d\",type:\"bind\",source:\"$PWD/dir\",options:[\"rbind\",\"rw\",\"noexec\"]}"
	see /run/d
	expect_eq 'tmpfs ro,nosuid,noexec,relatime' "$SEEN"
	config '.mounts[-1].options=["rbind","rrw"]'
	expect_error 'at /run/d \(bind of .*\): mount_setattr: operation not permitted' run
	umount dir
}

test_bind_uncovers_nothing()
{
	mkdir -p dir/sub
	mount -t tmpfs sub dir/sub
	in_userns
	add "{destination:\"/run/d\",type:\"bind\",source:\"$PWD/dir\",options:[\"bind\"]}"
	expect_error 'rbind takes them along' run
	config '.mounts[-1].options=["rbind"]'
	run_sh 'true'
	umount dir/sub
}

test_gid_that_is_not_mapped()
{
	in_userns
	config '.linux.gidMappings[0].size=5'
	expect_refused 'config\.json:[0-9]+:[0-9]+: \.?mounts\[[0-9]+\]\.options\[[0-9]+\]: .*gid=5.*gidMappings'
}

# --- what is told ---

test_features_has_every_option()
{
	expect_status 0 hind features
	expect_eq true "$(printf '%s' "$OUTPUT" | jq '.mountOptions == (.mountOptions|sort) and (.mountOptions|index("rro")) != null')"
	expect_eq '[]' "$(printf '%s' "$OUTPUT" | jq -c '["lazytime","nosymfollow","rnosymfollow","tmpcopyup","rprivate","remount"]-.mountOptions')"
	expect_eq boolean "$(printf '%s' "$OUTPUT" | jq -r '.linux.mountExtensions.idmap.enabled|type')"
}

test_log_of_a_mount()
{
	add '{destination:"/t",type:"tmpfs",source:"name",options:["size=64k","ro"]}'
	args true
	id_new
	expect_status 0 hind --log-level info run --bundle "$BUNDLE" "$ID"
	expect_match 'mount destination=/t type=tmpfs source=name options=size=64k,ro$' "$ERROR"
}

# Nothing has been made when a late entry of the list fails.
test_failure_leaves_nothing()
{
	mkdir dir
	add "{destination:\"/d\",type:\"bind\",source:\"$PWD/dir\",options:[\"bind\"]}"
	add '{destination:"/x",type:"bind",source:"/no/such",options:["bind"]}'
	before=$(cat /proc/self/mountinfo)
	expect_error 'no such file' run
	expect_eq "$before" "$(cat /proc/self/mountinfo)"
	expect_status 1 hind state "$ID"
}

# --- every word of the table, on a real mount ---

# These are of the superblock; what cannot be seen in the mount table is at least taken.
test_superblock_options()
{
	i=0
	for word in sync rsync dirsync rdirsync lazytime; do
		i=$((i + 1))
		add "{destination:\"/t$i\",type:\"tmpfs\",source:\"tmpfs\",options:[\"$word\"]}"
	done
	add '{destination:"/t6",type:"tmpfs",source:"tmpfs",options:["sync","lazytime","async","nolazytime"]}'
	add '{destination:"/t7",type:"tmpfs",source:"tmpfs",options:["rsync","rasync"]}'
	run_sh 'awk "\$5 ~ /^\\/t[0-9]/ { print \$5, \$NF }" /proc/self/mountinfo'
	# The mount table does not show lazytime for tmpfs on every kernel.
	expect_eq "/t1 rw,sync
/t2 rw,sync
/t3 rw,dirsync
/t4 rw,dirsync" "$(printf '%s\n' "$OUTPUT" | grep -E '^/t[1-4]' | sed -E 's/,(inode64|[ug]id=[0-9]+)//g')"
	expect_match '^/t5 rw,lazytime' "$OUTPUT"
	expect_no_match '^/t[67] .*(sync|lazytime)' "$OUTPUT"
}

test_options_that_change_nothing_a_container_could_see()
{
	mkdir dir
	i=0
	for word in mand nomand rmand rnomand iversion noiversion loud silent defaults; do
		i=$((i + 1))
		add "{destination:\"/t$i\",type:\"tmpfs\",source:\"tmpfs\",options:[\"$word\"]}"
		add "{destination:\"/b$i\",type:\"bind\",source:\"$PWD/dir\",options:[\"bind\",\"$word\"]}"
	done
	run_sh 'grep -cE " /[tb][0-9] " /proc/self/mountinfo'
	expect_eq 18 "$OUTPUT"
}

# Each attribute and its opposite, for one mount and for a tree; the last word counts.
test_every_attribute_and_its_opposite()
{
	need_root 'the options of a mount of the host stay in a user namespace'
	mkdir -p dir/sub
	mount -t tmpfs -o noatime,nodiratime,nosymfollow,nodev,noexec,nosuid,ro one dir
	mount -t tmpfs two dir/sub 2> mount.log || { mount -o remount,rw dir && mkdir -p dir/sub && mount -t tmpfs two dir/sub; }
	mount -o remount,bind,ro,noatime,nodiratime,nosymfollow,nodev,noexec,nosuid dir/sub
	mount -o remount,bind,ro,noatime,nodiratime,nosymfollow,nodev,noexec,nosuid dir
	add "{destination:\"/p\",type:\"bind\",source:\"$PWD/dir\",options:[\"rbind\",\"rw\",\"dev\",\"exec\",\"suid\",\"atime\",\"diratime\",\"symfollow\"]}"
	add "{destination:\"/r\",type:\"bind\",source:\"$PWD/dir\",options:[\"rbind\",\"rrw\",\"rdev\",\"rexec\",\"rsuid\",\"ratime\",\"rdiratime\",\"rsymfollow\"]}"
	add "{destination:\"/s\",type:\"bind\",source:\"$PWD/dir\",options:[\"rbind\",\"rstrictatime\",\"rnostrictatime\",\"rnoatime\",\"rnorelatime\",\"rrelatime\"]}"
	add "{destination:\"/a\",type:\"bind\",source:\"$PWD/dir\",options:[\"rbind\",\"rstrictatime\"]}"
	add "{destination:\"/n\",type:\"tmpfs\",source:\"tmpfs\",options:[\"nosymfollow\",\"nodiratime\",\"relatime\",\"norelatime\",\"strictatime\",\"nostrictatime\",\"noatime\"]}"
	see /p /p/sub /r /r/sub /s /a /n
	umount dir/sub dir
	expect_eq "rw,relatime
ro,nosuid,nodev,noexec,noatime,nodiratime,nosymfollow
rw,relatime
rw,relatime
ro,nosuid,nodev,noexec,nodiratime,relatime,nosymfollow
ro,nosuid,nodev,noexec,nodiratime,nosymfollow
rw,noatime,nodiratime,nosymfollow" "$(cut -d' ' -f2 seen)"
}

test_nosymfollow_is_in_force()
{
	mkdir dir
	ln -s /etc/passwd dir/link
	add "{destination:\"/n\",type:\"bind\",source:\"$PWD/dir\",options:[\"bind\",\"rnosymfollow\"]}"
	run_sh 'readlink /n/link; head -n 1 /n/link 2>&1 || :'
	expect_match '^/etc/passwd$' "$OUTPUT"
	expect_match 'Too many levels of symbolic links|Symbolic link loop' "$OUTPUT"
}

test_an_error_names_the_whole_entry()
{
	touch file
	add "{destination:\"/etc\",type:\"bind\",source:\"$PWD/file\",options:[\"bind\"]}"
	expect_error "mounts\[[0-9]+\] at /etc \(bind of $PWD/file\): the destination is a directory" run
	config '.mounts[-1]={destination:"/etc/passwd",type:"tmpfs",source:"name"}'
	expect_error 'mounts\[[0-9]+\] at /etc/passwd \(tmpfs name\): the destination is not a directory' run
}
