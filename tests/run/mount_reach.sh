# tests/run/mount_reach.sh: sources of bind mounts that the root of a user namespace cannot reach on the host

setup()
{
	bundle_new b '.linux.namespaces+=[{type:"user"}]' '.linux.uidMappings=[{containerID:0,hostID:100000,size:65536}]' \
		'.linux.gidMappings=.linux.uidMappings' '.process.capabilities|=map_values(.+["CAP_SYS_ADMIN"])'
	chmod 755 . b
	chown 100000:100000 b/rootfs b/rootfs/run
	mkdir secret
	mount -t tmpfs tmpfs secret
	mkdir -m 755 secret/dir secret/dir/sub
	chmod 700 secret
	echo word > secret/dir/file
	chown 100000:100000 secret/dir/sub
}

closed() # to the caller: nothing that a user can have mounted
{
	[ -z "${HIND_USER:-}" ] || umount secret
	need_root 'what is closed to the caller'
}

bind() # DESTINATION SOURCE OPTIONS_AS_JSON
{
	config ".mounts+=[{destination:\"$1\",type:\"bind\",source:\"$PWD/$2\",options:$3}]"
}

test_it_is_mounted_as_everything_else()
{
	closed
	bind /run/d secret/dir '["rbind","ro","nosuid"]'
	bind /run/f secret/dir/file '["bind"]'
	run_sh 'cat /run/d/file /run/f; grep -E " /run/[df] " /proc/self/mountinfo | cut -d " " -f 6; touch /run/d/x 2>&1 || echo refused'
	expect_eq 2 "$(printf '%s' "$OUTPUT" | grep -c '^word$')"
	expect_match '^ro,nosuid,' "$OUTPUT"
	expect_match '^refused$' "$OUTPUT"
	umount secret
}

# The host's mounts are shared here. Neither what is set up nor what the container mounts later comes out.
test_nothing_comes_out()
{
	closed
	mkdir -m 755 secret/dir/too
	bind /run/d secret/dir '["rbind"]'
	config '.mounts+=[{destination:"/run/d/too",type:"tmpfs",source:"tmpfs"}]'
	args sh -c 'mount -t tmpfs tmpfs /run/d/sub && echo mounted; sleep 1000'
	create
	hind start "$ID"
	wait_for grep -q mounted container.log
	grep -q ' /run/d/sub ' "/proc/$(pid_of "$ID")/mountinfo" || fail 'not mounted inside'
	! mountpoint -q secret/dir/sub || fail 'the mount came out'
	! mountpoint -q secret/dir/too || fail 'the mount of config.json came out'
	hind delete --force "$ID"
	umount secret
}

test_what_only_the_container_knows_stays_an_error()
{
	bind /run/d secret/nowhere '["rbind"]'
	args true
	expect_error 'mounts\[[0-9]+\] at /run/d .*(permission denied|no such file or directory)' run
	umount secret
}

# What init can reach it copies itself, and then what the host's mount forbids is locked.
test_the_hosts_attributes_are_locked_where_init_reaches()
{
	chmod 755 secret
	mount -o remount,ro secret
	bind /run/d secret/dir '["rbind"]'
	run_sh 'mount -o remount,bind,rw /run/d 2>&1; touch /run/d/x 2>&1 || echo refused'
	expect_match '[Pp]ermission denied|not permitted' "$OUTPUT"
	expect_match '^refused$' "$OUTPUT"
	umount secret
}
