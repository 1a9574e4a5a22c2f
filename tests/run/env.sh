# process.env: what arrives, HOME, duplicates, --preserve-fds
# covers: process.{args,env} run/--preserve-fds exec/--env

test_environment_is_that_of_the_config_alone()
{
	bundle_new b '.process.env=["PATH=/bin","A=1","B=x=y","HOME=/tmp"]'
	args env
	CALLERS_OWN=1 expect_status 0 run
	expect_eq 'A=1
B=x=y
HOME=/tmp
PATH=/bin' "$(printf '%s\n' "$OUTPUT" | sort)"
}

test_last_of_duplicates_counts()
{
	bundle_new b '.process.env=["PATH=/nope","A=1","A=2","PATH=/bin"]'
	args env
	expect_status 0 run
	expect_match '^A=2$' "$OUTPUT"
	expect_no_match '^A=1$' "$OUTPUT"
	expect_match '^PATH=/bin$' "$OUTPUT"
}

home_of() # UID
{
	config ".process.user={uid:$1,gid:0}" '.process.env=["PATH=/bin"]'
	args env
	expect_status 0 run
	printf '%s\n' "$OUTPUT" | sed -n 's/^HOME=//p'
}

test_home_is_that_of_the_containers_passwd()
{
	bundle_new b
	expect_eq /root "$(home_of 0)"
	expect_eq /home/user "$(home_of 1000)"
	expect_eq / "$(home_of 4711)"
}

test_home_without_passwd()
{
	bundle_new b
	rm b/rootfs/etc/passwd
	expect_eq / "$(home_of 0)"
}

test_home_is_not_read_through_a_link_to_the_host()
{
	bundle_new b
	echo 'root:x:0:0::/stolen:/bin/sh' > passwd
	ln -sf "$PWD/passwd" b/rootfs/etc/passwd
	expect_eq / "$(home_of 0)"
}

test_passwd_that_is_a_fifo_stops_nobody()
{
	bundle_new b
	rm b/rootfs/etc/passwd
	mkfifo b/rootfs/etc/passwd
	expect_eq / "$(home_of 0)"
}

test_wrong_entries_are_refused()
{
	bundle_new b '.process.env=["PATH=/bin","NOTHING"]'
	expect_refused 'config\.json:[0-9]+:[0-9]+: \.process\.env\[1\]: "NOTHING" has no .=.'
}

test_args_are_needed()
{
	bundle_new b '.process.args=[]'
	expect_refused '\.process\.args: is empty'
}

# config.md asks for a process when `start` is called.
test_process_is_needed_to_start()
{
	bundle_new b 'del(.process)'
	id_new
	expect_error '\.process: is missing: what the container runs$' hind run --bundle "$BUNDLE" "$ID"
	expect_status 1 hind state "$ID"
	create
	expect_eq created "$(status_of "$ID")"
	expect_error '^hind: config\.json has no process: there is nothing to start$' hind start "$ID"
	wait_for is_status "$ID" stopped
	expect_status 0 hind delete "$ID"
}

test_exec_needs_no_process_of_the_configuration()
{
	need_root 'up to its program init is undumpable, and its namespaces are closed to a user'
	bundle_new b 'del(.process)'
	create
	expect_status 0 hind exec "$ID" pwd
	expect_eq / "$OUTPUT"
}

test_descriptors_are_preserved_as_many_as_asked_for()
{
	bundle_new b
	args payload fds
	echo one > one
	echo two > two
	expect_status 0 run --preserve-fds 1 3< one 4< two
	expect_match '^3 ' "$OUTPUT"
	expect_no_match '^4 ' "$OUTPUT"
}

# sd_listen_fds(3): the variables are for the process that is called LISTEN_PID, which is us, and then the program.
test_socket_activation_is_passed_on()
{
	bundle_new b
	args sh -c 'echo "$LISTEN_PID $LISTEN_FDS $$"; payload fds'
	id_new
	expect_status 0 hind_by sh -c 'LISTEN_PID=$$ LISTEN_FDS=1 exec "$0" "$@" 3< /dev/null 4< /dev/null' -- run --bundle "$BUNDLE" "$ID"
	expect_match '^1 1 1$' "$OUTPUT"
	expect_match '^3 ' "$OUTPUT"
	expect_no_match '^4 ' "$OUTPUT"
}

# The program's pid, whatever it is, and the descriptors' names.
test_socket_activation_without_a_pid_namespace()
{
	bundle_new b '.linux.namespaces|=map(select(.type!="pid"))'
	args sh -c 'echo "$LISTEN_PID is $$"; echo "$LISTEN_FDNAMES"'
	id_new
	expect_status 0 hind_by sh -c 'LISTEN_PID=$$ LISTEN_FDS=2 LISTEN_FDNAMES=web:api exec "$0" "$@" 3< /dev/null 4< /dev/null' -- run --bundle "$BUNDLE" "$ID"
	expect_match '^([0-9]+) is \1$' "$OUTPUT"
	expect_match '^web:api$' "$OUTPUT"
	# Names without descriptors are somebody else's.
	expect_status 0 hind_by env LISTEN_FDNAMES=web -- run --bundle "$BUNDLE" "$ID"
	expect_no_match web "$OUTPUT"
}

test_exec_adds_to_it()
{
	bundle_new b '.process.env=["PATH=/bin","A=1","B=2"]'
	args sleep 100
	create
	hind start "$ID"
	expect_status 0 hind exec --env A=3 --env C=4 "$ID" env
	expect_match '^A=3$' "$OUTPUT"
	expect_match '^B=2$' "$OUTPUT"
	expect_match '^C=4$' "$OUTPUT"
	expect_no_match '^A=1$' "$OUTPUT"
}
