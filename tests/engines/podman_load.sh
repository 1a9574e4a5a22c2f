# needs: podman conmon
# timeout: 900
# tests/engines/podman_load.sh: many containers of podman at once, with execs all the time and a service that restarts
# shellcheck source=tests/engines/parts/containers.sh
. "$TESTS/engines/parts/containers.sh"
# shellcheck source=tests/engines/parts/load.sh
. "$TESTS/engines/parts/load.sh"

engine_start()
{
	containers_conf
	image_import
	engine_again
}

engine_stop()
{
	engine_kill TERM
	nothing_left
}

case_end()
{
	load_end
	remove_all
}

engine_again()
{
	podman system service --time 0 "unix://$SESSION/api.sock" >> "$SESSION/service.log" 2>&1 < /dev/null &
	echo $! > "$SESSION/service.pid"
	wait_for podman --remote --url "unix://$SESSION/api.sock" version > version 2>&1
}

engine_kill() # SIGNAL
{
	kill "-$1" "$(cat "$SESSION/service.pid")"
	wait_for is_gone "$(cat "$SESSION/service.pid")"
}

# Half of them live by the service, the others without.
client() # NAME ARG...
{
	_name=$1
	shift
	case $_name in
	*[2367] | ends* | stays) podman --remote --url "unix://$SESSION/api.sock" "$@" ;;
	*) podman "$@" ;;
	esac
}

start() # NAME CMD...
{
	ID=$1
	shift
	client "$ID" run --detach --network none --memory 64m --name "$ID" box "$@"
}

# By the service, podman of Debian 12 forgets an exec before its client has asked for the exit status, where either is slow.
exec_in() # ID CMD...
{
	podman exec "$@"
}

exit_of() # ID
{
	client "$1" wait "$1"
}

remove() # ID
{
	client "$1" rm --force --time 0 "$1"
}

containers()
{
	podman ps --format '{{.Names}} {{.Pid}}'
}

test_forty_containers_twenty_at_a_time()
{
	many 40 20 TERM KILL
}

long_two_hundred_containers_twenty_at_a_time()
{
	many 200 20 TERM KILL
}
