# process.cwd
# covers: process.cwd

test_working_directory()
{
	bundle_new b '.process.cwd="/home/user"'
	run_sh pwd
	expect_eq /home/user "$OUTPUT"
}

test_links_are_followed_inside()
{
	bundle_new b '.process.cwd="/link"'
	ln -s /home/user b/rootfs/link
	run_sh 'pwd -P'
	expect_eq /home/user "$OUTPUT"
}

test_mount_is_a_working_directory()
{
	bundle_new b '.process.cwd="/dev/shm"'
	run_sh 'pwd; touch here && echo written'
	expect_eq '/dev/shm
written' "$OUTPUT"
}

test_missing()
{
	bundle_new b '.process.cwd="/nope"'
	expect_refused 'chdir to cwd \("/nope"\) set in config\.json failed: no such file or directory$'
	[ ! -e b/rootfs/nope ] || fail '/nope was made'
}

test_no_directory()
{
	bundle_new b '.process.cwd="/etc/passwd"'
	expect_refused 'chdir to cwd \("/etc/passwd"\) set in config\.json failed: not a directory$'
}

# Root of the container may go where the user may not.
test_directory_that_the_user_cannot_enter()
{
	bundle_new b '.process.cwd="/root/own"' '.process.user={uid:1000,gid:1000}'
	mkdir -p b/rootfs/root/own
	chmod 700 b/rootfs/root b/rootfs/root/own
	to_user b/rootfs/root
	run_sh '/bin/busybox readlink /proc/self/cwd'
	expect_eq /root/own "$OUTPUT"
}

# Root in a user namespace has no power over ids that are not mapped; the user who owns the directory has.
test_directory_that_only_the_user_can_enter()
{
	bundle_new b '.process.cwd="/own/dir"' '.process.user={uid:7,gid:7}' '.linux.namespaces+=[{type:"user"}]' \
		'.linux.uidMappings=[{containerID:0,hostID:100000,size:10}]' '.linux.gidMappings=.linux.uidMappings' \
		'.process.capabilities={bounding:[],permitted:[],effective:[]}'
	mkdir -p b/rootfs/own/dir
	chown -R 100007:300000 b/rootfs/own
	chmod 700 b/rootfs/own
	run_sh 'readlink /proc/self/cwd'
	expect_eq /own/dir "$OUTPUT"
}

test_relative_or_absent_is_refused()
{
	bundle_new b '.process.cwd="tmp"'
	expect_refused 'config\.json:[0-9]+:[0-9]+: \.process\.cwd: "tmp" is not an absolute path'
	config 'del(.process.cwd)'
	expect_refused '\.process\.cwd: '
}
