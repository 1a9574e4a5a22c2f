# kill, delete, pause, resume, update, events, mounts, checkpoint, restore beside runc's and crun's: the same effect, exit status
# and members
# timeout: 180
# shellcheck source=tests/beside.sh
. "$TESTS/beside.sh"

value_of() # RUNTIME NAME CONTROLLER V1_FILE V2_FILE: of the container's cgroup
{
	if cgroup_v2; then
		cat "/sys/fs/cgroup/$PREFIX-$1-$2/$5"
	else
		cat "/sys/fs/cgroup/$3/$PREFIX-$1-$2/$4"
	fi
}

# --- kill, pause, resume, delete --------------------------------------------------------------------------------------

soon() # CMD...: what hind does at once and a peer may never do: waits 5 s at most
{
	_end=$(($(date +%s) + 5))
	until "$@" || [ "$(date +%s)" -ge "$_end" ]; do
		sleep 0.025
	done
}

has_lines() # FILE N
{
	[ "$(grep -c '' "$1")" = "$2" ]
}

facts_kill() # RUNTIME
{
	id=$PREFIX-kill
	start_for "$1" kill sh -c 'trap "echo TERM" TERM; trap "echo USR1" USR1; trap "echo USR2" USR2; trap "echo 35" 35; echo up
		while :; do sleep 0.05; done'
	_n=1
	wait_for has_lines "$1-kill.log" $_n
	for _signal in '' TERM SIGUSR1 usr2 10 35 RTMIN+1; do
		_seen=$(seen "$1" "kill.${_signal:-default}" as "$1" kill "$id" ${_signal:+"$_signal"})
		case $_seen in *": 0 "*)
			_n=$((_n + 1))
			soon has_lines "$1-kill.log" $_n
			;;
		esac
		echo "$_seen $(tail -n 1 "$1-kill.log")"
	done
	seen "$1" kill.0 as "$1" kill "$id" 0
	seen "$1" kill.unknown as "$1" kill "$id" BOGUS
	seen "$1" kill.too.many as "$1" kill "$id" 99
	as "$1" exec -d --pid-file "$1-pid" "$id" sleep 900 < nothing > exec.log 2>&1
	seen "$1" kill.all as "$1" kill --all "$id" KILL
	wait_for is_at "$1" kill stopped
	wait_for test ! -d "/proc/$(cat "$1-pid")"
	seen "$1" kill.stopped as "$1" kill "$id" TERM
	seen "$1" kill.all.stopped as "$1" kill -a "$id" KILL
	remove_of "$1" kill
	args sleep 1000
	create_for "$1" kill
	seen "$1" kill.created as "$1" kill "$id" KILL
	wait_for is_at "$1" kill stopped
	seen "$1" kill.created.start as "$1" start "$id"
	remove_of "$1" kill
}

test_kill()
{
	compare facts_kill
}

facts_pause() # RUNTIME
{
	id=$PREFIX-pause
	bundle_for "$1" pause
	args sleep 1000
	create_for "$1" pause
	seen "$1" pause.created as "$1" pause "$id"
	as "$1" resume "$id" > resume.log 2>&1 || :
	as "$1" start "$id"
	seen "$1" resume.running as "$1" resume "$id"
	seen "$1" pause as "$1" pause "$id"
	seen "$1" pause.state status_with "$1" pause
	seen "$1" pause.twice as "$1" pause "$id"
	seen "$1" pause.update as "$1" update --pids-limit 50 "$id"
	seen "$1" pause.delete as "$1" delete "$id"
	seen "$1" resume as "$1" resume "$id"
	seen "$1" resume.state status_with "$1" pause
	as "$1" pause "$id"
	seen "$1" pause.kill as "$1" kill "$id" KILL
	soon is_at "$1" pause stopped
	seen "$1" pause.kill.state status_with "$1" pause
	remove_of "$1" pause
	create_for "$1" pause
	as "$1" start "$id"
	as "$1" pause "$id"
	seen "$1" pause.delete.force as "$1" delete --force "$id"
	seen "$1" pause.delete.force.gone is_gone "$1" pause
}

test_pause()
{
	compare facts_pause
}

facts_delete() # RUNTIME
{
	id=$PREFIX-delete
	bundle_for "$1" delete
	args sleep 1000
	create_for "$1" delete
	pid=$(pid_with "$1" delete)
	seen "$1" delete.created as "$1" delete "$id"
	seen "$1" delete.created.gone is_gone "$1" delete
	seen "$1" delete.created.ended test ! -d "/proc/$pid"
	create_for "$1" delete
	as "$1" start "$id"
	seen "$1" delete.running as "$1" delete "$id"
	seen "$1" delete.running.state status_with "$1" delete
	seen "$1" delete.force as "$1" delete -f "$id"
	seen "$1" delete.force.gone is_gone "$1" delete
	seen "$1" delete.force.none as "$1" delete --force "$id"
	seen "$1" delete.none as "$1" delete "$id"
	seen "$1" delete.nothing.left sh -c 'ls "$1"; ls -d /sys/fs/cgroup/"$2" /sys/fs/cgroup/*/"$2" 2> ls.log || :' sh "$PWD/$1" "$PREFIX-$1-delete"
}

test_delete()
{
	mkdir hind
	compare facts_delete
}

facts_regex() # RUNTIME
{
	for _name in re1 re2 other; do
		bundle_for "$1" "$_name"
		args sleep 1000
		create_for "$1" "$_name"
		as "$1" start "$PREFIX-$_name"
	done
	seen "$1" kill.regex as "$1" kill --regex "^$PREFIX-re[12]" KILL
	wait_for is_at "$1" re1 stopped
	wait_for is_at "$1" re2 stopped
	seen "$1" kill.regex.others status_with "$1" other
	seen "$1" delete.regex as "$1" delete -r "^$PREFIX-re"
	seen "$1" delete.regex.left as "$1" list -q
	seen "$1" delete.regex.force as "$1" delete -f -r "^$PREFIX-"
	seen "$1" delete.regex.none as "$1" list -q
	seen "$1" delete.regex.no.match as "$1" delete --regex "^$PREFIX-"
}

test_regex()
{
	compare facts_regex crun
}

# --- update, events ---------------------------------------------------------------------------------------------------

facts_update() # RUNTIME
{
	id=$PREFIX-update
	start_for "$1" update sleep 1000
	seen "$1" update.memory as "$1" update --memory 67108864 --memory-reservation 33554432 "$id"
	seen "$1" update.memory.limit value_of "$1" update memory memory.limit_in_bytes memory.max
	seen "$1" update.memory.reservation value_of "$1" update memory memory.soft_limit_in_bytes memory.low
	seen "$1" update.pids as "$1" update --pids-limit 40 "$id"
	seen "$1" update.pids.value value_of "$1" update pids pids.max pids.max
	seen "$1" update.pids.none as "$1" update --pids-limit -1 "$id"
	seen "$1" update.pids.none.value value_of "$1" update pids pids.max pids.max
	seen "$1" update.cpu as "$1" update --cpu-period 50000 --cpu-quota 25000 --cpu-share 512 "$id"
	seen "$1" update.cpu.quota value_of "$1" update cpu cpu.cfs_quota_us cpu.max
	seen "$1" update.cpu.period value_of "$1" update cpu cpu.cfs_period_us cpu.max
	seen "$1" update.cpu.share value_of "$1" update cpu cpu.shares cpu.weight
	seen "$1" update.cpu.quota.none as "$1" update --cpu-quota -1 "$id"
	seen "$1" update.cpu.quota.none.value value_of "$1" update cpu cpu.cfs_quota_us cpu.max
	seen "$1" update.cpuset as "$1" update --cpuset-cpus 0 --cpuset-mems 0 "$id"
	seen "$1" update.cpuset.cpus value_of "$1" update cpuset cpuset.cpus cpuset.cpus
	seen "$1" update.cpuset.mems value_of "$1" update cpuset cpuset.mems cpuset.mems
	echo '{"memory":{"limit":50331648},"pids":{"limit":30}}' > resources.json
	seen "$1" update.resources as "$1" update --resources "$PWD/resources.json" "$id"
	seen "$1" update.resources.memory value_of "$1" update memory memory.limit_in_bytes memory.max
	seen "$1" update.resources.pids value_of "$1" update pids pids.max pids.max
	echo '{"cpu":{"shares":256,"quota":30000,"period":100000,"cpus":"0"}}' > resources.json
	as "$1" update -r - "$id" < resources.json
	seen "$1" update.stdin.share value_of "$1" update cpu cpu.shares cpu.weight
	seen "$1" update.stdin.quota value_of "$1" update cpu cpu.cfs_quota_us cpu.max
	seen "$1" update.stdin.others value_of "$1" update pids pids.max pids.max
	seen "$1" update.bad as "$1" update --memory lots "$id"
	seen "$1" update.bad.json as "$1" update --resources "$PWD/nothing" "$id"
	seen "$1" update.nothing as "$1" update "$id"
	remove_of "$1" update
}

test_update()
{
	compare facts_update
}

facts_update_of_runc() # RUNTIME
{
	id=$PREFIX-update
	start_for "$1" update sleep 1000
	seen "$1" update.memory.unit as "$1" update --memory 64M --memory-reservation 32m "$id"
	seen "$1" update.memory.unit.value value_of "$1" update memory memory.limit_in_bytes memory.max
	seen "$1" update.idle as "$1" update --cpu-idle 1 "$id"
	seen "$1" update.idle.value value_of "$1" update cpu cpu.idle cpu.idle
	as "$1" update --cpu-idle 0 "$id"
	seen "$1" update.burst as "$1" update --cpu-period 100000 --cpu-quota 50000 --cpu-burst 20000 "$id"
	seen "$1" update.burst.value value_of "$1" update cpu cpu.cfs_burst_us cpu.max.burst
	remove_of "$1" update
}

test_update_of_runc()
{
	if has_peer runc; then
		has_option runc update --cpu-burst || skip 'this runc has no --cpu-burst'
	fi
	compare facts_update_of_runc runc
}

members='[paths | map(if type == "number" then "0" else tostring end) | join(".")] | unique'

facts_events() # RUNTIME
{
	id=$PREFIX-events
	start_for "$1" events sh -c 'sleep 2'
	as "$1" events --stats "$id" > stats.json
	seen "$1" events.lines grep -c '' stats.json
	seen "$1" events.head jq -c '[.type, .id]' stats.json
	jq -r "$members | .[]" stats.json > "members.$1"
	as "$1" events --interval 200ms "$id" > "events.$1" 2> events.log < nothing &
	_events=$!
	wait_for sh -c "[ \$(grep -c stats events.$1) -ge 3 ]"
	wait_for is_at "$1" events stopped
	soon test ! -d "/proc/$_events"
	seen "$1" events.ends test ! -d "/proc/$_events"
	kill -KILL $_events 2> kill.log || :
	seen "$1" events.type sh -c "jq -r .type events.$1 | sort -u"
	seen "$1" events.stopped as "$1" events --stats "$id"
	remove_of "$1" events
}

test_events()
{
	compare facts_events runc
	diff members.runc members.hind > difference || fail "members with runc (<) and hind (>): $(cat difference)"
}

# --- mounts, checkpoint, restore --------------------------------------------------------------------------------------

facts_mounts() # RUNTIME
{
	id=$PREFIX-mounts
	start_for "$1" mounts sleep 1000
	mkdir -p dir
	echo text > dir/file
	echo "[{\"destination\":\"/mnt\",\"type\":\"bind\",\"source\":\"$PWD/dir\",\"options\":[\"bind\",\"ro\"]},
		{\"destination\":\"/tmp/new\",\"type\":\"tmpfs\",\"source\":\"tmpfs\",\"options\":[\"size=64k\"]}]" > mounts.json
	seen "$1" mounts.add as "$1" mounts add "$id" mounts.json
	seen "$1" mounts.add.bind as "$1" exec "$id" sh -c 'cat /mnt/file; touch /mnt/new 2> /dev/null || echo read-only'
	seen "$1" mounts.add.tmpfs as "$1" exec "$id" awk '$2 == "/tmp/new" { print $3 }' /proc/mounts
	seen "$1" mounts.remove as "$1" mounts remove "$id" mounts.json
	seen "$1" mounts.remove.left as "$1" exec "$id" grep -c -e ' /mnt ' -e ' /tmp/new ' /proc/mounts
	seen "$1" mounts.add.missing as "$1" mounts add "$id" nowhere.json
	seen "$1" mounts.add.unknown as "$1" mounts add "$PREFIX-none" mounts.json
	seen "$1" mounts.bad as "$1" mounts replace "$id" mounts.json
	remove_of "$1" mounts
}

test_mounts()
{
	has_peer crun && crun --help | grep -q ' mounts ' || skip 'no peer has mounts: crun from 1.22 on alone has, and this is another'
	compare facts_mounts crun
}

checkpoint_with() # RUNTIME OPTION...
{
	_of=$1
	shift
	as "$_of" checkpoint --image-path "$PWD/$_of-image" --work-path "$PWD/$_of-work" "$@" "$PREFIX-criu"
}

# What a container of runc or crun has open may not be the host's files, or CRIU does not save it.
piped() # RUNTIME CMD...: its output by a pipe into a file
{
	rm -f "$1-status"
	{
		_rt=$1
		shift
		_status=0
		"$@" || _status=$?
		echo "$_status" > "$_rt-status"
	} < /dev/null 2>&1 | cat > "$1-criu.log" &
	wait_for test -s "$1-status"
	_status=$(cat "$1-status")
	[ "$_status" = 0 ] || head -n 20 "$1-criu.log" >&2
	return "$_status"
}

restore_with() # RUNTIME OPTION...: detached
{
	_of=$1
	shift
	piped "$_of" as "$_of" restore --bundle "$BUNDLE" --image-path "$PWD/$_of-image" --work-path "$PWD/$_of-work" --detach "$@" "$PREFIX-criu"
}

counts_on() # RUNTIME KEY
{
	expect_same_counter
	echo "$2: it counts on"
}

# $CRIU_FILTER: of config.json; $CRIU_MODE: the option that says how cgroups are restored
# shellcheck disable=SC2086
facts_criu() # RUNTIME
{
	bundle_for "$1" criu "$CRIU_FILTER"
	counter
	piped "$1" as "$1" create --bundle "$BUNDLE" "$PREFIX-criu"
	as "$1" start "$PREFIX-criu"
	counter_now
	seen "$1" checkpoint.leave-running checkpoint_with "$1" --leave-running $CRIU_MODE
	seen "$1" checkpoint.leave-running.state status_with "$1" criu
	seen "$1" checkpoint.image-path test -s "$1-image/inventory.img"
	seen "$1" checkpoint.work-path test -s "$1-work/dump.log"
	counts_on "$1" checkpoint.leave-running.counter
	seen "$1" restore.exists restore_with "$1"
	rm -r "$1-image" "$1-work"
	seen "$1" checkpoint checkpoint_with "$1" $CRIU_MODE
	seen "$1" checkpoint.gone is_gone "$1" criu
	remove_of "$1" criu
	counter_now
	seen "$1" restore restore_with "$1" $CRIU_MODE --pid-file "$PWD/$1-pid"
	seen "$1" restore.state status_with "$1" criu
	seen "$1" restore.pid-file test "$(cat "$1-pid")" = "$(pid_with "$1" criu)"
	as "$1" state "$PREFIX-criu" > state.json
	seen "$1" restore.state.members jq -r 'keys|join(" ")' state.json
	counts_on "$1" restore.counter
	rm -r "$1-image" "$1-work"
	set -- "$1" --file-locks --tcp-established --ext-unix-sk --shell-job $CRIU_MODE
	seen "$1" checkpoint.options checkpoint_with "$@"
	remove_of "$1" criu
	counter_now
	seen "$1" restore.options restore_with "$@"
	counts_on "$1" restore.options.counter
	as "$1" kill "$PREFIX-criu" KILL
	wait_for is_at "$1" criu stopped
	seen "$1" restore.delete as "$1" delete "$PREFIX-criu"
	rm -r "$1-image"
	seen "$1" restore.nothing restore_with "$1"
	seen "$1" restore.nothing.gone is_gone "$1" criu
	seen "$1" checkpoint.unknown checkpoint_with "$1"
}

test_checkpoint_restore()
{
	need_criu
	CRIU_FILTER=. CRIU_MODE=
	compare facts_criu runc
}

# crun's restore does not find what it has masked, and CRIU, by crun, writes into a cgroup2 beside v1 what the kernel refuses.
test_checkpoint_restore_by_crun()
{
	need_criu
	has_peer crun && crun --version | grep -q +CRIU || skip 'there is no crun that was built with CRIU'
	CRIU_FILTER='del(.linux.maskedPaths)' CRIU_MODE='--manage-cgroups-mode ignore'
	compare facts_criu crun
	# crun's restore leaves them where it fails.
	for _dir in /sys/fs/cgroup/*/"$PREFIX-crun-criu"/.proxy-crun /sys/fs/cgroup/*/"$PREFIX-crun-criu"; do
		[ ! -d "$_dir" ] || rmdir "$_dir"
	done
}
