# The options that create and run share.
# covers: create/--{pidfd-socket,preserve-fds,config} run/--{pidfd-socket,no-new-keyring,config}
# covers: exec/--{pidfd-socket,preserve-fds}

setup()
{
	bundle_new b
}

test_preserved_descriptors_and_no_others()
{
	echo three > three
	echo four > four
	args payload fds
	exec 3< three 4< four 5< /dev/null 9< /dev/null
	expect_status 0 run --preserve-fds 2
	exec 3<&- 4<&- 5<&- 9<&-
	expect_eq '0 1 2 3 4 ' "$(echo "$OUTPUT" | cut -d ' ' -f 1 | sort -n | tr '\n' ' ')"
	expect_match '^3 .*/three$' "$OUTPUT"
}

test_no_descriptor_by_default()
{
	args payload fds
	exec 3< /etc/passwd 8< /
	expect_status 0 run
	exec 3<&- 8<&-
	expect_eq '0 1 2 ' "$(echo "$OUTPUT" | cut -d ' ' -f 1 | sort -n | tr '\n' ' ')"
}

test_descriptor_that_is_not_open()
{
	args true
	id_new
	expect_error 'descriptor 3 is not open' hind run --bundle "$BUNDLE" --preserve-fds 1 "$ID"
	expect_error 'preserve-fds' hind run --bundle "$BUNDLE" --preserve-fds many "$ID"
	expect_no_leak
}

test_terminal_needs_a_socket_where_nobody_stays()
{
	config '.process.terminal=true'
	id_new
	expect_error 'console-socket' hind create --bundle "$BUNDLE" "$ID"
	expect_error 'console-socket' hind run --detach --bundle "$BUNDLE" "$ID"
	config '.process.terminal=false'
	expect_error 'process.terminal is false' hind create --bundle "$BUNDLE" --console-socket "$PWD/socket" "$ID"
	expect_no_leak
}

test_no_pivot()
{
	run_sh 'ls -d /bin /proc/1'
	with=$OUTPUT
	args sh -c 'ls -d /bin /proc/1; ls /..'
	expect_status 0 run --no-pivot
	expect_match '^/bin$' "$OUTPUT"
	expect_no_match '^lib64$' "$OUTPUT" 'what is above the root'
	expect_match '/bin' "$with"
}

test_options_of_other_runtimes_are_taken()
{
	args true
	expect_status 0 run --no-subreaper
	expect_status 0 run -no-subreaper
	expect_status 0 run --no-new-keyring
}

pidfd_of() # CMD...: what came to its --pidfd-socket
{
	rm -f pidfd.sock
	"$PAYLOAD" pidfd "$PWD/pidfd.sock" > pidfd.out &
	receiver=$!
	wait_for grep -q "$PWD/pidfd.sock" /proc/net/unix
	to_user pidfd.sock
	"$@" > pidfd.log 2>&1 < /dev/null || fail "$*: $(cat pidfd.log)"
	wait "$receiver"
}

test_pidfd_goes_to_the_socket()
{
	args sleep 100
	id_new
	pidfd_of hind create --bundle "$BUNDLE" --pidfd-socket "$PWD/pidfd.sock" "$ID"
	expect_eq "pidfd $(pid_of "$ID")" "$(cat pidfd.out)"
	hind start "$ID"
	pidfd_of hind exec --detach --pidfd-socket "$PWD/pidfd.sock" --pid-file "$PWD/pid" "$ID" sleep 100
	expect_eq "pidfd $(cat pid)" "$(cat pidfd.out)"
	id_new
	pidfd_of hind run --detach --bundle "$BUNDLE" --pidfd-socket "$PWD/pidfd.sock" "$ID"
	expect_eq "pidfd $(pid_of "$ID")" "$(cat pidfd.out)"
	id_new
	expect_error '--pidfd-socket: connect to socket /nowhere/sock: ' hind create --bundle "$BUNDLE" --pidfd-socket /nowhere/sock "$ID"
	expect_status 1 hind state "$ID"
}

test_another_configuration()
{
	args echo other
	mv b/config.json other.json
	id_new
	expect_status 0 hind run --bundle "$BUNDLE" --config other.json "$ID"
	expect_eq other "$OUTPUT"
	id_new
	expect_status 0 hind create --bundle "$BUNDLE" --config "$PWD/other.json" "$ID" > created
	expect_error 'missing\.json' hind run --bundle "$BUNDLE" --config missing.json "$ID-2"
}
