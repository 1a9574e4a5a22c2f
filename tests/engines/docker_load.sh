# needs: dockerd containerd iptables
# timeout: 900
# tests/engines/docker_load.sh: many containers of docker at once, with execs all the time and an engine that restarts
# shellcheck source=tests/engines/parts/docker_daemon.sh
. "$TESTS/engines/parts/docker_daemon.sh"
# shellcheck source=tests/engines/parts/load.sh
. "$TESTS/engines/parts/load.sh"

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
	load_end
	remove_all
}

start() # NAME CMD...
{
	_name=$1
	shift
	ID=$(box --detach --memory 64m --name "$_name" box "$@")
}

exec_in() # ID CMD...
{
	docker exec "$@"
}

exit_of() # ID
{
	docker wait "$1"
}

remove() # ID
{
	docker rm --force "$1"
}

containers()
{
	docker ps --quiet | xargs docker inspect --format '{{.Id}} {{.State.Pid}}'
}

# With --live-restore the containers go on without it.
engine_kill() # SIGNAL
{
	dockerd_stop "$1"
	containerd_stop "$1"
}

engine_again()
{
	containerd_start
	dockerd_start --live-restore
}

# Exit status and whether it runs.
state() # NAME
{
	inspect "$1" '.State.ExitCode}} {{.State.Running'
}

is_again() # NAME: for eventually
{
	[ "$(state "$1")" = '0 true' ]
}

ended_with_it() # SIGNAL: they end at its end, or else when it comes again; those that always run are there again
{
	_clients=
	for _number in $(seq 5); do
		box --detach --name "ends$_number" box sh -c 'trap "exit 5" TERM; echo ready; sleep 1000 & wait' &
		_clients="$_clients $!"
		box --detach --name "always$_number" --restart always box sh -c 'trap "exit 5" TERM; sleep 1000 & wait' &
		_clients="$_clients $!"
	done
	# shellcheck disable=SC2086
	wait $_clients
	for _number in $(seq 5); do
		eventually logs_have "ends$_number" ready
	done
	dockerd_stop "$1"
	dockerd_start
	for _number in $(seq 5); do
		expect_eq '5 false' "$(state "ends$_number")" "exit status after the engine's end by $1"
		eventually is_again "always$_number"
	done
	seq -f ends%g 5 | xargs -P 5 -n 1 docker start
	for _name in $(docker ps --format '{{.Names}}'); do
		expect_eq "$_name" "$(docker exec "$_name" echo "$_name")"
	done
	expect_eq 10 "$(docker ps --quiet | wc -l)"
	remove_all
}

test_twenty_containers_ten_at_a_time()
{
	many 20 10 TERM KILL
}

long_two_hundred_containers_twenty_at_a_time()
{
	many 200 20 TERM KILL
}

# The last, as its dockerd goes on.
test_without_live_restore()
{
	dockerd_stop
	dockerd_start
	ended_with_it TERM
	ended_with_it KILL
}
