# needs: containerd ctr
# timeout: 900
# tests/engines/containerd_load.sh: many containers of containerd at once, with execs all the time and a containerd that restarts
# shellcheck source=tests/engines/containerd.sh
. "$TESTS/engines/containerd.sh"
# shellcheck source=tests/engines/parts/load.sh
. "$TESTS/engines/parts/load.sh"

engine_stop()
{
	nothing_left
}

start() # NAME CMD...
{
	ID=$1
	ctr run --detach --memory-limit 67108864 --runc-binary /usr/local/bin/hind localhost/box:latest "$@"
}

# On a busy machine ctr drops what came from an exec that was over before it had opened its end of the FIFO; the shim, which
# writes into the file, drops nothing.
exec_in() # ID CMD...
{
	_task=$1 _status=0
	shift
	ctr task exec --log-uri "file://$LOAD/$_task.log" --exec-id "$_task-exec" "$_task" "$@" || _status=$?
	cat "$LOAD/$_task.log"
	rm "$LOAD/$_task.log"
	return "$_status"
}

# Its process is deleted by that.
exit_of() # ID
{
	wait_for is_status "$1" STOPPED
	ctr task delete "$1" 2>&1 | sed -nE 's/.*non-zero exit code ([0-9]+).*/\1/p'
}

remove() # ID
{
	if [ -n "$(task_status "$1")" ]; then
		kill_task "$1"
		ctr task delete "$1"
	fi
	ctr container rm "$1"
}

containers()
{
	ctr task ls | awk '$3 == "RUNNING" { print $1, $2 }'
}

engine_kill() # SIGNAL
{
	containerd_stop "$1"
}

engine_again()
{
	containerd_start
}

case_end()
{
	load_end
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
