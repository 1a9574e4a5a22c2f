# shellcheck shell=dash
# What the files on containerd's CRI plugin share: the daemon with the plugin, and the kubelet's side of it.

# shellcheck source=tests/engines/parts/ctr.sh
. "$TESTS/engines/parts/ctr.sh"

cri_start() # FILE to append to containerd's configuration
{
	# Of Debian's packages python3-grpcio, python3-protobuf and python3-websocket.
	/usr/bin/python3 -c 'import grpc, google.protobuf, websocket'
	session_dir /var/lib/containerd
	mkdir -p /etc/containerd /etc/cni/net.d "$SESSION/python" "$SESSION/logs"
	{ cri_config && sed "s/SystemdCgroup = false/SystemdCgroup = $(by_systemd && echo true || echo false)/" "$1"; } > /etc/containerd/config.toml
	cni_config > /etc/cni/net.d/10-pods.conflist
	protoc --proto_path "$TESTS/engines/parts" --python_out "$SESSION/python" cri.proto
	containerd_start
	PYTHONPATH=$SESSION/python PYTHONDONTWRITEBYTECODE=1 /usr/bin/python3 "$TESTS/engines/parts/cri.py" \
		/run/containerd/containerd.sock "$SESSION/cri" > "$SESSION/cri.log" 2>&1 < /dev/null &
	wait_for test -S "$SESSION/cri"
	image_with_a_group
	oci_archive image.tar localhost/box:latest '["sleep", "100000"]'
	ctr --namespace k8s.io image import image.tar
	wait_for is_ready
}

cri_stop()
{
	remove_pods
	! by_systemd || systemctl stop kubepods.slice
	state_is_gone
	expect_eq '' "$(find /sys/fs/cgroup -path '*/k8s.io/*' -type d -regextype posix-extended -regex '.*/[0-9a-f]{64}')" 'cgroups left'
}

# The test image, where a user has a group besides the own: containerd looks into the image, not at what is mounted there.
image_with_a_group()
{
	mkdir -p etc
	printf 'root:x:0:\nuser:x:1000:\nmany:x:50:user\n' > etc/group
	cp "$IMAGE_TAR" image_with_a_group.tar
	tar -rf image_with_a_group.tar ./etc/group
	IMAGE_TAR=$PWD/image_with_a_group.tar
}

# The containers share one image, which is the sandboxes' too. This root has no CAP_SYS_RESOURCE for an oom_score_adj of -998.
cri_config()
{
	cat <<-'EOF'
	version = 2
	[plugins."io.containerd.grpc.v1.cri"]
	  sandbox_image = "localhost/box:latest"
	  disable_apparmor = true
	  restrict_oom_score_adj = true
	  [plugins."io.containerd.grpc.v1.cri".cni]
	    bin_dir = "/usr/lib/cni"
	EOF
}

cni_config()
{
	cat <<-'EOF'
	{ "cniVersion": "0.4.0", "name": "pods", "plugins": [
	  { "type": "bridge", "bridge": "pods0", "isGateway": true, "ipMasq": true,
	    "ipam": { "type": "host-local", "ranges": [[{ "subnet": "10.88.0.0/16" }]], "routes": [{ "dst": "0.0.0.0/0" }] } },
	  { "type": "portmap", "capabilities": { "portMappings": true } } ] }
	EOF
}

cri() # METHOD [REQUEST]: the answer, or the error with status 1
{
	_code=$(curl -s --unix-socket "$SESSION/cri" -o "$CASE_DIR/answer" -w '%{http_code}' --data "${2:-}" "http://cri/$1")
	[ "$_code" = 200 ] && cat "$CASE_DIR/answer" && return
	cat "$CASE_DIR/answer" >&2
	return 1
}

is_ready()
{
	[ "$(cri Status | jq -c '[.status.conditions[] | select(.type | endswith("Ready")).status]')" = '[true,true]' ]
}

case_end()
{
	remove_pods
}

remove_pods()
{
	for _pod in $(cri ListPodSandbox | jq -r '.items[].id'); do
		cri StopPodSandbox "{\"pod_sandbox_id\": \"$_pod\"}"
		cri RemovePodSandbox "{\"pod_sandbox_id\": \"$_pod\"}"
	done
}

# --- pods and containers ---

# The cgroup that the kubelet has made for a pod of this name; by systemd a slice below slices.
pod_cgroup() # NAME
{
	if by_systemd; then
		echo "/kubepods.slice/kubepods-burstable.slice/kubepods-burstable-pod$1.slice"
	else
		echo "/k8s.io/pod-$1"
	fi
}

pod() # NAME [JQ_FILTER on the sandbox's config]: its id in $POD, its config in $POD_CONFIG
{
	POD_CONFIG=$(jq -n --arg name "$1" --arg logs "$SESSION/logs/$1" '{metadata: {name: $name, uid: ("uid-" + $name),
		namespace: "default"}, hostname: $name, log_directory: $logs, linux: {security_context: {}}} | '"${2:-.}$(! by_systemd || echo " | .linux.cgroup_parent = \"$(pod_cgroup "$1")\"")")
	rm -rf "$SESSION/logs/$1"
	mkdir -p "$SESSION/logs/$1"
	POD=$(cri RunPodSandbox "$(jq -n --argjson config "$POD_CONFIG" '{config: $config, runtime_handler: "hind"}')" | jq -r .pod_sandbox_id)
}

container_request() # NAME JQ_FILTER on the container's config
{
	_config=$(jq -n --arg name "$1" '{metadata: {name: $name}, image: {image: "localhost/box:latest"}, command: ["sleep", "1000"],
		log_path: ($name + ".log"), linux: {resources: {}, security_context: {namespace_options: {pid: "CONTAINER"}}}} | '"${2:-.}")
	jq -n --arg pod "$POD" --argjson config "$_config" --argjson sandbox "$POD_CONFIG" \
		'{pod_sandbox_id: $pod, config: $config, sandbox_config: $sandbox}'
}

container() # NAME JQ_FILTER: its id in $CONTAINER
{
	CONTAINER=$(cri CreateContainer "$(container_request "$@")" | jq -r .container_id)
	[ -n "$CONTAINER" ] || fail "no container $1"
}

start() # NAME [JQ_FILTER]: creates and starts it
{
	container "$@"
	cri StartContainer "{\"container_id\": \"$CONTAINER\"}" > out
}

# One that runs to its end; its output is $LOG, its state $STATUS_JSON.
run() # NAME JQ_FILTER
{
	start "$@"
	wait_for has_exited "$CONTAINER"
	STATUS_JSON=$(status "$CONTAINER")
	LOG=$(log_of "$1")
}

is_oom_killed() # CONTAINER: for wait_for
{
	[ "$(status "$1" | jq -r .reason)" = OOMKilled ]
}

script() # SCRIPT: a filter that makes the container run it
{
	printf '.command = ["sh", "-c", %s]' "$(printf '%s' "$1" | jq -Rs .)"
}

status() # CONTAINER
{
	cri ContainerStatus "{\"container_id\": \"$1\"}" | jq -c .status
}

has_exited() # CONTAINER: for wait_for
{
	[ "$(status "$1" | jq -r .state)" = CONTAINER_EXITED ]
}

# Lines are `TIME STREAM F TEXT`.
log_of() # NAME
{
	cut -d ' ' -f 4- "$(echo "$POD_CONFIG" | jq -r .log_directory)/$1.log"
}

exec_sync() # CMD...: in $CONTAINER
{
	_answer=$(cri ExecSync "$(jq -n --arg id "$CONTAINER" '{container_id: $id, cmd: $ARGS.positional, timeout: 60}' --args -- "$@")") || return 255
	printf '%s' "$_answer" | jq -j .stdout
	printf '%s' "$_answer" | jq -j .stderr >&2
	return "$(printf '%s' "$_answer" | jq .exit_code)"
}

stop() # CONTAINER SECONDS
{
	cri StopContainer "{\"container_id\": \"$1\", \"timeout\": $2}" > out
}

pid_of() # CONTAINER
{
	ctr --namespace k8s.io task ls | awk -v id="$1" '$1 == id { print $2 }'
}

# --- streams ---

# Exec, Attach and PortForward answer with an address, which is spoken to in this protocol.
PROTOCOL=v4.channel.k8s.io

stream() # METHOD REQUEST ACTION...: the actions are cri_stream.py's
{
	_answer=$(cri "$1" "$2") || return 254
	shift 2
	PYTHONDONTWRITEBYTECODE=1 /usr/bin/python3 "$TESTS/engines/parts/cri_stream.py" "$PROTOCOL" \
		"$(printf '%s' "$_answer" | jq -r .url)" "$@"
}

exec_stream() # CMD_AS_JSON ACTION...: in $CONTAINER; with a terminal where the first action is `tty`
{
	_cmd=$1
	shift
	stream Exec "$(stream_request "${1:-}" | jq --argjson cmd "$_cmd" '. + {cmd: $cmd}')" "$@"
}

attach_stream() # ACTION...: to $CONTAINER
{
	stream Attach "$(stream_request "${1:-}")" "$@"
}

stream_request() # ACTION
{
	_tty=$([ "$1" = tty ] && echo true || echo false)
	jq -n --arg id "$CONTAINER" --argjson tty "$_tty" '{container_id: $id, tty: $tty, stdin: true, stdout: true, stderr: ($tty | not)}'
}

port_stream() # PORT ACTION...: of $POD
{
	_port=$1
	shift
	stream PortForward "{\"pod_sandbox_id\": \"$POD\", \"port\": [$_port]}" "port:$_port" "$@"
}

sh_json() # SCRIPT: the command that runs it
{
	jq -nc --arg script "$1" '["sh", "-c", $script]'
}
