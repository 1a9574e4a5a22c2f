# needs: dockerd containerd iptables tmux
# tests/engines/docker.sh: the life of docker's containers
# shellcheck source=tests/engines/parts/docker_daemon.sh
. "$TESTS/engines/parts/docker_daemon.sh"
# shellcheck source=tests/engines/parts/person.sh
. "$TESTS/engines/parts/person.sh"

engine_start()
{
	docker_start --live-restore
}

engine_stop()
{
	nothing_left
}

case_end()
{
	remove_all
}

state_root() # where docker tells the runtime to keep its state
{
	find /run/docker -maxdepth 1 -name 'runtime-*' | while read -r _dir; do
		[ ! -d "$_dir/moby/$(inspect one .Id)" ] || echo "$_dir/moby"
	done
}

test_the_runtime_is_the_one_under_test()
{
	expect_match '^Default Runtime: hind$' "$(sed 's/^ *//' "$SESSION/info")"
	sleeper
	expect_eq hind "$(inspect one .HostConfig.Runtime)"
	_pid=$(inspect one .State.Pid)
	if on_hind; then
		expect_eq "$(docker ps -q --no-trunc)" "$(/usr/local/bin/hind --root "$(state_root)" list -q)"
		expect_eq "$_pid" "$(/usr/local/bin/hind --root "$(state_root)" state "$(inspect one .Id)" | jq .pid)"
		[ -L "$(state_root)/$(inspect one .Id)/init" ] || fail 'not of hind'
	else
		[ ! -e "$(state_root)/$(inspect one .Id)/init" ] || fail 'not of the peer'
	fi
}

test_exit_status()
{
	expect_status 42 box --rm box sh -c 'exit 42'
	expect_status 0 box --rm box true
	# Alone in its pid namespace it could not kill itself.
	expect_status 137 box --rm --pid host box sh -c 'kill -9 $$'
	expect_status 139 box --rm --pid host box payload fault
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
	expect_status 3 pty docker run --rm -it --network none box sh -c 'tty; stty -a | head -n 1; [ -t 0 ] && [ -t 2 ] && echo yes; exit 3'
	expect_match '^/dev/pts/0.?$' "$OUTPUT"
	expect_match '^yes.?$' "$OUTPUT"
	expect_status 0 box --name one -t box sh -c 'echo one; echo two; stty -a'
	same 'bytes of a terminal' "$(docker logs one | od -c)"
}

test_a_person_at_the_terminal()
{
	person_in 'docker run --rm -it --name one --network none box sh'
}

test_create_then_start()
{
	docker create --network none --name one box sh -c 'echo hello; exit 4'
	expect_eq created "$(inspect one .State.Status)"
	expect_status 4 docker start --attach one
	expect_eq hello "$OUTPUT"
	expect_status 4 docker start --attach one
}

test_attach_and_detach()
{
	box --detach --interactive --name one box sh -c 'read -r a; echo "got $a"; exit 5'
	expect_status 5 sh -c '(sleep 0.5; echo word; sleep 1) | timeout 20 docker attach one'
	expect_eq 'got word' "$OUTPUT"
	expect_eq 5 "$(within 20 docker wait one)"
}

test_logs()
{
	box --name one box sh -c 'for i in 1 2 3; do echo line $i; done; echo err >&2' > out 2>&1
	expect_status 0 docker logs one
	expect_eq "$(printf 'line 1\nline 2\nline 3')" "$OUTPUT"
	expect_eq err "$ERROR"
	box --detach --name two box sh -c 'echo first; sleep 1; echo last'
	expect_eq "$(printf 'first\nlast')" "$(within 20 docker logs --follow two)"
}

test_stop()
{
	box --detach --name one box sh -c 'trap "echo told; exit 7" TERM; echo ready; while :; do sleep 0.1; done'
	box --detach --name two --stop-signal HUP box sh -c 'trap "exit 8" HUP; echo ready; while :; do sleep 0.1; done'
	box --detach --name deaf box sh -c 'trap "" TERM; echo ready; while :; do sleep 0.1; done'
	for _name in one two deaf; do
		wait_for logs_have "$_name" ready
	done
	within 30 docker stop --time 15 one two
	within 20 docker stop --time 1 deaf
	expect_eq '7 8 137' "$(docker inspect --format '{{.State.ExitCode}}' one two deaf | xargs)"
	expect_match told "$(docker logs one)"
}

test_kill_and_wait()
{
	box --detach --name one box sh -c 'trap "echo usr1" USR1; trap "echo hup; exit 3" HUP; echo ready; while :; do sleep 0.1; done'
	wait_for logs_have one ready
	docker kill --signal USR1 one
	wait_for logs_have one usr1
	docker kill --signal 1 one
	expect_eq 3 "$(within 20 docker wait one)"
	expect_match hup "$(docker logs one)"
	sleeper --name two
	docker kill two
	expect_eq 137 "$(within 20 docker wait two)"
	for _command in kill pause top; do
		cannot "$_command of a stopped one" 1 docker $_command one
	done
	sleeper --name three
	cannot 'removal of a running one' 1 docker rm three
	_pid=$(inspect three .State.Pid)
	docker rm --force three
	is_gone "$_pid" || fail 'its process is still there'
}

ticks() # CONTAINER: how often it has counted
{
	docker logs "$1" | wc -l
}

test_pause()
{
	box --detach --name one box sh -c 'while :; do echo tick; sleep 0.05; done'
	wait_for logs_have one tick
	docker pause one
	expect_eq paused "$(inspect one .State.Status)"
	sleep 0.2
	_before=$(ticks one)
	sleep 0.5
	expect_eq "$_before" "$(ticks one)" 'lines while paused'
	cannot 'exec while paused' 1 docker exec one true
	docker unpause one
	expect_eq running "$(inspect one .State.Status)"
	wait_for goes_on one "$_before"
	docker pause one
	within 30 docker rm --force one
}

test_restart()
{
	box --detach --name one box sh -c 'echo start; exec sleep 1000'
	_pid=$(inspect one .State.Pid)
	within 30 docker restart --time 0 one
	expect_eq running "$(inspect one .State.Status)"
	expect_ne "$_pid" "$(inspect one .State.Pid)" pid
	wait_for sh -c '[ "$(docker logs one | wc -l)" = 2 ]'
}

restarted() # CONTAINER TIMES: for wait_for
{
	[ "$(inspect "$1" .RestartCount)" -ge "$2" ]
}

test_restart_policy()
{
	box --detach --name one --restart on-failure:2 box sh -c 'echo try; exit 6'
	box --detach --name two --restart always box sleep 0.1
	wait_for is_state one exited
	expect_eq '2 6' "$(inspect one .RestartCount) $(inspect one .State.ExitCode)"
	expect_eq 3 "$(docker logs one | wc -l)"
	wait_for restarted two 2
	docker rm --force two
}

top_has_both()
{
	[ "$(docker top one -eo pid,comm | grep -c -e ' sh$' -e ' sleep$')" = 2 ]
}

test_top_and_stats()
{
	box --detach --name one --memory 64m box sh -c 'sleep 1000; true'
	wait_for top_has_both
	expect_match 'sleep 1000' "$(docker top one)"
	expect_eq 2 "$(docker top one -eo pid | grep -c '[0-9]')" processes
	expect_status 0 within 20 docker stats --no-stream --format '{{.MemUsage}} {{.PIDs}}' one
	expect_match '[1-9][0-9.]*[KM]iB / 64MiB 2$' "$OUTPUT"
}

test_init()
{
	expect_eq docker-init "$(box --rm --init box cat /proc/1/comm)"
	box --detach --init --name one box sh -c '(sleep 0.1 & exec sleep 0.3) & sleep 0.7; echo done; sleep 1000'
	wait_for logs_have one 'done'
	expect_no_match Z "$(docker top one -eo pid,stat)"
	within 20 docker stop --time 10 one
	expect_eq 143 "$(inspect one .State.ExitCode)"
}

has_health() # CONTAINER WORD: for wait_for
{
	[ "$(inspect "$1" .State.Health.Status)" = "$2" ]
}

test_health()
{
	sleeper --health-cmd 'test -e /tmp/well' --health-interval 200ms --health-retries 2
	wait_for has_health one unhealthy
	docker exec one touch /tmp/well
	wait_for has_health one healthy
	docker exec one rm /tmp/well
	wait_for has_health one unhealthy
	expect_eq 1 "$(docker inspect one | jq '.[0].State.Health.Log[-1].ExitCode')"
}

test_out_of_memory()
{
	expect_status any box --name one --memory 16m box payload hog 64
	expect_eq true "$(inspect one .State.OOMKilled)"
	same 'what is told' "$STATUS $ERROR $(docker inspect one | jq -c '.[0].State | [.Status, .OOMKilled, .ExitCode, .Error]')"
	expect_status 0 box --name two --memory 16m box true
	expect_eq false "$(inspect two .State.OOMKilled)"
}

test_update()
{
	sleeper --memory 64m --cpu-shares 512
	docker update --memory 48m --memory-swap 48m --cpus 0.5 --cpu-shares 300 --pids-limit 33 --cpuset-cpus 0 one
	if cgroup_v2; then
		expect_eq "$((48 << 20)) 50000 100000 33 0" "$(cgroup_file one memory.max) $(cgroup_file one cpu.max) $(cgroup_file one pids.max) $(cgroup_file one cpuset.cpus)"
	else
		expect_eq "$((48 << 20)) 50000 300 33 0" "$(cgroup_file one memory.limit_in_bytes) $(cgroup_file one cpu.cfs_quota_us) $(
		)$(cgroup_file one cpu.shares) $(cgroup_file one pids.max) $(cgroup_file one cpuset.cpus)"
	fi
	expect_eq running "$(inspect one .State.Status)"
	cannot 'memory below the use' 1 docker update --memory 1k one
}

test_files_and_images()
{
	sleeper
	echo word > file
	docker cp file one:/tmp/file
	docker cp one:/etc/passwd back
	cmp back "$ROOTFS/etc/passwd"
	expect_match '^A /tmp/file$' "$(docker diff one)"
	docker rename one two
	docker commit two changed
	expect_eq word "$(box --rm changed cat /tmp/file)"
	docker rmi changed
	docker export two > tree.tar
	expect_match '^tmp/file$' "$(tar -tf tree.tar)"
}

# The containers outlive their engine, which finds them again.
test_engine_restarts()
{
	box --detach --name one box sh -c 'while :; do echo tick; sleep 0.1; done'
	_pid=$(inspect one .State.Pid)
	dockerd_stop
	[ -d "/proc/$_pid" ] || fail 'the container died with dockerd'
	containerd_stop
	[ -d "/proc/$_pid" ] || fail 'the container died with containerd'
	containerd_start
	dockerd_start --live-restore
	expect_eq "running $_pid" "$(inspect one .State.Status) $(inspect one .State.Pid)"
	expect_eq yes "$(docker exec one echo yes)"
	_before=$(ticks one)
	wait_for sh -c "[ \$(docker logs one | wc -l) -gt $_before ]"
	within 20 docker stop --time 1 one
	expect_eq 137 "$(inspect one .State.ExitCode)"
}

default_is() # RUNTIME: for wait_for
{
	[ "$(docker info --format '{{.DefaultRuntime}}')" = "$1" ]
}

# Beside the engine's own runtime, chosen per container: how one begins with it.
test_beside_the_default()
{
	jq '."default-runtime" = "runc"' "$TESTS/../contrib/docker/daemon.json" > /etc/docker/daemon.json
	kill -HUP "$(cat "$SESSION/dockerd.pid")"
	wait_for default_is runc
	box --detach --name one --runtime hind box sleep 1000
	box --detach --name two box sleep 1000
	expect_eq 'hind runc' "$(inspect one .HostConfig.Runtime) $(inspect two .HostConfig.Runtime)"
	expect_eq 'one two' "$(docker exec one echo one) $(docker exec two echo two)"
	cp "$TESTS/../contrib/docker/daemon.json" /etc/docker/
	kill -HUP "$(cat "$SESSION/dockerd.pid")"
	wait_for default_is hind
	cannot 'a runtime nobody added' 125 box --runtime nobody box true
}
