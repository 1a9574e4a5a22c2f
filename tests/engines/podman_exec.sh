# needs: podman conmon
# tests/engines/podman_exec.sh: podman exec as root, and what people see when something cannot be executed
# shellcheck source=tests/engines/parts/containers.sh
. "$TESTS/engines/parts/containers.sh"

engine_start()
{
	containers_conf
	mkdir tree
	cp -a "$ROOTFS/." tree
	printf '#!/bin/nowhere\n' > tree/bin/lost
	printf 'neither ELF nor script' > tree/bin/text
	printf 'x' > tree/bin/shut
	printf '\177ELF\2\1\1' > tree/bin/torn
	chmod 755 tree/bin/lost tree/bin/text tree/bin/torn
	chmod 644 tree/bin/shut
	tar -C tree -cf tree.tar .
	image_import tree.tar
	rm -rf tree tree.tar
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

sleeper() # [OPTION...]: a container named c
{
	box --detach --name c "$@" box sleep 1000 > id
}

test_exec()
{
	sleeper
	expect_status 0 podman exec c echo hello
	expect_eq hello "$OUTPUT"
	expect_eq '' "$ERROR"
	expect_status 41 podman exec c sh -c 'echo out; echo err >&2; exit 41'
	expect_eq out "$OUTPUT"
	expect_eq err "$ERROR"
	expect_status 137 podman exec c sh -c 'kill -9 $$'
}

test_exec_is_inside()
{
	sleeper --memory 64m
	expect_status 0 podman exec c sh -c 'cat /proc/self/cgroup; ls -l /proc/self/ns'
	_pid=$(inspect c .State.Pid)
	podman exec c payload namespaces > inside
	while read -r _line; do
		case $_line in
		*:\[*) grep -qF "${_line##* }" inside || fail "not in $_line" ;;
		esac
	done <<-EOF
	$(readlink "/proc/$_pid/ns/pid" "/proc/$_pid/ns/mnt" "/proc/$_pid/ns/net" "/proc/$_pid/ns/ipc" "/proc/$_pid/ns/uts")
	EOF
	expect_eq "$(podman exec c cat /proc/1/cgroup)" "$(podman exec c cat /proc/self/cgroup)"
	same status "$(podman exec c payload status CapInh CapPrm CapEff CapBnd CapAmb Seccomp NoNewPrivs)"
}

test_exec_options()
{
	sleeper --env OUTER=1
	same environment "$(podman exec --env A='two words' c env | grep -v HOSTNAME | sort)"
	expect_match '^OUTER=1$' "$(podman exec c env)"
	expect_eq /tmp "$(podman exec --workdir /tmp c pwd)"
	expect_eq '1000 1000' "$(podman exec --user user c sh -c 'echo $(id -u) $(id -g)')"
	expect_eq '5 6' "$(podman exec --user 5:6 c sh -c 'echo $(id -u) $(id -g)')"
	same 'status of a user' "$(podman exec --user 1000 c payload status CapInh CapPrm CapEff CapBnd CapAmb Groups)"
	same 'privileged' "$(podman exec --privileged c payload status CapEff)"
	echo word > file
	expect_eq word "$(podman exec --interactive c cat < file)"
	head -c 300000 /dev/urandom > bytes
	podman exec --interactive c cat < bytes > back
	cmp bytes back
	expect_eq word "$(podman exec --preserve-fds 1 c sh -c 'cat <&3' 3< file)"
}

test_exec_terminal()
{
	sleeper
	expect_status 4 pty podman exec -it c sh -c 'tty; test -t 0 && echo yes; exit 4'
	expect_match '^/dev/pts/[0-9]+.?$' "$OUTPUT"
	expect_match '^yes.?$' "$OUTPUT"
}

test_exec_detached()
{
	sleeper
	podman exec --detach c sh -c 'echo done > /tmp/file'
	wait_for podman exec c test -s /tmp/file
}

test_exec_many_at_once()
{
	sleeper
	for _i in 1 2 3 4 5 6 7 8; do
		podman exec c sh -c "echo $_i; exit $_i" > "out.$_i" 2> "err.$_i" && fail 'status 0' || echo $? > "status.$_i" &
	done
	wait
	for _i in 1 2 3 4 5 6 7 8; do
		expect_eq "$_i $_i" "$(cat "out.$_i") $(cat "status.$_i")" "$(cat "err.$_i")"
	done
	expect_eq 2 "$(podman exec c ps -o pid | grep -c '[0-9]')" 'processes'
}

test_exec_keeps_limits()
{
	sleeper --pids-limit 20 --ulimit nofile=321:321 --ulimit nproc=1000:1000
	expect_eq 321 "$(podman exec c sh -c 'ulimit -n')"
	expect_status any podman exec c sh -c 'for i in $(seq 30); do sleep 5 & done'
	expect_match "can't fork" "$ERROR"
}

test_exec_in_user_namespace()
{
	sleeper --uidmap 0:200000:5000 --gidmap 0:200000:5000
	expect_eq '0 200000 5000' "$(podman exec c cat /proc/self/uid_map | xargs)"
	expect_eq 0 "$(podman exec c id -u)"
	expect_eq 7 "$(podman exec --user 7 c id -u)"
}

test_exec_survives_nothing()
{
	sleeper
	podman exec c sleep 1000 > out 2>&1 &
	_exec=$!
	wait_for sh -c '[ "$(podman top c comm | grep -c sleep)" = 2 ]'
	podman kill c
	_status=0
	wait $_exec || _status=$?
	expect_eq 137 "$_status"
	wait_for is_state c exited
	for _command in 'exec c true' 'pause c' 'top c' 'kill c' 'stop c'; do
		STATUS=0
		# shellcheck disable=SC2086
		capture podman $_command
		same "$_command, stopped" "$STATUS $(error_without_names "$ERROR")"
	done
}

# Exit status and message are what scripts and people see.
cannot() # WHAT CMD...
{
	_what=$1
	shift
	expect_status any "$@"
	same "$_what" "$STATUS $(error_without_names "$ERROR")"
	# Nobody may read the runtime's JSON.
	expect_no_match '"(level|msg)"' "$ERROR"
}

test_what_cannot_be_run()
{
	cannot 'missing in PATH' box box nowhere
	expect_eq 127 "$STATUS"
	expect_match 'executable file.*not found' "$ERROR"
	cannot 'missing by path' box box /bin/nowhere
	expect_eq 127 "$STATUS"
	cannot 'not executable' box box /bin/shut
	expect_eq 126 "$STATUS"
	expect_match '/bin/shut' "$ERROR"
	expect_status 126 box box /bin
	expect_match '"/bin"' "$ERROR"
	cannot 'below a file' box box /bin/sh/x
	# hind says where in config.json it is.
	expect_status 127 box box ''
	same 'no program at all' "${ERROR##*: }"
}

test_what_cannot_be_executed()
{
	# runc learns of these after start, hind before: both must fail, and hind must say why.
	expect_status any box box /bin/lost
	on_hind && expect_match /bin/nowhere "$ERROR"
	expect_status any box box /bin/text
	on_hind && expect_match /bin/text "$ERROR"
	expect_status any box box /bin/torn
	on_hind && expect_match /bin/torn "$ERROR"
	same 'nothing runs' "$(podman ps -q)"
}

test_what_cannot_be_run_by_exec()
{
	sleeper
	cannot 'missing in PATH' podman exec c nowhere
	expect_eq 127 "$STATUS"
	cannot 'missing by path' podman exec c /bin/nowhere
	cannot 'not executable' podman exec c /bin/shut
	expect_eq 126 "$STATUS"
	expect_status 126 podman exec c /bin
	expect_match '"/bin"' "$ERROR"
	expect_status any podman exec --workdir /nowhere c true
	same 'directory to work in' "$STATUS"
	expect_match /nowhere "$ERROR"
}

cannot_make() # WHAT CMD...: by what is asked for
{
	_what=$1
	shift
	expect_status any "$@"
	same "$_what" "$STATUS $(error_without_reason "$ERROR")"
	expect_no_match '"(level|msg)"' "$ERROR"
}

test_what_cannot_be_made()
{
	cannot_make 'directory to work in' box --workdir /nowhere box true
	# runc's status is 127 for this, by the words of its text: as if the program were missing.
	expect_status any box --sysctl fs.mqueue.nowhere=1 box true
	expect_match 'fs.mqueue.nowhere|fs/mqueue/nowhere' "$ERROR"
	cannot_make 'sysctl of the host' box --sysctl vm.swappiness=1 box true
	cannot device box --device /dev/nowhere box true
	cannot volume box -v /nowhere/at/all:/vol box true
	cannot user box --user nobody-knows box true
	cannot capability box --cap-add NO_SUCH box true
	cannot seccomp box --security-opt seccomp=/nowhere.json box true
	cannot_make 'mount below /proc' box --mount type=bind,source=/dev/null,target=/proc/self/x box true
	cannot_make 'AppArmor profile' box --security-opt apparmor=no-such-profile box true
	cannot_make 'file over a directory' box -v /etc/passwd:/bin box true
	# runc's reason is the kernel's alone, from which podman makes a refused permission.
	expect_status any box --ulimit nofile=500000:500000 --ulimit nproc=100:100 box true
	same 'limit too high' "$STATUS"
	cannot_make 'name too long' box --hostname "$(head -c 80 /dev/zero | tr '\0' x)" box true
}

test_a_start_that_fails_can_be_tried_again()
{
	mkdir dir
	podman create --network none --name c -v "$PWD/dir:/vol" box /vol/program
	cannot 'start of nothing' podman start --attach c
	printf '#!/bin/sh\necho here\n' > dir/program
	cannot 'start of a file' podman start --attach c
	chmod 755 dir/program
	expect_status 0 podman start --attach c
	expect_eq here "$OUTPUT"
}
