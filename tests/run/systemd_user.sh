# --systemd-cgroup of a user without privileges: the scope is one of the user's own systemd

setup()
{
	[ -S /run/systemd/private ] || skip 'pid 1 of this machine is not systemd'
	cgroup_v2 || skip 'systemd of this machine has cgroup v1'
	[ -S /run/user/1000/systemd/private ] || skip 'user 1000 has no systemd of its own running'
	bundle_new b
	config '.linux.uidMappings=[{containerID:0,hostID:1000,size:1}]' '.linux.gidMappings=.linux.uidMappings' \
		'.linux.namespaces+=[{type:"user"}]|.linux.namespaces|=unique_by(.type)' \
		'.mounts|=map(select(.type!="cgroup"))' '(.mounts[]|select(.type=="devpts")|.options)-=["gid=5"]' \
		'del(.linux.resources)'
	cp "$HIND" hind
	mkdir root
	chmod 755 "$CASE_DIR" .
	chown -R 1000:1000 root b
}

as_user() # CMD...
{
	XDG_RUNTIME_DIR=/run/user/1000 setpriv --reuid 1000 --regid 1000 --clear-groups "$@"
}

user_hind()
{
	as_user ./hind --root "$PWD/root" --systemd-cgroup "$@"
}

user_units()
{
	as_user systemctl --user list-units --all --plain --no-legend "*$PREFIX*.scope"
}

scope_dir()
{
	echo "/sys/fs/cgroup/user.slice/user-1000.slice/user@1000.service/user.slice/hind-$ID.scope"
}

test_scope_with_limits()
{
	config '.linux.resources={pids:{limit:33}, memory:{limit:67108864}}' 
	args sleep 1000
	id_new
	user_hind create --bundle "$BUNDLE" "$ID" > out 2>&1 < /dev/null || fail "create: $(cat out)"
	expect_eq 33 "$(cat "$(scope_dir)/pids.max")" pids.max
	expect_eq 67108864 "$(cat "$(scope_dir)/memory.max")" memory.max
	expect_eq 33 "$(as_user systemctl --user show --value -p TasksMax "hind-$ID.scope")" TasksMax
	user_hind start "$ID"
	as_user systemctl --user daemon-reload
	expect_eq 67108864 "$(cat "$(scope_dir)/memory.max")" 'memory.max after daemon-reload'
	expect_status 0 as_user ./hind --root "$PWD/root" exec "$ID" true
	expect_status 0 as_user ./hind --root "$PWD/root" delete --force "$ID"
	expect_eq '' "$(user_units)" 'units left over'
	[ ! -e "$(scope_dir)" ] || fail 'the cgroup is left over'
}

test_controller_that_is_not_delegated_is_told()
{
	has_controller hugetlb || skip 'this host has no hugetlb controller'
	config '.linux.resources.hugepageLimits=[{pageSize:"2MB",limit:2097152}]'
	id_new
	expect_error 'linux\.resources\.hugepageLimits\[0\]\.limit: .*"\+hugetlb" .*permission denied; that cgroup is not delegated to this user' \
		user_hind create --bundle "$BUNDLE" "$ID"
	expect_eq '' "$(user_units)" 'units left over'
}

test_no_session_is_told()
{
	id_new
	expect_error 'XDG_RUNTIME_DIR, which is not set' setpriv --reuid 1000 --regid 1000 --clear-groups \
		env -u XDG_RUNTIME_DIR ./hind --root "$PWD/root" --systemd-cgroup create --bundle "$BUNDLE" "$ID"
}

# Engines without privileges call the runtime as root of their user namespace.
test_root_of_a_user_namespace_is_the_user()
{
	args true
	# The ids of the namespace that it is called in.
	config '.linux.uidMappings[0].hostID=0' '.linux.gidMappings[0].hostID=0'
	chown 1000:1000 b/config.json
	id_new
	capture as_user unshare --user --map-root-user ./hind --root "$PWD/root" --systemd-cgroup --log-level info \
		run --bundle "$BUNDLE" "$ID"
	expect_match "unit=hind-$ID\.scope slice=user\.slice" "$ERROR"
	expect_eq '' "$(user_units)" 'units left over'
}
