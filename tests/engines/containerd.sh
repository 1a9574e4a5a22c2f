# needs: containerd ctr
# tests/engines/containerd.sh: containerd by its own client
# shellcheck source=tests/engines/parts/ctr.sh
. "$TESTS/engines/parts/ctr.sh"

engine_start()
{
	session_dir /var/lib/containerd
	rm -f /etc/containerd/config.toml
	containerd_start
	oci_archive image.tar localhost/box:latest
	ctr image import image.tar
}

engine_stop()
{
	nothing_left
}

nothing_left()
{
	remove_all
	state_is_gone
	expect_eq '' "$(find /sys/fs/cgroup -type d '(' -path '*/default/*' -o -name 'ctr-*' ')')" 'cgroups left'
}

case_end()
{
	remove_all
}

remove_all()
{
	for _id in $(ctr task ls -q); do
		kill_task "$_id"
		ctr task delete --force "$_id"
	done
	for _id in $(ctr container ls -q); do
		ctr container rm "$_id"
	done
}

kill_task() # ID
{
	case $(task_status "$1") in
	PAUSED) ctr task resume "$1" ;;
	esac
	ctr task kill --signal 9 "$1" || :
	wait_for is_status "$1" STOPPED
}

task_status() # ID
{
	ctr task ls | awk -v id="$1" '$1 == id { print $3 }'
}

is_status() # ID STATUS: for wait_for
{
	[ "$(task_status "$1")" = "$2" ]
}

pid_of() # ID
{
	ctr task ls | awk -v id="$1" '$1 == id { print $2 }'
}

# Whoever wants a scope says its slice and name, too.
engine_options() # ID
{
	echo "--runc-binary /usr/local/bin/hind $(! by_systemd || echo "--runc-systemd-cgroup --cgroup system.slice:ctr:$1")"
}

box() # [OPTION...] IMAGE one CMD...: attached, removed at its end
{
	# shellcheck disable=SC2046
	ctr run --rm $(engine_options one) "$@"
}

# The options of `ctr run` come before the image, so they are in $OPTIONS.
OPTIONS=

run() # CMD...
{
	# shellcheck disable=SC2086
	box $OPTIONS localhost/box:latest one "$@"
}

start() # ID CMD...: detached
{
	# shellcheck disable=SC2046,SC2086
	ctr run --detach $(engine_options "$1") $OPTIONS localhost/box:latest "$@"
}

test_the_runtime_is_the_one_under_test()
{
	start one sleep 1000
	expect_eq RUNNING "$(task_status one)"
	_init=/run/containerd/runc/default/one/init
	if on_hind; then
		expect_match "^$(pid_of one) " "$(readlink $_init)"
	else
		[ ! -e $_init ] || fail 'not of the peer'
	fi
}

test_exit_status_and_streams()
{
	expect_status 7 run sh -c 'echo out; echo err >&2; exit 7'
	expect_eq 'out err' "$OUTPUT $ERROR"
	expect_status 0 run true
	OPTIONS='--with-ns pid:/proc/1/ns/pid'
	expect_status 137 run sh -c 'kill -9 $$'
}

test_terminal()
{
	# shellcheck disable=SC2046
	expect_status 3 pty ctr run --rm -t $(engine_options one) localhost/box:latest one \
		sh -c 'tty; stty -a | grep -c " onlcr"; test -t 0 && echo yes; exit 3'
	expect_match '^/dev/pts/0' "$OUTPUT"
	expect_match '^1.*$' "$OUTPUT"
	expect_match '^yes' "$OUTPUT"
}

test_default_census()
{
	expect_status 0 run sh -c 'payload status Uid Gid Groups CapInh CapPrm CapEff CapBnd CapAmb Seccomp NoNewPrivs
		payload rlimits; payload signals; umask; pwd; hostname; payload environment; ls /dev /dev/pts
		cut -d " " -f 5-6 /proc/self/mountinfo | grep -v -e ^/sys/fs/cgroup -e ^/sys/firmware -e ^/proc/.'
	same census "$OUTPUT"
}

test_limits_and_security()
{
	OPTIONS='--memory-limit 33554432 --cpus 0.5 --cap-drop CAP_CHOWN --cap-add CAP_NET_ADMIN --read-only --seccomp --env A=b --cwd /tmp'
	start one sleep 1000
	_pid=$(pid_of one)
	if cgroup_v2; then
		_cgroup=/default/one
		! by_systemd || _cgroup=/system.slice/ctr-one.scope
		expect_eq "0::$_cgroup" "$(cat "/proc/$_pid/cgroup")"
		expect_eq '33554432 50000 100000' "$(cat "/sys/fs/cgroup$_cgroup/memory.max" "/sys/fs/cgroup$_cgroup/cpu.max" | xargs)"
	else
		expect_eq '33554432 50000' "$(cat /sys/fs/cgroup/memory/default/one/memory.limit_in_bytes /sys/fs/cgroup/cpu/default/one/cpu.cfs_quota_us | xargs)"
	fi
	expect_status 0 ctr task exec --exec-id e one payload status CapEff Seccomp NoNewPrivs
	same status "$OUTPUT"
	expect_match 'Seccomp:.2' "$OUTPUT"
	expect_eq 'b /tmp' "$(ctr task exec --exec-id e one sh -c 'echo $A $(pwd)')"
	expect_status 1 ctr task exec --exec-id e one touch /file
	same 'read-only' "$ERROR"
	expect_match '33554432' "$(ctr task metrics one)"
}

# For wait_for: neither the shim nor `ctr events` listens from the first moment on.
oom_is_told()
{
	expect_status 137 run sh -c 'sleep 0.5; exec payload hog 64'
	grep -q /tasks/oom events
}

test_out_of_memory()
{
	ctr events > events &
	_events=$!
	OPTIONS='--memory-limit 16777216'
	wait_for oom_is_told
	kill "$_events"
	same 'out of memory' "$OUTPUT $ERROR"
}

# By what is asked for; each runtime has its own words for the reason. ctr leaves snapshots behind.
test_what_cannot_be_made()
{
	for OPTIONS in '--cwd /etc/passwd' '--with-ns network:/nowhere' '--mount type=bind,src=/nowhere,dst=/vol,options=rbind' \
		'--mount type=bind,src=/etc,dst=/proc/self/x,options=rbind' '--mount type=bind,src=/etc,dst=/bin/sh,options=rbind'; do
		expect_status any run true
		same "$OPTIONS" "$STATUS $(error_without_names "$ERROR" | sed -E 's/(OCI runtime create failed: ).*/\1/')"
		case_end
		ctr snapshot rm one || :
	done
}

test_privileged_and_host_network()
{
	OPTIONS='--privileged --net-host'
	expect_status 0 run sh -c 'readlink /proc/self/ns/net; payload status CapEff Seccomp; test -w /proc/sys && echo writable'
	expect_match "$(readlink /proc/self/ns/net | tr -d '[]')" "$(printf '%s' "$OUTPUT" | tr -d '[]')"
	expect_match writable "$OUTPUT"
}

test_mounts_and_devices()
{
	mkdir dir
	echo word > dir/file
	expect_status 1 box --mount "type=bind,src=$PWD/dir,dst=/new/dir,options=rbind:ro" --device /dev/loop-control localhost/box:latest one \
		sh -c 'cat /new/dir/file; : < /dev/loop-control && echo open; touch /new/dir/x'
	same 'what it said' "$OUTPUT $ERROR"
	expect_match '^open$' "$OUTPUT"
}

test_user_namespace()
{
	expect_status 0 box --uidmap 0:200000:5000 --gidmap 0:200000:5000 localhost/box:latest one \
		sh -c 'id -u; cat /proc/self/uid_map; touch /tmp/file && stat -c %u /tmp/file /bin/sh; hostname'
	same inside "$OUTPUT"
	expect_match '^ +0 +200000 +5000$' "$OUTPUT"
}

test_exec()
{
	start one sleep 1000
	expect_status 9 ctr task exec --exec-id e one sh -c 'echo out; echo err >&2; exit 9'
	expect_eq 'out err' "$OUTPUT $ERROR"
	expect_eq '/tmp 1000' "$(ctr task exec --exec-id e --cwd /tmp --user 1000 one sh -c 'echo $(pwd) $(id -u)')"
	expect_status 4 pty ctr task exec -t --exec-id e one sh -c 'tty; exit 4'
	expect_match '^/dev/pts/[0-9]+' "$OUTPUT"
	ctr task exec --detach --exec-id later one sleep 1001
	expect_match sleep "$(ctr task ps one | wc -l; cat "/proc/$(ctr task ps one | awk 'NR > 1 { print $1 }' | tail -n 1)/comm")"
	expect_eq 3 "$(ctr task ps one | wc -l)" 'a heading and two processes'
	ctr task kill --exec-id later --signal 15 one
	wait_for sh -c '[ "$(ctr task ps one | wc -l)" = 2 ]'
	ctr task delete --exec-id later one || :
}

test_what_cannot_be_run()
{
	for _program in nowhere /bin/nowhere /etc/passwd; do
		expect_status any run "$_program"
		same "$_program" "$STATUS $(error_without_names "$ERROR")"
	done
	start one sleep 1000
	for _program in nowhere /bin/nowhere /etc/passwd; do
		expect_status any ctr task exec --exec-id e one "$_program"
		same "exec $_program" "$STATUS $(error_without_names "$ERROR")"
	done
}

ticks() # CONTAINER: how often it has counted
{
	wc -l < "/proc/$(pid_of "$1")/root/count"
}

test_pause_and_resume()
{
	start one sh -c 'while :; do echo x >> /count; sleep 0.05; done'
	ctr task pause one
	expect_eq PAUSED "$(task_status one)"
	_before=$(ticks one)
	sleep 0.5
	expect_eq "$_before" "$(ticks one)"
	expect_status any ctr task exec --exec-id e one true
	same 'exec while paused' "$STATUS"
	ctr task resume one
	expect_eq RUNNING "$(task_status one)"
	wait_for goes_on one "$_before"
}

test_kill_and_delete()
{
	start one sh -c 'trap "exit 5" HUP; touch /ready; while :; do sleep 0.05; done'
	expect_status any ctr task delete one
	same 'deletion of a running one' "$(error_without_names "$ERROR")"
	wait_for test -e "/proc/$(pid_of one)/root/ready"
	ctr task kill --signal HUP one
	wait_for is_status one STOPPED
	expect_status 0 ctr task delete one
	expect_match 'non-zero exit code 5' "$ERROR"
	ctr container rm one
	start two sleep 1000
	ctr task kill --all --signal KILL two
	wait_for is_status two STOPPED
	for _command in 'kill two' 'exec --exec-id e two true' 'pause two' 'resume two' 'ps two'; do
		STATUS=0
		# shellcheck disable=SC2086
		capture ctr task $_command
		same "$_command, stopped" "$STATUS $OUTPUT $(error_without_names "$ERROR")"
	done
}

# Without a pid namespace init's end leaves the others, which containerd has the runtime kill.
test_kill_of_all_in_the_hosts_pids()
{
	OPTIONS='--with-ns pid:/proc/1/ns/pid'
	start one sh -c 'sleep 1002 & sleep 1003'
	wait_for sh -c '[ "$(ps -e -o args= | grep -c "^sleep 100[23]")" -eq 2 ]'
	ctr task kill --signal 9 one
	wait_for is_status one STOPPED
	wait_for sh -c '! ps -e -o args= | grep "^sleep 100[23]"'
}

# The shim dies and nobody is there to reap: containerd cleans up by the runtime.
test_shim_is_killed()
{
	start one sleep 1000
	_pid=$(pid_of one)
	kill -KILL "$(ps -o ppid= -p "$_pid")"
	wait_for is_gone "$_pid"
	wait_for sh -c '[ ! -d /run/containerd/runc/default/one ]'
	expect_status any ctr task exec --exec-id e one true
	ctr task delete --force one || :
	ctr container rm one
	start one sleep 1000
	expect_eq RUNNING "$(task_status one)"
}

test_engine_restarts()
{
	start one sleep 1000
	_pid=$(pid_of one)
	containerd_stop
	[ -d "/proc/$_pid" ] || fail 'the container died with containerd'
	containerd_start
	expect_eq "$_pid RUNNING" "$(pid_of one) $(task_status one)"
	expect_eq yes "$(ctr task exec --exec-id e one echo yes)"
}

count_of() # ID
{
	cat "/proc/$(pid_of "$1")/root/count"
}

test_checkpoint_and_restore()
{
	[ -n "$CRIU" ] || skip "no criu that works here: ${CRIU_MISSING:-none is installed}"
	start one sh -c 'i=0; while :; do i=$((i + 1)); echo $i > /count; sleep 0.05; done'
	wait_for test -s "/proc/$(pid_of one)/root/count"
	sleep 2
	ctr container checkpoint --rw --image --task one localhost/saved:latest
	expect_eq RUNNING "$(task_status one)"
	remove_all
	ctr container restore --rw --live two localhost/saved:latest
	_restored=$(count_of two)
	[ "$_restored" -gt 15 ] || fail "it began anew: $_restored"
	expect_eq RUNNING "$(task_status two)"
	expect_ne "$(count_of two)" "$(sleep 0.5; count_of two)" 'count later'
	ctr image rm localhost/saved:latest
}
