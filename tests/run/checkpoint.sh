# checkpoint: a container's processes, into files
# covers: annotation:org.criu.config hind/--criu
# covers: checkpoint/--{auto-dedup,empty-ns,ext-unix-sk,file-locks,image-path,lazy-pages,leave-running,link-remap,manage-cgroups-mode}
# covers: checkpoint/--{network-lock,page-server,parent-path,pre-dump,shell-job,status-fd,tcp-close,tcp-established,tcp-skip-in-flight,work-path}
# covers: restore/--lazy-pages
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
	expect_eq '' "$OUTPUT$ERROR" 'what checkpoint prints'
}

restore() # [OPTION...] ID: detached; the counter's output went to container.log
{
	expect_status 0 hind restore --bundle "$BUNDLE" --image-path "$PWD/image" --work-path "$PWD/work" --detach "$@"
}

connected() # PID: for wait_for; is a TCP connection established in its network namespace?
{
	grep -Eq '^ *[0-9]+: [0-9A-F:]+ [0-9A-F:]+ 01 ' "/proc/$1/net/tcp"
}

has_own_network() # PID
{
	[ "$(readlink "/proc/$1/ns/net")" != "$(readlink /proc/self/ns/net)" ]
}

test_counter_survives()
{
	need_criu
	started
	checkpoint "$ID"
	expect_error "container \`$ID\` does not exist" hind state "$ID"
	[ ! -e "$HIND_ROOT/$ID" ] || fail 'its directory is still there'
	expect_no_leak 'after the checkpoint'
	counter_now
	before=$COUNT
	sleep 0.3
	counter_now
	expect_eq "$before" "$COUNT" 'the count while nobody counts'
	restore --pid-file pid "$ID"
	expect_eq running "$(status_of "$ID")"
	expect_eq "$(cat pid)" "$(pid_of "$ID")"
	expect_same_counter
}

test_container_is_left_running()
{
	need_criu
	started
	pid=$(pid_of "$ID")
	checkpoint --leave-running "$ID"
	expect_eq running "$(status_of "$ID")"
	expect_eq "$pid" "$(pid_of "$ID")"
	counter_now
	expect_same_counter
	[ -s image/pstree.img ] || fail 'there are no images'
}

need_fake()
{
	command -v python3 > python.log || skip 'no python3'
}

# Without the real program: what it is asked, member by member as its rpc.proto numbers them.
fake() # checkpoint [OPTION...] ID: leaves what CRIU was asked in ./asked
{
	need_fake
	rm -f asked
	_command=$1
	shift
	FAKE_CRIU_LOG=$PWD/asked expect_status "${WANTED:-0}" hind --criu "$TESTS/fake_criu.py" "$_command" --image-path "$PWD/image" "$@"
}

asked() # MEMBER=VALUE...: each is among what CRIU was asked
{
	for _member; do
		grep -Fqx -e "$_member" asked || fail "CRIU was not asked '$_member' but: $(cat asked)"
	done
}

test_request_says_what_there_is()
{
	config '.annotations={"org.criu.config":"/etc/criu/some.conf"}' '.linux.namespaces|=map(select(.type!="cgroup"))' \
		'.mounts+=[{destination:"/data",source:"/usr",type:"bind",options:["rbind","ro"]}]'
	started
	fake checkpoint --leave-running "$ID"
	asked 'DUMP 3=1' "DUMP 2=$(pid_of "$ID")" "DUMP 13=$BUNDLE/rootfs" 'DUMP 10=dump.log' 'DUMP 34=6' 'DUMP 50=1' \
		'DUMP 51=/etc/criu/some.conf' 'DUMP 37=mnt[/data]:/data' 'DUMP 37=mnt[/proc/keys]:/proc/keys'
	# No connection is saved, so none is held.
	asked 'DUMP 64=3'
	for no in 4 5 7 8 16 17 18 46 48 52; do
		expect_no_match "^DUMP $no=" "$(cat asked)" 'options that were not given'
	done
	has_controller freezer || cgroup_v2 || return 0
	asked "DUMP 44=$(cgroup_dir freezer "$ID")"
}

test_request_says_the_options()
{
	started
	mkdir earlier
	fake checkpoint --leave-running --tcp-established --tcp-close --tcp-skip-in-flight --link-remap --ext-unix-sk --shell-job --file-locks \
		--auto-dedup --lazy-pages --manage-cgroups-mode ignore --network-lock skip --empty-ns network \
		--page-server '[::1]:27' --parent-path ../earlier "$ID"
	asked 'DUMP 5=1' 'DUMP 52=1' 'DUMP 46=1' 'DUMP 18=1' 'DUMP 4=1' 'DUMP 7=1' 'DUMP 8=1' 'DUMP 16=1' 'DUMP 48=1' 'DUMP 34=0' \
		'DUMP 64=3' 'DUMP 38=1073741824' 'DUMP 11=1.::1,2.27' 'DUMP 14=../earlier' 'DUMP 15=1'
	fake checkpoint -R --tcp-established "$ID"
	expect_no_match '^DUMP 64=' "$(cat asked)" 'a lock that CRIU chooses'
	fake checkpoint --pre-dump --network-lock nftables --manage-cgroups-mode strict "$ID"
	asked 'PRE_DUMP 64=2' 'PRE_DUMP 34=5' 'PRE_DUMP 15=1'
	fake checkpoint -R --network-lock iptables --manage-cgroups-mode full "$ID"
	asked 'DUMP 64=1' 'DUMP 34=4'
	fake checkpoint -R --manage-cgroups-mode soft "$ID"
	asked 'DUMP 34=3'
	expect_eq running "$(status_of "$ID")"
	export FAKE_CRIU_FEATURES=0
	WANTED=1
	fake checkpoint --pre-dump "$ID"
	expect_match '^hind: --pre-dump: this kernel or CRIU cannot do that' "$ERROR"
	fake checkpoint --parent-path ../earlier "$ID"
	expect_match '^hind: --parent-path: this kernel or CRIU cannot do that' "$ERROR"
	fake checkpoint --lazy-pages "$ID"
	expect_match '^hind: --lazy-pages: this kernel or CRIU cannot do that' "$ERROR"
	export FAKE_CRIU_VERSION='3 14'
	fake checkpoint -R "$ID"
	expect_match '^hind: CRIU 3.14 is too old: 3.15 or newer is needed$' "$ERROR"
	[ ! -s asked ] || fail 'something was asked all the same'
}

# The container ends while CRIU is asked what it is, and its number is another process's. In a pid namespace of its own,
# where nobody else takes numbers; its first process reaps.
test_number_of_another_process_is_not_asked_for()
{
	command -v python3 > python.log || skip 'no python3'
	id_new
	cat > reuse <<- EOF
		#!/bin/sh
		kill -9 "\$(cat pid)"
		while [ -e "/proc/\$(cat pid)" ]; do sleep 0.02; done
		echo \$((\$(cat pid) - 1)) > /proc/sys/kernel/ns_last_pid
		sleep 20 > sleep.log 2>&1 &
		echo \$! > reused
		exec "$TESTS/fake_criu.py" "\$@"
	EOF
	chmod +x reuse
	cat > try <<- EOF
		"$HIND" --root "$HIND_ROOT" create --bundle b --pid-file pid "$ID" > create.log 2>&1 < /dev/null
		"$HIND" --root "$HIND_ROOT" start "$ID"
		"$HIND" --root "$HIND_ROOT" --criu "$PWD/reuse" checkpoint --image-path image "$ID" > said 2>&1 &
		wait || :
	EOF
	FAKE_CRIU_LOG=$PWD/asked expect_status 0 unshare --pid --fork --mount-proc --propagation unchanged sh -e try
	expect_eq "$(cat pid)" "$(cat reused)" 'the number'
	expect_match '^hind: the container has ended meanwhile: ' "$(cat said)"
	expect_no_match '^DUMP' "$(cat asked 2> /dev/null)" 'what CRIU was asked'
}

test_annotation_can_be_empty()
{
	config '.annotations={"org.criu.config":""}'
	started
	fake checkpoint -R "$ID"
	expect_no_match '^DUMP 51=' "$(cat asked)"
}

test_namespaces_of_others_are_left_out()
{
	need_fake
	unshare -n sleep 1000 &
	holder=$!
	wait_for has_own_network "$holder"
	config ".linux.namespaces|=map(if .type==\"network\" then .path=\"/proc/$holder/ns/net\" else . end)"
	started
	fake checkpoint -R "$ID"
	asked "DUMP 37=net[$(stat -Lc %i "/proc/$holder/ns/net")]:extRootNetNS"
	hind delete --force "$ID"
	kill "$holder"
	wait "$holder" || :
}

test_memory_is_saved_ahead()
{
	need_criu
	criu check --feature mem_dirty_track > check 2>&1 || skip "$(tail -1 check) (CONFIG_MEM_SOFT_DIRTY)"
	started
	expect_status 0 hind checkpoint --pre-dump --image-path "$PWD/first" --work-path "$PWD/work" "$ID"
	expect_eq running "$(status_of "$ID")"
	expect_status 0 hind checkpoint --pre-dump --image-path "$PWD/second" --parent-path ../first --work-path "$PWD/work" "$ID"
	counter_now
	expect_same_counter
	checkpoint --parent-path ../second --auto-dedup "$ID"
	expect_eq ../second "$(readlink image/parent)"
	restore "$ID"
	expect_same_counter
}

test_directories_are_made_and_private()
{
	need_criu
	started
	mkdir elsewhere
	(cd elsewhere && expect_status 0 hind checkpoint --leave-running "$ID")
	[ -s elsewhere/checkpoint/dump.log ] || fail 'without options, images and log are not in ./checkpoint'
	expect_eq 700 "$(stat -c %a elsewhere/checkpoint)"
	checkpoint --leave-running "$ID"
	[ -s work/dump.log ] || fail 'the log is not in --work-path'
	[ ! -e image/dump.log ] || fail 'the log is in --image-path'
}

test_paused_container_is_saved()
{
	need_criu
	started
	has_controller freezer || cgroup_v2 || skip 'no freezer'
	if cgroup_v2; then
		echo 1 > "$(cgroup_dir freezer "$ID")/cgroup.freeze"
	else
		echo FROZEN > "$(cgroup_dir freezer "$ID")/freezer.state"
	fi
	wait_for is_status "$ID" paused
	counter_now
	checkpoint "$ID"
	restore "$ID"
	expect_same_counter
}

# The parts of a container are frozen at once, so none of them sees another one's absence.
test_tree_of_processes_survives()
{
	need_criu
	args sh -c 'sleep 1000 & echo $! > /tmp/a; (trap "" HUP; exec sleep 2000) & echo $! > /tmp/b; while [ ! -e /tmp/go ]; do sleep 0.05; done
		kill $(cat /tmp/a) && wait $(cat /tmp/a); echo $? > /tmp/status.new; mv /tmp/status.new /tmp/status; sleep 3000'
	create
	hind start "$ID"
	wait_for test -s b/rootfs/tmp/b
	checkpoint "$ID"
	restore "$ID"
	touch b/rootfs/tmp/go
	wait_for test -s b/rootfs/tmp/status
	expect_eq 143 "$(cat b/rootfs/tmp/status)" 'the status of a child that was there before'
}

test_what_cannot_be_saved_is_refused()
{
	id_new
	expect_error "container \`$ID\` does not exist" hind checkpoint "$ID"
	create
	expect_error 'container cannot be checkpointed in created state' hind checkpoint --image-path image "$ID"
	hind start "$ID"
	hind kill "$ID" KILL
	wait_for is_status "$ID" stopped
	expect_error 'container cannot be checkpointed in stopped state' hind checkpoint --image-path image "$ID"
	[ ! -e image ] || fail 'a directory was made for nothing'
	expect_error 'checkpoint takes one container id' hind checkpoint
}

test_wrong_options_are_refused()
{
	started
	expect_error '^hind: --manage-cgroups-mode: "hard" is none of soft, full, strict, ignore$' \
		hind checkpoint --manage-cgroups-mode hard "$ID"
	expect_error '^hind: --network-lock: "glue" is none of iptables, nftables, skip$' hind checkpoint --network-lock glue "$ID"
	expect_error '^hind: --empty-ns: "pid" is not network' hind checkpoint --empty-ns pid "$ID"
	expect_error '^hind: --page-server: "host" is no ADDRESS:PORT$' hind checkpoint --page-server host "$ID"
	expect_error '^hind: --page-server: "host:0" is no ADDRESS:PORT$' hind checkpoint --page-server host:0 "$ID"
	expect_error '^hind: --status-fd: "x" is no descriptor$' hind checkpoint --status-fd x "$ID"
	expect_error '^hind: --status-fd 9: bad file descriptor$' hind checkpoint --status-fd 9 "$ID"
	expect_error '^hind: --status-fd 9 cannot be written to$' hind checkpoint --status-fd 9 "$ID" 9< /dev/null
	expect_error '^hind: --parent-path must be relative' hind checkpoint --image-path image --parent-path /tmp "$ID"
	expect_error '^hind: --parent-path: image/../nowhere: no such file or directory$' \
		hind checkpoint --image-path image --parent-path ../nowhere "$ID"
	expect_error '^hind: --image-path: .*not a directory' hind checkpoint --image-path "$BUNDLE/config.json" "$ID"
	expect_eq running "$(status_of "$ID")"
}

test_absence_of_criu_is_told()
{
	started
	expect_error 'criu was not found, neither in PATH nor in .*install it, or name it with --criu PROGRAM' \
		hind_by unshare -m sh -c 'for f in /usr/local/sbin/criu /usr/local/bin/criu /usr/sbin/criu /usr/bin/criu; do
			[ ! -e $f ] || mount --bind /dev/null $f
		done; PATH=/nowhere exec "$0" "$@"' -- checkpoint --image-path "$PWD/image" "$ID"
	expect_error '^hind: --criu /nowhere/criu: no such file or directory$' hind --criu /nowhere/criu checkpoint "$ID"
	printf '#!/bin/sh\nexit 0\n' > criu
	chmod +x criu
	expect_error 'CRIU ended before it answered' hind --criu ./criu checkpoint --image-path image "$ID"
	printf '\177ELF but nothing else' > criu
	expect_error '^hind: exec ./criu: exec format error$' hind --criu ./criu checkpoint --image-path image "$ID"
	expect_eq running "$(status_of "$ID")"
}

# Engines start a runtime without PATH.
test_criu_is_found_without_path()
{
	need_criu
	[ "$_criu" = /usr/sbin ] || {
		mkdir -p bin
		ln -s "$_criu/criu" bin/criu
		unshare -m true || skip 'no mount namespace of our own'
	}
	started
	expect_status 0 hind_by unshare -m sh -c '[ "$1" = /usr/sbin ] || mount --bind "$1" /usr/local/sbin; shift; exec env -i "$@"' sh "$_criu" -- \
		checkpoint --leave-running --image-path "$PWD/image" "$ID"
}

test_log_of_criu_is_quoted()
{
	need_criu
	args sh -c '(sleep 1000 | nc -l -p 7) & sleep 0.3; sleep 1000 | nc 127.0.0.1 7'
	create
	hind start "$ID"
	wait_for connected "$(pid_of "$ID")"
	expect_error '^hind: CRIU cannot dump the container: see .*/work/dump.log: .*consider using --tcp-established option.*Dumping FAILED' \
		hind checkpoint --image-path "$PWD/image" --work-path "$PWD/work" "$ID"
	expect_eq running "$(status_of "$ID")"
}

test_shortcut_is_refused()
{
	id_new
	expect_status 0 hind run --detach --name "$ID" "$BUNDLE/rootfs" sleep 1000
	expect_error 'the root file system of `hind run IMAGE` goes with its container' \
		hind checkpoint --leave-running --image-path image "$ID"
	expect_eq running "$(status_of "$ID")"
}

test_service_is_asked_by_its_socket()
{
	need_criu
	started
	criu service --address "$PWD/service" -W "$PWD" > service.log 2>&1 &
	service=$!
	wait_for test -S service
	expect_status 0 hind --criu "$PWD/service" checkpoint --image-path "$PWD/image" "$ID"
	id_new
	expect_error '^hind: restore: --criu .*/service is a service: for a restore CRIU must be our child; name the program$' \
		hind --criu "$PWD/service" restore --bundle "$BUNDLE" --image-path "$PWD/image" --detach "$ID"
	kill "$service"
	wait "$service" || :
	restore "$ID"
	expect_same_counter
}

can_resize_pipes() # CAP_SYS_RESOURCE is number 24
{
	[ $((0x$(sed -n 's/^CapEff:[[:space:]]*//p' /proc/self/status) >> 24 & 1)) = 1 ]
}

# One end serves the pages, the other asks for them: the restored container runs before its memory is there.
test_pages_follow_lazily()
{
	need_criu
	criu check --feature uffd-noncoop > check 2>&1 || skip "userfaultfd: $(tail -1 check)"
	can_resize_pipes || skip "CRIU's page server wants a pipe larger than fs.pipe-max-size, and here is no CAP_SYS_RESOURCE"
	started
	mkfifo ready
	port=$((20000 + $$ % 20000))
	hind checkpoint --lazy-pages --page-server "127.0.0.1:$port" --status-fd 9 --image-path "$PWD/image" --work-path "$PWD/work" "$ID" \
		9> ready > checkpoint.log 2>&1 &
	dump=$!
	expect_eq 1 "$(head -c 1 ready | wc -c)" 'the byte on --status-fd'
	mkdir -p lazy
	criu lazy-pages --page-server --address 127.0.0.1 --port "$port" -D "$PWD/image" -W "$PWD/work" > lazy.log 2>&1 &
	lazy=$!
	wait_for test -S work/lazy-pages.socket
	id_new other
	restore --lazy-pages "$other"
	wait "$dump" || fail "checkpoint: $(cat checkpoint.log)"
	expect_same_counter
	wait "$lazy" || fail "criu lazy-pages: $(cat lazy.log)"
}
