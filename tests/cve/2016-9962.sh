# CVE-2016-9962: a process already inside attached to the runtime that joined it, and took what it had open.

setup()
{
	bundle_new first
	create
	first=$ID
	bundle_new b ".linux.namespaces|=map(if .type==\"pid\" then .path=\"/proc/$(pid_of "$first")/ns/pid\" else . end)"
}

# An undumpable process's files in /proc belong to root of the first user namespace, whoever it runs as.
test_waiting_init_is_undumpable()
{
	config '.process.user={uid:1000,gid:1000}'
	create
	pid=$(pid_of "$ID")
	expect_match '^Uid:	1000	' "$(cat "/proc/$pid/status")"
	expect_eq 0 "$(stat -c %u "/proc/$pid/environ")" 'owner of /proc/PID/environ'
	expect_status 0 hind start "$ID"
}

test_program_is_dumpable_again()
{
	args payload self
	expect_status 0 run
	expect_match '^dumpable 1$' "$OUTPUT"
}

# From inside, with the same ids and capabilities.
test_process_inside_cannot_look_at_it()
{
	create
	number=$(sed -n 's/^NSpid:.*	//p' "/proc/$(pid_of "$ID")/status")
	args sh -c "payload trace $number; for f in root cwd exe fd/0 ns/net; do readlink /proc/$number/\$f && echo looked; done; cat /proc/$number/comm"
	expect_status 0 run
	expect_match '[Oo]peration not permitted' "$OUTPUT"
	expect_no_match 'looked' "$OUTPUT"
	expect_match '^hind' "$OUTPUT"
}
