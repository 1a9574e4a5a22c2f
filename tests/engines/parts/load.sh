# shellcheck shell=dash
# Many containers at once, with execs all the time beside them, and an engine that is restarted in between. A file on an
# engine under load says
#	start NAME CMD...	a container in the background; its id in $ID
#	exec_in ID CMD...	passes output and exit status on
#	exit_of ID		waits for its end and prints the exit status
#	remove ID		whatever it does
#	containers		"ID PID" of each that runs
#	engine_kill SIGNAL	ends the engine's daemons
#	engine_again		starts them and waits until they answer
# and lets `many` go, or gives a `life` of its own to `lives`. Each life has its directory, and fails as a case does.

# What waits in a container for its exit status to come by /go.
WAITS='mkfifo /go; read -r status < /go; exit $status'

# What lives and execs ask of the engine goes through here: nothing is asked while it is away, and nobody can go round it.
call() # CMD...
{
	while [ -e "$LOAD/away" ]; do
		sleep 0.1
	done
	exec 9< "$LOAD/gate"
	flock -s 9
	"$@" 9<&-
	set -- $?
	exec 9<&-
	return "$1"
}

# Half of them are killed, the others end by themselves.
life() # NUMBER
{
	call start "life$1" sh -c "$WAITS"
	expect_status 9 call exec_in "$ID" sh -c "echo $1; exit 9"
	expect_eq "$1" "$OUTPUT"
	if [ $(($1 % 2)) -eq 0 ]; then
		call finish "$ID" "$(($1 % 100 + 1))"
		expect_eq "$(($1 % 100 + 1))" "$(call exit_of "$ID")" 'exit status'
	fi
	call remove "$ID"
}

finish() # ID STATUS: what $WAITS waits for, by one inside that may end with it
{
	exec_in "$1" sh -c "until [ -p /go ]; do sleep 0.1; done; echo $2 > /go" || :
}

one_life() # NUMBER
{
	mkdir "$LOAD/$1"
	# Awaited, not tested: a shell that is tested goes on after what fails.
	(
		CASE_DIR=$LOAD/$1
		cd "$CASE_DIR"
		life "$1"
	) > "$LOAD/$1/output" 2>&1 &
	wait $! || echo "life $1: $(cat "$LOAD/$1/reason" || tail -n 1 "$LOAD/$1/output")" >> "$LOAD/failures"
	echo "$1" >> "$LOAD/through"
}

lives() # CONTAINERS AT_ONCE
{
	_workers=
	for _worker in $(seq "$2"); do
		for _number in $(seq "$_worker" "$2" "$1"); do
			[ -e "$LOAD/stop" ] || one_life "$_number"
		done &
		_workers="$_workers $!"
	done
	# shellcheck disable=SC2086
	wait $_workers
}

# Execs in a container that stays, until the others are through.
execs() # ID
{
	CASE_DIR=$LOAD/execs
	_done=0
	until [ -e "$LOAD/stop" ]; do
		_done=$((_done + 1))
		capture call exec_in "$1" echo "$_done"
		[ "$STATUS $OUTPUT" = "0 $_done" ] || echo "exec $_done: status $STATUS, '$OUTPUT' $ERROR" >> "$LOAD/failures"
	done
	echo "$_done" > "$LOAD/execs.done"
}

load_begin()
{
	LOAD=$PWD/load _lives='' _execs=''
	mkdir "$LOAD" "$LOAD/execs"
	touch "$LOAD/failures" "$LOAD/through" "$LOAD/gate"
}

# For case_end, before anything is removed: a case that failed has lives that go on.
load_end()
{
	[ -n "${LOAD:-}" ] || return 0
	touch "$LOAD/stop"
	rm -f "$LOAD/away"
	exec 9<&-
	# shellcheck disable=SC2086
	wait $_lives $_execs
}

# None is lost, each has its process, each can be entered; the exit status of one that ends meanwhile is kept.
restart() # SIGNAL
{
	touch "$LOAD/away"
	exec 9< "$LOAD/gate"
	flock 9
	start "ends$1" sh -c "$WAITS" 9<&-
	_ends=$ID
	containers > "$LOAD/before"
	_pid=$(sed -n "s/^$_ends //p" "$LOAD/before")
	wait_for test -p "/proc/$_pid/root/go"
	engine_kill "$1"
	echo 7 > "/proc/$_pid/root/go"
	wait_for is_gone "$_pid"
	engine_again 9<&-
	expect_eq "$(grep -v "^$_ends " "$LOAD/before" | sort)" "$(containers | sort)" "containers after the engine's end by $1"
	expect_eq 7 "$(exit_of "$_ends")" "exit status of one that ended meanwhile"
	remove "$_ends"
	containers | while read -r _id _pid; do
		expect_eq "$_id" "$(exec_in "$_id" echo "$_id" < /dev/null)" "exec after the engine's end by $1"
	done
	rm "$LOAD/away"
	exec 9<&-
}

many() # CONTAINERS AT_ONCE [SIGNAL...]: the engine ends by each of them in turn, while lives go on
{
	load_begin
	start stays sleep 100000
	_stays=$ID
	execs "$_stays" &
	_execs=$!
	lives "$1" "$2" &
	_lives=$!
	_all=$1 _parts=$(($# - 1)) _part=0
	shift 2
	for _signal; do
		_part=$((_part + 1))
		until [ "$(wc -l < "$LOAD/through")" -ge $((_all * _part / _parts)) ]; do
			sleep 0.1
		done
		restart "$_signal"
	done
	wait "$_lives"
	touch "$LOAD/stop"
	wait "$_execs"
	expect_eq '' "$(head -n 5 "$LOAD/failures")" failures
	expect_eq "$_stays" "$(containers | cut -d ' ' -f 1)" 'what stays'
	[ "$(cat "$LOAD/execs.done")" -gt 3 ] || fail "only $(cat "$LOAD/execs.done") execs beside"
	note "$(cat "$LOAD/execs.done") execs beside"
	remove "$_stays"
}
