# needs: podman conmon
# timeout: 900
# tests/engines/podman_load.sh: many containers of podman at once, with execs all the time
# shellcheck source=tests/engines/parts/containers.sh
. "$TESTS/engines/parts/containers.sh"

engine_start()
{
	containers_conf
	image_import
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
	podman run --detach --network none --memory 64m --name "l$1" box sleep 1000 > "out.$1" 2>&1 &&
		[ "$(podman exec "l$1" echo "$1" 2>> "out.$1")" = "$1" ] &&
		{ podman exec "l$1" sh -c "exit 9" >> "out.$1" 2>&1 || [ $? -eq 9 ]; } &&
		podman rm --force --time 0 "l$1" >> "out.$1" 2>&1 && return
	echo "l$1: $(tail -n 1 "out.$1")" >> failures
}

# Execs in a container that stays, until the others are through.
execs()
{
	_done=0
	until [ -e stop ]; do
		_done=$((_done + 1))
		[ "$(podman exec stays echo "$_done" 2>> execs.err)" = "$_done" ] || echo "exec $_done: $(tail -n 1 execs.err)" >> failures
	done
	echo "$_done" > execs.done
}

many() # CONTAINERS AT_ONCE
{
	: > failures
	podman run --detach --network none --name stays box sleep 100000
	execs &
	_execs=$!
	_worker=0
	_workers=
	while [ "$_worker" -lt "$2" ]; do
		_worker=$((_worker + 1))
		(
			_number=$_worker
			while [ "$_number" -le "$1" ]; do
				life "$_number"
				_number=$((_number + $2))
			done
		) &
		_workers="$_workers $!"
	done
	# shellcheck disable=SC2086
	wait $_workers
	touch stop
	wait $_execs
	expect_eq '' "$(head -n 5 failures)" failures
	expect_eq 1 "$(podman ps --all --quiet | wc -l)" 'containers that stay'
	[ "$(cat execs.done)" -gt 3 ] || fail "only $(cat execs.done) execs beside"
	! on_hind || expect_eq "$(podman ps --quiet --no-trunc)" "$(hind list -q)"
}

test_forty_containers_twenty_at_a_time()
{
	many 40 20
}

long_two_hundred_containers_twenty_at_a_time()
{
	many 200 20
}
