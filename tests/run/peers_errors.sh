# what goes wrong, beside runc and crun: the same exit status; what engines match in hind's words
# timeout: 180
# shellcheck source=tests/beside.sh
. "$TESTS/beside.sh"

# One line of errors: the status, for all; and hind's message matches, and is one line.
row() # RUNTIME KEY REGEX ARG...
{
	_of=$1 _key=$2 _regex=$3
	shift 3
	_status=0
	as "$_of" "$@" > "text.$_of" 2>&1 < nothing || _status=$?
	echo "$_key: $_status"
	if [ "$_of" = hind ]; then
		grep -Eq -e "${_regex:-^$}" text.hind || { [ -z "$_regex" ] && [ ! -s text.hind ]; } ||
			echo "$_key: hind says '$(cat text.hind)', wanted /$_regex/" >> differences
		[ "$_status" = 0 ] || [ "$(grep -c '' text.hind)" = 1 ] || echo "$_key: hind says more than one line: $(cat text.hind)" >> differences
	else
		echo "$_key: $(tail -n 1 "text.$_of")" >&2
	fi
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

facts_unknown() # RUNTIME
{
	id=$PREFIX-nope
	row "$1" unknown.state 'container .*nope.* does not exist' state "$id"
	row "$1" unknown.start 'does not exist' start "$id"
	row "$1" unknown.kill 'does not exist' kill "$id" TERM
	row "$1" unknown.delete 'does not exist' delete "$id"
	row "$1" unknown.delete.force '' delete --force "$id"
	row "$1" unknown.pause 'does not exist' pause "$id"
	row "$1" unknown.resume 'does not exist' resume "$id"
	row "$1" unknown.update 'does not exist' update --pids-limit 5 "$id"
	row "$1" unknown.ps 'does not exist' ps "$id"
	row "$1" unknown.exec 'does not exist' exec "$id" true
	row "$1" unknown.checkpoint 'does not exist' checkpoint "$id"
	row "$1" unknown.events 'does not exist' events --stats "$id"
}

facts_states() # RUNTIME
{
	containers_for "$1"
	row "$1" twice.create 'container with given ID already exists' create --bundle "$PWD/$1-created" "$PREFIX-created"
	row "$1" twice.run 'container with given ID already exists' run --bundle "$PWD/$1-created" "$PREFIX-running"
	row "$1" running.start 'cannot start an already running container' start "$PREFIX-running"
	row "$1" running.delete 'cannot delete container .* that is not stopped: running' delete "$PREFIX-running"
	row "$1" stopped.start 'cannot start a container that has stopped' start "$PREFIX-stopped"
	row "$1" stopped.kill 'container not running' kill "$PREFIX-stopped" TERM
	row "$1" stopped.kill.all '' kill --all "$PREFIX-stopped" TERM
	row "$1" stopped.exec 'cannot exec in a stopped container' exec "$PREFIX-stopped" true
	row "$1" stopped.pause 'container not running' pause "$PREFIX-stopped"
	row "$1" stopped.resume 'container not running' resume "$PREFIX-stopped"
	row "$1" stopped.update 'container not running' update --pids-limit 5 "$PREFIX-stopped"
	row "$1" stopped.ps 'PID|^$' ps "$PREFIX-stopped"
	row "$1" stopped.ps.json '^\[\]$' ps --format json "$PREFIX-stopped"
	row "$1" stopped.state stopped state "$PREFIX-stopped"
	row "$1" stopped.checkpoint 'cannot be checkpointed in stopped state' checkpoint "$PREFIX-stopped"
	row "$1" created.exec '' exec "$PREFIX-created" true
	row "$1" created.ps PID ps "$PREFIX-created"
	row "$1" created.update '' update --pids-limit 50 "$PREFIX-created"
	row "$1" created.resume 'container not running' resume "$PREFIX-created"
	row "$1" created.checkpoint 'cannot be checkpointed in created state' checkpoint "$PREFIX-created"
	remove_of "$1" created running stopped
}

facts_usage() # RUNTIME
{
	row "$1" usage.command 'unknown command "frobnicate"' frobnicate
	row "$1" usage.option 'unknown option' state --frobnicate "$PREFIX-nope"
	row "$1" usage.option.global 'unknown option' --frobnicate list
	row "$1" usage.value 'requires an argument' list --format
	for _command in create start state kill delete exec ps pause resume update; do
		row "$1" "usage.$_command.no.id" 'takes (one|a) container|no container id|takes' "$_command"
	done
	row "$1" usage.two.ids 'takes one container id' state one two
	row "$1" usage.list 'takes no' list something
	row "$1" usage.bundle 'no such file or directory' create --bundle /nowhere "$PREFIX-nope"
	row "$1" usage.pid-file 'no such file or directory' create --bundle "$BUNDLE" --pid-file /nowhere/pid "$PREFIX-nope"
	config '.process.terminal=true'
	row "$1" usage.console-socket 'connect to socket /nowhere/sock: no such file' create --bundle "$BUNDLE" --console-socket /nowhere/sock "$PREFIX-nope"
	remove_of "$1" nope
}

facts_ids() # RUNTIME
{
	bundle_for "$1" ids
	args true
	for _id in a/b ../a '' .. 'a b'; do
		row "$1" "id.$(echo "$_id" | tr ' ' _)" 'invalid container ID format|container id' run --bundle "$BUNDLE" "$_id"
	done
	row "$1" id.long '' run --bundle "$BUNDLE" "$PREFIX.A_+-$(printf '%0200d' 0)"
	printf '{"ociVersion":"1.0.2",' > "$BUNDLE/config.json"
	row "$1" config.half 'config.json:1:23' run --bundle "$BUNDLE" "$PREFIX-ids"
	: > "$BUNDLE/config.json"
	row "$1" config.empty 'config.json' run --bundle "$BUNDLE" "$PREFIX-ids"
	rm "$BUNDLE/config.json"
	row "$1" config.none 'config.json.*no such file or directory' run --bundle "$BUNDLE" "$PREFIX-ids"
}

# Whatever a peer's --help shows is known to hind; --usage is argp's short --help.
test_every_option_is_known()
{
	for _peer in $peers; do
		for _command in create run start state kill delete list exec ps pause resume update events spec features checkpoint restore mounts; do
			"$_peer" "$_command" --help > help.log 2>&1 || continue
			for _option in $(grep -oE '^ +(-[a-zA-Z], )?--[a-z0-9-]+' help.log | grep -oE -e '--[a-z0-9-]+'); do
				hind "$_command" "$_option" > said.log 2>&1 < nothing || :
				! grep -q 'unknown option' said.log || [ "$_option" = --usage ] ||
					echo "$_peer $_command $_option: $(cat said.log)" >> differences
			done
			grep -c . help.log >> helps
		done
	done
	[ "$(grep -c . helps)" -ge 10 ] || fail 'there was no help of peers to be read'
	judge
}

test_errors_of_commands()
{
	compare facts_unknown
	compare facts_states
}

test_errors_of_usage()
{
	bundle_new usage
	compare facts_usage
}

test_bad_ids_and_bad_json()
{
	compare facts_ids
}

# --- programs that cannot be started ----------------------------------------------------------------------------------

# The bundle is edited by the filter, and `run` ends alike. What a peer says matches, too, but for its letters' size.
program_row() # RUNTIME KEY REGEX FILTER
{
	cp "$BUNDLE/config.json" keep.json
	config "$4"
	row "$1" "$2" "$3" run --bundle "$BUNDLE" "$PREFIX-run"
	[ "$NEWEST" != 1 ] || grep -Eiq -e "$3" "text.$1" || echo "$2: $1 says '$(cat "text.$1")', wanted /$3/" >> differences
	cp keep.json "$BUNDLE/config.json"
}

facts_programs() # RUNTIME
{
	bundle_for "$1" run
	printf '#!/bin/nothere\n' > "$BUNDLE/rootfs/bin/badinterp"
	printf '\177ELF but nothing else, and long enough to be looked at by the kernel as a program header would be' > "$BUNDLE/rootfs/bin/badelf"
	echo text > "$BUNDLE/rootfs/bin/noexec"
	chmod 755 "$BUNDLE/rootfs/bin/badinterp" "$BUNDLE/rootfs/bin/badelf"
	program_row "$1" program.path 'executable file .*not found in \$PATH' '.process.args=["nope"]'
	program_row "$1" program.absolute 'no such file or directory' '.process.args=["/bin/nope"]'
	program_row "$1" program.mode 'permission denied|not permitted' '.process.args=["/bin/noexec"]'
	[ "$1" != hind ] || grep -q 'permission denied' text.hind || echo "program.mode: $(cat text.hind)" >> differences
	program_row "$1" program.directory 'is a directory|permission denied|not permitted' '.process.args=["/bin"]'
	[ "$1" != hind ] || grep -q 'is a directory' text.hind || echo "program.directory: $(cat text.hind)" >> differences
	program_row "$1" program.interpreter 'no such file or directory' '.process.args=["/bin/badinterp"]'
	[ "$1" != hind ] || grep -q /bin/nothere text.hind || echo "program.interpreter: it is not named: $(cat text.hind)" >> differences
	program_row "$1" program.format 'exec format error' '.process.args=["/bin/badelf"]'
	program_row "$1" program.cwd 'not a directory' '.process.cwd="/etc/passwd"'
	program_row "$1" program.none process 'del(.process)'
	program_row "$1" program.args 'args|cannot find' '.process.args=[]'
}

test_errors_of_programs()
{
	compare facts_programs
}
