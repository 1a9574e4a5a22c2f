# Error texts and statuses: engines match these words, so they are an interface.

setup()
{
	bundle_new b
	args sleep 1000
}

test_unknown_id()
{
	for command in state start kill delete; do
		expect_error 'container `?nope`? does not exist' hind "$command" nope
	done
	expect_status 0 hind delete --force nope
	expect_eq '' "$OUTPUT$ERROR"
}

test_bad_ids()
{
	for id in a/b ../x .hidden '' 'a b' 'a*' "$(printf 'a\nb')" /etc; do
		for command in state start kill delete "delete --force" "create --bundle b" "run --bundle b"; do
			# shellcheck disable=SC2086
			expect_status 1 hind $command "$id"
			expect_match 'invalid container ID format|takes (one|a) container id' "$ERROR" "$command '$id'"
		done
	done
}

test_start_twice()
{
	create
	expect_status 0 hind start "$ID"
	expect_error 'cannot start an already running container' hind start "$ID"
}

test_start_stopped()
{
	create
	expect_status 0 hind start "$ID"
	expect_status 0 hind kill "$ID" KILL
	wait_for is_status "$ID" stopped
	expect_error 'cannot start a container that has stopped' hind start "$ID"
}

test_delete_what_is_not_stopped()
{
	create
	expect_status 0 hind start "$ID"
	expect_error "cannot delete container $ID that is not stopped: running" hind delete "$ID"
	expect_eq running "$(status_of "$ID")"
}

test_kill_stopped()
{
	create
	expect_status 0 hind kill "$ID" KILL
	wait_for is_status "$ID" stopped
	expect_error 'container not running' hind kill "$ID" TERM
	expect_status 0 hind kill --all "$ID" KILL
}

test_unknown_signal()
{
	create
	for signal in BOGUS SIGBOGUS 65 -1 9x RTMIN+99; do
		expect_error "unknown signal \"$(echo "$signal" | sed 's/+/\\+/')\"|unknown option" hind kill "$ID" "$signal"
	done
	expect_eq created "$(status_of "$ID")"
}

# What create, or start where it can only be known then, says of the program. Nothing is left of it.
program_is_refused() # EXTENDED_REGEX
{
	id_new
	capture hind create --bundle "$BUNDLE" "$ID" < /dev/null
	if [ "$STATUS" -eq 0 ]; then
		capture hind start "$ID"
	fi
	expect_eq 1 "$STATUS" 'status'
	expect_match "$1" "$ERROR"
	expect_status 0 hind delete --force "$ID"
	expect_status 1 run
	expect_match "$1" "$ERROR" 'run'
	expect_no_leak
}

test_program_not_in_path()
{
	args no-such-program
	program_is_refused 'exec: "no-such-program": executable file not found in \$PATH'
}

test_program_missing()
{
	args /bin/no-such-program
	program_is_refused 'exec: "/bin/no-such-program": .*no such file or directory'
}

test_program_not_executable()
{
	args /etc/passwd
	program_is_refused 'exec: "/etc/passwd": permission denied'
}

test_program_is_a_directory()
{
	args /bin
	program_is_refused 'exec: "/bin": is a directory: permission denied'
}

test_path_through_a_file()
{
	args /etc/passwd/x
	program_is_refused 'not a directory'
}

test_interpreter_missing()
{
	printf '#!/no/such/interpreter\n' > b/rootfs/bin/script
	chmod 755 b/rootfs/bin/script
	args script
	program_is_refused '/no/such/interpreter.*no such file or directory|no such file or directory.*/no/such/interpreter'
}

test_dynamic_loader_missing()
{
	cp "$(command -v jq)" b/rootfs/bin/jq
	args jq
	program_is_refused 'ld-.*no such file or directory|no such file or directory.*ld-'
}

test_no_program_format()
{
	printf '\177ELF and then nothing' > b/rootfs/bin/broken
	chmod 755 b/rootfs/bin/broken
	args broken
	program_is_refused 'exec format error'
}

# What the kernel's word means is told; the word stays, as engines know it.
test_what_is_no_program_of_this_machine()
{
	printf '\0asm\1\0\0\0' > b/rootfs/bin/module
	printf 'echo hello\n' > b/rootfs/bin/script
	: > b/rootfs/bin/empty
	# A header of another machine: e_machine is at 18.
	head -c 4096 b/rootfs/bin/payload > b/rootfs/bin/other
	printf '\363' | dd of=b/rootfs/bin/other bs=1 seek=18 conv=notrunc 2> dd.log
	chmod 755 b/rootfs/bin/module b/rootfs/bin/script b/rootfs/bin/empty b/rootfs/bin/other
	args module
	program_is_refused 'exec /.*bin/module: it is a WebAssembly module.*: exec format error'
	args script
	program_is_refused 'exec /.*bin/script: it is neither a program nor a script.*: exec format error'
	args empty
	program_is_refused 'exec /.*bin/empty: it is an empty file: exec format error'
	args other
	program_is_refused "exec /.*bin/other: it is a program for riscv, and this machine is $(uname -m): exec format error"
}

test_cwd_missing()
{
	config '.process.cwd="/no/such/dir"'
	program_is_refused 'chdir to cwd \("/no/such/dir"\) set in config.json failed: no such file or directory'
}

test_cwd_is_a_file()
{
	config '.process.cwd="/etc/passwd"'
	program_is_refused 'chdir to cwd \("/etc/passwd"\).*not a directory'
}

test_rootfs_missing()
{
	config '.root.path="nothing"'
	expect_refused 'nothing.*no such file or directory|no such file or directory.*nothing'
}

test_bundle_missing()
{
	id_new
	expect_error 'no such file or directory' hind create --bundle "$PWD/nothing" "$ID"
	mkdir empty
	expect_error 'config.json.*no such file or directory' hind create --bundle "$PWD/empty" "$ID"
	expect_no_leak
}

test_broken_json()
{
	head -c 100 b/config.json > part
	mv part b/config.json
	expect_refused '^hind: config\.json:[0-9]+:[0-9]+: '
	: > b/config.json
	expect_refused '^hind: config\.json:1:1: '
}

test_console_socket_missing()
{
	config '.process.terminal=true'
	id_new
	expect_status 1 hind create --bundle "$BUNDLE" --console-socket "$PWD/nothing" "$ID"
	expect_match 'nothing.*no such file or directory|no such file or directory.*nothing' "$ERROR"
	expect_status 1 hind create --bundle "$BUNDLE" "$ID"
	expect_match 'console-socket' "$ERROR"
	expect_no_leak
}

test_pid_file_that_cannot_be_written()
{
	id_new
	expect_error 'no/dir/pid.*no such file or directory' hind create --bundle "$BUNDLE" --pid-file "$PWD/no/dir/pid" "$ID"
	expect_no_leak
}

test_usage()
{
	expect_error 'create takes one container id' hind create
	expect_error 'state takes one container id' hind state a b
	expect_error 'start takes one container id' hind start
	expect_error 'kill takes a container id' hind kill
	expect_error 'delete takes one container id' hind delete
	expect_error 'run takes' hind run
}
