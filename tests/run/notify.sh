# sd_notify(3): NOTIFY_SOCKET of hind, the container's own socket, and what passes between them

setup()
{
	bundle_new b
	"$PAYLOAD" manager "$PWD/host.sock" > heard &
	manager=$!
	wait_for test -S host.sock
	to_user host.sock
	export NOTIFY_SOCKET="$PWD/host.sock"
}

heard_all() # MESSAGES
{
	kill "$manager"
	wait "$manager" || :
	expect_eq "$1" "$(cat heard)" 'what the manager has heard'
}

main_pid_is() # PID, and then ready; the barrier that follows makes sure that we were there when it was read
{
	heard_all "MAINPID=$1
READY=1
BARRIER=1"
}

test_start_returns_when_the_container_is_ready()
{
	args payload notify STATUS=warming - 'STATUS=hot
READY=1' - -
	create
	expect_eq '' "$(cat heard)"
	pid=$(pid_of "$ID")
	hind start "$ID"
	grep -q READY=1 heard || fail 'start returned before the container was ready'
	main_pid_is "$pid"
}

test_run_in_the_foreground()
{
	args payload notify READY=1 - READY=1
	id_new
	expect_status 0 hind run --bundle "$BUNDLE" --pid-file pid "$ID"
	expect_eq '' "$ERROR"
	main_pid_is "$(cat pid)"
}

test_run_detached()
{
	args payload notify - READY=1 - -
	id_new
	hind run --detach --bundle "$BUNDLE" --pid-file pid "$ID" > out 2>&1
	main_pid_is "$(cat pid)"
}

# What a container says otherwise would be believed of hind: another main process, descriptors to keep.
test_nothing_else_passes()
{
	args payload notify MAINPID=1 STOPPING=1 FDSTORE=1 READY=10 ' READY=1' 'X=READY=1'
	expect_status 0 run
	heard_all ''
}

test_a_container_that_ends_unready_holds_nobody_up()
{
	args payload notify STATUS=tired
	create
	expect_status 0 hind_by timeout 20 -- start "$ID"
	heard_all ''
}

test_users_and_user_namespaces_reach_the_socket()
{
	[ -z "${HIND_USER:-}" ] || heard_all ''
	need_root 'the directory of the socket is closed to other users'
	config '.process.user={uid:1000,gid:1000}' '.linux.namespaces+=[{type:"user"}]' \
		'.linux.uidMappings=[{containerID:0,hostID:100000,size:65536}]' '.linux.gidMappings=.linux.uidMappings' 'del(.process.capabilities)'
	chown 100000 b/rootfs/run
	args payload notify READY=1
	id_new
	expect_status 0 hind run --bundle "$BUNDLE" --pid-file pid "$ID"
	main_pid_is "$(cat pid)"
}

test_the_socket_is_all_there_is()
{
	run_sh 'echo "$NOTIFY_SOCKET"; ls /run/notify; touch /run/notify/x 2>&1; rm -f /run/notify/notify.sock 2>&1; grep " /run/notify " /proc/self/mountinfo'
	expect_match '^/run/notify/notify\.sock$' "$OUTPUT"
	expect_match '^notify\.sock$' "$OUTPUT"
	expect_match 'touch: .*Read-only file system' "$OUTPUT"
	expect_match 'rm: .*Read-only file system' "$OUTPUT"
	expect_match ' /run/notify ro,nosuid,nodev,noexec' "$OUTPUT"
	heard_all ''
}

# An engine that has mounted a socket of its own is not interfered with.
test_configured_socket_stays()
{
	config '.process.env+=["NOTIFY_SOCKET=/tmp/engine.sock"]'
	run_sh 'echo "$NOTIFY_SOCKET"; ls -d /run/notify 2>&1 || :'
	expect_match '^/tmp/engine\.sock$' "$OUTPUT"
	expect_match 'No such file' "$OUTPUT"
	heard_all ''
}

test_abstract_socket()
{
	"$PAYLOAD" manager "@$PREFIX-notify" > heard-abstract &
	abstract=$!
	wait_for grep -q "@$PREFIX-notify" /proc/net/unix
	args payload notify READY=1
	id_new
	expect_status 0 hind_by env NOTIFY_SOCKET="@$PREFIX-notify" -- run --bundle "$BUNDLE" --pid-file pid "$ID"
	kill "$abstract"
	wait "$abstract" || :
	expect_eq "MAINPID=$(cat pid) READY=1 BARRIER=1" "$(tr '\n' ' ' < heard-abstract | sed 's/ $//')"
	heard_all ''
}

# A manager that is gone is told of, and no reason to end what runs.
test_manager_that_is_gone()
{
	args payload notify READY=1
	id_new
	expect_status 0 hind_by env NOTIFY_SOCKET=/nowhere/sock -- run --bundle "$BUNDLE" "$ID"
	expect_match 'warning: NOTIFY_SOCKET /nowhere/sock: ' "$ERROR"
	heard_all ''
}

test_without_it_there_is_none()
{
	unset NOTIFY_SOCKET
	run_sh 'env; ls -d /run/notify 2>&1 || :'
	expect_no_match NOTIFY_SOCKET "$OUTPUT"
	expect_match 'No such file' "$OUTPUT"
	heard_all ''
}

test_delete_takes_it_along()
{
	args payload notify STATUS=x
	create
	hind start "$ID"
	wait_for is_status "$ID" stopped
	hind delete "$ID"
	[ ! -e "$HIND_ROOT/$ID" ] || fail 'left over'
	heard_all ''
}
