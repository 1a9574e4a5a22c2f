# hind mounts add, hind mounts remove: mounts of a running container
# timeout: 120

setup()
{
	bundle_new b '.root.readonly=false'
	mkdir -m 755 dir
	echo x > dir/file
}

begin() # FILTER...: a container that runs
{
	config "$@"
	args sleep 1000
	create
	expect_status 0 hind start "$ID"
	PID=$(pid_of "$ID")
}

in_userns()
{
	chmod 755 . b
	chown -R 100000:100000 b/rootfs/mnt b/rootfs/tmp
	chown 100000:100000 b/rootfs b/rootfs/etc
	begin '.linux.namespaces+=[{type:"user"}]' '.linux.uidMappings=[{containerID:0,hostID:100000,size:65536}]' \
		'.linux.gidMappings=.linux.uidMappings'
}

inside() # SCRIPT: in the container's namespaces, as the container's root
{
	if [ "$(readlink "/proc/$PID/ns/user")" != "$(readlink /proc/self/ns/user)" ]; then
		capture nsenter -t "$PID" -U -m -p -r -w -- /bin/sh -c "$1"
	else
		capture nsenter -t "$PID" -m -p -r -w -- /bin/sh -c "$1"
	fi
}

list() # JSON: what is to be added or removed, in ./list.json
{
	printf '%s' "$1" > list.json
}

options_at() # MOUNT_POINT
{
	awk -v point="$1" '$5 == point { print $6 }' "/proc/$PID/mountinfo" | tail -n 1
}

test_add_and_remove()
{
	begin
	before=$(cat "/proc/$PID/mountinfo")
	list "[{\"destination\":\"/new/dir\",\"type\":\"bind\",\"source\":\"$PWD/dir\",\"options\":[\"bind\",\"ro\",\"nosuid\"]},
		{\"destination\":\"/etc/one\",\"source\":\"$PWD/dir/file\",\"options\":[\"rbind\"]},
		{\"destination\":\"/mnt\",\"type\":\"tmpfs\",\"source\":\"tmpfs\",\"options\":[\"size=64k\",\"mode=711\",\"nodev\"]}]"
	expect_status 0 hind mounts add "$ID" list.json
	expect_eq '' "$OUTPUT$ERROR" 'quiet'
	inside 'cat /new/dir/file /etc/one; { echo y > /new/dir/file; } 2>&1 || :; stat -c %a /mnt; touch /mnt/x'
	expect_match '^x$' "$OUTPUT"
	expect_match 'Read-only file system' "$OUTPUT"
	expect_match '^711$' "$OUTPUT"
	expect_eq ro,nosuid,relatime "$(options_at /new/dir)"
	expect_eq rw,nodev,relatime "$(options_at /mnt)"
	! grep -q "$PWD/b/rootfs/" /proc/self/mountinfo || fail 'it shows on the host'
	expect_status 0 hind mounts remove "$ID" list.json
	expect_eq "$before" "$(cat "/proc/$PID/mountinfo")"
}

# The second form of the file, and what engines have in it besides.
test_object_with_the_member_mounts()
{
	begin
	list '{"mounts":[{"destination":"/mnt","type":"tmpfs","source":"tmpfs"}],"other":1}'
	expect_status 0 hind mounts add "$ID" list.json
	expect_eq rw,relatime "$(options_at /mnt)"
	expect_status 0 hind mounts remove "$ID" list.json
	expect_eq '' "$(options_at /mnt)"
}

test_created_and_paused_containers()
{
	need_root 'up to its program init is undumpable, and its namespaces are closed to a user'
	args sleep 1000
	create
	PID=$(pid_of "$ID")
	list '[{"destination":"/mnt","type":"tmpfs","source":"tmpfs"}]'
	expect_status 0 hind mounts add "$ID" list.json
	expect_eq rw,relatime "$(options_at /mnt)"
	expect_status 0 hind delete --force "$ID"
	expect_error 'container .* does not exist' hind mounts add "$ID" list.json
	args true
	create
	expect_status 0 hind start "$ID"
	wait_for is_status "$ID" stopped
	expect_error 'is stopped: it has no mounts' hind mounts add "$ID" list.json
}

test_file_systems_of_the_containers_own_namespaces()
{
	begin
	list '[{"destination":"/mnt/proc","type":"proc","source":"proc"},{"destination":"/mnt/mq","type":"mqueue","source":"mqueue"},
		{"destination":"/mnt/sys","type":"sysfs","source":"sysfs","options":["ro"]}]'
	expect_status 0 hind mounts add "$ID" list.json
	inside 'cat /mnt/proc/1/comm; ls /mnt/sys/class/net'
	expect_eq "sleep
lo" "$OUTPUT"
	expect_eq "$(nsenter -t "$PID" -m /bin/busybox stat -c %d /dev/mqueue)" "$(nsenter -t "$PID" -m /bin/busybox stat -c %d /mnt/mq)"
}

test_in_a_user_namespace()
{
	in_userns
	list "[{\"destination\":\"/mnt/dir\",\"type\":\"bind\",\"source\":\"$PWD/dir\",\"options\":[\"bind\",\"ro\"]},
		{\"destination\":\"/tmp\",\"type\":\"tmpfs\",\"source\":\"tmpfs\"}]"
	expect_status 0 hind mounts add "$ID" list.json
	expect_eq 100000 "$(stat -c %u b/rootfs/mnt/dir)" 'who made the mount point'
	inside 'cat /mnt/dir/file; stat -c %u /tmp; touch /tmp/x; stat -c %u /tmp/x'
	expect_eq "x
0
0" "$OUTPUT"
	expect_status 0 hind mounts remove "$ID" list.json
	expect_eq '' "$(options_at /mnt/dir)"
	# What the container's mount namespace was born with is locked together.
	list '[{"destination":"/no/where"}]'
	expect_error 'mounts\[0\] at /no/where: open /no/where: no such file' hind mounts remove "$ID" list.json
}

test_ids_are_mapped()
{
	need_root "ids of the host's files"
	chown 5:6 dir/file
	in_userns
	list "[{\"destination\":\"/mnt/a\",\"type\":\"bind\",\"source\":\"$PWD/dir\",\"options\":[\"bind\",\"idmap\"]},
		{\"destination\":\"/mnt/b\",\"type\":\"bind\",\"source\":\"$PWD/dir\",\"options\":[\"bind\",\"idmap=uids=5-100007-1;gids=6-100008-1\"]}]"
	expect_status 0 hind mounts add "$ID" list.json
	inside 'stat -c %u:%g /mnt/a/file /mnt/b/file'
	expect_eq "5:6
7:8" "$OUTPUT"
}

test_relative_source_is_in_the_bundle()
{
	mkdir b/files
	echo here > b/files/x
	begin
	list '[{"destination":"/mnt","type":"bind","source":"files","options":["bind"]}]'
	cd /
	expect_status 0 hind mounts add "$ID" "$OLDPWD/list.json"
	cd "$OLDPWD"
	inside 'cat /mnt/x'
	expect_eq here "$OUTPUT"
}

# All of them, or none.
test_a_failure_takes_the_others_back()
{
	begin
	before=$(cat "/proc/$PID/mountinfo")
	list "[{\"destination\":\"/mnt\",\"type\":\"tmpfs\",\"source\":\"tmpfs\"},
		{\"destination\":\"/etc/passwd\",\"type\":\"bind\",\"source\":\"$PWD/dir/file\",\"options\":[\"bind\"]},
		{\"destination\":\"/tmp\",\"type\":\"bind\",\"source\":\"$PWD/dir/file\",\"options\":[\"bind\"]}]"
	expect_error 'mounts\[2\] at /tmp \(bind of .*/dir/file\): the destination is a directory' hind mounts add "$ID" list.json
	expect_eq "$before" "$(cat "/proc/$PID/mountinfo")"
	list '[{"destination":"/mnt","type":"bind","source":"/no/such","options":["bind"]}]'
	expect_error 'mounts\[0\] at /mnt \(bind of /no/such\): source: open /no/such: no such file' hind mounts add "$ID" list.json
	list '[{"destination":"/mnt","type":"tmpfs","source":"tmpfs","options":["size=x"]}]'
	expect_error 'mounts\[0\] at /mnt \(tmpfs\): .*size=x' hind mounts add "$ID" list.json
	expect_eq "$before" "$(cat "/proc/$PID/mountinfo")"
}

test_remove_says_what_is_not_there()
{
	begin
	list '[{"destination":"/etc"}]'
	expect_error 'mounts\[0\] at /etc: nothing is mounted there' hind mounts remove "$ID" list.json
	list '[{"destination":"/"}]'
	expect_error 'list\.json:1:17: .*mounts\[0\]\.destination: is the root of the container' hind mounts remove "$ID" list.json
}

test_what_is_wrong_has_its_place()
{
	begin
	list '[{"destination":"/mnt"}]'
	expect_error 'list\.json:1:2: \.mounts\[0\]: needs a type' hind mounts add "$ID" list.json
	list '
	[{"destination":"/mnt","type":7}]'
	expect_error 'list\.json:2:[0-9]+: \.mounts\[0\]\.type' hind mounts add "$ID" list.json
	list '[{"destination":"/mnt","type":"ext4","source":"/dev/vda"}]'
	expect_error 'type: "ext4" cannot be mounted into a running container: mount it on the host, and bind it' hind mounts add "$ID" list.json
	list '[{"destination":"/mnt","type":"cgroup","source":"cgroup"}]'
	expect_error '"cgroup" cannot be mounted into a running container' hind mounts add "$ID" list.json
	list '[{"destination":"/mnt","type":"bind","source":"/etc","options":["bind","copy-symlink"]}]'
	expect_error '"copy-symlink" is for new containers only' hind mounts add "$ID" list.json
	list '[{'
	expect_status 1 hind mounts add "$ID" list.json
	list '{}'
	expect_error 'mounts' hind mounts add "$ID" list.json
	expect_error 'no such file' hind mounts add "$ID" no.json
	expect_error 'hind mounts add\|remove ID FILE' hind mounts "$ID" list.json
	expect_error 'hind mounts add\|remove ID FILE' hind mounts add "$ID"
}

# What is mounted on what was added stays inside.
test_nothing_travels_to_the_host()
{
	begin
	before=$(cat /proc/self/mountinfo)
	list "[{\"destination\":\"/mnt\",\"type\":\"bind\",\"source\":\"$PWD/dir\",\"options\":[\"bind\"]}]"
	expect_status 0 hind mounts add "$ID" list.json
	expect_status 0 hind mounts add "$ID" list.json
	expect_eq "$before" "$(cat /proc/self/mountinfo)"
	expect_status 0 hind mounts remove "$ID" list.json
	expect_status 0 hind mounts remove "$ID" list.json
	expect_eq '' "$(options_at /mnt)"
}

# --- a hostile container ---

# Links of the container lead inside, for what is added; and nowhere, for what is removed.
test_links_of_the_container()
{
	begin '.linux.maskedPaths=["/proc/keys"]'
	mkdir outside
	inside "ln -s $PWD/outside /mnt/link; ln -s ../../../../../../../../etc /mnt/up; ln -s /proc /data"
	list "[{\"destination\":\"/mnt/link/sub\",\"type\":\"tmpfs\",\"source\":\"tmpfs\"},{\"destination\":\"/mnt/up/sub\",\"type\":\"tmpfs\",\"source\":\"tmpfs\"}]"
	expect_status 0 hind mounts add "$ID" list.json
	expect_eq '' "$(ls -A outside)" 'made on the host'
	expect_eq rw,relatime "$(options_at "$PWD/outside/sub")" 'the same path, inside'
	expect_eq rw,relatime "$(options_at /etc/sub)"
	list '[{"destination":"/data/keys"}]'
	expect_error 'a symbolic link is on the way to it' hind mounts remove "$ID" list.json
	[ -n "$(options_at /proc/keys)" ] || fail 'the mask is gone'
}

# /proc of the container is not asked: who enters has his own.
test_false_proc()
{
	begin '.process.capabilities.bounding+=["CAP_SYS_ADMIN"]'
	nsenter -t "$PID" -m /bin/busybox mount -t tmpfs false /proc
	nsenter -t "$PID" -m /bin/busybox mkdir -p /proc/self/fd
	list "[{\"destination\":\"/mnt\",\"type\":\"bind\",\"source\":\"$PWD/dir\",\"options\":[\"bind\"]}]"
	expect_status 0 hind mounts add "$ID" list.json
	expect_status 0 hind mounts remove "$ID" list.json
	expect_eq '' "$(options_at /mnt)"
}

# The destination is exchanged for a link all the time (as CVE-2021-30465 did it).
test_race()
{
	mkdir -p vol/target
	ln -s / vol/link
	begin ".mounts+=[{destination:\"/vol\",type:\"bind\",source:\"$PWD/vol\",options:[\"bind\"]}]"
	before=$(cat /proc/self/mountinfo)
	"$(dirname "$PAYLOAD")/racer" vol/target vol/link &
	racer=$!
	list "[{\"destination\":\"/vol/target/in\",\"type\":\"bind\",\"source\":\"$PWD/dir\",\"options\":[\"bind\"]}]"
	round=0
	while [ "$round" -lt "${HIND_ROUNDS:-60}" ]; do
		capture hind mounts add "$ID" list.json
		round=$((round + 1))
	done
	kill "$racer"
	wait "$racer" || :
	[ ! -e /in ] || fail 'made in the root of the host'
	expect_eq "$before" "$(cat /proc/self/mountinfo)" 'mounts of the host'
}
