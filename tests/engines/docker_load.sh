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
	rm -f /var/run/docker.pid
	containerd_start
	dockerd_start --live-restore
}

test_forty_containers_twenty_at_a_time()
{
	many 40 20 TERM KILL
}

long_two_hundred_containers_twenty_at_a_time()
{
	many 200 20 TERM KILL
}
