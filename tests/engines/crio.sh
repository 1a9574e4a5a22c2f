# needs: conmon python3
# tests/engines/crio.sh: what CRI-O calls. No release of Debian has CRI-O, so these are its own calls, in its order and with
# its arguments (internal/oci/runtime_oci.go, pkg/config/config.go), by the conmon that it uses, with the path and the root
# of contrib/crio's snippet; configurations are as it writes them.

engine_start()
{
	cp "$TESTS/../contrib/crio/10-hind.conf" crio.conf
	PROGRAM=$(snippet runtime_path) ROOT=$(snippet runtime_root)
	export PROGRAM ROOT
	[ "$(snippet runtime_type)" = oci ] || fail 'the type is not oci'
	mkdir -p /var/run/crio/exits /var/run/crio/attach /var/run/crio/pods "$SESSION/logs"
	# What CRI-O asks of each runtime when it starts.
	"$PROGRAM" --version > version
	"$PROGRAM" features > features
	[ "$(jq -r '.ociVersionMin != "" and .ociVersionMax != ""' features)" = true ] || fail 'CRI-O refuses the features'
	"$PROGRAM" checkpoint --help > help
}

engine_stop()
{
	expect_eq '' "$(ls "$ROOT" 2> /dev/null)" "left in $ROOT"
	expect_eq '' "$(find /sys/fs/cgroup -path '*/pod-*' -name 'crio-*')" 'cgroups left'
	wait_for sh -c '! ps -e -o comm= | grep -Eq "conmon|payload|sleep"'
}

case_end()
{
	for _id in $(runtime list -q); do
		runtime delete --force "$_id"
	done
	for _file in /var/run/crio/pods/*; do
		[ ! -e "$_file" ] || umount "$_file"
	done
	find /sys/fs/cgroup -type d -name 'pod-*' -exec rmdir {} + 2> /dev/null || :
}

snippet() # KEY: of the runtime's table
{
	/usr/bin/python3 -c 'import sys, tomllib
print(tomllib.load(open("crio.conf", "rb"))["crio"]["runtime"]["runtimes"]["hind"][sys.argv[1]])' "$1"
}

crio_py()
{
	PYTHONDONTWRITEBYTECODE=1 /usr/bin/python3 "$TESTS/engines/parts/crio.py" "$@"
}

# All that is in its environment is XDG_RUNTIME_DIR, where CRI-O itself has that. runc finds no criu then.
runtime() # ARG...
{
	# shellcheck disable=SC2046
	env -i XDG_RUNTIME_DIR=/run/user/0 $(on_hind || echo "PATH=$PATH") "$PROGRAM" --root "$ROOT" "$@"
}

# The namespaces of the pod outlive its containers: pinns(8) binds them.
pin_namespaces()
{
	for _ns in net ipc uts; do
		touch "/var/run/crio/pods/$_ns"
	done
	unshare --net=/var/run/crio/pods/net --ipc=/var/run/crio/pods/ipc --uts=/var/run/crio/pods/uts sh -c 'hostname pod; ip link set lo up'
}

bundle() # ID JQ_FILTER on config.json: a container's bundle in $BUNDLE, its id in $ID
{
	ID=$1 BUNDLE=$PWD/$1
	mkdir "$BUNDLE"
	[ -e rootfs ] || cp -al "$ROOTFS" rootfs
	mountpoint -q /var/run/crio/pods/net || pin_namespaces
	rm -f "/var/run/crio/exits/$ID"
	jq -n --arg id "$ID" --arg root "$PWD/rootfs" --arg cgroup "/pod-one/crio-$ID" '{
		ociVersion: "1.0.2-dev",
		process: {
			user: {uid: 0, gid: 0, additionalGids: [0]}, args: ["sleep", "1000"], cwd: "/",
			env: ["PATH=/usr/sbin:/usr/bin:/sbin:/bin", "TERM=xterm", "HOSTNAME=pod"],
			capabilities: (["CAP_CHOWN", "CAP_DAC_OVERRIDE", "CAP_FOWNER", "CAP_KILL", "CAP_SETGID", "CAP_SETUID", "CAP_NET_BIND_SERVICE"] |
				{bounding: ., effective: ., permitted: .}),
			oomScoreAdj: 1000
		},
		root: {path: $root},
		hostname: "pod",
		mounts: [
			{destination: "/proc", type: "proc", source: "proc", options: ["nosuid", "noexec", "nodev"]},
			{destination: "/dev", type: "tmpfs", source: "tmpfs", options: ["nosuid", "strictatime", "mode=755", "size=65536k"]},
			{destination: "/dev/pts", type: "devpts", source: "devpts", options: ["nosuid", "noexec", "newinstance", "ptmxmode=0666", "mode=0620", "gid=5"]},
			{destination: "/dev/mqueue", type: "mqueue", source: "mqueue", options: ["nosuid", "noexec", "nodev"]},
			{destination: "/sys", type: "sysfs", source: "sysfs", options: ["nosuid", "noexec", "nodev", "ro"]},
			{destination: "/sys/fs/cgroup", type: "cgroup", source: "cgroup", options: ["nosuid", "noexec", "nodev", "relatime", "ro"]},
			{destination: "/dev/shm", type: "tmpfs", source: "shm", options: ["nodev", "noexec", "nosuid", "size=65536k"]}
		],
		annotations: {"io.kubernetes.cri-o.ContainerType": "container", "io.container.manager": "cri-o"},
		linux: {
			resources: {devices: [{allow: false, access: "rwm"}], cpu: {shares: 512, quota: 50000, period: 100000}, memory: {limit: 67108864},
				pids: {limit: 100}},
			cgroupsPath: $cgroup,
			namespaces: [{type: "pid"}, {type: "network", path: "/var/run/crio/pods/net"}, {type: "ipc", path: "/var/run/crio/pods/ipc"},
				{type: "uts", path: "/var/run/crio/pods/uts"}, {type: "mount"}],
			maskedPaths: ["/proc/acpi", "/proc/kcore", "/proc/keys", "/proc/latency_stats", "/proc/timer_list", "/proc/sched_debug",
				"/proc/scsi", "/sys/firmware"],
			readonlyPaths: ["/proc/asound", "/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys", "/proc/sysrq-trigger"]
		}} | '"${2:-.}" > "$BUNDLE/config.json"
}

shell_of() # SCRIPT: a filter that makes the container run it
{
	printf '.process.args = ["sh", "-c", %s]' "$(printf '%s' "$1" | jq -Rs .)"
}

create() # [CONMON_OPTION...]: $ID, by conmon; its answer is $ANSWER
{
	ANSWER=$(crio_py conmon -b "$BUNDLE" -c "$ID" --exit-dir /var/run/crio/exits -l "$BUNDLE/log" --log-level info -n "k8s_$ID" \
		-P "$BUNDLE/conmon-pidfile" -p "$BUNDLE/pidfile" --persist-dir "$BUNDLE" -r "$PROGRAM" --runtime-arg "--root=$ROOT" \
		--socket-dir-path /var/run/crio/attach --syslog -u "$ID" "$@")
}

# One that is created well and started.
start() # [CONMON_OPTION...]
{
	create "$@"
	expect_eq "$(cat "$BUNDLE/pidfile")" "$(printf '%s' "$ANSWER" | jq .pid)" 'pid that conmon tells'
	runtime start "$ID"
}

exec_sync() # TIMEOUT TERMINAL CMD...: conmon's answer; the output is in the file log-exec
{
	_timeout=$1 _tty=$2
	shift 2
	process_file "$_tty" "$@"
	rm -f log-exec
	# shellcheck disable=SC2046
	crio_py conmon -c "$ID" -n "k8s_$ID" -r "$PROGRAM" -p "$PWD/pidfile-exec" -e -l "$PWD/log-exec" --socket-dir-path /var/run/crio/attach \
		--log-level info --sync --log-global-size-max 16777216 ${_timeout:+-T "$_timeout"} --exec-process-spec "$PWD/exec.json" \
		--runtime-arg "--root=$ROOT" $([ "$_tty" = false ] || echo -t)
}

process_file() # TERMINAL CMD...: exec.json, the container's process with another command
{
	_tty=$1
	shift
	jq --argjson tty "$_tty" '.process | .args = $ARGS.positional | .terminal = $tty' --args -- "$@" < "$BUNDLE/config.json" > exec.json
}

exec_stream() # CMD...
{
	process_file false "$@"
	runtime exec --process exec.json "$ID"
}

terminal_exec() # of exec.json, with a terminal on its descriptors
{
	echo word | pty env -i XDG_RUNTIME_DIR=/run/user/0 "$PROGRAM" --root "$ROOT" exec --process exec.json "$ID"
}

state() # JQ_FILTER
{
	runtime state "$ID" | jq -r "$1"
}

has_exited() # for wait_for: conmon has written the exit code, which is $1
{
	[ "$(cat "/var/run/crio/exits/$ID" 2> /dev/null)" = "$1" ]
}

# --- cases ---

test_life_of_a_container()
{
	bundle one "$(shell_of 'echo out; echo err >&2; trap "exit 5" TERM; touch /tmp/ready; while :; do sleep 0.05; done')"
	create
	expect_eq created "$(state .status)"
	_pid=$(cat "$BUNDLE/pidfile")
	runtime start "$ID"
	# CRI-O decodes this over what it knows.
	expect_eq "one running $_pid $BUNDLE" "$(state '"\(.id) \(.status) \(.pid) \(.bundle)"')"
	expect_match '^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:]{8}(\.[0-9]+)?Z$' "$(state .created)"
	expect_eq cri-o "$(state '.annotations."io.container.manager"')"
	expect_match "/pod-one/crio-one$" "$(cat "/proc/$_pid/cgroup")"
	for _ns in net ipc uts; do
		expect_eq "$(stat -L -c %i "/var/run/crio/pods/$_ns")" "$(stat -L -c %i "/proc/$_pid/ns/$_ns")" "$_ns"
	done
	wait_for test -e rootfs/tmp/ready
	runtime pause "$ID"
	expect_eq paused "$(state .status)"
	runtime resume "$ID"
	runtime kill "$ID" 15
	wait_for has_exited 5
	expect_eq 'stopped 0' "$(state '"\(.status) \(.pid // 0)"')"
	expect_eq 'err out' "$(cut -d ' ' -f 4 "$BUNDLE/log" | sort | xargs)"
	for _signal in 9 KILL; do
		expect_status 1 runtime kill "$ID" "$_signal"
		# The words by which CRI-O knows, in this case of letters.
		expect_match 'container not running|no such process|invalid process' "$ERROR"
	done
	expect_status 0 runtime kill -a "$ID" 9
	expect_status 0 runtime delete --force "$ID"
	expect_status 0 runtime delete --force "$ID"
	expect_status 1 runtime state "$ID"
	expect_match 'does not exist' "$ERROR"
}

# A pod with the node's pids has all killed when the first has ended, however.
test_pids_of_the_node()
{
	bundle one "$(shell_of 'sleep 1002 & sleep 1003 & exit 3') | .linux.namespaces |= map(select(.type != \"pid\"))"
	start
	wait_for has_exited 3
	expect_match 'sleep 100[23]' "$(ps -e -o args=)"
	expect_status 0 runtime kill -a "$ID" 9
	wait_for sh -c '! ps -e -o args= | grep "^sleep 100[23]"'
}

test_execs()
{
	bundle one
	start
	expect_eq 9 "$(exec_sync '' false sh -c 'echo out; echo err >&2; exit 9' | jq .exit_code)"
	expect_eq 'stderr F err stdout F out' "$(cut -d ' ' -f 2- log-exec | sort | xargs)"
	exec_sync '' true sh -c 'tty; exit 4' > answer
	expect_eq 4 "$(jq .exit_code answer)"
	expect_match 'stdout F /dev/pts/0' "$(cat log-exec)"
	expect_eq '-1 command timed out' "$(exec_sync 1 false sleep 1004 | jq -r '"\(.exit_code) \(.message)"')"
	wait_for sh -c '! ps -e -o args= | grep "^sleep 1004"'
	exec_sync '' false nowhere > answer
	expect_match 'exec: "nowhere": executable file not found in \$PATH' "$(message_of "$(cat answer)")"
	same 'exec of nothing' "$(jq .exit_code answer) $(message_of "$(cat answer)")"
	# A stream: in the foreground, its descriptors as they are.
	echo line > input
	expect_status 7 exec_stream sh -c 'cat; echo err >&2; exit 7' < input
	expect_eq 'line err' "$OUTPUT $ERROR"
	process_file true sh -c 'tty; read -r line; echo "got $line"; exit 6'
	expect_status 6 terminal_exec
	expect_match 'got word' "$OUTPUT"
	expect_match '^/dev/pts/[0-9]' "$OUTPUT"
	expect_status 255 exec_stream nowhere
	expect_match 'executable file not found' "$ERROR"
}

test_limits_and_their_update()
{
	bundle one
	start
	if cgroup_v2; then
		_files="pod-one/crio-one/memory.max pod-one/crio-one/cpu.max pod-one/crio-one/pids.max"
	else
		_files="memory/pod-one/crio-one/memory.limit_in_bytes cpu/pod-one/crio-one/cpu.cfs_quota_us pids/pod-one/crio-one/pids.max"
	fi
	# shellcheck disable=SC2086
	same limits "$(cd /sys/fs/cgroup && cat $_files | xargs)"
	echo '{"cpu": {"shares": 256, "quota": 20000, "period": 100000}, "memory": {"limit": 33554432}}' > resources
	runtime update --resources - "$ID" < resources
	# shellcheck disable=SC2086
	_after=$(cd /sys/fs/cgroup && cat $_files | xargs)
	same 'limits after the update' "$_after"
	expect_match 33554432 "$_after"
	runtime delete --force "$ID"
	bundle two '.process.args = ["payload", "hog", "64"] | .linux.resources.memory.limit = 16777216'
	start
	wait_for has_exited 137
	wait_for test -e "$BUNDLE/oom"
}

test_attach_and_terminal()
{
	bundle one "$(shell_of 'while read -r line; do echo "got $line"; done; exit 3')"
	start -i
	expect_match 'got one' "$(crio_py attach /var/run/crio/attach/one/attach 'send:one\n' 'await:got one' end)"
	wait_for has_exited 3
	bundle two "$(shell_of 'tty; n=0; trap "stty size; n=\$((n + 1)); [ \$n -lt 2 ] || exit 4" WINCH; echo up; while :; do sleep 0.05; done') | .process.terminal = true"
	start -t
	wait_for grep -q up "$BUNDLE/log"
	echo '1 30 100' > "$BUNDLE/ctl"
	wait_for grep -q '30 100' "$BUNDLE/log"
	mv "$BUNDLE/log" "$BUNDLE/log.1"
	echo '2 0 0' > "$BUNDLE/ctl"
	wait_for test -e "$BUNDLE/log"
	echo '1 24 80' > "$BUNDLE/ctl"
	wait_for has_exited 4
	same 'log of a terminal' "$(cut -d ' ' -f 2- "$BUNDLE/log.1" "$BUNDLE/log" | od -c)"
}

test_what_cannot_be_created()
{
	for _program in nowhere /bin/nowhere /etc/passwd; do
		bundle "lost$(echo "$_program" | tr -d /)" ".process.args = [\"$_program\"]"
		create
		expect_eq -1 "$(printf '%s' "$ANSWER" | jq .pid)"
		same "$_program" "$(message_of "$ANSWER")"
		expect_status 0 runtime delete --force "$ID"
	done
	bundle nodir '.process.args = ["true"] | .mounts += [{destination: "/vol", type: "bind", source: "/nowhere", options: ["rbind"]}]'
	create
	expect_eq -1 "$(printf '%s' "$ANSWER" | jq .pid)"
	expect_match 'no such file or directory' "$(printf '%s' "$ANSWER" | jq -r .message)"
	bundle noid '.linux.namespaces |= map(if .type == "network" then .path = "/var/run/crio/pods/none" else . end)'
	create
	expect_eq -1 "$(printf '%s' "$ANSWER" | jq .pid)"
	expect_match '/var/run/crio/pods/none' "$(printf '%s' "$ANSWER" | jq -r .message)"
	expect_eq '' "$(runtime list -q)"
}

message_of() # ANSWER: the reason without what the runtimes say before it
{
	printf '%s' "$1" | jq -r .message | sed -E 's/\\"/"/g; s/.*(exec: "[^"]*".*)/\1/; s/"$//'
}

test_checkpoint_and_restore()
{
	[ -n "$CRIU" ] || skip "no criu that works here: ${CRIU_MISSING:-none is installed}"
	bundle one "$(shell_of 'i=0; while :; do i=$((i + 1)); echo $i > /tmp/count; sleep 0.05; done') | .mounts |= map(select(.type != \"mqueue\"))"
	start
	wait_for test -s rootfs/tmp/count
	runtime checkpoint --file-locks --image-path "$BUNDLE/checkpoint" --work-path "$BUNDLE" --leave-running "$ID"
	expect_eq running "$(state .status)"
	sleep 1
	rm -r "$BUNDLE/checkpoint"
	runtime checkpoint --file-locks --image-path "$BUNDLE/checkpoint" --work-path "$BUNDLE" "$ID"
	ls "$BUNDLE/checkpoint/inventory.img" "$BUNDLE/dump.log"
	wait_for test -e "/var/run/crio/exits/$ID"
	runtime delete --force "$ID"
	_count=$(cat rootfs/tmp/count)
	rm -f "/var/run/crio/exits/$ID" "$BUNDLE/ctl" "$BUNDLE/winsz" "$BUNDLE/attach" rootfs/tmp/count
	create --restore "$BUNDLE/checkpoint"
	expect_eq running "$(state .status)"
	wait_for test -s rootfs/tmp/count
	[ "$(cat rootfs/tmp/count)" -gt "$_count" ] || fail 'it began anew'
	runtime kill "$ID" 9
	wait_for has_exited 137
}
