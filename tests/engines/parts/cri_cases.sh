# shellcheck shell=dash
# What both containerds must do alike. cri.sh and cri2.sh make cases of these.

# --- streams ---

streams_of_an_exec()
{
	pod one
	start main
	expect_status 9 exec_stream "$(sh_json 'read -r line; echo "got $line"; echo bad >&2; exit 9')" 'send:word\n'
	expect_eq 'got word bad' "$OUTPUT $ERROR"
	expect_status 0 exec_stream "$(sh_json 'head -c 1048576 | wc -c; head -c 1048576 /dev/zero | tr "\0" x')" bytes:1048576
	expect_eq "1048576 1048584" "$(head -n 1 "$CASE_DIR/stdout") $(wc -c < "$CASE_DIR/stdout")"
	expect_status 255 exec_stream '["nowhere"]'
	same 'exec of nothing' "$(error_without_names "$ERROR")"
	expect_match 'executable file not found' "$ERROR"
	PROTOCOL=spdy
	expect_status 7 exec_stream "$(sh_json 'wc -c; exit 7')" bytes:65536 end
	expect_eq 65536 "$OUTPUT"
	# The first of the protocols has plain text in the error channel.
	PROTOCOL=channel.k8s.io
	expect_status 255 exec_stream "$(sh_json 'echo out; exit 5')"
	same 'the old protocol' "$OUTPUT $ERROR"
}

# Says the terminal's size whenever it changes, and ends with status 3 at the second time.
SIZES='n=0; trap "stty size; n=\$((n + 1)); [ \$n -lt 2 ] || exit 3" WINCH; echo up; while :; do sleep 0.05; done'

streams_of_a_terminal()
{
	pod one
	start main
	expect_status 3 exec_stream "$(sh_json "tty; test -t 2 && echo terminal; $SIZES")" tty \
		await:up size:100x30 'await:30 100' size:80x24 'await:24 80'
	expect_match '^/dev/pts/[0-9]+' "$OUTPUT"
	expect_match '^terminal' "$OUTPUT"
	same 'bytes of a terminal' "$(od -c "$CASE_DIR/stdout")"
	PROTOCOL=spdy
	expect_status 3 exec_stream "$(sh_json "$SIZES")" tty await:up size:100x30 'await:30 100' size:80x24
	expect_status 130 exec_stream "$(sh_json 'echo up; exec sleep 1000')" tty await:up 'send:\x03'
}

streams_of_an_attach()
{
	pod one
	start main "$(script 'while read -r line; do echo "got $line"; echo "bad $line" >&2; done; exit 6') | .stdin = true"
	expect_status 0 attach_stream 'send:one\n' 'await:got one' drop
	# It reads on, and another may come.
	PROTOCOL=spdy
	expect_status 0 attach_stream 'send:two\n' 'await:got two' drop
	expect_eq CONTAINER_RUNNING "$(status "$CONTAINER" | jq -r .state)"
	wait_for sh -c "[ \$(wc -l < '$SESSION/logs/one/main.log') = 4 ]"
	expect_eq 'bad one bad two got one got two' "$(log_of main | sort | xargs)"
	start once "$(script 'wc -c; exit 6') | .stdin = true | .stdin_once = true"
	expect_status 0 attach_stream bytes:65536 end
	expect_eq 65536 "$OUTPUT"
	wait_for has_exited "$CONTAINER"
	expect_eq '6 Error' "$(status "$CONTAINER" | jq -r '"\(.exit_code) \(.reason)"')"
	expect_status any attach_stream
	same 'attach to a stopped one' "$(error_without_names "$ERROR")"
	start terminal "$(script "read -r line; echo \"got \$line\"; $SIZES") | .stdin = true | .tty = true"
	expect_status 0 attach_stream tty 'send:word\n' await:up size:100x30 'await:30 100' size:80x24
	wait_for has_exited "$CONTAINER"
	expect_eq 3 "$(status "$CONTAINER" | jq .exit_code)"
	same 'log of a terminal' "$(log_of terminal | od -c)"
}

streams_of_a_port()
{
	pod one
	start main "$(script 'mkdir /www; echo page > /www/index.html; httpd -p 127.0.0.1:80 -h /www; exec nc -ll -p 7000 -e cat')"
	wait_for exec_sync sh -c 'wget -q -O /dev/null http://127.0.0.1/ && netstat -lnt | grep -q :7000'
	expect_status 0 port_stream 80 'send:GET /index.html HTTP/1.0\r\n\r\n'
	expect_match '^page$' "$OUTPUT"
	PROTOCOL=spdy
	expect_status 0 port_stream 7000 'send:one\n' await:one 'send:two\n' await:two end
	expect_status any port_stream 81
	same 'nobody listens' "$(error_without_names "$ERROR" | sed -E 's,/cni-[0-9a-f-]*,/cni-ID,')"
	expect_match 'connection refused' "$ERROR"
}

# --- what is told of pods and containers ---

pods_with() # FILTER: their names
{
	cri ListPodSandbox "{\"filter\": $1}" | jq -r '[.items[].metadata.name] | sort | join(" ")'
}

containers_with() # FILTER
{
	cri ListContainers "{\"filter\": $1}" | jq -r '[.containers[].metadata.name] | sort | join(" ")'
}

lists_and_statistics()
{
	pod one '.labels = {"app": "web"} | .linux.cgroup_parent = "/k8s.io/pod-one"'
	_one=$POD
	start first '.labels = {"part": "a"}'
	start second
	run third "$(script 'exit 0')"
	pod two '.linux.cgroup_parent = "/k8s.io/pod-two"'
	expect_eq 'one two' "$(cri ListPodSandboxStats | jq -r '[.stats[].attributes.metadata.name] | sort | join(" ")')"
	cri StopPodSandbox "{\"pod_sandbox_id\": \"$POD\"}" > out
	expect_eq 'one two' "$(pods_with '{}')"
	expect_eq 'one one two' "$(pods_with "{\"id\": \"$_one\"}") $(pods_with '{"label_selector": {"app": "web"}}') $(pods_with '{"state": {"state": "SANDBOX_NOTREADY"}}')"
	expect_eq 'first second third' "$(containers_with "{\"pod_sandbox_id\": \"$_one\"}")"
	expect_eq '' "$(containers_with "{\"pod_sandbox_id\": \"$POD\"}")"
	expect_eq 'third first' "$(containers_with '{"state": {"state": "CONTAINER_EXITED"}}') $(containers_with '{"label_selector": {"part": "a"}}')"
	expect_eq 'first second' "$(cri ListContainerStats "{\"filter\": {\"pod_sandbox_id\": \"$_one\"}}" |
		jq -r '[.stats[] | select(.memory.working_set_bytes.value // "0" | tonumber > 0).attributes.metadata.name] | sort | join(" ")')"
	_stats=$(cri PodSandboxStats "{\"pod_sandbox_id\": \"$_one\"}" | jq -c .stats.linux)
	same 'processes of the pod' "$(echo "$_stats" | jq -c .process.process_count.value)"
	expect_eq 'eth0 true' "$(echo "$_stats" | jq -r '"\(.network.default_interface.name) \(.memory.working_set_bytes.value | tonumber > 0)"')"
	cri UpdateRuntimeConfig '{"runtime_config": {"network_config": {"pod_cidr": "10.88.0.0/16"}}}' > out
}

# What the kubelet may ask for twice, or too late.
calls_that_come_twice_or_late()
{
	pod one
	start main
	_first=$CONTAINER
	expect_status any cri StartContainer "{\"container_id\": \"$CONTAINER\"}"
	same 'start of a running one' "$(error_without_names "$ERROR")"
	stop "$CONTAINER" 0
	stop "$CONTAINER" 0
	expect_eq '137 true' "$(status "$CONTAINER" | jq -r '"\(.exit_code) \((.finished_at | tonumber) >= (.started_at | tonumber))"')"
	for _call in StartContainer ExecSync Exec UpdateContainerResources ContainerStats ReopenContainerLog; do
		_more=
		case $_call in
		Exec*) _more=', "cmd": ["true"]' ;;
		Update*) _more=', "linux": {"memory_limit_in_bytes": 33554432}' ;;
		esac
		STATUS=0
		capture cri "$_call" "{\"container_id\": \"$CONTAINER\"$_more}"
		same "$_call of a stopped one" "$STATUS $(error_without_names "$ERROR" | sed -E 's/(pid|process) [0-9]+/\1 PID/g')"
	done
	# The next try of a container that has ended has its name.
	start main '.metadata.attempt = 1 | .log_path = "main-1.log"'
	expect_eq '0 1' "$(for _id in "$_first" "$CONTAINER"; do status "$_id" | jq .metadata.attempt; done | xargs)"
	# A running one, too.
	for _id in "$_first" "$CONTAINER" "$CONTAINER"; do
		cri RemoveContainer "{\"container_id\": \"$_id\"}" > out
	done
	expect_eq '' "$(containers_with '{}')"
	expect_status any cri ContainerStatus "{\"container_id\": \"$CONTAINER\"}"
	same 'status of none' "$(error_without_names "$ERROR")"
	start other
	_pid=$(pid_of "$CONTAINER")
	for _call in StopPodSandbox StopPodSandbox RemovePodSandbox RemovePodSandbox; do
		cri "$_call" "{\"pod_sandbox_id\": \"$POD\"}" > out
	done
	wait_for is_gone "$_pid"
	expect_eq ' ' "$(pods_with '{}') $(containers_with '{}')"
}

logs_of_containers()
{
	pod one
	start main "$(script 'head -c 20000 /dev/zero | tr "\0" x; echo; echo err >&2; until [ -e /go ]; do sleep 0.05; done; echo later; exec sleep 1000')"
	_log=$SESSION/logs/one/main.log
	wait_for sh -c "[ \$(grep -c . '$_log') -ge 3 ]"
	expect_eq 3 "$(grep -cE '^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:]{8}\.[0-9]+(Z|[+-][0-9:]+) (stdout|stderr) [PF] ' "$_log")"
	# A long line comes in parts.
	expect_eq 'stderr F stdout F stdout P' "$(cut -d ' ' -f 2-3 "$_log" | sort | xargs)"
	expect_eq 20000 "$(grep stdout "$_log" | cut -d ' ' -f 4 | tr -d '\n' | wc -c)"
	mv "$_log" "$_log.1"
	cri ReopenContainerLog "{\"container_id\": \"$CONTAINER\"}" > out
	exec_sync touch /go
	wait_for grep -q 'stdout F later$' "$_log"
	expect_eq 1 "$(grep -c . "$_log")"
}

# --- what containers get ---

# The census of one who may be nobody in particular.
IDS='payload status Uid Gid Groups'

users_and_groups()
{
	pod one
	run name "$(script "$IDS; payload status CapEff; echo \$HOME") | .linux.security_context.run_as_username = \"user\""
	same 'a name' "$LOG"
	expect_match '^Groups:.*50' "$LOG"
	run number "$(script "$IDS") | .linux.security_context += {run_as_user: {value: 1000}, supplemental_groups: [77]}"
	same 'a number' "$LOG"
	expect_match '^Groups:.*77' "$LOG"
	run unknown "$(script "$IDS") | .linux.security_context += {run_as_user: {value: 4321}, run_as_group: {value: 5432}}"
	same 'one without a name' "$LOG"
	for _context in '{run_as_username: "nobody-such"}' '{run_as_group: {value: 5}}'; do
		expect_status any cri CreateContainer "$(container_request wrong ".linux.security_context += $_context")"
		same "$_context" "$(error_without_names "$ERROR" | sed -E 's/(containerd-mount)[0-9]+/\1/')"
	done
}

capabilities_and_seccomp()
{
	pod one
	cat > profile.json <<-'END'
	{ "defaultAction": "SCMP_ACT_ALLOW", "syscalls": [{ "names": ["mkdir", "mkdirat"], "action": "SCMP_ACT_ERRNO", "errnoRet": 28 }] }
	END
	run some "$(script 'payload status CapPrm CapEff CapBnd CapAmb Seccomp') | .linux.security_context += {capabilities:
		{add_capabilities: [\"NET_ADMIN\", \"SYS_TIME\"], drop_capabilities: [\"CHOWN\", \"KILL\"]}, seccomp: {profile_type: \"Unconfined\"}}"
	same 'added and dropped' "$LOG"
	expect_match 'Seccomp:.0' "$LOG"
	run own "$(script 'exec 2>&1; mkdir /x; payload status Seccomp') |
		.linux.security_context.seccomp = {profile_type: \"Localhost\", localhost_ref: \"$PWD/profile.json\"}"
	same 'a profile of the node' "$LOG"
	expect_match 'No space left' "$LOG"
	expect_status any cri CreateContainer "$(container_request wrong '.linux.security_context.seccomp = {profile_type: "Localhost", localhost_ref: "/nowhere.json"}')"
	same 'a profile that is missing' "$(error_without_names "$ERROR")"
	printf '{ "defaultAction": "SCMP_ACT_NOTHING" }' > wrong.json
	container wrong ".linux.security_context.seccomp = {profile_type: \"Localhost\", localhost_ref: \"$PWD/wrong.json\"}"
	expect_status any cri StartContainer "{\"container_id\": \"$CONTAINER\"}"
	# Each runtime has its own words for the reason.
	same 'a wrong profile' "$(status "$CONTAINER" | jq -r '"\(.state) \(.exit_code) \(.reason)"') $(
		error_without_names "$ERROR" | sed -E 's/(OCI runtime create failed: ).*/\1/')"
}

propagation_of_mounts()
{
	mkdir volume
	mount -t tmpfs tmpfs volume
	mount --make-shared volume
	mkdir volume/a volume/b volume/dir
	mount -t tmpfs tmpfs volume/dir
	ln -s volume/dir link
	pod one
	start main ".mounts = [{container_path: \"/private\", host_path: \"$PWD/volume\"},
		{container_path: \"/both\", host_path: \"$PWD/volume\", propagation: \"PROPAGATION_BIDIRECTIONAL\"},
		{container_path: \"/link\", host_path: \"$PWD/link\"},
		{container_path: \"/made\", host_path: \"$PWD/made\"},
		{container_path: \"/ro\", host_path: \"$PWD/volume\", readonly: true}] |
		.linux.security_context += {capabilities: {add_capabilities: [\"SYS_ADMIN\"]}, seccomp: {profile_type: \"Unconfined\"}}"
	mount -t tmpfs tmpfs volume/a
	touch volume/a/late
	expect_eq '0 late' "$(exec_sync sh -c 'echo $(ls /private/a | wc -l) $(ls /both/a)')" 'of the host, in the one that follows it alone'
	exec_sync mount -t tmpfs inner /both/b
	expect_match "$PWD/volume/b .* tmpfs inner" "$(cat /proc/self/mountinfo)" 'of the container, on the host'
	exec_sync touch /link/file /made/file
	ls volume/dir/file made/file
	# Without recursion only the mount itself is read-only.
	expect_status 1 exec_sync sh -c 'touch /ro/dir/written; touch /ro/refused'
	same 'a read-only one' "$ERROR"
	ls volume/dir/written
	remove_pods
	umount -R volume
	# What a mount cannot follow, as nothing of the host's is shared.
	mkdir alone
	mount -t tmpfs tmpfs alone
	mount --make-private alone
	pod two
	expect_status any cri CreateContainer "$(container_request alone \
		".mounts = [{container_path: \"/vol\", host_path: \"$PWD/alone\", propagation: \"PROPAGATION_BIDIRECTIONAL\"}]")"
	expect_match 'is not a shared mount' "$ERROR"
	umount alone
}
