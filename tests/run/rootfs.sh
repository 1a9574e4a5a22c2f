# root, linux.rootfsPropagation and the switch to the root
# covers: root.path linux.rootfsPropagation mount:{shared,rslave} run/--no-pivot
# covers: pivot

test_writable_and_read_only()
{
	bundle_new b '.root.readonly=false'
	run_sh 'echo x > /written'
	expect_eq x "$(cat b/rootfs/written)"
	config '.root.readonly=true'
	run_sh '{ echo x > /never; } 2>&1 || :; echo y > /dev/shm/tmpfs; cat /dev/shm/tmpfs'
	expect_match 'Read-only file system' "$OUTPUT"
	expect_match '^y$' "$OUTPUT"
	[ ! -e b/rootfs/never ] || fail 'a read-only root was written to'
}

# What is mounted below the root on the host comes along.
test_mounts_below_the_root_come_along()
{
	bundle_new b '.root.readonly=true'
	mkdir b/rootfs/below
	mount -t tmpfs -o size=64k below b/rootfs/below
	run_sh 'echo x > /below/x && cat /below/x'
	expect_eq x "$OUTPUT"
	umount b/rootfs/below
}

test_nothing_of_the_host_is_in_reach()
{
	bundle_new b
	run_sh 'cut -d" " -f5 /proc/self/mountinfo; ls /..'
	expect_no_match "$PWD" "$OUTPUT"
	expect_match '^bin$' "$OUTPUT"
	run_sh 'cat /proc/self/mountinfo'
	# One mount that has no parent among the others: the root.
	printf '%s\n' "$OUTPUT" | awk '$3 ~ /:/ { id[$1]; parent[$1] = $2 } END { for (i in id) n += !(parent[i] in id); exit n != 1 }' ||
		fail "more than one tree: $OUTPUT"
}

test_absolute_and_relative_path_and_link()
{
	bundle_new b
	mv b/rootfs other
	run_with_root "$PWD/other"
	run_with_root ../other
	ln -s other link
	run_with_root ../link
}

run_with_root() # PATH
{
	config ".root.path=\"$1\""
	run_sh 'cat /etc/group'
	expect_match '^root:' "$OUTPUT"
}

test_wrong_roots()
{
	bundle_new b '.root.path="nothing"'
	id_new
	expect_error 'root\.path.*nothing.*no such file or directory' hind create --bundle "$BUNDLE" "$ID"
	config '.root.path="config.json"'
	expect_error 'root\.path.*not a directory' hind create --bundle "$BUNDLE" "$ID"
	config 'del(.root)'
	expect_refused 'config\.json:[0-9]+:[0-9]+: .*root'
}

# --- propagation: / of each case is shared ---

# shellcheck disable=SC2016
propagation_of() # ID MOUNT_POINT: the optional fields
{
	awk -v point="$2" '$5 == point { for (i = 7; $i != "-"; i++) printf "%s ", $i; print "" }' "/proc/$(pid_of "$1")/mountinfo" |
		tail -n 1 | sed -E 's/:[0-9]+//g; s/ *$//'
}

# By default the host's mounts come in, and ours do not go out.
test_default_is_slave()
{
	mkdir vol
	mount -t tmpfs vol vol
	bundle_new b ".mounts+=[{destination:\"/vol\",type:\"bind\",source:\"$PWD/vol\",options:[\"rbind\"]}]"
	args sleep 100
	create
	hind start "$ID"
	expect_eq master "$(propagation_of "$ID" /vol)"
	mkdir vol/in
	mount -t tmpfs in vol/in
	pid=$(pid_of "$ID")
	grep -q ' /vol/in ' "/proc/$pid/mountinfo" || fail 'the mount did not come in'
	nsenter -m -t "$pid" /bin/busybox mount -t tmpfs tmp /tmp
	! grep -q " $PWD/b/rootfs/tmp " /proc/self/mountinfo || fail 'a mount of the container went out'
	umount vol/in
	hind delete --force "$ID"
	umount vol
}

test_private()
{
	mkdir vol
	mount -t tmpfs vol vol
	bundle_new b ".mounts+=[{destination:\"/vol\",type:\"bind\",source:\"$PWD/vol\",options:[\"rbind\"]}]" \
		'.linux.rootfsPropagation="private"'
	create
	expect_eq '' "$(propagation_of "$ID" /vol)" 'bind mount'
	expect_eq '' "$(propagation_of "$ID" /)" root
	hind delete --force "$ID"
	umount vol
}

# Mounts of the container travel to the host where both sides ask for it, and only there.
test_shared()
{
	need_root 'the mounts of a user namespace are slaves'
	mkdir vol
	mount -t tmpfs vol vol
	bundle_new b ".mounts+=[{destination:\"/vol\",type:\"bind\",source:\"$PWD/vol\",options:[\"rbind\",\"rshared\"]}]" \
		'.linux.rootfsPropagation="shared"'
	create
	pid=$(pid_of "$ID")
	expect_eq shared "$(propagation_of "$ID" /vol)" 'bind mount'
	expect_eq shared "$(propagation_of "$ID" /)" root
	expect_eq '' "$(propagation_of "$ID" /proc)" '/proc'
	before=$(grep -c '' /proc/self/mountinfo)
	nsenter -m -t "$pid" /bin/busybox mount -t tmpfs tmp /tmp
	expect_eq "$before" "$(grep -c '' /proc/self/mountinfo)" 'mounts of the host'
	nsenter -m -t "$pid" /bin/busybox mkdir /vol/out
	nsenter -m -t "$pid" /bin/busybox mount -t tmpfs out /vol/out
	grep -q " $PWD/vol/out " /proc/self/mountinfo || fail 'the mount did not go out'
	umount vol/out
	hind delete --force "$ID"
	umount vol
}

# A root that lies on a shared mount cannot be pivoted to as it is.
test_shared_with_the_root_on_a_mount_of_its_own()
{
	bundle_new b '.linux.rootfsPropagation="rshared"'
	mount --bind b/rootfs b/rootfs
	create
	expect_eq shared "$(propagation_of "$ID" /)" root
	expect_eq shared "$(propagation_of "$ID" /proc)" '/proc'
	expect_eq 1 "$(grep -c " $PWD/b/rootfs" /proc/self/mountinfo)" 'mounts of the host'
	hind delete --force "$ID"
	umount b/rootfs
}

test_slave_and_unbindable()
{
	bundle_new b '.linux.rootfsPropagation="rslave"'
	create
	expect_eq master "$(propagation_of "$ID" /)" rslave
	config '.linux.rootfsPropagation="unbindable"'
	create
	expect_eq unbindable "$(propagation_of "$ID" /)" unbindable
}

# Alone it is about the root's mount, with an "r" in front about every mount below, too. A file system that is new in the
# container has no peer to be a slave of.
test_every_propagation_with_and_without_the_mounts_below()
{
	bundle_new b
	while read -r kind root below; do
		config ".linux.rootfsPropagation=\"$kind\""
		create
		expect_eq "${root#-}" "$(propagation_of "$ID" /)" "root, $kind"
		expect_eq "${below#-}" "$(propagation_of "$ID" /proc)" "/proc, $kind"
		expect_status 0 hind delete --force "$ID"
	done <<- EOF
		private - -
		rprivate - -
		slave master -
		rslave master -
		shared shared -
		rshared shared shared
		unbindable unbindable -
		runbindable unbindable unbindable
	EOF
}

test_unknown_propagation()
{
	bundle_new b '.linux.rootfsPropagation="sometimes"'
	expect_refused 'config\.json:[0-9]+:[0-9]+: \.?linux\.rootfsPropagation: '
}

# --- other ways to the root ---

test_no_pivot()
{
	bundle_new b
	args sh -c 'ls /; cut -d" " -f5 /proc/self/mountinfo'
	expect_status 0 run --no-pivot
	expect_no_match "$PWD" "$OUTPUT"
	expect_match '^bin$' "$OUTPUT"
}

# While an unmasked procfs of the host is anywhere in the mount namespace, the kernel lets a user namespace mount another.
test_no_mount_of_the_host_stays_in_the_namespace()
{
	bundle_new b
	args sh -c 'unshare -U -r -m -p -f mount -t proc proc /mnt 2>&1 || echo refused'
	for option in --no-pivot ''; do
		# shellcheck disable=SC2086
		expect_status 0 run $option
		expect_match '^refused$' "$OUTPUT" "with option '$option'"
		expect_match 'Operation not permitted|permission denied' "$OUTPUT" "with option '$option'"
	done
	# What makes the test true: where nothing is masked, it is allowed.
	config '.linux.maskedPaths=[]' '.linux.readonlyPaths=[]'
	expect_status 0 run --no-pivot
	expect_eq '' "$OUTPUT" 'without masks'
	grep -q ' /proc ' /proc/self/mountinfo || fail "the host's /proc is gone"
}

test_no_pivot_with_shared_propagation_leaves_the_hosts_mounts()
{
	bundle_new b '.linux.rootfsPropagation="shared"'
	before=$(cut -d' ' -f5 /proc/self/mountinfo)
	args true
	expect_status 0 run --no-pivot
	expect_eq "$before" "$(cut -d' ' -f5 /proc/self/mountinfo)" 'mounts of the host'
}

test_without_mount_namespace()
{
	need_root 'devices without a mount namespace to bind them in'
	bundle_new b '.linux.namespaces|=map(select(.type!="mount"))' '.mounts=[]' '.linux.maskedPaths=[]' \
		'.linux.readonlyPaths=[]' '.root.readonly=false'
	before=$(cat /proc/self/mountinfo)
	run_sh 'ls /'
	expect_match '^bin$' "$OUTPUT"
	expect_eq "$before" "$(cat /proc/self/mountinfo)" 'mounts of the host'
	config '.root.readonly=true'
	expect_refused 'root\.readonly: .*mount namespace'
	config '.root.readonly=false' '.linux.maskedPaths=["/proc/kcore"]'
	expect_refused 'linux\.maskedPaths: .*mount namespace'
	config '.linux.maskedPaths=[]' '.mounts=[{destination:"/",type:"tmpfs",source:"tmpfs"}]'
	expect_refused 'mounts\[0\]\.destination: .*mount namespace'
}

# They are on the host then, and go with the container, whatever its end. What somebody has mounted in the root stays.
test_mounts_without_mount_namespace()
{
	need_root 'mounts of the host'
	bundle_new b '.linux.namespaces|=map(select(.type!="mount"))' '.linux.maskedPaths=[]' '.linux.readonlyPaths=[]' \
		'.root.readonly=false' '.mounts+=[{destination:"/x",type:"tmpfs",source:"tmpfs"}]'
	mkdir b/rootfs/before b/rootfs/x
	mount -t tmpfs before b/rootfs/before
	touch b/rootfs/before/file
	before=$(cat /proc/self/mountinfo)
	run_sh 'ls /before; stat -f -c %T /x; echo /proc/[0-9]*; test -w /dev/null'
	expect_eq 'file
tmpfs
/proc/1' "$OUTPUT"
	expect_eq "$before" "$(cat /proc/self/mountinfo)" 'after run'
	args sleep 100
	id_new
	create
	hind start "$ID"
	expect_eq 'file' "$(ls b/rootfs/before)"
	expect_match "^$PWD/b/rootfs/x\$" "$(cut -d ' ' -f 5 /proc/self/mountinfo)" 'mounts of the host'
	expect_eq '' "$(sed -n "s|.* $PWD/b/rootfs/x .*shared:.*|shared|p" /proc/self/mountinfo)" 'propagation'
	expect_status 0 hind exec "$ID" stat -f -c %T /x
	expect_eq tmpfs "$OUTPUT" 'exec'
	expect_error 'on the host, as it has no mount namespace' hind --criu /bin/true checkpoint --image-path image "$ID"
	id_new OTHER
	expect_error 'mounts: .*mount namespace' hind --criu /bin/true restore --image-path "$PWD" --bundle "$BUNDLE" "$OTHER"
	hind delete --force "$ID"
	expect_eq "$before" "$(cat /proc/self/mountinfo)" 'after delete'
	config '.mounts+=[{destination:"/y",type:"bind",source:"/no/such",options:["bind"]}]'
	id_new
	expect_refused 'mounts\[[0-9]\]'
	expect_eq "$before" "$(cat /proc/self/mountinfo)" 'after a failure'
	umount b/rootfs/before
	expect_no_leak
}

# What has come to lie over the container's mount is not the container's to take away.
test_mount_over_the_root_without_mount_namespace()
{
	need_root 'mounts of the host'
	bundle_new b '.linux.namespaces|=map(select(.type!="mount"))' '.linux.maskedPaths=[]' '.linux.readonlyPaths=[]' \
		'.root.readonly=false'
	args sleep 100
	create
	mount -t tmpfs over b/rootfs
	expect_status 0 hind delete --force "$ID"
	expect_match "warning: $PWD/b/rootfs: another mount lies over the container's" "$ERROR"
	expect_eq tmpfs "$(stat -f -c %T b/rootfs)"
	umount b/rootfs
	umount --lazy b/rootfs
}

# Others live in that namespace: their root stays, and the path of the new one means what it means there.
test_joined_mount_namespace()
{
	need_root 'namespaces that belong to the user namespace of another container'
	bundle_new b '.root.readonly=false'
	mv b/rootfs/bin b/rootfs/mnt/bin
	cp -al b/rootfs/mnt/bin b/rootfs/bin
	args sleep 100
	create
	hind start "$ID"
	first=$ID
	pid=$(pid_of "$first")
	config ".linux.namespaces|=map(if .type==\"mount\" then .path=\"/proc/$pid/ns/mnt\" else . end)" '.root.path="/mnt"' \
		'.mounts=[{destination:"/t",type:"tmpfs",source:"tmpfs"}]' '.linux.maskedPaths=[]' '.linux.readonlyPaths=[]'
	run_sh 'ls /; stat -f -c %T /t; ls /..'
	expect_eq "bin
dev
t
tmpfs
bin
dev
t" "$OUTPUT"
	expect_match '^proc$' "$(ls "/proc/$pid/root")" 'root of the first'
	hind delete --force "$first"
}

# The caller's umask does not show in what is made in the root.
test_umask_of_the_caller()
{
	need_root "the file that it is to read is root's by this umask"
	bundle_new b '.root.readonly=false' '.mounts+=[{destination:"/made/here",type:"tmpfs",source:"tmpfs"}]'
	umask 077
	run_sh 'true'
	umask 022
	expect_eq 755 "$(stat -c %a b/rootfs/made)"
}
