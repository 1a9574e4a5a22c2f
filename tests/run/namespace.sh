# linux.namespaces: new ones, joined ones, wrong ones
# covers: linux.namespaces[].{type,path}

own() # FILE: the namespace of this shell
{
	readlink "/proc/self/ns/$1"
}

of() # FILE: the container's namespace, from the output of `payload namespaces`
{
	printf '%s\n' "$OUTPUT" | sed -n "s/^$1 //p"
}

joined() # TYPE FILE: config of $BUNDLE with the namespace of container $FIRST
{
	config ".linux.namespaces|=map(if .type==\"$1\" then .path=\"/proc/$(pid_of "$FIRST")/ns/$2\" else . end)"
}

# A container that only holds its namespaces.
first()
{
	bundle_new first "$@"
	create
	FIRST=$ID
}

test_new_namespaces_are_new()
{
	need_root 'it has a user namespace in any case'
	bundle_new b '.linux.namespaces=[{type:"pid"},{type:"network"},{type:"ipc"},{type:"uts"},{type:"mount"},{type:"cgroup"},
		{type:"time"}]'
	args /bin/payload namespaces
	expect_status 0 run
	for ns in pid net ipc uts mnt cgroup time; do
		expect_match "^$ns:" "$(of "$ns")" "$ns"
		expect_ne "$(own "$ns")" "$(of "$ns")" "$ns"
	done
	expect_eq "$(own user)" "$(of user)" user
}

test_what_is_not_listed_is_the_hosts()
{
	need_root 'it has a user namespace in any case'
	bundle_new b '.linux.namespaces=[{type:"pid"},{type:"mount"}]' 'del(.hostname)' \
		'.mounts|=map(select(.type!="sysfs" and .type!="mqueue"))'
	args /bin/payload namespaces
	expect_status 0 run
	for ns in net ipc uts user; do
		expect_eq "$(own "$ns")" "$(of "$ns")" "$ns"
	done
}

test_namespaces_are_joined_by_path()
{
	need_root "namespaces of root's processes"
	first
	bundle_new b 'del(.hostname)'
	joined network net
	joined ipc ipc
	joined uts uts
	joined pid pid
	joined cgroup cgroup
	args /bin/payload namespaces
	expect_status 0 run
	for ns in net ipc uts pid cgroup; do
		expect_eq "$(readlink "/proc/$(pid_of "$FIRST")/ns/$ns")" "$(of "$ns")" "$ns"
	done
	expect_ne "$(readlink "/proc/$(pid_of "$FIRST")/ns/mnt")" "$(of mnt)" mnt
}

test_joined_pid_namespace_has_its_pid_1()
{
	need_root "namespaces of root's processes"
	first
	bundle_new b
	joined pid pid
	run_sh 'echo $$; cat /proc/1/comm'
	expect_no_match '^1$' "$OUTPUT"
	expect_lines 2 "$OUTPUT"
}

test_hostname_of_a_joined_namespace_is_set()
{
	need_root "namespaces of root's processes"
	first '.hostname="one"'
	bundle_new b '.hostname="two"'
	joined uts uts
	run_sh hostname
	expect_eq two "$OUTPUT"
	expect_eq two "$(nsenter -u -t "$(pid_of "$FIRST")" uname -n)"
}

test_joined_user_namespace_owns_the_new_ones()
{
	need_root "namespaces of root's processes"
	first '.linux.namespaces+=[{type:"user"}]' '.linux.uidMappings=[{containerID:0,hostID:100000,size:65536}]' \
		'.linux.gidMappings=.linux.uidMappings'
	bundle_new b '.linux.namespaces+=[{type:"user"}]'
	joined user user
	run_sh 'cat /proc/self/uid_map; readlink /proc/self/ns/user; hostname box; hostname; id -u'
	expect_match '^ +0 +100000 +65536$' "$OUTPUT"
	expect_match "^$(readlink "/proc/$(pid_of "$FIRST")/ns/user" | sed 's/[][]/\\&/g')$" "$OUTPUT"
	expect_match '^0$' "$OUTPUT"
}

test_own_user_namespace_is_nothing_to_join()
{
	need_root 'nothing new comes with the user namespace that one is in'
	bundle_new b '.linux.namespaces+=[{type:"user",path:"/proc/self/ns/user"}]'
	args /bin/payload namespaces
	expect_status 0 run
	expect_eq "$(own user)" "$(of user)" user
}

test_wrong_type_is_told_with_both()
{
	bundle_new b '.linux.namespaces|=map(if .type=="ipc" then .path="/proc/self/ns/net" else . end)'
	expect_refused 'linux\.namespaces\[[0-9]\]\.path: /proc/self/ns/net is a namespace of type network, not ipc$'
}

test_file_that_is_no_namespace()
{
	bundle_new b '.linux.namespaces|=map(if .type=="ipc" then .path="/etc/passwd" else . end)'
	expect_refused 'linux\.namespaces\[[0-9]\]\.path: /etc/passwd is not a namespace$'
}

test_fifo_is_no_namespace_and_nobody_waits()
{
	mkfifo fifo
	bundle_new b ".linux.namespaces|=map(if .type==\"ipc\" then .path=\"$PWD/fifo\" else . end)"
	expect_refused 'linux\.namespaces\[[0-9]\]\.path: .*fifo is not a namespace$'
}

test_missing_path()
{
	bundle_new b '.linux.namespaces|=map(if .type=="ipc" then .path="/nope/ipc" else . end)'
	expect_refused 'linux\.namespaces\[[0-9]\]\.path: open /nope/ipc: no such file or directory$'
}

test_wrong_lists_are_refused_with_their_place()
{
	bundle_new b '.linux.namespaces+=[{type:"pid"}]'
	expect_refused 'config\.json:[0-9]+:[0-9]+: \.linux\.namespaces\[6\]\.type: a second pid namespace'
	bundle_new c '.linux.namespaces|=map(if .type=="ipc" then .path="ns/ipc" else . end)'
	expect_refused 'config\.json:[0-9]+:[0-9]+: \.linux\.namespaces\[[0-9]\]\.path: "ns/ipc" is not an absolute path'
	bundle_new d 'del(.linux)'
	expect_refused '\.linux: is missing'
}
