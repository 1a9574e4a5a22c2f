# needs: dockerd containerd iptables
# tests/engines/docker_exec.sh: docker exec, and what people see when something cannot be executed
# shellcheck source=tests/engines/parts/docker_daemon.sh
. "$TESTS/engines/parts/docker_daemon.sh"

engine_start()
{
	docker_start
	broken_image
}

engine_stop()
{
	nothing_left
}

case_end()
{
	remove_all
}

# The image `broken`: programs that cannot be executed, each for another reason.
broken_image()
{
	mkdir -p "$SESSION/broken/bin"
	printf 'text without interpreter\n' > "$SESSION/broken/bin/shut"
	printf '#!/bin/nowhere\n' > "$SESSION/broken/bin/lost"
	# An ELF header of a machine that nobody has.
	{ head -c 18 "$PAYLOAD" && printf '\001\003' && tail -c +21 "$PAYLOAD"; } > "$SESSION/broken/bin/alien"
	printf 'no magic\n' > "$SESSION/broken/bin/text"
	chmod 755 "$SESSION/broken/bin/lost" "$SESSION/broken/bin/alien" "$SESSION/broken/bin/text"
	printf 'FROM box\nCOPY bin /bin/\n' > "$SESSION/broken/Dockerfile"
	DOCKER_BUILDKIT=0 docker build -q -t broken "$SESSION/broken"
}

test_exec_status_and_streams()
{
	sleeper
	expect_status 9 docker exec one sh -c 'echo out; echo err >&2; exit 9'
	expect_eq 'out err' "$OUTPUT $ERROR"
	expect_status 137 docker exec one sh -c 'kill -9 $$'
	head -c 300000 /dev/urandom > bytes
	docker exec -i one cat < bytes > out
	cmp bytes out
	expect_eq 0 "$(docker exec one wc -c)" 'without -i'
}

test_exec_is_inside()
{
	sleeper --memory 64m --cap-drop all --cap-add chown --ulimit nofile=321:321 --env OUTER=1
	_pid=$(inspect one .State.Pid)
	for _ns in pid mnt net ipc uts cgroup; do
		expect_eq "$(readlink "/proc/$_pid/ns/$_ns")" "$(docker exec one readlink "/proc/self/ns/$_ns")"
	done
	expect_eq "$(docker exec one cat /proc/1/cgroup)" "$(docker exec one cat /proc/self/cgroup)"
	expect_eq 321 "$(docker exec one sh -c 'ulimit -n')"
	expect_match '^OUTER=1$' "$(docker exec one env)"
	same status "$(docker exec one payload status CapInh CapPrm CapEff CapBnd CapAmb Seccomp NoNewPrivs Groups)"
	same descriptors "$(docker exec one payload fds | sed "s,pipe:.*,pipe,")"
}

test_exec_options()
{
	sleeper
	expect_eq '1000 1000 /tmp word' "$(docker exec --user user --workdir /tmp --env A=word one sh -c 'echo $(id -u) $(id -g) $(pwd) $A')"
	expect_eq '5 6' "$(docker exec --user 5:6 one sh -c 'echo $(id -u) $(id -g)')"
	same 'status of a user' "$(docker exec --user 1000 one payload status CapInh CapPrm CapEff CapBnd CapAmb Groups)"
	same environment "$(docker exec --env A='two words' one env | grep -v HOSTNAME | sort)"
	docker exec --detach one sh -c 'echo done > /tmp/file'
	wait_for docker exec one test -s /tmp/file
}

# runc cannot give what root lacks here; hind warns and goes on, as the specification says.
test_exec_privileged()
{
	sleeper
	expect_status 0 docker exec --privileged one payload status CapEff
	expect_match 'CapEff:.0000003' "$OUTPUT"
}

test_exec_terminal()
{
	sleeper
	expect_status 4 pty docker exec -it one sh -c 'tty; test -t 0 && echo yes; exit 4'
	expect_match '^/dev/pts/[0-9]+.?$' "$OUTPUT"
	expect_match '^yes.?$' "$OUTPUT"
}

test_exec_many_at_once()
{
	sleeper
	for _i in 1 2 3 4 5 6 7 8; do
		docker exec one sh -c "echo $_i; exit $_i" > "out.$_i" 2> "err.$_i" && fail 'status 0' || echo $? > "status.$_i" &
	done
	wait
	for _i in 1 2 3 4 5 6 7 8; do
		expect_eq "$_i $_i" "$(cat "out.$_i") $(cat "status.$_i")" "$(cat "err.$_i")"
	done
	expect_eq 2 "$(docker exec one ps -o pid | grep -c '[0-9]')" 'processes'
}

exec_runs() # for wait_for
{
	[ "$(docker top one -eo pid,args | grep -c 'sleep 1001')" = 1 ]
}

test_exec_dies_with_its_container()
{
	sleeper
	docker exec one sleep 1001 > out 2>&1 &
	_exec=$!
	wait_for exec_runs
	docker kill one
	_status=0
	wait $_exec || _status=$?
	expect_eq 137 "$_status"
	cannot 'exec in a stopped one' 1 docker exec one true
}

test_exec_in_init_and_in_host_pids()
{
	box --detach --name one --pid host box sleep 1002
	docker exec one sh -c 'sleep 1003 & echo started'
	# Without a pid namespace the runtime has to find all of them.
	docker rm --force one
	wait_for sh -c '! ps -e -o args= | grep "^sleep 100[23]"'
}

test_what_cannot_be_run()
{
	cannot 'missing in PATH' 127 box box nowhere
	cannot 'missing by path' 127 box box /bin/nowhere
	cannot 'not executable' 126 box broken /bin/shut
	# Docker takes "not a directory" for a mount's.
	cannot 'below a file' 125 box box /bin/sh/x
	expect_status 126 box box /bin
	expect_match 'exec: "/bin": (is a directory|permission denied)' "$ERROR"
}

test_what_cannot_be_executed()
{
	# runc learns of these after start, hind before: both must fail, and hind must say why.
	for _program in lost alien text; do
		expect_status any box broken "/bin/$_program"
		! on_hind || expect_match "/bin/(nowhere|$_program)" "$ERROR"
	done
	expect_eq '' "$(docker ps -q)"
}

test_what_cannot_be_run_by_exec()
{
	sleeper
	box --detach --name two broken sleep 1000
	cannot 'missing in PATH' 126 docker exec one nowhere
	cannot 'missing by path' 126 docker exec one /bin/nowhere
	cannot 'not executable' 126 docker exec two /bin/shut
	expect_status any docker exec --workdir /nowhere one true
	same 'directory to work in' "$STATUS"
	cannot 'no such user' 126 docker exec --user nobody-knows one true
}

test_what_cannot_be_made()
{
	for _options in '--workdir /etc/passwd' '--sysctl kernel.nowhere=1' '--sysctl vm.swappiness=1' \
		'--device /dev/nowhere' '-v /etc:/etc/passwd' '-v /etc/passwd:/etc' '--user nobody-knows' '--cap-add NO_SUCH' \
		'--cpuset-cpus 99' '--memory 1' '--mount type=bind,source=/nowhere,target=/vol' \
		'--mount type=bind,source=/dev/null,target=/proc/self/x'; do
		# shellcheck disable=SC2086
		expect_status any box $_options box true
		same "$_options" "$STATUS $(error_without_names "$ERROR" | sed 's/\(OCI runtime create failed: \).*/\1/')"
	done
	expect_eq '' "$(docker ps -q)"
}

test_a_start_that_fails_can_be_tried_again()
{
	mkdir dir
	docker create --network none --name one -v "$PWD/dir:/vol" box /vol/program
	# `docker start` has one status for all failures of its engine.
	cannot 'no program' 1 docker start --attach one
	printf '#!/bin/sh\necho here\n' > dir/program
	expect_status 1 docker start --attach one
	expect_match 'permission denied' "$ERROR"
	chmod 755 dir/program
	expect_status 0 docker start --attach one
	expect_eq here "$OUTPUT"
}
