# needs: containerd ctr protoc python3 iptables curl
# timeout: 120
# tests/engines/cri2.sh: containerd 2, which offers to pods what it reads in the runtime's features
# shellcheck source=tests/engines/parts/cri_session.sh
. "$TESTS/engines/parts/cri_session.sh"
# shellcheck source=tests/engines/parts/cri_cases.sh
. "$TESTS/engines/parts/cri_cases.sh"

# Without network no containerd 2 may be had: then every case is skipped, with the reason.
engine_start()
{
	CONTAINERD2=$(sh "$TESTS/containerd2.sh" 2> "$SESSION/containerd2") || CONTAINERD2=
	export CONTAINERD2
	[ -n "$CONTAINERD2" ] || return 0
	export PATH="$CONTAINERD2:$PATH"
	cri_start "$TESTS/../contrib/containerd/hind-2.toml"
}

engine_stop()
{
	[ -z "$CONTAINERD2" ] || cri_stop
}

cri_config()
{
	cat <<-'EOF'
	version = 3
	[plugins."io.containerd.cri.v1.images".pinned_images]
	  sandbox = "localhost/box:latest"
	[plugins."io.containerd.cri.v1.runtime"]
	  disable_apparmor = true
	  restrict_oom_score_adj = true
	  [plugins."io.containerd.cri.v1.runtime".cni]
	    bin_dirs = ["/usr/lib/cni"]
	EOF
}

need_containerd2()
{
	[ -n "$CONTAINERD2" ] || skip "$(cat "$SESSION/containerd2")"
}

case_end()
{
	[ -z "$CONTAINERD2" ] || remove_pods
}

test_features_are_read()
{
	need_containerd2
	expect_eq '{"recursive_read_only_mounts":true,"user_namespaces":true}' \
		"$(cri Status | jq -c '.runtime_handlers[] | select(.name == "hind").features')"
}

test_life_of_a_pod_in_containerd2()
{
	need_containerd2
	pod one
	start main "$(script 'echo out; trap "exit 5" TERM; touch /ready; while :; do sleep 0.05; done')"
	wait_for exec_sync test -e /ready
	expect_status 9 exec_sync sh -c 'echo out; echo err >&2; exit 9'
	expect_eq 'out err' "$OUTPUT $ERROR"
	stop "$CONTAINER" 10
	expect_eq 'CONTAINER_EXITED 5 Error' "$(status "$CONTAINER" | jq -r '"\(.state) \(.exit_code) \(.reason)"')"
	container lost '.command = ["nowhere"]'
	expect_status 1 cri StartContainer "{\"container_id\": \"$CONTAINER\"}"
	expect_match 'exec: "nowhere": executable file not found in \$PATH' "$ERROR"
}

test_user_namespace_of_a_pod()
{
	need_containerd2
	mkdir volume
	chmod 777 volume
	_users='{mode: "POD", uids: [{host_id: 400000, container_id: 0, length: 65536}], gids: [{host_id: 400000, container_id: 0, length: 65536}]}'
	pod one ".linux.security_context.namespace_options.userns_options = $_users"
	start main ".linux.security_context.namespace_options.userns_options = $_users | .mounts = [{container_path: \"/vol\", host_path: \"$PWD/volume\",
		uid_mappings: $_users.uids, gid_mappings: $_users.gids}]"
	expect_eq '0 400000 65536' "$(exec_sync cat /proc/self/uid_map | xargs)"
	expect_eq 400000 "$(stat -c %u "/proc/$(pid_of "$CONTAINER")")"
	# The volume's files keep their owners on both sides.
	exec_sync sh -c 'touch /vol/file && stat -c %u /vol/file /bin/sh' > out
	expect_eq '0 0' "$(xargs < out)"
	expect_eq 0 "$(stat -c %u volume/file)"
}

test_recursive_read_only_mount()
{
	need_containerd2
	mkdir volume
	mount -t tmpfs tmpfs volume
	mkdir volume/below
	mount -t tmpfs tmpfs volume/below
	pod one
	start main ".mounts = [{container_path: \"/vol\", host_path: \"$PWD/volume\", readonly: true, recursive_read_only: true}]"
	expect_status 1 exec_sync sh -c 'touch /vol/x; touch /vol/below/x'
	expect_lines 2 "$(printf '%s\n' "$ERROR" | grep 'Read-only file system')"
	remove_pods
	umount -R volume
}

test_volume_of_an_image()
{
	need_containerd2
	pod one
	start main '.mounts = [{container_path: "/image", image: {image: "localhost/box:latest"}, readonly: true}]'
	expect_status 1 exec_sync sh -c 'ls /image; touch /image/x'
	same 'what it has' "$OUTPUT $ERROR"
	expect_match '^bin$' "$OUTPUT"
}

test_policy_of_groups()
{
	need_containerd2
	pod one
	for _policy in Merge Strict; do
		run "$_policy" "$(script "$IDS") | .linux.security_context += {run_as_user: {value: 1000}, run_as_group: {value: 1000},
			supplemental_groups: [77], supplemental_groups_policy: \"$_policy\"}"
		same "$_policy" "$LOG $(echo "$STATUS_JSON" | jq -c .user)"
	done
	expect_eq 'Groups:77 1000' "$(echo "$LOG" | sed -nE 's/^(Groups:).(.*[0-9]) *$/\1\2/p')" 'not the image'"'"'s 50'
}

# For wait_for: have the events of $CONTAINER come in this order?
events_are() # WORDS
{
	[ "$(jq -r "select(.container_id == \"$CONTAINER\").container_event_type | ltrimstr(\"CONTAINER_\") | rtrimstr(\"_EVENT\")" events | xargs)" = "$*" ]
}

test_events_and_configuration()
{
	need_containerd2
	curl -sN --unix-socket "$SESSION/cri" --data '' http://cri/GetContainerEvents > events &
	pod one
	run main "$(script 'exit 3') | .linux.resources = {memory_limit_in_bytes: 33554432, cpu_shares: 512}"
	expect_eq '33554432 512' "$(echo "$STATUS_JSON" | jq -r '.resources.linux | "\(.memory_limit_in_bytes) \(.cpu_shares)"')"
	cri RemoveContainer "{\"container_id\": \"$CONTAINER\"}" > out
	wait_for events_are CREATED STARTED STOPPED DELETED
	expect_eq 3 "$(jq -s '[.[] | select(.container_id == $id and .container_event_type == "CONTAINER_STOPPED_EVENT").containers_statuses[].exit_code][0]' --arg id "$CONTAINER" events)"
	kill $!
	expect_eq CGROUPFS "$(cri RuntimeConfig | jq -r .linux.cgroup_driver)"
}

# To restore one this containerd asks a registry for the image, even if it has it.
test_checkpoint_of_a_container()
{
	need_containerd2
	[ -n "$CRIU" ] || skip "no criu that works here: ${CRIU_MISSING:-none is installed}"
	pod one
	start main "$(script 'i=0; while :; do i=$((i + 1)); echo $i > /count; sleep 0.05; done')"
	wait_for exec_sync sh -c '[ $(cat /count) -gt 10 ]'
	cri CheckpointContainer "{\"container_id\": \"$CONTAINER\", \"location\": \"$PWD/saved.tar\"}" > out
	expect_eq CONTAINER_RUNNING "$(status "$CONTAINER" | jq -r .state)"
	expect_match 'checkpoint/inventory.img' "$(tar -tf saved.tar)"
	expect_eq yes "$(exec_sync echo yes)"
}

# --- what both containerds do ---

test_streams_of_an_exec()
{
	need_containerd2
	streams_of_an_exec
}

test_streams_of_a_terminal()
{
	need_containerd2
	streams_of_a_terminal
}

test_streams_of_an_attach()
{
	need_containerd2
	streams_of_an_attach
}

test_streams_of_a_port()
{
	need_containerd2
	streams_of_a_port
}
