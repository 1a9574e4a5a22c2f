# create, run, state, list, ps, exec, spec, features beside runc's and crun's: the same effect, exit status and members
# timeout: 180
# shellcheck source=tests/beside.sh
. "$TESTS/beside.sh"

console_at() # SOCKET: listens there, until it has had a terminal; what that said goes to SOCKET.out
{
	"$(dirname "$PAYLOAD")/console" "$1" > "$1.out" 2>&1 &
	console=$!
	wait_for grep -q "$1" /proc/net/unix
}

# The first line names the message, as each sees fit.
console_said() # SOCKET
{
	sed 's/\r//; 1d' "$1.out"
}

pidfd_at() # SOCKET
{
	"$PAYLOAD" pidfd "$1" > "$1.out" 2>&1 &
	console=$!
	wait_for grep -q "$1" /proc/net/unix
}

is_pidfd_of() # SOCKET PID
{
	[ "$(sed 's/.* //' "$1.out")" = "$2" ]
}

# --- create, run ------------------------------------------------------------------------------------------------------

facts_life() # RUNTIME
{
	id=$PREFIX-life
	bundle_for "$1" life
	args sh -c 'echo out; echo err >&2; while :; do sleep 0.1; done'
	seen "$1" create create_for "$1" life
	as "$1" state "$id" > state.json
	seen "$1" state.created jq -r '"\(.status) \(.id) \(.pid > 0) \(.bundle)"' state.json
	seen "$1" state.rootfs jq -r .rootfs state.json
	seen "$1" state.owner jq -r .owner state.json
	seen "$1" state.version jq -r .ociVersion state.json
	seen "$1" state.members jq -r 'keys|join(" ")' state.json
	seen "$1" state.time grep -Eo '"created": "[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:.]+Z"' state.json | sed 's/[0-9.]*Z"/Z"/; s/[0-9]/0/g'
	seen "$1" process test -d "/proc/$(jq .pid state.json)"
	seen "$1" start as "$1" start "$id"
	wait_for grep -q err "$1-life.log"
	seen "$1" output sort "$1-life.log"
	seen "$1" state.running status_with "$1" life
	pid=$(pid_with "$1" life)
	seen "$1" kill as "$1" kill "$id" KILL
	wait_for is_at "$1" life stopped
	seen "$1" state.stopped.pid pid_with "$1" life
	seen "$1" delete as "$1" delete "$id"
	seen "$1" gone is_gone "$1" life
	seen "$1" ended test ! -d "/proc/$pid"
}

test_life()
{
	compare facts_life
}

facts_create() # RUNTIME: the options
{
	bundle_for "$1" opts
	args sleep 1000
	create_for "$1" opts --pid-file "$PWD/$1-pid"
	seen "$1" create.pid-file test "$(cat "$1-pid")" = "$(pid_with "$1" opts)"
	seen "$1" create.pid-file.bytes sh -c 'sed "s/[0-9]//g" "$1" | od -An -c' sh "$1-pid"
	remove_of "$1" opts
	echo three > three
	args payload fds
	seen "$1" create.preserve-fds create_for "$1" opts --preserve-fds 1 3< three
	as "$1" start "$PREFIX-opts"
	wait_for is_at "$1" opts stopped
	seen "$1" create.preserve-fds.open cut -d ' ' -f 1 "$1-opts.log"
	remove_of "$1" opts
	args sh -c 'grep -c _ses /proc/keys'
	for _opt in --no-new-keyring --no-pivot; do
		seen "$1" "create$_opt" create_for "$1" opts "$_opt"
		as "$1" start "$PREFIX-opts"
		wait_for is_at "$1" opts stopped
		[ "$_opt" = --no-pivot ] || seen "$1" "create$_opt.keys" cat "$1-opts.log"
		remove_of "$1" opts
	done
	config '.process.terminal=true'
	args sh -c 'tty; stty size 2>/dev/null; echo done'
	console_at "$PWD/$1.sock"
	seen "$1" create.console-socket create_for "$1" opts --console-socket "$PWD/$1.sock"
	as "$1" start "$PREFIX-opts"
	wait $console
	seen "$1" create.console-socket.said console_said "$PWD/$1.sock"
	remove_of "$1" opts
}

test_create()
{
	compare facts_create
}

facts_create_config() # RUNTIME
{
	bundle_for "$1" conf
	args echo of another file
	mv "$BUNDLE/config.json" "$BUNDLE/other.json"
	seen "$1" run.config as "$1" run --bundle "$BUNDLE" --config other.json "$PREFIX-conf"
	seen "$1" run.config.absolute as "$1" run --bundle "$BUNDLE" -f "$BUNDLE/other.json" "$PREFIX-conf"
	seen "$1" create.config create_for "$1" conf --config other.json
	remove_of "$1" conf
	seen "$1" create.no-subreaper create_for "$1" conf --config other.json --no-subreaper
	remove_of "$1" conf
}

test_create_config()
{
	compare facts_create_config crun
}

facts_pidfd() # RUNTIME
{
	bundle_for "$1" fd
	args sleep 1000
	pidfd_at "$PWD/$1.sock"
	seen "$1" create.pidfd-socket create_for "$1" fd --pidfd-socket "$PWD/$1.sock"
	wait $console
	seen "$1" create.pidfd-socket.said is_pidfd_of "$1.sock" "$(pid_with "$1" fd)"
	as "$1" start "$PREFIX-fd"
	rm "$1.sock"
	pidfd_at "$PWD/$1.sock"
	seen "$1" exec.pidfd-socket as "$1" exec -d --pidfd-socket "$PWD/$1.sock" --pid-file "$PWD/$1-pid" "$PREFIX-fd" sleep 100
	wait $console
	seen "$1" exec.pidfd-socket.said is_pidfd_of "$1.sock" "$(cat "$1-pid")"
	remove_of "$1" fd
	rm "$1.sock"
	pidfd_at "$PWD/$1.sock"
	as "$1" run -d --bundle "$BUNDLE" --pidfd-socket "$PWD/$1.sock" "$PREFIX-fd" > "$1-fd.log" 2>&1 < nothing
	wait $console
	seen "$1" run.pidfd-socket.said is_pidfd_of "$1.sock" "$(pid_with "$1" fd)"
	remove_of "$1" fd
}

test_pidfd()
{
	if has_peer runc; then
		has_option runc create --pidfd-socket || skip 'this runc has no --pidfd-socket'
	fi
	compare facts_pidfd runc
}

facts_run() # RUNTIME
{
	id=$PREFIX-run
	bundle_for "$1" run
	for _status in 0 1 42 255; do
		args sh -c "exit $_status"
		seen "$1" "run.exit.$_status" as "$1" run --bundle "$BUNDLE" "$id"
	done
	args payload die TERM
	seen "$1" run.exit.signal as "$1" run --bundle "$BUNDLE" "$id"
	seen "$1" run.gone is_gone "$1" run
	args sh -c 'echo out; cat; echo err >&2; exit 3'
	seen "$1" run.output as "$1" run -b "$BUNDLE" "$id"
	seen "$1" run.errors cat seen.err
	args true
	seen "$1" run.keep as "$1" run --bundle "$BUNDLE" --keep "$id"
	seen "$1" run.keep.state status_with "$1" run
	seen "$1" run.keep.delete as "$1" delete "$id"
	args sleep 1000
	seen "$1" run.detach as "$1" run --detach --pid-file "$PWD/$1-pid" --bundle "$BUNDLE" "$id"
	seen "$1" run.detach.state status_with "$1" run
	seen "$1" run.detach.pid-file test "$(cat "$1-pid")" = "$(pid_with "$1" run)"
	remove_of "$1" run
	echo three > three
	args sh -c 'cat <&3; ls /proc/self/fd | wc -l'
	seen "$1" run.preserve-fds as "$1" run --preserve-fds 1 --bundle "$BUNDLE" "$id" 3< three
	args sh -c 'ls /'
	seen "$1" run.no-pivot as "$1" run --no-pivot --bundle "$BUNDLE" "$id"
	args grep -c _ses /proc/keys
	seen "$1" run.keyring as "$1" run --bundle "$BUNDLE" "$id"
	seen "$1" run.no-new-keyring as "$1" run --no-new-keyring --bundle "$BUNDLE" "$id"
	seen "$1" run.no-subreaper as "$1" run --no-subreaper --bundle "$BUNDLE" "$id"
	config '.process.terminal=true'
	args sh -c 'tty; echo done'
	console_at "$PWD/$1.sock"
	seen "$1" run.console-socket as "$1" run -d --console-socket "$PWD/$1.sock" --bundle "$BUNDLE" "$id"
	wait $console
	seen "$1" run.console-socket.said console_said "$PWD/$1.sock"
	remove_of "$1" run
}

test_run()
{
	compare facts_run
}

# --- state, list, ps --------------------------------------------------------------------------------------------------

facts_look() # RUNTIME
{
	id=$PREFIX-look
	mkdir "$1"
	as "$1" list > table
	seen "$1" list.none sed 's/  */ /g' table
	seen "$1" list.none.quiet as "$1" list -q
	seen "$1" list.none.json as "$1" list -f json
	start_for "$1" look sleep 1000
	as "$1" list > table
	seen "$1" list.head awk 'NR == 1 { $1 = $1; print }' table
	seen "$1" list.row awk 'NR == 2 { $2 = $2 > 1; $5 = ""; print }' table
	seen "$1" list.quiet as "$1" list --quiet
	as "$1" list --format json > list.json
	seen "$1" list.json jq -c 'map([.id, .status, .pid > 1, (.bundle|length > 0), .owner])' list.json
	seen "$1" list.json.members jq -r '.[0]|keys|join(" ")' list.json
	seen "$1" list.bad as "$1" list -f xml
	as "$1" ps "$id" > table
	seen "$1" ps.head awk 'NR == 1 { $1 = $1; print }' table
	seen "$1" ps.row awk 'NR == 2 { print $1, $NF }' table
	as "$1" ps --format json "$id" > ps.json
	seen "$1" ps.json test "$(jq -c . ps.json)" = "[$(pid_with "$1" look)]"
	as "$1" ps -f table "$id" > again
	seen "$1" ps.table sh -c '[ "$(head -n 1 table)" = "$(head -n 1 again)" ]'
	remove_of "$1" look
}

test_state_list_ps()
{
	compare facts_look
}

facts_ps_options() # RUNTIME
{
	start_for "$1" look sleep 1000
	# What is amid its execve has no arguments.
	wait_for grep -q sleep "/proc/$(as "$1" state "$PREFIX-look" | jq .pid)/cmdline"
	as "$1" ps "$PREFIX-look" -e -o pid,args > table
	seen "$1" ps.options.head awk 'NR == 1 { $1 = $1; print }' table
	seen "$1" ps.options.row awk 'NR == 2 { $1 = ""; print }' table
	remove_of "$1" look
}

test_ps_options()
{
	compare facts_ps_options runc
}

# --- exec -------------------------------------------------------------------------------------------------------------

facts_exec() # RUNTIME
{
	id=$PREFIX-exec
	start_for "$1" exec sleep 1000
	for _status in 0 7 255; do
		seen "$1" "exec.exit.$_status" as "$1" exec "$id" sh -c "exit $_status"
	done
	seen "$1" exec.exit.signal as "$1" exec "$id" payload die TERM
	seen "$1" exec.dashes as "$1" exec "$id" -- echo word
	seen "$1" exec.cwd as "$1" exec --cwd /tmp "$id" pwd
	seen "$1" exec.env as "$1" exec -e A=1 -e B=2 "$id" sh -c 'echo $A$B; env | grep -c PATH'
	seen "$1" exec.user as "$1" exec -u 1000 "$id" sh -c 'id -u; id -g'
	seen "$1" exec.user.group as "$1" exec --user 1000:1001 "$id" sh -c 'id -u; id -g'
	seen "$1" exec.user.caps as "$1" exec --user 1000 "$id" payload status CapInh CapPrm CapEff CapBnd CapAmb
	seen "$1" exec.user.name as "$1" exec --user nobody "$id" id -u
	seen "$1" exec.caps as "$1" exec "$id" payload status CapInh CapPrm CapEff CapBnd CapAmb NoNewPrivs Seccomp
	seen "$1" exec.cap as "$1" exec --cap CAP_SYS_ADMIN --cap CAP_SYS_NICE "$id" payload status CapInh CapPrm CapEff CapBnd CapAmb
	seen "$1" exec.no-new-privs as "$1" exec --no-new-privs "$id" payload status NoNewPrivs
	echo three > three
	seen "$1" exec.preserve-fds as "$1" exec --preserve-fds 1 "$id" sh -c 'cat <&3' 3< three
	rm -f "$1-pid"
	seen "$1" exec.detach as "$1" exec --detach --pid-file "$1-pid" "$id" sleep 900
	seen "$1" exec.detach.runs sh -c 'tr "\0" " " < /proc/$0/cmdline' "$(cat "$1-pid")"
	console_at "$PWD/$1.sock"
	seen "$1" exec.tty as "$1" exec -t -d --console-socket "$PWD/$1.sock" "$id" sh -c 'tty; echo done'
	wait $console
	seen "$1" exec.tty.said console_said "$PWD/$1.sock"
	jq '.process|.args=["sh","-c","pwd; echo $X; id -u"]|.cwd="/home"|.env+=["X=x"]|.user={uid:5,gid:6}' "$BUNDLE/config.json" > process.json
	seen "$1" exec.process as "$1" exec --process process.json "$id"
	seen "$1" exec.process.short as "$1" exec -p "$PWD/process.json" "$id"
	seen "$1" exec.cgroup.none as "$1" exec --cgroup /nowhere "$id" true
	if ! cgroup_v2; then
		mkdir "/sys/fs/cgroup/pids/$PREFIX-$1-exec/sub"
		seen "$1" exec.cgroup as "$1" exec --cgroup pids:sub "$id" grep -Eo 'pids:.*/sub' /proc/self/cgroup
		rmdir "/sys/fs/cgroup/pids/$PREFIX-$1-exec/sub"
	fi
	seen "$1" exec.missing as "$1" exec "$id" nope
	seen "$1" exec.missing.absolute as "$1" exec "$id" /bin/nope
	seen "$1" exec.directory as "$1" exec "$id" /tmp
	remove_of "$1" exec
}

test_exec()
{
	compare facts_exec
}

facts_exec_of_runc() # RUNTIME
{
	id=$PREFIX-exec
	start_for "$1" exec sleep 1000
	seen "$1" exec.additional-gids as "$1" exec -g 7 -g 9 "$id" payload status Groups
	as "$1" pause "$id"
	seen "$1" exec.paused as "$1" exec "$id" true
	as "$1" exec --ignore-paused "$id" echo went on > later < nothing 2>&1 &
	sleep 0.3
	seen "$1" exec.ignore-paused.waits cat later
	as "$1" resume "$id"
	wait $!
	seen "$1" exec.ignore-paused cat later
	remove_of "$1" exec
}

test_exec_of_runc()
{
	compare facts_exec_of_runc runc
}

# --- spec, features, hind's own options -------------------------------------------------------------------------------

facts_spec() # RUNTIME
{
	mkdir "$1-here" "$1-there" "$1-rootless"
	seen "$1" spec env -C "$1-here" "$(program "$1")" spec
	seen "$1" spec.twice env -C "$1-here" "$(program "$1")" spec
	seen "$1" spec.bundle "$(program "$1")" spec --bundle "$1-there"
	seen "$1" spec.rootless "$(program "$1")" spec --rootless --bundle "$1-rootless"
	seen "$1" spec.same cmp "$1-here/config.json" "$1-there/config.json"
	for _what in .root .process.args .process.terminal .process.cwd .process.env .process.user .process.noNewPrivileges .process.rlimits \
		.hostname '(.mounts|map(.destination))' '(.linux.namespaces|map(.type)|sort)' '(.linux.maskedPaths|sort)' \
		'(.linux.readonlyPaths|sort)' '(.process.capabilities.bounding|sort)' .linux.resources; do
		_key=$(echo "$_what" | sed 's/^(//; s/|.*//; s/.*\.//')
		seen "$1" "spec.$_key" jq -cS "$_what" "$1-there/config.json"
	done
	for _what in '(.linux.namespaces|map(.type)|sort)' '(.linux.uidMappings|length)' '(.linux.gidMappings|length)' .linux.resources; do
		_key=$(echo "$_what" | sed 's/^(//; s/|.*//; s/.*\.//')
		seen "$1" "spec.rootless.$_key" jq -cS "$_what" "$1-rootless/config.json"
	done
}

facts_spec_file() # RUNTIME
{
	mkdir "$1-file"
	seen "$1" spec.file "$(program "$1")" spec -b "$1-file" --file other.json
	seen "$1" spec.file.where sh -c 'ls "$1"' sh "$1-file"
}

test_spec_file()
{
	compare facts_spec_file crun
}

test_spec()
{
	compare facts_spec
}

# What a peer says that it can, hind can and says so.
test_features()
{
	hind features > hind.json
	for _peer in $peers; do
		"$_peer" features > "$_peer.json" 2> features.log || continue
		for path in .hooks .linux.namespaces .linux.capabilities .linux.seccomp.actions .linux.seccomp.operators .linux.seccomp.archs \
			.linux.seccomp.knownFlags .linux.seccomp.supportedFlags .mountOptions; do
			jq -r "$path // [] | .[]" "$_peer.json" | sort > wanted
			jq -r "$path // [] | .[]" hind.json | sort > have
			# acl and noacl are the file system's own words, and are passed on to it.
			# The architecture is known to libseccomp from 2.6 on.
			comm -23 wanted have | grep -vx -e acl -e noacl -e SCMP_ARCH_LOONGARCH64 | sed "s/^/$path of $_peer: /" >> differences || :
		done
		jq -r '[paths(scalars)|map(tostring)|join(".")]|.[]|select(test("\\.[0-9]+$|^annotations|^potentiallyUnsafe")|not)' "$_peer.json" | sort > wanted
		jq -r '[paths(scalars)|map(tostring)|join(".")]|.[]' hind.json | sort > have
		comm -23 wanted have | sed "s/^/$_peer has /" >> differences
		jq -r '.annotations|keys[]' "$_peer.json" | grep -v "[.]$_peer[.]" | sort > wanted
		jq -r '.annotations|keys[]' hind.json | sort > have
		comm -23 wanted have | sed "s/^/annotation of $_peer: /" >> differences
	done
	judge
}

facts_globals() # RUNTIME
{
	seen "$1" version sh -c '"$1" --version | sed -n "2,3s/ .*//p"' sh "$(program "$1")"
	seen "$1" help sh -c '"$1" --help > help.log' sh "$(program "$1")"
	rm -f "$1.log"
	seen "$1" log.json as "$1" --log "$PWD/$1.log" --log-format json state "$PREFIX-none"
	seen "$1" log.json.members jq -r 'keys|join(" ")' "$1.log"
	seen "$1" log.json.level jq -r .level "$1.log"
	rm -f "$1.log"
	seen "$1" log.text as "$1" --log "$PWD/$1.log" state "$PREFIX-none"
	seen "$1" log.text.lines grep -c '' "$1.log"
	bundle_for "$1" globals
	args true
	rm -f "$1.log"
	seen "$1" log.of.success as "$1" --log "$PWD/$1.log" --log-format json run --bundle "$BUNDLE" "$PREFIX-globals"
	seen "$1" log.of.success.size sh -c 'cat "$1" 2>/dev/null | wc -c' sh "$1.log"
}

test_globals()
{
	compare facts_globals
}
