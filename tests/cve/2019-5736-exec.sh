# CVE-2019-5736, by exec: a process inside holds the executable of who comes in, and writes to it once it can.

setup()
{
	bundle_new b '.root.readonly=false' '.process.capabilities|=map_values(.+["CAP_SYS_PTRACE"])'
	rootfs_own_programs b/rootfs
	cp "$(dirname "$PAYLOAD")/spy" b/rootfs/bin/spy
	mkdir own
	cp "$HIND" own/hind
	before=$(sha256sum own/hind)
	args spy overwrite
	create
	expect_status 0 hind start "$ID"
	wait_for grep -q ready container.log
}

own() # ARG...: the copy, which may be lost
{
	own/hind --root "$HIND_ROOT" "$@"
}

spy_ends()
{
	touch b/rootfs/tmp/stop
	wait_for is_status "$ID" stopped
	expect_match '^held [1-9]' "$(cat container.log)" 'the executables that the spy had open'
	expect_no_match 'overwritten' "$(cat container.log)"
	expect_eq "$before" "$(sha256sum own/hind)" 'the executable'
}

test_executable_of_exec_cannot_be_written()
{
	i=0
	while [ "$i" -lt 60 ]; do
		i=$((i + 1))
		expect_status 0 own exec "$ID" true
	done
	spy_ends
}

# The image's own trick: its program is the runtime that starts it.
test_interpreter_that_is_the_runtime_itself()
{
	printf '#!/proc/self/exe\n' > b/rootfs/bin/trap
	chmod 755 b/rootfs/bin/trap
	i=0
	while [ "$i" -lt 30 ]; do
		i=$((i + 1))
		capture own exec "$ID" /bin/trap
		expect_ne 0 "$STATUS"
	done
	spy_ends
}
