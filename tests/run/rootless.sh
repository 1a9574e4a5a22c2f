# hind for a user who is not root. The user is made up: passwd, subuid and subgid are bound in this case's own mount namespace.
# covers: rootless, pieces, id_range, hind/--rootless
# timeout: 90

setup()
{
	need_root 'it makes up a user of its own'
	USER_ID=4242
	chmod 755 .
	cp /etc/passwd passwd
	printf 'rover:x:%s:%s::/home/rover:/bin/sh\n' $USER_ID $USER_ID >> passwd
	echo 'rover:300000:65536' > subid
	for file in /etc/subuid /etc/subgid; do
		[ -e $file ] || skip "this machine has no $file that another could be bound over"
	done
	mkdir -m 700 home run
	bundle_new b '.root.readonly=false'
	cp "$HIND" hind
	chown -R $USER_ID:$USER_ID home run b
	# Other cases share the inodes below: those stay root's.
	chown 0:0 b/rootfs/bin/*
	as_user test -x "$PWD/hind" || skip "user $USER_ID cannot come here"
}

# As engines do it, with hardly any environment. HIDDEN: programs that are not installed.
as_user() # CMD...
{
	# shellcheck disable=SC2016
	unshare --mount --propagation slave sh -euc 'mount --bind passwd /etc/passwd
		for file in /etc/subuid /etc/subgid; do mount --bind subid $file; done
		for program in $2; do mount --bind /dev/null "$(command -v "$program")"; done
		user=$1
		shift 2
		exec setpriv --reuid "$user" --regid "$user" --clear-groups env -i XDG_RUNTIME_DIR="$PWD/run" "$@"' sh \
		$USER_ID "${HIDDEN:-}" "$@"
}

uhind() # ARG...
{
	as_user ./hind "$@"
}

urun() # [OPTION...]: $BUNDLE
{
	id_new
	uhind run --bundle "$BUNDLE" "$@" "$ID" < /dev/null
}

# --- a configuration without a user namespace ---

test_user_namespace_is_added()
{
	args sh -c 'id -u; id -g; cat /proc/self/uid_map /proc/self/gid_map; touch /tmp/x; chown 7:8 /tmp/x'
	expect_status 0 urun
	expect_match '^0$' "$OUTPUT"
	expect_lines 2 "$(printf '%s\n' "$OUTPUT" | grep -E '^ +0 +4242 +1$')"
	expect_lines 2 "$(printf '%s\n' "$OUTPUT" | grep -E '^ +1 +300000 +65536$')"
	expect_eq '' "$ERROR" 'quiet'
	expect_eq 300006:300007 "$(stat -c %u:%g b/rootfs/tmp/x)"
}

test_what_it_looks_like_inside()
{
	args sh -c 'hostname; cat /proc/1/comm; ls /dev; echo x > /dev/null; stat -c %t:%T /dev/zero; cat /proc/self/mountinfo'
	expect_status 0 urun
	for device in null zero full random urandom tty ptmx pts shm; do
		expect_match "^$device\$" "$OUTPUT"
	done
	expect_match '^1:5$' "$OUTPUT"
	expect_match ' /sys ro,' "$OUTPUT"
	expect_match ' - devpts devpts .*gid=300004' "$OUTPUT" 'group 5, who is one of the range'
}

# Ranges of several lines, by name and by number; somebody else's do not count.
test_several_ranges()
{
	printf '%s\n' 'somebody:1000000:65536' 'rover:300000:10' '4242:500000:20' '# no line' 'rover:x:1' 'rover:5:0' > subid
	args cat /proc/self/uid_map
	expect_status 0 urun
	expect_lines 3 "$OUTPUT"
	expect_match '^ +1 +300000 +10$' "$OUTPUT"
	expect_match '^ +11 +500000 +20$' "$OUTPUT"
}

test_without_a_range_the_own_id_is_the_only_one()
{
	echo 'somebody:300000:65536' > subid
	args sh -c 'id -u; cat /proc/self/uid_map /proc/self/setgroups'
	expect_status 0 urun
	expect_eq "0
         0       4242          1
deny" "$OUTPUT"
	expect_eq '' "$ERROR" 'quiet'
	id_new
	expect_status 0 uhind --log-level info run --bundle "$BUNDLE" "$ID"
	expect_lines 1 "$(printf '%s\n' "$ERROR" | grep 'has no range for user 4242')" 'said once'
	config '.process.user={uid:0,gid:0,additionalGids:[5]}'
	id_new
	expect_status 1 uhind run --bundle "$BUNDLE" "$ID"
	expect_match 'warning: the container has user 0 and group 0 only: /etc/sub.id has no range for user 4242' "$ERROR"
	expect_match 'additionalGids\[0\]: 5 is not mapped' "$ERROR"
}

test_without_the_set_id_programs_too()
{
	for program in newuidmap newgidmap; do
		command -v $program > found && HIDDEN="${HIDDEN:-} $program"
	done
	args cat /proc/self/uid_map
	id_new
	expect_status 0 uhind --log-level info run --bundle "$BUNDLE" "$ID"
	expect_eq '         0       4242          1' "$OUTPUT"
	expect_match 'newuidmap is not installed \(package uidmap\)' "$ERROR"
	config '.linux.namespaces+=[{type:"user"}]' '.linux.uidMappings=[{containerID:0,hostID:4242,size:1},{containerID:1,hostID:300000,size:5}]' \
		'.linux.gidMappings=.linux.uidMappings'
	id_new
	expect_error 'linux\.gidMappings: this process may map its own id only, and newgidmap.*is not installed' uhind run --bundle "$BUNDLE" "$ID"
}

# A range that is somebody else's: the error says which ids, and who could grant them.
test_ids_that_are_not_granted()
{
	config '.linux.namespaces+=[{type:"user"}]' '.linux.uidMappings=[{containerID:0,hostID:4242,size:1},{containerID:1,hostID:400000,size:5}]' \
		'.linux.gidMappings=[{containerID:0,hostID:4242,size:1},{containerID:1,hostID:300000,size:5}]'
	id_new
	expect_error 'linux\.uidMappings: /etc/subuid gives user 4242 no range with 400000 to 400004: .usermod --add-subuids' \
		uhind run --bundle "$BUNDLE" "$ID"
	config '.linux.uidMappings[1].hostID=300010'
	args cat /proc/self/uid_map
	expect_status 0 urun
	expect_match '^ +1 +300010 +5$' "$OUTPUT"
	expect_no_leak
}

# --- engines ---

test_life_cycle()
{
	args sleep 1000
	id_new
	uhind create --bundle "$BUNDLE" --pid-file run/pid "$ID" > container.log 2>&1 < /dev/null || fail "$(cat container.log)"
	expect_eq created "$(uhind state "$ID" | jq -r .status)"
	expect_status 0 uhind start "$ID"
	expect_eq running "$(uhind state "$ID" | jq -r .status)"
	expect_eq "$(cat run/pid)" "$(uhind state "$ID" | jq -r .pid)"
	expect_match "^Uid:	4242	4242" "$(cat "/proc/$(cat run/pid)/status")"
	expect_match "$ID" "$(uhind list -q)"
	expect_status 0 uhind kill "$ID" KILL
	wait_for stopped_for_user "$ID"
	expect_status 0 uhind delete "$ID"
	expect_status 1 uhind state "$ID"
	expect_eq '' "$(ls -A run/hind | grep -v '^\.' || :)" "what is left in XDG_RUNTIME_DIR"
}

stopped_for_user() # ID
{
	[ "$(uhind state "$1" | jq -r .status)" = stopped ]
}

# Who enters later finds what was added, though config.json does not have it.
test_exec()
{
	args sleep 1000
	id_new
	uhind create --bundle "$BUNDLE" "$ID" > container.log 2>&1 < /dev/null || fail "$(cat container.log)"
	expect_status 0 uhind start "$ID"
	expect_status 0 uhind exec "$ID" sh -c 'id -u; cat /proc/self/uid_map; touch /tmp/x'
	expect_match '^0$' "$OUTPUT"
	expect_match '^ +0 +4242 +1$' "$OUTPUT"
	expect_eq 4242 "$(stat -c %u b/rootfs/tmp/x)"
	expect_status 0 uhind delete --force "$ID"
}

test_delete_force()
{
	args sleep 1000
	id_new
	uhind create --bundle "$BUNDLE" "$ID" > container.log 2>&1 < /dev/null || fail "$(cat container.log)"
	expect_status 0 uhind start "$ID"
	expect_status 0 uhind delete --force "$ID"
	expect_no_leak
}

test_places_to_record_containers()
{
	args true
	id_new
	expect_status 0 uhind --root "$PWD/home/root" run --bundle "$BUNDLE" "$ID"
	[ -d home/root ] || fail '--root was not used'
	expect_error 'XDG_RUNTIME_DIR' as_user env -u XDG_RUNTIME_DIR ./hind run --bundle "$BUNDLE" "$ID"
}

# --- cgroups ---

test_no_limits_no_cgroup()
{
	config '.linux.resources={devices:[{allow:false,access:"rwm"}]}'
	args cat /proc/self/cgroup
	expect_status 0 urun
	expect_no_match hind "$OUTPUT"
	expect_eq '' "$ERROR" 'quiet'
}

# What somebody wants limited must not run without the limit.
test_limits_without_a_delegated_cgroup_are_refused()
{
	config '.linux.resources={pids:{limit:10}}'
	expect_error 'linux\.resources\.pids\.limit: user 4242 may not make the cgroup /sys/fs/cgroup/.*delegated' urun
	id_new
	expect_status 1 uhind --rootless=false run --bundle "$BUNDLE" "$ID"
	expect_match 'cgroup: make cgroup .*permission denied' "$ERROR"
}

entering() # CGROUP ARG...: hind, started inside
(
	# shellcheck disable=SC2016
	sh -c 'echo $PPID > "$0/cgroup.procs"' "$1"
	shift
	uhind "$@"
)

test_delegated_cgroup()
{
	has_controller pids || skip 'the host has no pids controller'
	if cgroup_v2; then
		dir=/sys/fs/cgroup/$PREFIX
		mkdir "$dir" "$dir/caller"
		echo +pids > "$dir/cgroup.subtree_control"
		chown -R $USER_ID "$dir"
		config ".linux.cgroupsPath=\"/$PREFIX/box\""
		enter=$dir/caller
	else
		dir=/sys/fs/cgroup/pids/$PREFIX
		mkdir "$dir"
		chown -R $USER_ID "$dir"
		config ".linux.cgroupsPath=\"/$PREFIX/box\""
		enter=$dir
	fi
	config '.linux.resources={pids:{limit:10}}'
	args sh -c 'cat /proc/self/cgroup; for i in 1 2 3 4 5 6 7 8 9 10 11 12; do sleep 1 & done'
	capture entering "$enter" run --bundle "$BUNDLE" "$PREFIX-limited"
	if cgroup_v2; then rmdir "$dir/caller"; fi
	rmdir "$dir"
	expect_match "$PREFIX/box|pids:/box|0::/" "$OUTPUT"
	expect_match "can't fork|Resource temporarily unavailable" "$ERROR"
}

test_rootless_option()
{
	args true
	expect_error '\-\-rootless: "maybe" is none of auto, true, false' uhind --rootless=maybe run --bundle "$BUNDLE" x
	for word in auto true; do
		id_new
		expect_status 0 uhind --rootless=$word run --bundle "$BUNDLE" "$ID"
	done
	id_new
	expect_status 1 uhind --rootless=false --cgroup-manager disabled run --bundle "$BUNDLE" "$ID"
	expect_match 'operation not permitted' "$ERROR"
	# Root keeps his privileges, whatever the option says.
	args cat /proc/self/uid_map
	id_new
	expect_status 0 hind --rootless=true run --bundle "$BUNDLE" "$ID"
	expect_match '^ +0 +0 +4294967295$' "$OUTPUT"
}

# --- the shortcut, and spec ---

test_the_hosts_root_as_an_image()
{
	# What holds a mount of the host is shown as it is, and not written.
	for dir in /usr /opt /srv; do
		grep -q " $dir\(/[^ ]*\)\{0,1\} " /proc/self/mountinfo || break
	done
	expect_status 0 uhind run NOIMG sh -c "id -u; echo \$\$; ls /usr/bin | wc -l; echo x > $dir/x; mkdir /tmp/y; cat $dir/x; ls -A /root"
	note "$ERROR"
	expect_match '^0$' "$OUTPUT"
	expect_match '^1$' "$OUTPUT"
	expect_match '^x$' "$OUTPUT"
	[ ! -e "$dir/x" ] || fail 'it was written into the host'
	expect_eq '' "$ERROR" 'quiet'
	expect_no_leak
}

test_a_directory_as_an_image()
{
	expect_status 0 uhind run "$PWD/b/rootfs" sh -c 'rm -r /etc; mkdir /etc; ls -A /etc; echo x > /home/user/x; stat -c %u /home/user/x'
	expect_eq 0 "$OUTPUT"
	[ -e b/rootfs/etc/passwd ] || fail 'it was written into the image'
	# A mount below it takes it apart.
	mkdir b/rootfs/mnt/sub
	mount -t tmpfs sub b/rootfs/mnt/sub
	touch b/rootfs/mnt/sub/file
	capture uhind run "$PWD/b/rootfs" sh -c 'ls /mnt/sub; echo x > /etc/x && cat /etc/x; touch /mnt/x 2>&1 || :'
	umount b/rootfs/mnt/sub
	expect_eq 0 "$STATUS" "status ($ERROR)"
	expect_match '^file$' "$OUTPUT"
	expect_match '^x$' "$OUTPUT"
	expect_match 'Read-only file system' "$OUTPUT"
	[ ! -e b/rootfs/etc/x ] || fail 'it was written into the image'
}

test_limits_of_the_shortcut()
{
	expect_error 'linux\.resources\.memory\.limit: user 4242 may not make the cgroup' uhind run -m 64m NOIMG true
}

test_spec_for_users()
{
	rm b/config.json
	expect_status 0 uhind spec --rootless --bundle b
	expect_eq 4242 "$(jq '.linux.uidMappings[0].hostID' b/config.json)"
	expect_eq '[]' "$(jq -c '[.mounts[]|select(.destination|startswith("/sys/"))]' b/config.json)"
	config '.process.terminal=false'
	args sh -c 'id -u; ls /sys; { echo $$ > /sys/fs/cgroup/cgroup.procs; } 2>&1 || :; grep " /sys" /proc/self/mountinfo'
	expect_status 0 urun
	expect_match '^0$' "$OUTPUT"
	expect_match '^fs$' "$OUTPUT"
	expect_no_match '^[^ ]+ [^ ]+ [^ ]+ [^ ]+ /sys[^ ]* rw' "$OUTPUT" 'what is below /sys'
}

# There can be no new procfs for the pids of the host, so it is the host's own.
test_pids_of_the_host()
{
	config '.linux.namespaces|=map(select(.type!="pid"))'
	args sh -c 'readlink /proc/self/ns/pid; cat /proc/1/comm; { echo 1 > /proc/sys/kernel/panic; } 2>&1; cat /proc/keys; touch /proc/self/comm; grep " /proc " /proc/self/mountinfo'
	expect_status 0 urun
	expect_match "^$(readlink /proc/self/ns/pid | sed 's/[][]/./g')\$" "$OUTPUT"
	expect_match "^$(cat /proc/1/comm)\$" "$OUTPUT"
	expect_match 'panic: (Read-only file system|Permission denied)' "$OUTPUT"
	expect_no_match 'keyring' "$OUTPUT" '/proc/keys is masked'
	expect_match ' /proc rw,nosuid,nodev,noexec' "$OUTPUT"
}

# It is never less restricted than the new one would be.
test_options_of_a_procfs_that_is_the_hosts()
{
	config '.linux.namespaces|=map(select(.type!="pid"))' '(.mounts[]|select(.type=="proc")|.options)=["ro","nosymfollow"]'
	# /proc/self is a link.
	args sh -c 'grep " /proc " /proc/$$/mountinfo; touch /proc/$$/comm 2>&1; cat /proc/self/comm 2>&1 || :'
	expect_status 0 urun
	expect_match ' /proc ro,nosuid,nodev,noexec,[^ ]*nosymfollow' "$OUTPUT"
	expect_match 'comm: Read-only file system' "$OUTPUT"
	expect_match 'Too many levels of symbolic links' "$OUTPUT"
	config '(.mounts[]|select(.type=="proc")|.options)=["hidepid=2"]'
	expect_error 'mounts\[[0-9]+\] at /proc .*namespace of its own \(pid for proc' urun
}

test_message_queues_of_the_host()
{
	grep -q ' /dev/mqueue [^-]* - mqueue ' /proc/self/mountinfo || skip 'this machine has no mqueue at /dev/mqueue'
	config '.linux.namespaces|=map(select(.type!="ipc"))'
	args sh -c 'readlink /proc/self/ns/ipc; grep " /dev/mqueue " /proc/self/mountinfo'
	expect_status 0 urun
	expect_match "^$(readlink /proc/self/ns/ipc | sed 's/[][]/./g')\$" "$OUTPUT"
	expect_match ' - mqueue ' "$OUTPUT"
}

# --- what only root may ---

test_checkpoint_and_restore()
{
	args sleep 1000
	id_new
	expect_status 0 uhind run --detach --bundle "$BUNDLE" "$ID" < /dev/null
	expect_error '^hind: checkpoint and restore need root: ' uhind checkpoint --image-path "$PWD/run/image" "$ID"
	expect_eq running "$(uhind state "$ID" | jq -r .status)"
	expect_error '^hind: checkpoint and restore need root: ' uhind restore --bundle "$BUNDLE" --image-path "$PWD/run/image" "$ID-2"
	[ ! -e run/image ] || fail 'a directory was made'
	expect_status 0 uhind delete --force "$ID"
}

# --- mounts ---

test_what_only_root_may()
{
	mkdir -m 755 dir
	config ".mounts+=[{destination:\"/mnt\",type:\"bind\",source:\"$PWD/dir\",options:[\"bind\",\"idmap\"]}]"
	config '.linux.namespaces+=[{type:"user"}]' '.linux.uidMappings=[{containerID:0,hostID:4242,size:1},{containerID:1,hostID:300000,size:5}]' \
		'.linux.gidMappings=.linux.uidMappings'
	expect_error "mounts\[[0-9]+\] at /mnt .*only root of the host may map the ids of the host's files" urun
}

test_bind_mounts()
{
	mkdir -m 755 dir
	touch dir/file
	config ".mounts+=[{destination:\"/mnt\",type:\"bind\",source:\"$PWD/dir\",options:[\"bind\",\"ro\"]},{destination:\"/tmp\",type:\"tmpfs\",source:\"tmpfs\"}]"
	args sh -c 'ls /mnt; touch /tmp/x'
	expect_status 0 urun
	expect_eq file "$OUTPUT"
}
