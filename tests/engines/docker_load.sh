# needs: dockerd containerd iptables
# timeout: 900
# tests/engines/docker_load.sh: many containers of docker at once, with execs all the time and an engine that restarts
# shellcheck source=tests/engines/parts/docker_daemon.sh
. "$TESTS/engines/parts/docker_daemon.sh"

engine_start()
{
	docker_start --live-restore
}

engine_stop()
{
	nothing_left
}

case_end()
{
	remove_all
}

# One container's life; what goes wrong is a line in failures.
life() # NUMBER
{
	box --detach --memory 64m --name "life$1" box sleep 1000 > "out.$1" 2>&1 &&
		[ "$(docker exec "life$1" echo "$1" 2>> "out.$1")" = "$1" ] &&
		{ docker exec "life$1" sh -c 'exit 9' >> "out.$1" 2>&1 || [ $? -eq 9 ]; } &&
		docker rm --force "life$1" >> "out.$1" 2>&1 && return
	echo "life$1: $(tail -n 1 "out.$1")" >> failures
}

# Execs in a container that stays, until the others are through.
execs()
{
	_done=0
	until [ -e stop ]; do
		_done=$((_done + 1))
		[ "$(docker exec stays echo "$_done" 2>> execs.err)" = "$_done" ] || echo "exec $_done: $(tail -n 1 execs.err)" >> failures
	done
	echo "$_done" > execs.done
}

lives() # CONTAINERS AT_ONCE
{
	_workers=
	for _worker in $(seq "$2"); do
		for _number in $(seq "$_worker" "$2" "$1"); do
			life "$_number"
		done &
		_workers="$_workers $!"
	done
	# shellcheck disable=SC2086
	wait $_workers
}

many() # CONTAINERS AT_ONCE
{
	: > failures
	box --detach --name stays box sleep 100000
	execs &
	_execs=$!
	lives "$1" "$2"
	touch stop
	wait $_execs
	expect_eq '' "$(head -n 5 failures)" failures
	expect_eq 1 "$(docker ps --all --quiet | wc -l)" 'containers that stay'
	[ "$(cat execs.done)" -gt 3 ] || fail "only $(cat execs.done) execs beside"
	# What is there now was there before, and is found again by new daemons.
	_pid=$(inspect stays .State.Pid)
	for _number in 1 2 3 4 5 6; do
		box --detach --name "outlives$_number" box sleep 1000
	done
	dockerd_stop
	containerd_stop
	containerd_start
	dockerd_start --live-restore
	expect_eq 7 "$(docker ps --quiet | wc -l)" 'containers after the restart'
	expect_eq "$_pid" "$(inspect stays .State.Pid)"
	expect_eq again "$(docker exec stays echo again)"
}

test_forty_containers_twenty_at_a_time()
{
	many 40 20
}

long_two_hundred_containers_twenty_at_a_time()
{
	many 200 20
}
