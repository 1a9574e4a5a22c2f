# needs: containerd ctr protoc python3 iptables curl
# timeout: 120
# tests/engines/cri.sh: containerd's CRI plugin as the kubelet speaks to it, with hind as a runtime handler
# shellcheck source=tests/engines/parts/cri_session.sh
. "$TESTS/engines/parts/cri_session.sh"
# shellcheck source=tests/engines/parts/cri_cases.sh
. "$TESTS/engines/parts/cri_cases.sh"

engine_start()
{
	cri_start "$TESTS/../contrib/containerd/hind.toml"
}

engine_stop()
{
	cri_stop
}

test_the_runtime_is_the_one_under_test()
{
	pod one
	start main
	expect_match containerd "$(cri Version)"
	for _id in $POD $CONTAINER; do
		! on_hind || [ -L "/run/containerd/runc/k8s.io/$_id/init" ] || fail 'not of hind'
		on_hind || [ ! -e "/run/containerd/runc/k8s.io/$_id/init" ] || fail 'not of the peer'
	done
	expect_eq hind "$(cri PodSandboxStatus "{\"pod_sandbox_id\": \"$POD\"}" | jq -r .status.runtime_handler)"
}

test_life_of_a_pod()
{
	pod one
	container main "$(script 'echo out; echo err >&2; trap "exit 5" TERM; touch /ready; while :; do sleep 0.05; done')"
	expect_eq CONTAINER_CREATED "$(status "$CONTAINER" | jq -r .state)"
	cri StartContainer "{\"container_id\": \"$CONTAINER\"}"
	expect_eq CONTAINER_RUNNING "$(status "$CONTAINER" | jq -r .state)"
	wait_for exec_sync test -e /ready
	expect_status 9 exec_sync sh -c 'echo out; echo err >&2; exit 9'
	expect_eq 'out err' "$OUTPUT $ERROR"
	expect_eq 'out err' "$(log_of main | sort -r | xargs)"
	expect_eq 'stderr stdout' "$(cut -d ' ' -f 2 "$SESSION/logs/one/main.log" | sort | xargs)"
	_stats=$(cri ContainerStats "{\"container_id\": \"$CONTAINER\"}" | jq '[.stats.cpu.usage_core_nano_seconds.value, .stats.memory.working_set_bytes.value | tonumber > 0]')
	expect_eq '[true,true]' "$(echo "$_stats" | jq -c .)"
	stop "$CONTAINER" 10
	expect_eq 'CONTAINER_EXITED 5 Error' "$(status "$CONTAINER" | jq -r '"\(.state) \(.exit_code) \(.reason)"')"
	cri RemoveContainer "{\"container_id\": \"$CONTAINER\"}"
	# One that hears nothing is killed when its time is over.
	start deaf "$(script 'trap "" TERM; while :; do sleep 0.05; done')"
	stop "$CONTAINER" 1
	expect_eq 137 "$(status "$CONTAINER" | jq .exit_code)"
	cri StopPodSandbox "{\"pod_sandbox_id\": \"$POD\"}"
	expect_eq SANDBOX_NOTREADY "$(cri PodSandboxStatus "{\"pod_sandbox_id\": \"$POD\"}" | jq -r .status.state)"
}

test_exit_codes_and_reasons()
{
	pod one
	run good "$(script 'exit 0')"
	expect_eq '0 Completed' "$(echo "$STATUS_JSON" | jq -r '"\(.exit_code) \(.reason)"')"
	run bad "$(script 'exit 42')"
	expect_eq '42 Error' "$(echo "$STATUS_JSON" | jq -r '"\(.exit_code) \(.reason)"')"
	run killed '.command = ["payload", "fault"]'
	same 'a fault' "$(echo "$STATUS_JSON" | jq -r '"\(.exit_code) \(.reason)"')"
	# containerd begins to listen after the start, and what comes from there may arrive after the exit.
	run hungry '.command = ["sh", "-c", "sleep 1; exec payload hog 64"] | .linux.resources.memory_limit_in_bytes = 16777216'
	wait_for is_oom_killed "$CONTAINER"
	same 'out of memory' "$(status "$CONTAINER" | jq -c '[.state, .exit_code, .reason, .message]')"
	for _program in nowhere /bin/nowhere /etc/passwd; do
		container "lost$(echo "$_program" | tr -d /)" ".command = [\"$_program\"]"
		expect_status 1 cri StartContainer "{\"container_id\": \"$CONTAINER\"}"
		same "start of $_program" "$(error_without_names "$ERROR")"
		same "state of $_program" "$(status "$CONTAINER" | jq -r '"\(.state) \(.exit_code) \(.reason)"')"
	done
	start main
	expect_status any exec_sync nowhere
	same 'exec of nothing' "$(error_without_names "$ERROR")"
	expect_status any cri ExecSync "{\"container_id\": \"$CONTAINER\", \"cmd\": [\"sleep\", \"1003\"], \"timeout\": 1}"
	same 'exec that takes too long' "$(error_without_names "$ERROR")"
	wait_for sh -c '! ps -e -o args= | grep "^sleep 1003"'
}

test_containers_of_a_pod_share()
{
	pod one
	start first
	_first=$(pid_of "$CONTAINER")
	_first_id=$CONTAINER
	start second "$(script 'hostname; for i in net ipc uts pid; do readlink /proc/self/ns/$i; done; exec sleep 1000')"
	_second=$(pid_of "$CONTAINER")
	for _ns in net ipc uts; do
		expect_eq "$(readlink "/proc/$_first/ns/$_ns")" "$(readlink "/proc/$_second/ns/$_ns")" "$_ns"
	done
	expect_ne "$(readlink "/proc/$_first/ns/pid")" "$(readlink "/proc/$_second/ns/pid")"
	expect_match '^one$' "$(log_of second)"
	# An ephemeral container that looks at the first.
	run debugger "$(script 'ps -o args') | .linux.security_context.namespace_options = {pid: \"TARGET\", target_id: \"$_first_id\"}"
	expect_match '^sleep 1000$' "$LOG"
}

test_one_pid_namespace_for_the_pod()
{
	pod one '.linux.security_context.namespace_options.pid = "POD"'
	start first '.linux.security_context.namespace_options.pid = "POD" | .command = ["sleep", "1004"]'
	run second "$(script 'ps -o pid,args') | .linux.security_context.namespace_options.pid = \"POD\""
	expect_match '^ +1 sleep 100000$' "$LOG"
	expect_match 'sleep 1004$' "$LOG"
	stop "$CONTAINER" 1
	expect_match 'sleep 1004' "$(ps -e -o args=)"
}

test_host_namespaces()
{
	pod one '.hostname = "" | .linux.security_context.namespace_options = {network: "NODE", pid: "NODE", ipc: "NODE"}'
	start main '.linux.security_context.namespace_options = {network: "NODE", pid: "NODE", ipc: "NODE"} | .command = ["sh", "-c", "httpd -p 127.0.0.1:8090 -h /etc; sleep 1002 & sleep 1003"]'
	for _ns in net pid ipc; do
		expect_eq "$(readlink "/proc/self/ns/$_ns")" "$(exec_sync readlink "/proc/self/ns/$_ns")"
	done
	wait_for exec_sync wget -q -O /dev/null http://127.0.0.1:8090/passwd
	expect_status 0 port_stream 8090 'send:GET /passwd HTTP/1.0\r\n\r\n'
	expect_match '^root:' "$OUTPUT"
	# All of them have to be found, though there is no pid namespace to end.
	stop "$CONTAINER" 1
	wait_for sh -c '! ps -e -o args= | grep -E "^(httpd|sleep 100[23])"'
}

test_network_of_pods()
{
	pod one '.port_mappings = [{container_port: 80, host_port: 8088}] |
		.dns_config = {servers: ["10.88.0.1", "10.88.0.2"], searches: ["cluster.local"], options: ["ndots:2"]}'
	start main "$(script 'mkdir /www; echo page > /www/index.html; exec httpd -f -p 80 -h /www')"
	_address=$(cri PodSandboxStatus "{\"pod_sandbox_id\": \"$POD\"}" | jq -r .status.network.ip)
	expect_match '^10\.88\.' "$_address"
	wait_for exec_sync wget -q -O /dev/null http://127.0.0.1/
	expect_eq page "$(wget -q -O - "http://$_address/")" 'from the node'
	expect_eq page "$(wget -q -O - "http://$(ip -o -4 addr show pods0 | sed -E 's,.* inet ([0-9.]*)/.*,\1,'):8088/")" 'by the port of the node'
	same names "$(exec_sync sh -c 'hostname; cat /etc/hostname /etc/resolv.conf')"
	expect_eq 'search cluster.local nameserver 10.88.0.1 nameserver 10.88.0.2 options ndots:2' "$(exec_sync cat /etc/resolv.conf | xargs)"
	pod two
	run other "$(script "timeout 5 wget -q -O - http://$_address/")"
	expect_eq page "$LOG" 'from another pod'
}

test_security_context()
{
	pod one '.linux.security_context.seccomp = {profile_type: "RuntimeDefault"} | .linux.sysctls = {"net.ipv4.ip_forward": "0", "kernel.shm_rmid_forced": "1"}'
	run census "$(script 'payload status Uid Gid Groups CapInh CapPrm CapEff CapBnd CapAmb Seccomp NoNewPrivs; payload rlimits; payload fds | sed "s,pipe:.*,pipe,"
		cat /proc/sys/net/ipv4/ip_forward /proc/sys/kernel/shm_rmid_forced; cat /proc/self/oom_score_adj; payload environment; ls /dev')"
	same 'by default' "$LOG"
	run strict "$(script 'exec 2>&1; payload status Uid Gid Groups CapInh CapPrm CapEff CapBnd CapAmb Seccomp NoNewPrivs; touch /file; pwd; echo $WORD') |
		.linux.security_context += {run_as_user: {value: 1000}, run_as_group: {value: 1001}, supplemental_groups: [7, 8], readonly_rootfs: true,
			no_new_privs: true, seccomp: {profile_type: \"RuntimeDefault\"}, capabilities: {drop_capabilities: [\"ALL\"], add_capabilities: [\"NET_BIND_SERVICE\"]}} |
		.working_dir = \"/tmp\" | .envs = [{key: \"WORD\", value: \"two words\"}]"
	same strict "$LOG"
	expect_match 'Seccomp:.2' "$LOG"
	expect_match 'Read-only file system' "$LOG"
	expect_match '^two words$' "$LOG"
	run masked "$(script 'exec 2>&1; cat /proc/version | wc -c; : > /proc/sys/kernel/shm_rmid_forced') |
		.linux.security_context += {masked_paths: [\"/proc/version\"], readonly_paths: [\"/proc/sys\"]}"
	same masked "$LOG"
	expect_match '^0$' "$LOG"
}

# What root lacks here is warned of, and the rest granted; runc ends.
test_privileged()
{
	pod one '.linux.security_context.privileged = true'
	run main "$(script 'payload status CapEff Seccomp; test -w /proc/sys && echo writable; ls /dev | wc -l') | .linux.security_context.privileged = true"
	expect_match 'writable' "$LOG"
	expect_match 'Seccomp:.0' "$LOG"
}

test_resources_and_their_update()
{
	pod one ".linux.cgroup_parent = \"$(pod_cgroup one)\""
	start main '.linux.resources = {cpu_period: 100000, cpu_quota: 50000, cpu_shares: 512, memory_limit_in_bytes: 67108864, oom_score_adj: 500, cpuset_cpus: "0"}'
	_cgroup=$(pod_cgroup one)/$CONTAINER
	! by_systemd || _cgroup=$(pod_cgroup one)/cri-containerd-$CONTAINER.scope
	if cgroup_v2; then
		_files=".$_cgroup/memory.max .$_cgroup/cpu.max .$_cgroup/cpuset.cpus"
	else
		_files="memory$_cgroup/memory.limit_in_bytes cpu$_cgroup/cpu.cfs_quota_us cpu$_cgroup/cpu.shares cpuset$_cgroup/cpuset.cpus"
	fi
	# shellcheck disable=SC2086
	_before=$(cd /sys/fs/cgroup && cat $_files | xargs)
	same limits "$_before"
	expect_match '67108864' "$_before"
	expect_eq 500 "$(cat "/proc/$(pid_of "$CONTAINER")/oom_score_adj")"
	cri UpdateContainerResources "{\"container_id\": \"$CONTAINER\", \"linux\": {\"memory_limit_in_bytes\": 33554432, \"cpu_quota\": 20000, \"cpu_period\": 100000, \"cpu_shares\": 256}}"
	# shellcheck disable=SC2086
	_after=$(cd /sys/fs/cgroup && cat $_files | xargs)
	same 'limits after the update' "$_after"
	expect_match '33554432' "$_after"
	expect_eq yes "$(exec_sync echo yes)"
	expect_status 137 exec_sync payload hog 48
}

test_mounts_and_devices()
{
	mkdir dir dir/later
	echo word > dir/file
	mount -t tmpfs tmpfs dir
	mount --make-shared dir
	mkdir dir/later
	echo word > dir/file
	pod one
	start main ".mounts = [{container_path: \"/vol\", host_path: \"$PWD/dir\", propagation: \"PROPAGATION_HOST_TO_CONTAINER\"},
		{container_path: \"/ro/file\", host_path: \"$PWD/dir/file\", readonly: true}] |
		.devices = [{container_path: \"/dev/first\", host_path: \"/dev/loop-control\", permissions: \"r\"}]"
	expect_eq 'word word' "$(exec_sync cat /vol/file /ro/file | xargs)"
	expect_status 1 exec_sync sh -c ': > /ro/file; : < /dev/first && echo open; : > /dev/first'
	same 'what cannot be written' "$OUTPUT $ERROR"
	mount -t tmpfs tmpfs dir/later
	touch dir/later/x
	expect_eq x "$(exec_sync ls /vol/later)"
	remove_pods
	umount -R dir
}

test_engine_restarts()
{
	pod one
	start main
	_main=$(pid_of "$CONTAINER")
	containerd_stop
	[ -d "/proc/$_main" ] || fail 'the container died with containerd'
	containerd_start
	wait_for is_ready
	expect_eq CONTAINER_RUNNING "$(status "$CONTAINER" | jq -r .state)"
	expect_eq yes "$(exec_sync echo yes)"
	start another
	expect_eq yes "$(exec_sync echo yes)"
}

# --- what both containerds do ---

test_streams_of_an_exec()
{
	streams_of_an_exec
}

test_streams_of_a_terminal()
{
	streams_of_a_terminal
}

test_streams_of_an_attach()
{
	streams_of_an_attach
}

test_streams_of_a_port()
{
	streams_of_a_port
}

test_lists_and_statistics()
{
	lists_and_statistics
}

test_calls_that_come_twice_or_late()
{
	calls_that_come_twice_or_late
}

test_logs_of_containers()
{
	logs_of_containers
}

test_users_and_groups()
{
	users_and_groups
}

test_capabilities_and_seccomp()
{
	capabilities_and_seccomp
}

test_propagation_of_mounts()
{
	propagation_of_mounts
}
