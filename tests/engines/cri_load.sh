# needs: containerd ctr protoc python3 iptables curl
# timeout: 1800
# tests/engines/cri_load.sh: many pods at once, with execs all the time and a containerd that restarts
# shellcheck source=tests/engines/parts/cri_session.sh
. "$TESTS/engines/parts/cri_session.sh"
# shellcheck source=tests/engines/parts/load.sh
. "$TESTS/engines/parts/load.sh"

engine_start()
{
	cri_start "$TESTS/../contrib/containerd/hind.toml"
}

engine_stop()
{
	cri_stop
}

case_end()
{
	load_end
	remove_pods
}

# A pod with one container. Three of ten have a network of their own, which takes the plugins longer than all the rest.
start() # NAME CMD...
{
	case $1 in
	*[048]) pod "$1" ;;
	*) pod "$1" '.hostname = "" | .linux.security_context.namespace_options.network = "NODE"' ;;
	esac
	_name=$1
	shift
	container "$_name" "$(jq -n '$ARGS.positional' --args -- "$@" | sed '1s/^/.command = /') |
		.linux.resources.memory_limit_in_bytes = 67108864 | .linux.security_context.namespace_options.network = $(echo "$POD_CONFIG" |
			jq '.linux.security_context.namespace_options.network // "POD"')"
	ID=$CONTAINER
	echo "$POD" > "$LOAD/$ID.pod"
	cri StartContainer "{\"container_id\": \"$ID\"}"
}

exec_in() # ID CMD...
{
	CONTAINER=$1
	shift
	exec_sync "$@"
}

exit_of() # ID
{
	wait_for has_exited "$1"
	status "$1" | jq .exit_code
}

remove() # ID
{
	_pod="{\"pod_sandbox_id\": \"$(cat "$LOAD/$1.pod")\"}"
	rm "$LOAD/$1.pod"
	stop "$1" 0
	cri StopPodSandbox "$_pod"
	cri RemovePodSandbox "$_pod"
}

containers()
{
	tasks | while read -r _task; do
		[ ! -e "$LOAD/${_task% *}.pod" ] || echo "$_task"
	done
}

tasks()
{
	ctr --namespace k8s.io task ls | awk '$3 == "RUNNING" { print $1, $2 }'
}

engine_kill() # SIGNAL
{
	containerd_stop "$1"
}

engine_again()
{
	containerd_start
	wait_for is_ready
}

test_eight_pods_four_at_a_time()
{
	many 8 4 TERM KILL
}

long_two_hundred_pods_twenty_at_a_time()
{
	many 200 20 TERM KILL
}
