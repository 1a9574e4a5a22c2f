# process.terminal, process.consoleSize, --console-socket
# covers: process.terminal process.consoleSize.{height,width} create/--console-socket run/--console-socket
# covers: exec/--console-socket

setup()
{
	bundle_new b '.process.terminal=true'
}

console() # SOCKET: an engine's end: prints the name that came along, then everything from the terminal
{
	"$(dirname "$PAYLOAD")/console" "$1"
}

# On a terminal, with success. What the outer terminal echoes at the end of its input may stand anywhere.
on_terminal() # ARG...: what the container runs
{
	args "$@"
	id_new
	expect_status 0 hind_pty run --bundle "$BUNDLE" "$ID"
	OUTPUT=$(printf '%s\n' "$OUTPUT" | tr -d '\r' | sed 's/\^@//g; s/\^D//g' | tr -d '\b')
}

test_stdio_is_a_terminal()
{
	on_terminal sh -c 'tty; test -t 0 && test -t 1 && test -t 2 && echo three; for n in 0 1 2; do readlink /proc/self/fd/$n; done'
	expect_eq '/dev/pts/0
three
/dev/pts/0
/dev/pts/0
/dev/pts/0' "$OUTPUT"
}

test_terminal_is_the_controlling_one()
{
	on_terminal sh -c 'echo hello > /dev/tty; /bin/payload self'
	expect_match '^hello' "$OUTPUT"
	expect_match '^sid 1' "$OUTPUT"
}

test_exit_status_passes_a_terminal()
{
	args sh -c 'exit 42'
	id_new
	expect_status 42 hind_pty run --bundle "$BUNDLE" "$ID"
}

test_console_is_the_terminal()
{
	on_terminal sh -c 'echo by console > /dev/console; stat -c "%t:%T %F" /dev/console; grep " /dev/console " /proc/self/mountinfo'
	expect_match '^by console' "$OUTPUT"
	expect_match '^88:0 character special file' "$OUTPUT"
	expect_match ' /0 /dev/console .* - devpts ' "$OUTPUT"
}

test_terminal_belongs_to_the_user()
{
	config '.process.user={uid:1000,gid:1000}'
	on_terminal sh -c 'stat -c %u /dev/pts/0; echo again > /dev/stdout; echo console > /dev/console'
	expect_match '^1000' "$OUTPUT"
	expect_match '^again' "$OUTPUT"
	expect_match '^console' "$OUTPUT"
}

test_size_is_set_before_the_program_starts()
{
	config '.process.consoleSize={height:31,width:97}'
	args stty size
	console "$PWD/s" > console.log &
	wait_for test -S s
	to_user s
	create --console-socket "$PWD/s"
	expect_status 0 hind start "$ID"
	wait_for is_status "$ID" stopped
	wait
	expect_match '^31 97.?$' "$(cat console.log)" 'terminal'
}

test_console_socket_gets_the_master_with_its_name()
{
	args sh -c 'echo one; echo two'
	console "$PWD/s" > console.log &
	wait_for test -S s
	to_user s
	create --console-socket "$PWD/s"
	expect_status 0 hind start "$ID"
	wait_for is_status "$ID" stopped
	wait
	expect_eq '/dev/pts/0
one
two' "$(tr -d '\r' < console.log)" 'terminal'
}

# Our own relay: a line break of the program is one byte.
test_output_has_no_carriage_returns()
{
	config '.process.terminal=true'
	args sh -c 'echo one; stty -a'
	id_new
	expect_status 0 hind_pty run --bundle "$BUNDLE" "$ID"
	expect_match '(^| )-onlcr' "$OUTPUT"
}

# Docker's and containerd's clients set the user's terminal raw and expect the line breaks of a terminal.
test_behind_a_socket_the_terminal_is_as_the_kernel_makes_it()
{
	args sh -c 'echo one; stty -a'
	console "$PWD/s" > console.log &
	wait_for test -S s
	to_user s
	create --console-socket "$PWD/s"
	expect_status 0 hind start "$ID"
	wait_for is_status "$ID" stopped
	wait
	expect_match "^one$(printf '\r')\$" "$(cat console.log)"
	expect_match '(^| )onlcr' "$(cat console.log)"
}

# sun_path ends at 107 characters; engines' directories do not.
test_long_path_of_the_socket()
{
	dir=$PWD/$(printf '%0100d' 0)/$(printf '%0100d' 1)
	mkdir -p "$dir"
	args true
	(cd "$dir" && console s) > console.log &
	wait_for test -S "$dir/s"
	to_user "$dir/s"
	create --console-socket "$dir/s"
	expect_status 0 hind start "$ID"
	wait_for is_status "$ID" stopped
	wait
	expect_match '^/dev/pts/0$' "$(cat console.log)"
}

test_nobody_at_the_socket()
{
	id_new
	expect_error 'console-socket: .*(no such file or directory|connection refused)' \
		hind create --bundle "$BUNDLE" --console-socket "$PWD/nobody" "$ID"
	expect_status 1 hind state "$ID"
}

test_terminal_needs_devpts()
{
	config '.mounts|=map(select(.type!="devpts"))'
	console "$PWD/s" > console.log &
	wait_for test -S s
	to_user s
	id_new
	expect_error 'process\.terminal: needs a mount of type devpts at /dev/pts' \
		hind create --bundle "$BUNDLE" --console-socket "$PWD/s" "$ID"
	wait
}

test_size_is_checked()
{
	config '.process.consoleSize={height:65536,width:1}'
	expect_refused 'config\.json:[0-9]+:[0-9]+: \.process\.consoleSize\.height: '
}

test_terminal_in_a_user_namespace()
{
	config '.linux.namespaces+=[{type:"user"}]' '.linux.uidMappings=[{containerID:0,hostID:100000,size:65536}]' \
		'.linux.gidMappings=.linux.uidMappings' '.process.user={uid:1000,gid:1000}'
	on_terminal sh -c 'tty; stat -c %u /dev/pts/0; echo by console > /dev/console'
	expect_match '^/dev/pts/0' "$OUTPUT"
	expect_match '^1000' "$OUTPUT"
	expect_match '^by console' "$OUTPUT"
}

test_stdio_without_terminal_belongs_to_the_user()
{
	need_root 'what root has opened'
	config '.process.terminal=false' '.process.user={uid:1000,gid:1000}'
	args sh -c 'echo again > /dev/stdout; echo errors > /dev/stderr'
	ln -s /proc/self/fd/1 b/rootfs/dev/stdout
	expect_status 0 run
	expect_eq again "$OUTPUT"
	expect_eq errors "$ERROR"
}

test_null_is_never_given_away()
{
	config '.process.terminal=false' '.process.user={uid:1000,gid:1000}'
	args true
	id_new
	hind run --bundle "$BUNDLE" "$ID" < /dev/null > /dev/null 2>&1
	expect_eq 0 "$(stat -c %u /dev/null)" 'owner of /dev/null'
}

# A terminal has no SIGPIPE: without the hang-up the program would stand still once the terminal is full.
test_reader_that_has_gone_hangs_up()
{
	args sh -c 'trap "" HUP; while echo y; do :; done; exit 3'
	id_new
	{
		status=0
		hind_by timeout 30 -- run --bundle "$BUNDLE" "$ID" < /dev/null || status=$?
		echo "$status" > status
	} | head -n 1 > first
	wait_for test -s status
	expect_eq 3 "$(cat status)" 'status behind a reader that has gone'
	expect_eq y "$(tr -d '\r' < first)"
}

test_hang_up_of_a_full_disk()
{
	args sh -c 'while echo y; do :; done; exit 3'
	id_new
	status=0
	hind_by timeout 30 -- run --bundle "$BUNDLE" "$ID" < /dev/null > /dev/full || status=$?
	expect_eq 3 "$status" 'status with a full disk'
}
