# mounts[].uidMappings and gidMappings, options "idmap" and "ridmap"
# covers: id_map, id_range, mount:{idmap,ridmap}

setup()
{
	need_root "ids of the host's files"
	bundle_new b '.root.readonly=false'
	mkdir dir dir/sub
	echo x > dir/file
	chown 5:6 dir/file
}

add() # JSON: one more entry of mounts
{
	config ".mounts+=[$1]"
}

bind() # DESTINATION OPTIONS [MEMBERS]: of ./dir
{
	add "{destination:\"$1\",type:\"bind\",source:\"$PWD/dir\",options:$2${3:+,$3}}"
}

in_userns()
{
	chmod 755 . b
	config '.linux.namespaces+=[{type:"user"}]' '.linux.uidMappings=[{containerID:0,hostID:100000,size:65536}]' \
		'.linux.gidMappings=[{containerID:0,hostID:200000,size:65536}]'
	chown 100000:200000 b/rootfs b/rootfs/mnt
}

fs_of() # PATH
{
	stat -f -c %T "$1"
}

# A tmpfs allows it since 6.3; whatever lies below the case is ext4, xfs or overlay.
needs_idmap()
{
	[ "$(fs_of dir)" != overlayfs ] || mount -t tmpfs -o mode=755 dir dir
}

test_mappings_of_the_mount()
{
	bind /mnt '["bind"]' 'uidMappings:[{containerID:0,hostID:1000,size:10}],gidMappings:[{containerID:0,hostID:2000,size:10}]'
	run_sh 'stat -c %u:%g /mnt/file; touch /mnt/new 2>&1 || :'
	expect_match '^1005:2006$' "$OUTPUT"
	expect_match '^touch: /mnt/new: Value too large' "$OUTPUT" 'root, who is nobody on this mount'
	expect_eq 5:6 "$(stat -c %u:%g dir/file)" 'on disk'
}

# What is written goes the same way back.
test_files_are_made_with_the_owners_of_the_file_system()
{
	chmod 777 dir
	bind /mnt '["bind","idmap"]' 'uidMappings:[{containerID:0,hostID:1000,size:10}],gidMappings:[{containerID:0,hostID:2000,size:10}]'
	config '.process.user={uid:1003,gid:2004}'
	run_sh 'touch /mnt/new; stat -c %u:%g /mnt/new'
	expect_eq 1003:2004 "$OUTPUT"
	expect_eq 3:4 "$(stat -c %u:%g dir/new)"
}

test_idmap_takes_the_containers_mappings()
{
	in_userns
	bind /mnt '["bind","idmap"]'
	run_sh 'stat -c %u:%g /mnt/file /mnt; touch /mnt/new; stat -c %u:%g /mnt/new'
	expect_eq "5:6
0:0
0:0" "$OUTPUT"
	expect_eq 0:0 "$(stat -c %u:%g dir/new)"
	config 'del(.mounts[-1].options[1])'
	run_sh 'stat -c %u:%g /mnt/file'
	expect_eq 65534:65534 "$OUTPUT" 'without'
}

test_mappings_beside_a_user_namespace()
{
	in_userns
	bind /mnt '["bind","ro","idmap"]' 'uidMappings:[{containerID:5,hostID:100007,size:1}],gidMappings:[{containerID:6,hostID:200008,size:1}]'
	run_sh 'stat -c %u:%g /mnt/file /mnt; { touch /mnt/file; } 2>&1 || :'
	expect_match '^7:8$' "$OUTPUT"
	expect_match '^65534:65534$' "$OUTPUT"
	expect_match 'Read-only file system' "$OUTPUT"
}

test_joined_user_namespace()
{
	in_userns
	args sleep 1000
	create
	first=$ID
	config ".linux.namespaces|=map(if .type==\"user\" then .path=\"/proc/$(pid_of "$first")/ns/user\" else . end)" \
		'del(.linux.uidMappings,.linux.gidMappings)'
	bind /mnt '["bind","idmap"]'
	run_sh 'stat -c %u:%g /mnt/file'
	expect_eq 5:6 "$OUTPUT"
	expect_status 0 hind delete --force "$first"
}

test_idmap_is_for_one_mount_and_ridmap_for_all_below()
{
	mount -t tmpfs sub dir/sub
	touch dir/sub/file
	chown 5:6 dir/sub/file
	maps='uidMappings:[{containerID:0,hostID:1000,size:10}],gidMappings:[{containerID:0,hostID:1000,size:10}]'
	bind /mnt '["rbind","idmap"]' "$maps"
	bind /tmp '["rbind","ridmap"]' "$maps"
	capture run
	run_sh 'cd /; stat -c %u:%g mnt/file mnt/sub/file tmp/file tmp/sub/file'
	umount dir/sub
	expect_eq "1005:1006
5:6
1005:1006
1005:1006" "$OUTPUT"
}

test_relative_source()
{
	mv dir b/
	add '{destination:"/mnt",type:"bind",source:"dir",options:["bind","idmap=uids=5-50-1;gids=6-60-1"]}'
	run_sh 'stat -c %u:%g /mnt/file'
	expect_eq 50:60 "$OUTPUT"
}

test_mappings_as_crun_writes_them()
{
	touch dir/second
	chown 12:13 dir/second
	bind /mnt '["bind","idmap=uids=0-100-10#10-1000-5;gids=0-200-10#10-2000-5"]'
	run_sh 'stat -c %u:%g /mnt/file /mnt/second'
	expect_eq "105:206
1002:2003" "$OUTPUT"
}

# With "@" the second number is an id of the container; where its extents are torn on the host, so are ours.
test_mappings_relative_to_the_container()
{
	in_userns
	config '.linux.uidMappings=[{containerID:0,hostID:100000,size:10},{containerID:10,hostID:300000,size:100}]'
	touch dir/second
	chown 12:6 dir/second
	bind /mnt '["bind","idmap=uids=@0-2-20;gids=@6-66-1"]'
	run_sh 'stat -c %u:%g /mnt/file /mnt/second'
	expect_eq "7:66
14:66" "$OUTPUT"
	config '.mounts[-1].options[1]="idmap=uids=@0-105-20;gids=@6-66-1"'
	expect_refused '\.mounts\[[0-9]+\]: "idmap=" takes'
}

test_users_by_the_option_and_groups_by_the_container()
{
	in_userns
	bind /mnt '["bind","idmap=uids=5-100009-1"]'
	run_sh 'stat -c %u:%g /mnt/file'
	expect_eq 9:6 "$OUTPUT"
}

test_single_file()
{
	add "{destination:\"/etc/one\",source:\"$PWD/dir/file\",options:[\"bind\",\"idmap=uids=5-50-1;gids=6-60-1\"]}"
	run_sh 'stat -c %u:%g /etc/one; cat /etc/one'
	expect_eq "50:60
x" "$OUTPUT"
}

# A file system that the container gets for itself is mapped by init, and filled before.
test_new_file_system()
{
	mkdir b/rootfs/data
	touch b/rootfs/data/file
	chown 5:6 b/rootfs/data/file
	add '{destination:"/data",type:"tmpfs",source:"tmpfs",options:["tmpcopyup","idmap=uids=0-1000-10;gids=0-2000-10"]}'
	capture run
	case $ERROR in *"allows id-mapped mounts since Linux 6.3"*) skip "$ERROR" ;; esac
	run_sh 'stat -c %u:%g /data/file'
	expect_eq 1005:2006 "$OUTPUT"
	in_userns
	expect_refused '\.mounts\[[0-9]+\]: has mappings, and its file system, of type tmpfs'
	config '.mounts[-1].options=["idmap"]'
	run_sh 'stat -c %u:%g /data; touch /data/x; stat -c %u:%g /data/x'
	expect_eq "0:0
0:0" "$OUTPUT"
}

# The same mapping for many mounts is one user namespace.
test_many_mounts()
{
	in_userns
	for i in 1 2 3 4 5 6 7 8; do bind "/mnt/$i" '["bind","idmap"]'; done
	args sh -c 'stat -c %u:%g /mnt/*/file'
	id_new
	expect_status 0 hind --log-level debug run --bundle "$BUNDLE" "$ID"
	expect_lines 8 "$OUTPUT"
	expect_lines 8 "$(printf '%s\n' "$OUTPUT" | grep '^5:6$')"
	expect_lines 2 "$(printf '%s\n' "$ERROR" | grep 'mapped file=uid_map')" 'the container, and all mounts'
}

# --- what is refused ---

test_wrong_mappings_are_refused()
{
	bind /mnt '["bind"]' 'uidMappings:[{containerID:0,hostID:1000,size:10}]'
	expect_refused '\.mounts\[[0-9]+\]: uidMappings and gidMappings go together'
	config '.mounts[-1].gidMappings=[{containerID:0,hostID:1,size:2},{containerID:1,hostID:5,size:2}]'
	expect_refused '\.mounts\[[0-9]+\]\.gidMappings\[1\]\.containerID: overlaps'
	config '.mounts[-1].gidMappings=[{containerID:0,hostID:1,size:2}]' '.mounts[-1].options=["idmap=uids=0-1-2;gids=0-1-2"]'
	expect_refused 'has mappings among its options and as members'
	config 'del(.mounts[-1].uidMappings,.mounts[-1].gidMappings)' '.mounts[-1].options=["bind","idmap"]'
	expect_refused 'takes those of the container.s user namespace, and it has none'
	for words in 'uids=0-1;gids=0-1-2' 'uids=0-1-x;gids=0-1-1' 'uids=;gids=0-1-1' 'users=0-1-1' 'uids=-1-1-1;gids=0-1-1' \
		'uids=0-4294967295-1;gids=0-0-1' 'uids=0-1-2-3;gids=0-0-1' 'uids=0-0-1'; do
		config ".mounts[-1].options=[\"bind\",\"idmap=$words\"]"
		expect_refused '\.mounts\[[0-9]+\]: ("idmap=" takes uids=|maps only users)'
	done
	config '.mounts[-1].options=["remount","idmap=uids=0-1-2;gids=0-1-2"]'
	expect_refused 'an existing mount cannot be id-mapped'
}

# The file system and what it would need, not the kernel's "invalid argument" alone.
test_file_system_that_does_not_allow_it()
{
	add '{destination:"/mnt",type:"bind",source:"/proc",options:["bind","idmap=uids=0-1-2;gids=0-1-2"]}'
	expect_error 'mounts\[[0-9]+\] at /mnt \([^)]*\): proc does not allow id-mapped mounts \(this is Linux [0-9.]+.*\): mount_setattr: invalid' run
	config '.mounts[-1]={destination:"/mnt",type:"mqueue",source:"mqueue",options:["idmap=uids=0-1-2;gids=0-1-2"]}'
	expect_error 'mounts\[[0-9]+\] at /mnt \([^)]*\): mqueue does not allow id-mapped mounts' run
}

test_missing_source()
{
	add '{destination:"/mnt",type:"bind",source:"/no/such",options:["bind","idmap=uids=0-1-2;gids=0-1-2"]}'
	expect_error 'mounts\[[0-9]+\] at /mnt \([^)]*\): source: open /no/such: no such file' run
	expect_no_leak
}

test_features_say_so()
{
	expect_status 0 hind features
	expect_eq true "$(printf '%s' "$OUTPUT" | jq '.linux.mountExtensions.idmap.enabled')"
	expect_eq '[]' "$(printf '%s' "$OUTPUT" | jq -c '["idmap","ridmap"]-.mountOptions')"
}

# Only the mounts stay: no process, and no descriptor in init.
test_nothing_is_left()
{
	bind /mnt '["bind","idmap=uids=5-50-1;gids=6-60-1"]'
	args sleep 1000
	create
	for fd in "/proc/$(pid_of "$ID")"/fd/*; do
		expect_no_match '^user:|/dir' "$(readlink "$fd" || :)" 'a descriptor of init'
	done
	expect_status 0 hind delete --force "$ID"
	expect_no_leak
}
