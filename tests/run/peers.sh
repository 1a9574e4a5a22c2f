# every command beside runc's and crun's on the same bundle: the same effect, exit status and members; what engines match in errors
# timeout: 180
# A row that differs from a peer on purpose says so: "-" in the place of that peer.

setup()
{
	peers=
	for _peer in runc crun; do
		command -v "$_peer" > which.log && peers="$peers $_peer"
	done
	[ -n "$peers" ] || skip 'neither runc nor crun is installed'
}

# crun takes a cgroup2 mount beside v1 for a hierarchy of its own, and knows the version 1.0 of the specification.
as() # RUNTIME ARG...
{
	_rt=$1
	shift
	case $_rt in
	hind) hind "$@" ;;
	crun) unshare -m sh -c '! mountpoint -q /sys/fs/cgroup/unified || umount /sys/fs/cgroup/unified; exec "$@"' sh \
		crun --root "$PWD/crun" "$@" ;;
	*) "$_rt" --root "$PWD/$_rt" "$@" ;;
	esac
}

bundle_for() # RUNTIME NAME [FILTER...]: becomes $BUNDLE
{
	_of=$1 _name=$2
	shift 2
	bundle_new "$_of-$_name" '.ociVersion="1.0.2"' '.root.readonly=false' ".linux.cgroupsPath=\"/$PREFIX-$_of-$_name\"" \
		'del(.linux.resources)' '.linux.namespaces|=map(select(.type!="cgroup"))' '.mounts|=map(select(.type!="cgroup"))' "$@"
}

create_for() # RUNTIME NAME: of $BUNDLE; its output goes to a file, or the container would keep the pipe
{
	as "$1" create --bundle "$BUNDLE" "$PREFIX-$2" > "$1-$2.log" 2>&1 < /dev/null
}

is_at() # RUNTIME NAME STATUS: for wait_for
{
	[ "$(as "$1" state "$PREFIX-$2" | jq -r .status)" = "$3" ]
}

# A container in each state of its life: $PREFIX-created, -running, -stopped.
containers_for() # RUNTIME
{
	for _state in created running stopped; do
		bundle_for "$1" "$_state"
		args sleep 1000
		[ "$_state" != stopped ] || args true
		create_for "$1" "$_state" || fail "$1 create: $(cat "$1-$_state.log")"
		[ "$_state" = created ] || as "$1" start "$PREFIX-$_state"
	done
	wait_for is_at "$1" stopped stopped
}

remove_all_of() # RUNTIME
{
	for _state in created running stopped; do
		as "$1" delete --force "$PREFIX-$_state" > delete.log 2>&1 || :
	done
}

finish() # what the peers made goes before the runner looks
{
	for _peer in $peers; do
		remove_all_of "$_peer"
	done
}

# What came of CMD with one runtime, as "STATUS" in status.RUNTIME and all that it printed in text.RUNTIME.
try() # RUNTIME ARG...
{
	_status=0
	as "$@" > "text.$1" 2>&1 < /dev/null || _status=$?
	echo "$_status" > "status.$1"
}

# Same status with every runtime that is named, and this in hind's message, which is one line.
row() # NAME STATUS REGEX RUNTIMES ARG...
{
	_row=$1 _wanted=$2 _regex=$3 _with=$4
	shift 4
	for _runtime in hind $_with; do
		case " hind$peers " in
		*" $_runtime "*) ;;
		*) continue ;;
		esac
		try "$_runtime" "$@"
		[ "$(cat "status.$_runtime")" = "$_wanted" ] ||
			echo "$_row: $_runtime ends with $(cat "status.$_runtime"), wanted $_wanted: $(cat "text.$_runtime")" >> differences
	done
	{ [ -z "$_regex" ] && [ ! -s text.hind ]; } || grep -Eq -e "${_regex:-^$}" text.hind || echo "$_row: hind says '$(cat text.hind)', wanted /$_regex/" >> differences
	[ "$_wanted" = 0 ] || [ "$(grep -c '' text.hind)" = 1 ] || echo "$_row: hind says more than one line: $(cat text.hind)" >> differences
}

judge()
{
	[ ! -s differences ] || fail "$(cat differences)"
}

# --- the life of a container ------------------------------------------------------------------------------------------

facts() # RUNTIME: what can be seen of a life, a line each
{
	id=$PREFIX-running
	bundle_for "$1" running
	args sh -c 'echo out; echo err >&2; while :; do sleep 0.1; done'
	create_for "$1" running && echo 'create: 0' || echo "create: $?"
	as "$1" state "$id" > state.json
	jq -r '"created: \(.status) \(.id) \(.pid > 0) \(.bundle)"' state.json | sed "s|/$1-running|/running|"
	jq -r 'keys - ["owner","annotations","systemd-scope"] | "members: \(join(" "))"' state.json
	echo "rootfs: $(jq -r .rootfs state.json | sed "s|.*/$1-running/||")"
	echo "time: $(jq -r .created state.json | grep -Ec '^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:.]+(Z|\+00:00)$')"
	[ -d "/proc/$(jq .pid state.json)" ] && echo 'process: yes'
	as "$1" start "$id" && echo 'start: 0'
	wait_for grep -q err "$1-running.log"
	echo "output: $(sort "$1-running.log" | tr '\n' ' ')"
	as "$1" state "$id" | jq -r '"running: \(.status) \(.pid > 0)"'
	as "$1" list -q | grep -Fx "$id"
	as "$1" list --format json | jq -c "map(select(.id==\"$id\") | [.id, .status, .pid > 0, (.bundle | length > 0)])"
	as "$1" ps --format json "$id" | jq -c 'map(type) | unique'
	as "$1" exec "$id" sh -c 'exit 7' < /dev/null && echo 'exec: 0' || echo "exec: $?"
	as "$1" exec --cwd /tmp --env A=b "$id" /bin/sh -c 'pwd; echo $A' < /dev/null || echo "exec with options: $?"
	# crun gives the user what stands on stdin, the machine's /dev/null too.
	: > nothing
	as "$1" exec --user 1000:1000 "$id" sh -c 'id -u; id -g' < nothing
	as "$1" pause "$id" && echo 'pause: 0'
	as "$1" state "$id" | jq -r '"paused: \(.status)"'
	as "$1" resume "$id" && echo 'resume: 0'
	as "$1" state "$id" | jq -r '"resumed: \(.status)"'
	as "$1" update --memory 67108864 --pids-limit 40 "$id" && echo 'update: 0'
	pid=$(as "$1" state "$id" | jq .pid)
	if ! cgroup_v2; then
		echo "limits: $(cat "/sys/fs/cgroup/memory/$PREFIX-$1-running/memory.limit_in_bytes" "/sys/fs/cgroup/pids/$PREFIX-$1-running/pids.max" | tr '\n' ' ')"
	fi
	as "$1" kill "$id" KILL && echo 'kill: 0'
	wait_for is_at "$1" running stopped
	as "$1" state "$id" | jq -r '"stopped: \(.status) \(.pid)"'
	as "$1" delete "$id" && echo 'delete: 0'
	as "$1" state "$id" > gone.log 2>&1 && echo 'gone: 0' || echo "gone: $?"
	[ ! -d "/proc/$pid" ] && echo 'ended: yes'
}

test_life_is_the_same()
{
	for _runtime in hind $peers; do
		(facts "$_runtime") > "facts.$_runtime" 2> "errors.$_runtime" || fail "$_runtime: $(tail -1 "facts.$_runtime") $(cat "errors.$_runtime")"
	done
	for _peer in $peers; do
		# crun 1.8 keeps the pid of a process that has ended.
		[ "$_peer" = runc ] || sed -i 's/^stopped: stopped .*/stopped: stopped 0/' "facts.$_peer"
		diff "facts.$_peer" facts.hind > difference || fail "with $_peer (<) and hind (>): $(cat difference "errors.$_peer")"
	done
	finish
}

test_exit_status_of_run()
{
	for _runtime in hind $peers; do
		bundle_for "$_runtime" run
		for _status in 0 1 42 255; do
			args sh -c "exit $_status"
			try "$_runtime" run --bundle "$BUNDLE" "$PREFIX-run"
			expect_eq "$_status" "$(cat "status.$_runtime")" "status of $_runtime run"
		done
		args payload die TERM
		try "$_runtime" run --bundle "$BUNDLE" "$PREFIX-run"
		cp "status.$_runtime" "killed.$_runtime"
		try "$_runtime" state "$PREFIX-run"
		expect_eq 1 "$(cat "status.$_runtime")" "status of $_runtime state afterwards"
	done
	for _peer in $peers; do
		expect_eq "$(cat "killed.$_peer")" "$(cat killed.hind)" "status of a run that a signal ended, with $_peer"
	done
}

test_spec_has_the_same_shape()
{
	case $peers in *runc*) ;; *) skip 'no runc' ;; esac
	mkdir a b
	(cd a && hind spec)
	(cd b && runc spec)
	for where in a b; do
		jq -S '{root: (.root | keys), mounts: (.mounts | map(.destination)), args: .process.args, terminal: .process.terminal,
			cwd: .process.cwd, noNewPrivileges: .process.noNewPrivileges, user: .process.user, masked: (.linux.maskedPaths | length > 5)}' "$where/config.json" > "$where/shape"
	done
	diff b/shape a/shape > difference || fail "runc's (<) and hind's (>) spec: $(cat difference)"
	# hind's has more: a cgroup namespace everywhere, and the capabilities that engines give.
	jq -n --slurpfile theirs b/config.json --slurpfile ours a/config.json -e '
		($theirs[0].process.capabilities.bounding - $ours[0].process.capabilities.bounding == []) and
		([$theirs[0].linux.namespaces[].type] - [$ours[0].linux.namespaces[].type] == [])' > jq.log || fail 'runc has a namespace or a capability more'
}

test_features_have_what_runc_says()
{
	case $peers in *runc*) ;; *) skip 'no runc' ;; esac
	runc features > runc.json 2> features.log || skip "this runc has no features: $(head -1 features.log)"
	hind features > hind.json
	for path in .hooks .linux.namespaces .linux.capabilities .linux.seccomp.actions .linux.seccomp.operators .linux.seccomp.archs .mountOptions; do
		jq -r "$path // [] | .[]" runc.json | sort > wanted
		jq -r "$path // [] | .[]" hind.json | sort > have
		# acl and noacl are the file system's own words, and are passed on to it.
		comm -23 wanted have | grep -vx -e acl -e noacl > missing || :
		[ ! -s missing ] || fail "$path lacks what runc has: $(tr '\n' ' ' < missing)"
	done
	jq -r '.annotations|keys[]' runc.json | grep -v 'org.opencontainers.runc.\(version\|commit\)' | sort > wanted
	jq -r '.annotations|keys[]' hind.json | sort > have
	comm -23 wanted have > missing
	[ ! -s missing ] || fail "annotations lack: $(cat missing)"
}

# --- errors -----------------------------------------------------------------------------------------------------------

test_errors_of_commands()
{
	for _runtime in hind $peers; do
		containers_for "$_runtime"
	done
	row 'state unknown' 1 'container .*nope.* does not exist' 'runc crun' state "$PREFIX-nope"
	row 'start unknown' 1 'does not exist' 'runc crun' start "$PREFIX-nope"
	row 'kill unknown' 1 'does not exist' 'runc crun' kill "$PREFIX-nope" TERM
	row 'delete unknown' 1 'does not exist' 'runc crun' delete "$PREFIX-nope"
	row 'delete -f unknown' 0 '' 'runc crun' delete --force "$PREFIX-nope"
	row 'pause unknown' 1 'does not exist' 'runc crun' pause "$PREFIX-nope"
	row 'resume unknown' 1 'does not exist' 'runc crun' resume "$PREFIX-nope"
	row 'update unknown' 1 'does not exist' 'runc crun' update --pids-limit 5 "$PREFIX-nope"
	row 'ps unknown' 1 'does not exist' 'runc' ps "$PREFIX-nope"
	row 'exec unknown' 255 'does not exist' 'runc' exec "$PREFIX-nope" true
	row 'checkpoint unknown' 1 'does not exist' 'runc' checkpoint "$PREFIX-nope"
	for _runtime in hind $peers; do
		_status=0
		as "$_runtime" create --bundle "$PWD/$_runtime-created" "$PREFIX-created" > "text.$_runtime" 2>&1 < /dev/null || _status=$?
		expect_eq 1 "$_status" "status of a second create with $_runtime"
	done
	expect_match 'container with given ID already exists' "$(cat text.hind)"
	row 'start running' 1 'cannot start an already running container' 'runc crun' start "$PREFIX-running"
	row 'start stopped' 1 'cannot start a container that has stopped' 'runc crun' start "$PREFIX-stopped"
	row 'delete running' 1 'cannot delete container .* that is not stopped: running' 'runc crun' delete "$PREFIX-running"
	row 'kill stopped' 1 'container not running' 'runc crun' kill "$PREFIX-stopped" TERM
	row 'kill --all stopped' 0 '' 'runc' kill --all "$PREFIX-stopped" TERM
	row 'exec stopped' 255 'cannot exec in a stopped container' 'runc' exec "$PREFIX-stopped" true
	row 'pause stopped' 1 'container not running' 'runc crun' pause "$PREFIX-stopped"
	row 'update stopped' 1 'container not running' 'runc' update --pids-limit 5 "$PREFIX-stopped"
	row 'ps stopped' 0 'PID|^$' 'runc' ps "$PREFIX-stopped"
	row 'checkpoint stopped' 1 'cannot be checkpointed in stopped state' 'runc' checkpoint "$PREFIX-stopped"
	row 'checkpoint created' 1 'cannot be checkpointed in created state' 'runc' checkpoint "$PREFIX-created"
	row 'unknown signal' 1 'unknown signal "BOGUS"' 'runc' kill "$PREFIX-running" BOGUS
	row 'exec: not in PATH' 255 'executable file not found in \$PATH' 'runc' exec "$PREFIX-running" nope
	row 'exec: missing' 255 'no such file or directory' 'runc' exec "$PREFIX-running" /bin/nope
	row 'exec: a directory' 255 'is a directory' '-' exec "$PREFIX-running" /tmp
	row 'unknown command' 1 'unknown command "frobnicate"' '-' frobnicate
	row 'unknown option' 1 'unknown option' '-' state --frobnicate "$PREFIX-running"
	row 'no id' 1 'takes one container id' 'runc' state
	finish
	judge
}

# BUNDLE of each runtime is edited by the filter, and `run` has to end as the row says.
run_row() # NAME STATUS REGEX RUNTIMES FILTER
{
	for _runtime in hind $4; do
		case " hind$peers " in
		*" $_runtime "*) ;;
		*) continue ;;
		esac
		[ -d "$_runtime-run" ] || bundle_for "$_runtime" run
		BUNDLE=$PWD/$_runtime-run
		cp "$BUNDLE/config.json" keep.json
		config "$5"
		try "$_runtime" run --bundle "$BUNDLE" "$PREFIX-run"
		cp keep.json "$BUNDLE/config.json"
		[ "$(cat "status.$_runtime")" = "$2" ] ||
			echo "$1: $_runtime ends with $(cat "status.$_runtime"), wanted $2: $(cat "text.$_runtime")" >> differences
		grep -Eiq -e "$3" "text.$_runtime" || echo "$1: $_runtime says '$(cat "text.$_runtime")', wanted /$3/" >> differences
	done
	grep -Eq -e "$3" text.hind || echo "$1: not in hind's letters: $(cat text.hind)" >> differences
}

test_errors_of_programs()
{
	for _runtime in hind $peers; do
		bundle_for "$_runtime" run
		printf '#!/bin/nothere\n' > "$BUNDLE/rootfs/bin/badinterp"
		printf '\177ELF but nothing else, and long enough to be looked at by the kernel as a program header would be' > "$BUNDLE/rootfs/bin/badelf"
		echo text > "$BUNDLE/rootfs/bin/noexec"
		chmod 755 "$BUNDLE/rootfs/bin/badinterp" "$BUNDLE/rootfs/bin/badelf"
	done
	run_row 'not in PATH' 1 'executable file .*not found in \$PATH' 'runc crun' '.process.args=["nope"]'
	run_row 'absolute path missing' 1 'no such file or directory' 'runc crun' '.process.args=["/bin/nope"]'
	run_row 'not executable' 1 'permission denied|not permitted' 'runc crun' '.process.args=["/bin/noexec"]'
	grep -q 'permission denied' text.hind || fail "not executable: $(cat text.hind)"
	run_row 'a directory' 1 'is a directory|permission denied|not permitted' 'runc crun' '.process.args=["/bin"]'
	grep -q 'is a directory' text.hind || fail "a directory: $(cat text.hind)"
	run_row 'missing interpreter' 1 'no such file or directory' 'runc crun' '.process.args=["/bin/badinterp"]'
	grep -q '/bin/nothere' text.hind || fail "the interpreter is not named: $(cat text.hind)"
	run_row 'no program' 1 'exec format error' 'runc crun' '.process.args=["/bin/badelf"]'
	run_row 'cwd is a file' 1 'not a directory' 'runc crun' '.process.cwd="/etc/passwd"'
	run_row 'no process' 1 'process' 'runc' 'del(.process)'
	run_row 'no args' 1 'args' 'runc' '.process.args=[]'
	judge
}

test_bad_ids_and_bad_json()
{
	for _runtime in hind $peers; do
		bundle_for "$_runtime" run
		for _id in 'a/b' '../a' ''; do
			try "$_runtime" run --bundle "$BUNDLE" "$_id"
			[ "$(cat "status.$_runtime")" != 0 ] || fail "$_runtime takes '$_id' for an id"
		done
		printf '{"ociVersion":"1.0.2",' > "$BUNDLE/config.json"
		try "$_runtime" run --bundle "$BUNDLE" "$PREFIX-run"
		[ "$(cat "status.$_runtime")" = 1 ] || fail "$_runtime takes half a config.json: $(cat "text.$_runtime")"
	done
	expect_match 'config.json:1:23' "$(cat text.hind)"
	try hind run --bundle "$BUNDLE" 'a/b'
	expect_match 'invalid container ID format' "$(cat text.hind)"
}

test_empty_list()
{
	for _runtime in hind $peers; do
		try "$_runtime" list --format json
		expect_eq 0 "$(cat "status.$_runtime")" "status of $_runtime list"
	done
	expect_eq '[]' "$(cat text.hind)" 'an empty list'
}
