# exec: one more program in a container
# covers: exec/--{cap,cwd,detach,pid-file,process,tty}
# covers: exec_process, capability

setup()
{
	bundle_new b '.process.env=["PATH=/bin","OWN=1"]'
	args sleep 1000
	create
	expect_status 0 hind start "$ID"
}

inside() # [OPTION...] CMD...: exec in $ID with success
{
	expect_status 0 hind exec "$@"
}

console() # SOCKET
{
	"$(dirname "$PAYLOAD")/console" "$1"
}

# The same namespaces as init, none of ours.
test_all_namespaces_are_inits()
{
	inside "$ID" payload namespaces
	for ns in cgroup ipc mnt net pid time user uts; do
		expect_match "^$ns $(readlink "/proc/$(pid_of "$ID")/ns/$ns" | sed 's/[][]/./g')\$" "$OUTPUT" "$ns"
	done
}

test_it_is_in_the_containers_cgroups()
{
	inside "$ID" cat /proc/self/cgroup
	expect_no_match ':/.' "$OUTPUT" 'seen from the root of the cgroup namespace'
	inside -d --pid-file "$PWD/pid" "$ID" sleep 1000
	expect_eq "$(cat "/proc/$(pid_of "$ID")/cgroup")" "$(cat "/proc/$(cat pid)/cgroup")"
}

test_root_and_working_directory_are_the_containers()
{
	inside "$ID" sh -c 'pwd; ls /'
	expect_match '^/$' "$OUTPUT"
	expect_eq "$(ls b/rootfs)" "$(printf '%s\n' "$OUTPUT" | tail -n +2)"
	inside --cwd /home/user "$ID" pwd
	expect_eq /home/user "$OUTPUT"
}

test_environment_is_inits_and_more()
{
	inside -e MORE=2 --env OWN=3 "$ID" env
	expect_match '^OWN=3$' "$OUTPUT"
	expect_match '^MORE=2$' "$OUTPUT"
	expect_match '^HOME=/root$' "$OUTPUT"
	inside "$ID" env
	expect_match '^OWN=1$' "$OUTPUT"
}

test_status_is_the_programs()
{
	expect_status 42 hind exec "$ID" sh -c 'exit 42'
	expect_status 137 hind exec "$ID" sh -c 'kill -9 $$'
	expect_status 1 hind exec "$ID" false
}

test_streams_are_the_callers()
{
	printf 'to the program\n' > in
	capture hind exec "$ID" sh -c 'cat; echo error >&2' < in
	expect_eq 'to the program' "$OUTPUT"
	expect_eq error "$ERROR"
}

test_options_of_the_program_are_its_own()
{
	inside "$ID" ls -d --color=never /
	expect_eq / "$OUTPUT"
	inside "$ID" -- ls -d /bin
	expect_eq /bin "$OUTPUT"
	inside "$ID" printf '%s,' -t --detach --
	expect_eq -t,--detach,--, "$OUTPUT"
}

test_user_is_a_number()
{
	inside --user 1000:1000 --additional-gids 5 -g 6 "$ID" payload status Uid Gid Groups CapEff
	expect_match '^Uid:	1000	1000	1000	1000$' "$OUTPUT"
	expect_match '^Gid:	1000	1000	1000	1000$' "$OUTPUT"
	expect_match '^Groups:	5 6 *$' "$OUTPUT"
	expect_match '^CapEff:	0000000000000000$' "$OUTPUT"
	inside -u 7 "$ID" id
	expect_match '^uid=7 gid=0' "$OUTPUT"
}

test_missing_programs_are_told_as_at_start()
{
	expect_status 255 hind exec "$ID" nowhere
	expect_match 'exec: "nowhere": executable file not found in \$PATH$' "$ERROR"
	expect_lines 1 "$ERROR"
	expect_status 255 hind exec "$ID" /bin/nowhere
	expect_match 'exec: "/bin/nowhere": stat /bin/nowhere: no such file or directory$' "$ERROR"
	expect_status 255 hind exec "$ID" /etc/passwd
	expect_match 'exec: "/etc/passwd": permission denied$' "$ERROR"
	expect_status 255 hind exec "$ID" /etc
	expect_match 'exec: "/etc": is a directory: permission denied$' "$ERROR"
	expect_status 255 hind exec --cwd /nowhere "$ID" true
	expect_match 'chdir to cwd \("/nowhere"\) .* no such file or directory$' "$ERROR"
}

test_no_pid_file_where_it_did_not_start()
{
	printf 'neither a script nor a program' > b/rootfs/bin/odd
	chmod 755 b/rootfs/bin/odd
	for program in nowhere odd; do
		expect_status 255 hind exec -d --pid-file "$PWD/pid" "$ID" "$program"
		[ ! -e pid ] || fail "a pid file after $ERROR"
	done
	expect_match 'exec /bin/odd: it is neither .*: exec format error' "$ERROR"
	expect_status 255 hind exec --pid-file "$PWD/no/pid" "$ID" true
	expect_match 'no/pid' "$ERROR"
}

test_detached_returns_and_leaves_the_pid()
{
	inside --detach --pid-file "$PWD/pid" "$ID" sleep 1000
	expect_match '^[0-9]+$' "$(cat pid)"
	expect_eq sleep "$(cat "/proc/$(cat pid)/comm")"
	inside "$ID" ps -o args
	expect_match '^sleep 1000$' "$OUTPUT"
}

test_process_from_a_file()
{
	jq -n '{args:["sh","-c","id -u; pwd; echo $A; payload status CapEff NoNewPrivs; ulimit -n"],cwd:"/tmp",env:["PATH=/bin","A=b"],
		user:{uid:1000,gid:1000},noNewPrivileges:true,rlimits:[{type:"RLIMIT_NOFILE",soft:77,hard:77}]}' > p.json
	inside --process p.json "$ID"
	expect_eq '1000
/tmp
b
CapEff:	0000000000000000
NoNewPrivs:	1
77' "$OUTPUT"
	jq '.args=["sh","-c","exit 3"]' p.json > q.json
	expect_status 3 hind exec -p q.json "$ID"
	inside -p q.json "$ID" id -u
	expect_eq 1000 "$OUTPUT" 'the command instead of that of the file'
}

test_mistakes_in_the_file_are_told_with_their_place()
{
	printf '{ "cwd": "/",\n  "args": ["true"],\n  "user": { "uid": 4294967295 } }' > p.json
	expect_status 255 hind exec --process p.json "$ID"
	expect_match '^hind: p.json:3:20: \.user\.uid: 4294967295 is no id$' "$ERROR"
	printf '{ "cwd": "/", "args": "true" }' > p.json
	expect_status 255 hind exec --process p.json "$ID"
	expect_match '^hind: p.json:1:23: \.args: ' "$ERROR"
	printf '{ "cwd": "/" }' > p.json
	expect_status 255 hind exec --process p.json "$ID"
	expect_match '^hind: p.json:1:1: \.args: is empty' "$ERROR"
	expect_status 255 hind exec --process nowhere.json "$ID"
	expect_match 'nowhere.json.*no such file or directory' "$ERROR"
}

# What the file does not say is as the container has it.
test_file_inherits()
{
	expect_status 0 hind delete --force "$ID"
	config '.process.noNewPrivileges=true' '.process.oomScoreAdj=500' \
		'.process.rlimits=[{type:"RLIMIT_NOFILE",soft:99,hard:99}]' '.process.capabilities={bounding:["CAP_KILL"],permitted:["CAP_KILL"],effective:["CAP_KILL"]}'
	create
	hind start "$ID"
	printf '{ "cwd": "/", "args": ["/bin/sh", "-c", "/bin/payload status CapEff NoNewPrivs; cat /proc/self/oom_score_adj; ulimit -n"] }' > p.json
	inside --process p.json "$ID"
	expect_eq 'CapEff:	0000000000000020
NoNewPrivs:	1
500
99' "$OUTPUT"
}

test_seccomp_is_the_containers()
{
	expect_status 0 hind delete --force "$ID"
	config '.linux.seccomp={defaultAction:"SCMP_ACT_ALLOW",syscalls:[{names:["mkdir","mkdirat"],action:"SCMP_ACT_ERRNO",errnoRet:71}]}'
	create
	hind start "$ID"
	capture hind exec "$ID" mkdir /tmp/x
	expect_match 'Protocol error' "$ERROR"
	inside "$ID" payload status Seccomp
	expect_eq 'Seccomp:	2' "$OUTPUT"
}

test_no_new_privileges()
{
	inside "$ID" payload status NoNewPrivs
	expect_eq 'NoNewPrivs:	1' "$OUTPUT" 'as spec gives it'
	expect_status 0 hind delete --force "$ID"
	config '.process.noNewPrivileges=false'
	create
	hind start "$ID"
	inside "$ID" payload status NoNewPrivs
	expect_eq 'NoNewPrivs:	0' "$OUTPUT"
	inside --no-new-privs "$ID" payload status NoNewPrivs
	expect_eq 'NoNewPrivs:	1' "$OUTPUT"
}

test_terminal()
{
	expect_status 7 hind_pty exec -t "$ID" sh -c 'tty; payload self; test -t 0 && test -t 1 && test -t 2 && exit 7'
	OUTPUT=$(printf '%s\n' "$OUTPUT" | tr -d '\r')
	expect_match '^/dev/pts/[0-9]+$' "$OUTPUT"
	expect_match '^sid [0-9]+' "$OUTPUT"
}

test_console_socket()
{
	console "$PWD/s" > console.log &
	wait_for test -S s
	to_user s
	inside --tty --detach --console-socket "$PWD/s" --pid-file "$PWD/pid" "$ID" sh -c 'tty; echo done'
	wait
	expect_match '^/dev/pts/[0-9]+.?$' "$(head -n 1 console.log)"
	expect_match '^done.?$' "$(cat console.log)"
	expect_status 255 hind exec --tty --detach "$ID" true
	expect_match 'cannot allocate a terminal' "$ERROR"
}

test_signals_are_passed_on()
{
	hind exec "$ID" sh -c 'trap "echo got; exit 5" USR1; echo ready; while :; do sleep 0.1; done' > out 2> err &
	exec_pid=$!
	wait_for grep -q ready out
	# The function's shell stands between.
	kill -USR1 "$(pgrep -P "$exec_pid" -f "/hind --root" || echo "$exec_pid")"
	status=0
	wait "$exec_pid" || status=$?
	expect_eq 5 "$status"
	expect_match '^got$' "$(cat out)"
}

test_preserved_descriptors()
{
	echo kept > file
	inside --preserve-fds 1 "$ID" sh -c 'cat <&3' 3< file
	expect_eq kept "$OUTPUT"
	inside "$ID" payload fds 3< file 7< /
	expect_lines 3 "$OUTPUT"
}

test_containers_that_cannot_be_entered()
{
	expect_status 255 hind exec "$PREFIX-none" true
	expect_match "container \`$PREFIX-none\` does not exist" "$ERROR"
	hind kill "$ID" KILL
	wait_for is_status "$ID" stopped
	expect_status 255 hind exec "$ID" true
	expect_eq 'hind: cannot exec in a stopped container' "$ERROR"
	expect_status 255 hind exec "$ID"
	expect_status 255 hind exec
	expect_match 'exec takes' "$ERROR"
}

test_created_container_can_be_entered()
{
	need_root 'up to its program init is undumpable, and its namespaces are closed to a user'
	create
	inside "$ID" ps -o args
	expect_match '^ps -o args$' "$OUTPUT"
	expect_status 0 hind start "$ID"
}

# What has become of the bundle does not matter.
test_bundle_is_not_looked_at()
{
	mv b/config.json moved.json
	inside "$ID" true
	mv moved.json b/config.json
}
