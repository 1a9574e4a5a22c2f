# restore: a container from what checkpoint has left
# covers: restore/--{auto-dedup,bundle,config,console-socket,detach,empty-ns,ext-unix-sk,file-locks,image-path,lsm-mount-context}
# covers: restore/--{lsm-profile,manage-cgroups-mode,network-lock,pid-file,pidfd-socket,shell-job,tcp-close,tcp-established,work-path}
# timeout: 120

setup()
{
	need_root 'CRIU looks into the processes and makes them anew'
	bundle_new b '.root.readonly=false'
	counter
}

started() # [OPTION...]: a running counter
{
	create "$@"
	hind start "$ID"
	counter_now
}

checkpoint() # [OPTION...] ID
{
	expect_status 0 hind checkpoint --image-path "$PWD/image" --work-path "$PWD/work" "$@"
}

restore() # [OPTION...] ID: detached
{
	expect_status 0 hind restore --bundle "$BUNDLE" --image-path "$PWD/image" --work-path "$PWD/work" --detach "$@"
}

# The mounts of a process, as "POINT TYPE FLAGS", in order.
mounts_of() # PID
{
	sed -E 's/^[0-9]+ [0-9]+ [^ ]+ [^ ]+ ([^ ]+) ([^ ]+) .*- ([^ ]+) .*/\1 \3 \2/' "/proc/$1/mountinfo" | sort
}

test_everything_is_as_it_was()
{
	need_criu
	mkdir -p data/below extra
	echo kept > data/file
	config '.hostname="box"' '.linux.resources.pids={limit:50}' '.process.rlimits=[{type:"RLIMIT_NOFILE",soft:77,hard:99}]' \
		'.process.user.additionalGids=[5,7]' '.process.oomScoreAdj=100' \
		".mounts+=[{destination:\"/data\",source:\"$PWD/data\",type:\"bind\",options:[\"bind\",\"ro\",\"nosuid\"]},
			{destination:\"/mnt/extra\",source:\"$PWD/extra\",type:\"bind\",options:[\"bind\",\"ro\",\"noexec\"]},
			{destination:\"/run\",type:\"tmpfs\",source:\"tmpfs\",options:[\"size=1m\",\"nodev\"]}]"
	started
	pid=$(pid_of "$ID")
	mounts_of "$pid" > mounts.before
	grep -E '^(Name|Uid|Gid|Groups|Cap|NoNewPrivs|Seccomp:|NSpid)' "/proc/$pid/status" | sed 's/\t[0-9]*\t1$/ 1/' > status.before
	cat "/proc/$pid/limits" "/proc/$pid/oom_score_adj" > limits.before
	sed 's/^[0-9]*:[^:]*://' "/proc/$pid/cgroup" | sort > cgroup.before
	checkpoint "$ID"
	restore "$ID"
	pid=$(pid_of "$ID")
	mounts_of "$pid" > mounts.after
	grep -E '^(Name|Uid|Gid|Groups|Cap|NoNewPrivs|Seccomp:|NSpid)' "/proc/$pid/status" | sed 's/\t[0-9]*\t1$/ 1/' > status.after
	cat "/proc/$pid/limits" "/proc/$pid/oom_score_adj" > limits.after
	sed 's/^[0-9]*:[^:]*://' "/proc/$pid/cgroup" | sort > cgroup.after
	for what in mounts status limits cgroup; do
		diff $what.before $what.after > difference || fail "$what differ: $(cat difference)"
	done
	expect_eq box "$(nsenter -t "$pid" -u hostname)"
	expect_eq kept "$(cat "/proc/$pid/root/data/file")"
	if has_controller pids; then
		expect_eq 50 "$(cat "$(cgroup_dir pids "$ID")/pids.max")"
	fi
	expect_same_counter
	expect_eq "$(jq -c 'del(.created)' <<-END
		$(hind state "$ID")
	END
	)" "$(hind state "$ID" | jq -c 'del(.created)')"
}

# CRIU itself gives only the first of several mounts of one file system its flags back.
test_readonly_mounts_are_read_only_again()
{
	need_criu
	mkdir -p one two two/nested
	mount -t tmpfs tmpfs two/nested
	touch two/nested/file
	config ".mounts+=[{destination:\"/a\",source:\"$PWD/one\",type:\"bind\",options:[\"bind\",\"ro\"]},
		{destination:\"/b\",source:\"$PWD/one\",type:\"bind\",options:[\"bind\",\"ro\"]},
		{destination:\"/c\",source:\"$PWD/two\",type:\"bind\",options:[\"rbind\",\"rro\"]},
		{destination:\"/d\",source:\"$PWD/one\",type:\"bind\",options:[\"bind\"]}]"
	started
	checkpoint "$ID"
	restore "$ID"
	root=/proc/$(pid_of "$ID")/root
	for dir in a b c c/nested; do
		if touch "$root/$dir/new" 2> touch.log; then
			fail "/$dir can be written to"
		fi
		expect_match 'Read-only file system' "$(cat touch.log)"
	done
	[ -e "$root/c/nested/file" ] || fail 'what is mounted below a recursive bind is missing'
	touch "$root/d/new"
	expect_same_counter
	hind delete --force "$ID"
	umount two/nested
}

test_destination_behind_a_link()
{
	need_criu
	mkdir -p data
	touch data/file
	ln -s ../run b/rootfs/mnt/link
	config ".mounts+=[{destination:\"/mnt/link/data\",source:\"$PWD/data\",type:\"bind\",options:[\"bind\"]}]"
	started
	checkpoint "$ID"
	rmdir b/rootfs/run/data
	restore "$ID"
	[ -e "/proc/$(pid_of "$ID")/root/run/data/file" ] || fail 'the mount is not where the link leads'
	expect_same_counter
}

test_readonly_root_is_read_only_again()
{
	need_criu
	config '.root.readonly=true' '.mounts+=[{destination:"/tmp",type:"bind",source:"'"$PWD"'/tmp",options:["bind"]}]'
	mkdir tmp
	rmdir b/rootfs/tmp
	ln -s "$PWD/tmp" b/rootfs-tmp
	mkdir b/rootfs/tmp
	mount --bind tmp b/rootfs/tmp
	started
	checkpoint "$ID"
	restore "$ID"
	if touch "/proc/$(pid_of "$ID")/root/new" 2> touch.log; then
		fail 'the root can be written to'
	fi
	expect_match 'Read-only file system' "$(cat touch.log)"
	expect_same_counter
	hind delete --force "$ID"
	umount b/rootfs/tmp
}

test_another_id_has_a_cgroup_of_its_own()
{
	need_criu
	started
	first=$ID
	before=$COUNT
	checkpoint "$first"
	id_new
	restore "$ID"
	expect_match "/(hind-)?$ID(\\.scope)?\$" "$(cat "/proc/$(pid_of "$ID")/cgroup")"
	expect_no_match "/(hind-)?$first(\\.scope)?\$" "$(cat "/proc/$(pid_of "$ID")/cgroup")"
	COUNT=$before
	expect_same_counter
	# The images are still there: the same container once more, beside itself.
	hind delete --force "$ID"
	restore "$first"
	expect_same_counter
}

test_open_files_survive()
{
	need_criu
	config '.mounts+=[{destination:"/run",type:"tmpfs",source:"tmpfs",options:["size=1m"]}]'
	args sh -c 'echo one > /run/kept; exec 3<> /tmp/open 4<> /run/gone; rm /run/gone; echo two >&4; mkfifo /tmp/go
		echo ready > /tmp/ready; read -r x < /tmp/go; echo three >&3; cat /run/kept /proc/self/fd/4 > /tmp/out; mv /tmp/out /tmp/result; sleep 1000'
	create
	hind start "$ID"
	wait_for test -s b/rootfs/tmp/ready
	checkpoint "$ID"
	restore "$ID"
	echo go > b/rootfs/tmp/go
	wait_for test -s b/rootfs/tmp/result
	expect_eq 'one
two' "$(cat b/rootfs/tmp/result)"
	expect_eq three "$(cat b/rootfs/tmp/open)"
}

# Its stdout is a pipe of ours: after the restore it is the one that restore has.
test_pipe_is_replaced()
{
	need_criu
	counter 'echo $i'
	id_new
	mkfifo output
	cat output > first.log &
	reader=$!
	# A real pipe, not the FIFO: that is a file with a name.
	{ hind create --bundle "$BUNDLE" "$ID" 2>&1 < /dev/null | cat; } > output &
	wait_for is_status "$ID" created
	hind start "$ID"
	counter_now
	checkpoint "$ID"
	wait "$reader"
	{ hind restore --bundle "$BUNDLE" --image-path "$PWD/image" --detach "$ID" < /dev/null 2> restore.log || fail "$(cat restore.log)"; } |
		cat > second.log &
	expect_same_counter
	wait_for test -s second.log
	hind delete --force "$ID"
	wait
	expect_eq $(($(tail -1 first.log) + 1)) "$(head -1 second.log)" 'the first number after the restore'
}

test_user_and_groups_survive()
{
	need_criu
	[ $((0x$(sed -n 's/^CapEff:[[:space:]]*//p' /proc/self/status) >> 24 & 1)) = 1 ] ||
		skip "CRIU reads the limits of another user's processes by CAP_SYS_RESOURCE, which is missing here"
	config '.process.user={uid:1000,gid:1000,additionalGids:[5]}'
	chmod 777 b/rootfs/tmp
	started
	grep -E '^(Uid|Gid|Groups|Cap)' "/proc/$(pid_of "$ID")/status" > before
	checkpoint "$ID"
	restore "$ID"
	grep -E '^(Uid|Gid|Groups|Cap)' "/proc/$(pid_of "$ID")/status" > after
	diff before after > difference || fail "$(cat difference)"
	expect_same_counter
}

# A file of the host, which the container knows by nothing but its descriptor.
test_file_of_the_host_is_replaced()
{
	need_criu
	counter 'echo $i'
	started
	checkpoint "$ID"
	last=$(tail -1 container.log)
	hind restore --bundle "$BUNDLE" --image-path "$PWD/image" --detach "$ID" < /dev/null >> container.log 2>&1 || fail "$(tail -1 container.log)"
	expect_same_counter
	wait_for grep -qx $((last + 1)) container.log
	hind delete --force "$ID"
	expect_eq "$(sort -nu container.log | grep -c .)" "$(grep -c . container.log)" 'numbers, each once'
}

test_config_by_another_name_and_a_pidfd_to_a_socket()
{
	need_criu
	started
	checkpoint "$ID"
	mv "$BUNDLE/config.json" other.json
	"$PAYLOAD" pidfd "$PWD/pidfd.sock" > pidfd.out &
	receiver=$!
	wait_for grep -q "$PWD/pidfd.sock" /proc/net/unix
	restore --config "$PWD/other.json" --pidfd-socket "$PWD/pidfd.sock" "$ID"
	wait "$receiver"
	expect_eq "pidfd $(pid_of "$ID")" "$(cat pidfd.out)"
}

test_terminal_goes_to_a_new_engine()
{
	need_criu
	config '.process.terminal=true'
	counter 'echo $i'
	"$(dirname "$PAYLOAD")/console" "$PWD/first" > first.log &
	wait_for test -S first
	started --console-socket "$PWD/first"
	checkpoint "$ID"
	counter_now
	"$(dirname "$PAYLOAD")/console" "$PWD/second" > second.log &
	wait_for test -S second
	restore --console-socket "$PWD/second" "$ID"
	expect_same_counter
	hind delete --force "$ID"
	wait
	expect_match '^/dev/pts/' "$(head -1 second.log)" 'the name that came along'
	expect_match "^$((COUNT + 1))" "$(cat second.log)" 'what the new terminal shows'
	id_new
	expect_error 'cannot allocate a terminal for a detached container without a console socket' \
		hind restore --bundle "$BUNDLE" --image-path "$PWD/image" --detach "$ID"
}

test_terminal_in_the_foreground()
{
	need_criu
	config '.process.terminal=true'
	args sh -c 'touch /tmp/ready; while [ ! -e /tmp/go ]; do sleep 0.05; done; echo "on $(tty)"; exit 5'
	"$(dirname "$PAYLOAD")/console" "$PWD/first" > first.log &
	wait_for test -S first
	create --console-socket "$PWD/first"
	hind start "$ID"
	wait_for test -e b/rootfs/tmp/ready
	checkpoint "$ID"
	wait
	touch b/rootfs/tmp/go
	expect_status 5 hind_pty restore --bundle "$BUNDLE" --image-path "$PWD/image" "$ID"
	expect_match '^on /dev/pts/0' "$OUTPUT"
}

test_foreground_waits_and_cleans_up()
{
	need_criu
	args sh -c 'touch /tmp/ready; while [ ! -e /tmp/go ]; do sleep 0.05; done; exit 42'
	create
	hind start "$ID"
	wait_for test -e b/rootfs/tmp/ready
	checkpoint "$ID"
	touch b/rootfs/tmp/go
	hind restore --bundle "$BUNDLE" --image-path "$PWD/image" "$ID" >> container.log 2>&1 < /dev/null && status=0 || status=$?
	expect_eq 42 "$status"
	expect_error 'does not exist' hind state "$ID"
	expect_no_leak
}

test_user_namespace_survives()
{
	need_criu
	config '.linux.namespaces+=[{type:"user"}]' '.linux.uidMappings=[{containerID:0,hostID:100000,size:65536}]' \
		'.linux.gidMappings=[{containerID:0,hostID:100000,size:65536}]'
	chmod 755 . ..  ../..
	chown -R 100000:100000 b/rootfs/tmp
	started
	# Its root opens the files of stdin, stdout and stderr again.
	chmod 666 container.log
	checkpoint "$ID"
	hind restore --bundle "$BUNDLE" --image-path "$PWD/image" --detach "$ID" < /dev/null >> container.log 2>&1 || fail "$(cat container.log)"
	expect_eq '         0     100000      65536' "$(cat "/proc/$(pid_of "$ID")/uid_map")"
	expect_eq 1:3 "$(stat -c %t:%T "/proc/$(pid_of "$ID")/root/dev/null")"
	expect_same_counter
}

has_own_network() # PID
{
	[ "$(readlink "/proc/$1/ns/net")" != "$(readlink /proc/self/ns/net)" ]
}

test_namespaces_of_others_are_joined()
{
	need_criu
	unshare -niu sleep 1000 &
	holder=$!
	wait_for has_own_network "$holder"
	nsenter -t "$holder" -u hostname shared
	config ".linux.namespaces|=map(if .type==\"network\" then .path=\"/proc/$holder/ns/net\" elif .type==\"ipc\" then
		.path=\"/proc/$holder/ns/ipc\" elif .type==\"uts\" then .path=\"/proc/$holder/ns/uts\" else . end)" 'del(.hostname)'
	started
	checkpoint "$ID"
	restore "$ID"
	for ns in net ipc uts; do
		expect_eq "$(readlink "/proc/$holder/ns/$ns")" "$(readlink "/proc/$(pid_of "$ID")/ns/$ns")" "$ns"
	done
	expect_same_counter
	hind delete --force "$ID"
	kill "$holder"
	wait "$holder" || :
}

connected() # PID: for wait_for; is a TCP connection established in its network namespace?
{
	grep -Eq '^ *[0-9]+: [0-9A-F:]+ [0-9A-F:]+ 01 ' "/proc/$1/net/tcp"
}

# Of a connection that is silent meanwhile: CRIU can hold back no packets in a network namespace that comes back empty.
test_loopback_is_up_and_connections_live()
{
	need_criu
	mkfifo b/rootfs/tmp/in
	args sh -c 'nc -l -p 7 <> /tmp/in > /tmp/none & sleep 0.3; sleep 1000 | nc 127.0.0.1 7 > /tmp/out'
	create
	hind start "$ID"
	wait_for connected "$(pid_of "$ID")"
	# It is silent, so nothing has to hold it.
	checkpoint --tcp-established --network-lock skip "$ID"
	restore --tcp-established "$ID"
	expect_match 'UP' "$(nsenter -t "$(pid_of "$ID")" -n ip -o link show lo)"
	connected "$(pid_of "$ID")" || fail 'the connection is gone'
	echo hello > b/rootfs/tmp/in
	wait_for test -s b/rootfs/tmp/out
	expect_eq hello "$(cat b/rootfs/tmp/out)"
	hind delete --force "$ID"
	: > b/rootfs/tmp/out
	restore --tcp-close "$ID"
	if connected "$(pid_of "$ID")"; then
		fail 'the connection is not closed'
	fi
}

test_locks_survive()
{
	need_criu
	args payload lock /tmp/lock /tmp/ready
	create
	hind start "$ID"
	wait_for test -e b/rootfs/tmp/ready
	expect_error 'CRIU cannot dump the container: see .*lock' hind checkpoint --image-path "$PWD/none" "$ID"
	checkpoint --file-locks "$ID"
	flock -n b/rootfs/tmp/lock true || fail 'the file is still locked'
	restore --file-locks "$ID"
	if flock -n b/rootfs/tmp/lock true; then
		fail 'the file is not locked any more'
	fi
}

test_hooks_of_the_runtime_run()
{
	need_criu
	config ".hooks={prestart:[{path:\"/bin/sh\",args:[\"sh\",\"-c\",\"cat > $PWD/prestart\"]}],
		createRuntime:[{path:\"/bin/sh\",args:[\"sh\",\"-c\",\"cat > $PWD/create; readlink /proc/self/cwd > $PWD/cwd\"]}],
		poststop:[{path:\"/bin/sh\",args:[\"sh\",\"-c\",\"cat > $PWD/poststop\"]}]}"
	started
	checkpoint "$ID"
	expect_eq stopped "$(jq -r .status poststop)" 'the state that poststop gets after a checkpoint'
	rm prestart create cwd
	restore "$ID"
	expect_eq "$(pid_of "$ID") creating" "$(jq -r '"\(.pid) \(.status)"' prestart)"
	expect_eq "$(pid_of "$ID") $ID" "$(jq -r '"\(.pid) \(.id)"' create)"
	expect_eq "$BUNDLE" "$(cat cwd)"
	expect_same_counter
	hind delete --force "$ID"
	config '.hooks.createRuntime=[{path:"/bin/false"}]'
	expect_error '^hind: restore: hooks.createRuntime\[0\]: /bin/false: exit status 1$' hind restore --bundle "$BUNDLE" --image-path "$PWD/image" --detach "$ID"
	expect_error 'does not exist' hind state "$ID"
	expect_no_leak
}

test_service_manager_is_forgotten()
{
	need_criu
	NOTIFY_SOCKET=$PWD/manager create
	hind start "$ID"
	counter_now
	grep -q ' /run/notify ' "/proc/$(pid_of "$ID")/mountinfo" || fail 'no directory for the socket of a service manager'
	checkpoint "$ID"
	restore "$ID"
	expect_eq '' "$(ls "/proc/$(pid_of "$ID")/root/run/notify")"
	expect_same_counter
}

test_failure_leaves_nothing()
{
	need_criu
	started
	hind delete --force "$ID"
	mkdir empty
	expect_error '^hind: restore: CRIU cannot restore the container: see .*/empty/restore.log: ' \
		hind restore --bundle "$BUNDLE" --image-path "$PWD/empty" --pid-file pid --detach "$ID"
	[ ! -e pid ] || fail 'a pid file was left'
	expect_error 'does not exist' hind state "$ID"
	expect_no_leak
	expect_error '^hind: --image-path: open .*/nowhere: no such file or directory$' \
		hind restore --bundle "$BUNDLE" --image-path "$PWD/nowhere" --detach "$ID"
	expect_error 'restore takes one container id' hind restore
	expect_error 'bundle /nowhere: no such file or directory' hind restore --bundle /nowhere --image-path empty "$ID"
	create
	expect_error "container with given ID already exists: .$ID." hind restore --bundle "$BUNDLE" --image-path empty --detach "$ID"
	expect_eq created "$(status_of "$ID")"
}

# Beside v1 a container that shows no cgroups has none of its own in the cgroup2.
test_cgroups_of_others_stay_gone()
{
	[ -d /sys/fs/cgroup/unified ] || skip 'there is no cgroup2 beside v1 controllers'
	need_criu
	config '.mounts|=map(select(.type!="cgroup"))'
	started
	mkdir "/sys/fs/cgroup/unified/$PREFIX-other"
	checkpoint "$ID"
	rmdir "/sys/fs/cgroup/unified/$PREFIX-other"
	counter_now
	restore "$ID"
	expect_same_counter
	[ ! -d "/sys/fs/cgroup/unified/$PREFIX-other" ] || { rmdir "/sys/fs/cgroup/unified/$PREFIX-other"; fail 'a cgroup of others has come back'; }
}

# CRIU looks at its own standard input then, and what a container has got back of ours must not have taken that away.
test_shell_job()
{
	need_criu
	started
	checkpoint --shell-job "$ID"
	counter_now
	restore --shell-job "$ID"
	expect_same_counter
}

# Whoever kills it in the middle finds nothing of it on the host but the container's directory, which `delete` removes.
test_killed_restore_leaves_nothing_mounted()
{
	need_criu
	started
	checkpoint "$ID"
	mounts=$(grep -c . /proc/self/mountinfo)
	config ".hooks={prestart:[{path:\"/bin/sh\",args:[\"sh\",\"-c\",\"touch $PWD/here; sleep 2\"]}]}"
	hind_by exec -- restore --bundle "$BUNDLE" --image-path "$PWD/image" --detach "$ID" > restore.log 2>&1 < /dev/null &
	restoring=$!
	wait_for test -e here
	kill -KILL "$restoring"
	wait "$restoring" || :
	expect_eq "$mounts" "$(grep -c . /proc/self/mountinfo)" 'mounts'
	hind delete --force "$ID"
	sleep 1
	expect_no_leak
}

test_request_says_the_options()
{
	command -v python3 > python.log || skip 'no python3'
	export FAKE_CRIU_LOG="$PWD/asked"
	mkdir image
	printf '["pipe:[123]","/dev/null","file[1:2]"]' > image/descriptors.json
	config '.annotations={"org.criu.config":"/etc/criu/some.conf"}' \
		".mounts+=[{destination:\"/data\",source:\"/usr\",type:\"bind\",options:[\"bind\",\"ro\"]}]"
	id_new
	expect_error '^hind: restore: CRIU cannot restore the container: no such file or directory; its log, if it has one, is image/restore.log$' \
		hind --criu "$TESTS/fake_criu.py" restore --bundle "$BUNDLE" --image-path image --detach -no-subreaper --no-pivot \
		--tcp-established --tcp-close --ext-unix-sk --shell-job --file-locks --auto-dedup --lazy-pages --empty-ns network \
		--manage-cgroups-mode full --network-lock nftables --lsm-profile apparmor:some --lsm-mount-context context "$ID"
	for member in 'RESTORE 5=1' 'RESTORE 52=1' 'RESTORE 4=1' 'RESTORE 7=1' 'RESTORE 8=1' 'RESTORE 16=1' 'RESTORE 48=1' \
		'RESTORE 34=4' 'RESTORE 64=2' 'RESTORE 53=apparmor:some' 'RESTORE 63=context' 'RESTORE 26=1' 'RESTORE 6=1' \
		'RESTORE 51=/etc/criu/some.conf' \
		"RESTORE 13=$HIND_ROOT/root" 'RESTORE 10=restore.log'; do
		grep -Fqx -e "$member" asked || fail "CRIU was not asked '$member' but: $(cat asked)"
	done
	# Duplicates of ours, as CRIU closes what it is given so.
	expect_match '^RESTORE 27=1\.pipe:\[123\],2\.([3-9]|[1-9][0-9]+)$' "$(cat asked)"
	expect_match '^RESTORE 27=1\.file\[1:2\],2\.([3-9]|[1-9][0-9]+)$' "$(cat asked)"
	expect_match "^RESTORE 37=mnt\\[/data\\]:$HIND_ROOT/[0-9]+\$" "$(cat asked)"
	expect_match "^RESTORE 25=.*2\\.(/.*)?/(hind-)?$ID(\\.scope)?\$" "$(cat asked)"
	expect_no_leak
	export FAKE_CRIU_VERSION='3 15'
	expect_error '^hind: restore: --lsm-profile: needs CRIU 3.16 or newer$' hind --criu "$TESTS/fake_criu.py" restore --bundle "$BUNDLE" \
		--image-path image --detach --lsm-profile apparmor:some "$ID"
}
