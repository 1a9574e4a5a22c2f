# needs: podman conmon catatonit tmux
# tests/engines/podman.sh: the life of podman's containers, as root
# shellcheck source=tests/engines/parts/containers.sh
. "$TESTS/engines/parts/containers.sh"
# shellcheck source=tests/engines/parts/person.sh
. "$TESTS/engines/parts/person.sh"

engine_start()
{
	containers_conf
	image_import
}

engine_stop()
{
	nothing_left
}

case_end()
{
	remove_all
}

box() # [OPTION...] CMD...: without network, which costs most of the time
{
	podman run --network none "$@"
}

test_the_runtime_is_the_one_under_test()
{
	expect_status 0 box --detach --name c box sleep 1000
	expect_eq "$RUNTIME_NAME" "$(inspect c .OCIRuntime)"
	if on_hind; then
		expect_eq "$(podman ps -q --no-trunc)" "$(/usr/local/bin/hind list -q)"
	else
		expect_eq '' "$(ls -A /run/hind 2> /dev/null || :)"
	fi
	expect_match "$RUNTIME_NAME version" "$(podman info --format '{{.Host.OCIRuntime.Version}}')"
}

test_exit_status()
{
	expect_status 42 box box sh -c 'exit 42'
	expect_status 0 box box true
	expect_status 143 box box sh -c 'exit 143'
	# Alone in its pid namespace it could not kill itself.
	expect_status 137 box --pid host box sh -c 'kill -9 $$'
}

test_stdout_and_stderr_stay_apart()
{
	expect_status 0 box --rm box sh -c 'echo one; echo two >&2'
	expect_eq one "$OUTPUT"
	expect_eq two "$ERROR"
}

test_stdin_comes_in_and_ends()
{
	head -c 300000 /dev/urandom > bytes
	box --rm -i box cat < bytes > out
	cmp bytes out
	expect_status 0 box --rm box wc -c
	expect_eq 0 "$OUTPUT" 'without -i'
}

test_terminal()
{
	expect_status 0 pty podman run --rm -it --network none box sh -c 'tty; stty -a | head -n 1; [ -t 0 ] && [ -t 2 ] && echo yes'
	expect_match '^/dev/pts/0.?$' "$OUTPUT"
	expect_match '^yes.?$' "$OUTPUT"
	expect_status 3 pty podman run --rm -it --network none box sh -c 'exit 3'
}

test_a_person_at_the_terminal()
{
	person_in 'podman run --rm -it --name c --network none box sh'
}

test_detached()
{
	expect_status 0 box --detach --name c box sleep 1000
	expect_eq running "$(inspect c .State.Status)"
	_pid=$(inspect c .State.Pid)
	expect_eq sleep "$(cat "/proc/$_pid/comm")"
	expect_eq "$(podman ps -q --no-trunc)" "$OUTPUT"
	podman rm --force --time 0 c
	[ ! -d "/proc/$_pid" ] || fail 'its process is still there'
}

test_create_then_start()
{
	podman create --network none --name c box sh -c 'echo hello; exit 4'
	expect_eq created "$(inspect c .State.Status)"
	expect_status 4 podman start --attach c
	expect_eq hello "$OUTPUT"
	expect_status 4 podman start --attach c
	# `init` goes as far as the runtime's create.
	podman init c
	expect_eq initialized "$(inspect c .State.Status)"
	expect_status 4 podman start --attach c
}

test_logs()
{
	box --name c box sh -c 'for i in 1 2 3; do echo line $i; done; echo err >&2' > /dev/null 2>&1
	expect_status 0 podman logs c
	expect_eq "$(printf 'line 1\nline 2\nline 3')" "$OUTPUT"
	expect_eq err "$ERROR"
	expect_eq 'line 3' "$(podman logs --tail 2 c 2> /dev/null)"
	box --detach --name d box sh -c 'echo first; sleep 1; echo last'
	expect_eq "$(printf 'first\nlast')" "$(within 20 podman logs --follow d)"
}

test_attach()
{
	box --detach --interactive --name c box sh -c 'read -r a; echo "got $a"; exit 5'
	expect_eq 'got word' "$(echo word | within 20 podman attach c)"
	expect_eq 5 "$(podman wait c)"
}

test_stop()
{
	box --detach --name c box sh -c 'trap "echo told; exit 7" TERM; echo ready; while :; do sleep 0.1; done'
	wait_for logs_have c ready
	within 20 podman stop --time 15 c
	expect_eq 7 "$(inspect c .State.ExitCode)"
	expect_match told "$(podman logs c)"
	box --detach --name deaf box sh -c 'trap "" TERM; echo ready; while :; do sleep 0.1; done'
	wait_for logs_have deaf ready
	within 20 podman stop --time 1 deaf
	expect_eq 137 "$(inspect deaf .State.ExitCode)"
}

test_kill()
{
	box --detach --name c box sh -c 'trap "echo usr1" USR1; trap "echo hup; exit 3" HUP; echo ready; while :; do sleep 0.1; done'
	wait_for logs_have c ready
	podman kill --signal USR1 c
	wait_for logs_have c usr1
	podman kill --signal 1 c
	expect_eq 3 "$(within 20 podman wait c)"
	box --detach --name d box sleep 1000
	podman kill d
	expect_eq 137 "$(within 20 podman wait d)"
	expect_status any podman kill c
	same 'kill of a stopped one' "$(error_without_names "$ERROR")"
}

test_wait()
{
	box --detach --name c box sh -c 'sleep 1; exit 33'
	expect_eq 33 "$(within 20 podman wait c)"
	expect_eq 33 "$(within 20 podman wait c)" 'once more'
}

ticks() # CONTAINER: how often it has counted
{
	podman logs "$1" | wc -l
}

test_pause()
{
	box --detach --name c box sh -c 'while :; do echo tick; sleep 0.05; done'
	wait_for logs_have c tick
	podman pause c
	expect_eq paused "$(inspect c .State.Status)"
	_before=$(ticks c)
	sleep 0.5
	expect_eq "$_before" "$(ticks c)" 'lines while paused'
	expect_status any podman exec c true
	same 'exec while paused' "$(error_without_names "$ERROR")"
	podman unpause c
	expect_eq running "$(inspect c .State.Status)"
	wait_for goes_on c "$_before"
	podman pause c
	within 30 podman rm --force --time 0 c
}

test_restart()
{
	box --detach --name c box sh -c 'echo start; exec sleep 1000'
	_pid=$(inspect c .State.Pid)
	within 30 podman restart --time 0 c
	expect_eq running "$(inspect c .State.Status)"
	expect_ne "$_pid" "$(inspect c .State.Pid)" pid
	wait_for logs_have c start
	expect_eq 2 "$(podman logs c | wc -l)"
}

restarted_twice() # CONTAINER: for wait_for
{
	[ "$(inspect "$1" .RestartCount)" = 2 ] && is_state "$1" exited
}

test_restart_policy()
{
	box --detach --name c --restart on-failure:2 box sh -c 'echo try; exit 1'
	wait_for restarted_twice c
	expect_eq 3 "$(podman logs c | wc -l)"
}

test_top()
{
	box --detach --name c box sh -c 'sleep 1000; true'
	wait_for top_has_both
	expect_match 'sleep 1000' "$(podman top c pid hpid args)"
}

top_has_both()
{
	[ "$(podman top c comm | grep -c -e '^sh' -e '^sleep')" = 2 ]
}

test_stats()
{
	box --detach --name c --memory 64m box sh -c 'while :; do :; done'
	sleep 1
	expect_status 0 within 20 podman stats --no-stream --format '{{.MemUsage}} {{.PIDs}} {{.CPUPerc}}' c
	expect_match '/ 67.11MB 1 [0-9.]+%$' "$OUTPUT"
	expect_no_match ' 0\.00%$' "$OUTPUT"
}

test_init()
{
	expect_match 'catatonit|podman-init' "$(box --rm --init box cat /proc/1/comm)"
	box --detach --init --name c box sh -c 'sh -c "sleep 0.1 & exec sleep 0.3" ; sleep 0.5; echo done; sleep 1000'
	wait_for logs_have c 'done'
	expect_no_match Z "$(podman top c state)"
	within 20 podman stop --time 10 c
	expect_eq 143 "$(inspect c .State.ExitCode)"
}

test_healthcheck()
{
	box --detach --name c --health-cmd 'test -e /tmp/well' --health-interval disable --health-retries 1 box sleep 1000
	expect_status 1 podman healthcheck run c
	expect_match unhealthy "$OUTPUT$(inspect c .State.Health.Status)"
	podman exec c touch /tmp/well
	expect_status 0 podman healthcheck run c
	expect_eq healthy "$(inspect c .State.Health.Status)"
}

test_cp_mount_and_diff()
{
	box --detach --name c box sleep 1000
	echo text > file
	podman cp file c:/root/file
	expect_eq text "$(podman exec c cat /root/file)"
	podman cp c:/root/file back
	cmp file back
	expect_match '^A /root/file$' "$(podman diff c)"
	podman commit -q c localhost/changed
	expect_eq text "$(box --rm localhost/changed cat /root/file)"
}

test_rename_and_ps()
{
	box --detach --name c box sleep 1000
	podman rename c d
	expect_eq d "$(podman ps --format '{{.Names}}')"
	within 20 podman stop --time 0 d
	expect_eq '' "$(podman ps --quiet)"
	expect_match '^Exited \(137\)' "$(podman ps --all --format '{{.Status}}')"
}

test_stop_without_a_pid_namespace()
{
	# podman kills all of the cgroup then, and not the first process alone.
	box --detach --pid host --name c box sh -c 'sleep 1234 & sleep 1234 & wait'
	wait_for sh -c '[ "$(ps -e -o args= | grep -c "^sleep 1234")" = 2 ]'
	within 20 podman stop --time 1 c
	expect_no_match '^sleep 1234' "$(ps -e -o args=)"
	box --detach --pid host --name d box sh -c 'sleep 1234 & exit 0'
	expect_eq 0 "$(podman wait d)"
	podman rm d
	expect_no_match '^sleep 1234' "$(ps -e -o args=)"
}

remote() # ARG...: podman by its API
{
	podman --remote --url "unix://$PWD/api.sock" "$@"
}

test_service()
{
	podman system service --time 0 "unix://$PWD/api.sock" > service.log 2>&1 &
	_service=$!
	wait_for test -S api.sock
	expect_eq hello "$(remote run --rm --network none box echo hello)"
	expect_status 6 remote run --rm --network none box sh -c 'exit 6'
	expect_status 127 remote run --rm --network none box nowhere
	remote run --detach --network none --name c box sh -c 'echo logged; sleep 1000'
	wait_for logs_have c logged
	expect_eq logged "$(remote logs c)"
	expect_status 8 remote exec c sh -c 'echo inside; exit 8'
	expect_eq inside "$OUTPUT"
	remote pause c
	remote unpause c
	remote stop --time 0 c
	remote rm c
	kill $_service
	wait $_service || :
}

test_events()
{
	box --rm --name noticed box true
	_events=$(within 20 podman events --stream=false --filter container=noticed --format '{{.Status}}' | sort | tr '\n' ' ')
	for _event in attach create died init remove start; do
		expect_match "$_event" "$_events"
	done
}
