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

# The client may have died when it had the container started and had not written that down yet: then podman cannot start it
# again, with no runtime, and removes it all the same.
is_started() # NAME: for wait_for
{
	podman start "$1" 2> "$1.error" || grep -q 'cannot start an already running container' "$1.error"
}

now() # in milliseconds
{
	date +%s%3N
}

started_in() # leaves in $TOOK how long a start takes now
{
	podman create --network none --memory 64m --name whole box sleep 1000
	_began=$(now)
	podman start whole
	TOOK=$(($(now) - _began))
	podman rm --force --time 0 whole
}

# Wherever its client dies, the container can be started and entered, and goes with all that it had.
killed_amid_start() # NAME MILLISECONDS
{
	podman create --network none --memory 64m --name "$1" box sleep 1000
	podman start "$1" &
	sleep "$(printf '%d.%03d' $(($2 / 1000)) $(($2 % 1000)))"
	kill -KILL $! || :
	wait $! || :
	wait_for is_started "$1"
	[ -s "$1.error" ] || expect_eq "$1" "$(podman exec "$1" echo "$1")" "exec after a kill $2 ms after the start"
	podman rm --force --time 0 "$1"
	expect_eq again "$(podman run --rm --network none --name "$1" box echo again)"
}

test_client_is_killed_amid_start()
{
	started_in
	for _part in 1 2 3 4 5 6 7; do
		killed_amid_start "killed$_part" $((TOOK * _part / 8))
	done
}

test_twenty_containers_ten_at_a_time()
{
	many 20 10 TERM KILL
}

long_two_hundred_containers_twenty_at_a_time()
{
	many 200 20 TERM KILL
}
