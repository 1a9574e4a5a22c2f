# The exit status of `run`, and the signals that it passes on.

setup()
{
	bundle_new b
}

test_status_is_passed_on()
{
	for status in 0 1 42 127 255; do
		args sh -c "exit $status"
		expect_status "$status" run
		expect_eq '' "$ERROR"
	done
}

test_signal_is_128_and_its_number()
{
	args payload fault
	expect_status 139 run
}

test_killed_from_outside()
{
	args sleep 1000
	id_new
	hind run --bundle "$BUNDLE" "$ID" > log 2>&1 &
	wait_for is_status "$ID" running 2> log.state
	expect_status 0 hind kill "$ID" KILL
	status=0
	wait $! || status=$?
	expect_eq 137 "$status"
	expect_no_leak
}

forwarded() # SIGNAL NUMBER
{
	rm -f log
	args payload listen 1 2 3 10 12 15
	id_new
	hind_by exec -- run --bundle "$BUNDLE" "$ID" > log 2>&1 &
	hind_pid=$!
	wait_for grep -q ready log
	kill -s "$1" "$hind_pid"
	status=0
	wait "$hind_pid" || status=$?
	expect_eq "$2" "$status" "status after $1"
	expect_eq "$2" "$(tail -1 log)" "signal after $1"
}

test_signals_are_forwarded()
{
	forwarded TERM 15
	forwarded HUP 1
	forwarded USR1 10
	forwarded USR2 12
}

test_orphans_inside_do_not_confuse()
{
	args sh -c '(sleep 0.05 & sleep 0.1 &) ; sleep 0.3; exit 9'
	expect_status 9 run
}

test_stdin_reaches_the_program()
{
	args cat
	id_new
	echo "some words" | hind run --bundle "$BUNDLE" "$ID" > out
	expect_eq "some words" "$(cat out)"
}

test_large_output_is_whole()
{
	args sh -c 'head -c 3000000 /dev/zero | tr "\0" x'
	expect_status 0 run
	expect_eq 3000000 "$(wc -c < "$CASE_DIR/stdout")"
}

test_no_zombie_is_left_to_the_caller()
{
	args sh -c 'sleep 0.01 & exit 0'
	expect_status 0 run
	expect_no_leak
}
