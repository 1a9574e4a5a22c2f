# CVE-2024-21626: the working directory /proc/self/fd/N was a directory of the host that had been left open.

test_cwd_through_any_descriptor_is_refused()
{
	bundle_new b
	args pwd
	fd=0
	while [ "$fd" -le 40 ]; do
		config ".process.cwd=\"/proc/self/fd/$fd\""
		id_new
		expect_error "chdir to cwd \\(\"/proc/self/fd/$fd\"\\) set in config\\.json failed: " \
			hind create --bundle "$BUNDLE" "$ID"
		fd=$((fd + 1))
	done
}

test_link_of_the_image_to_a_descriptor_is_refused()
{
	bundle_new b '.process.cwd="/link"'
	ln -s /proc/self/fd/7 b/rootfs/link
	expect_refused 'chdir to cwd \("/link"\) set in config\.json failed: '
	bundle_new c '.process.cwd="/link"'
	ln -s /proc/1/cwd c/rootfs/link
	expect_refused 'chdir to cwd \("/link"\) set in config\.json failed: '
}

# The caller's descriptors, and ours, end at the fork or at execve.
test_program_has_stdio_alone()
{
	bundle_new b
	args payload fds
	expect_status 0 run 7< / 8< /etc 9< /proc
	expect_lines 3 "$OUTPUT"
	expect_no_match '^([3-9]|[0-9]{2,}) ' "$OUTPUT"
}

# While a container waits for `start`, an `exec` in it, or a container that shares its pid namespace, could look for it in
# /proc: stdio and sockets are all that it holds.
test_waiting_init_holds_nothing_of_the_host()
{
	bundle_new b
	create 7< / 8< /etc 9< /proc
	pid=$(pid_of "$ID")
	for fd in "/proc/$pid/fd"/*; do
		case ${fd##*/}:$(readlink "$fd") in
		[012]:* | *:socket:*) ;;
		*) fail "$(readlink "$fd") is open as ${fd##*/}" ;;
		esac
	done
}

# A number that nobody has opened must not become one of our own descriptors.
test_preserved_descriptors_must_be_the_callers()
{
	bundle_new b
	args payload fds
	id_new
	expect_error 'descriptor [0-9]+ is not open, and 20 from 3 on are to be preserved' \
		hind run --bundle "$BUNDLE" --preserve-fds 20 "$ID"
	expect_status 0 run --preserve-fds 2 3< /etc 4< /etc
	expect_lines 5 "$OUTPUT"
}

# exec --cwd is the same way in.
test_cwd_of_exec_through_any_descriptor_is_refused()
{
	bundle_new b
	args sleep 1000
	create
	expect_status 0 hind start "$ID"
	fd=0
	while [ "$fd" -le 40 ]; do
		expect_status 255 hind exec --cwd "/proc/self/fd/$fd" "$ID" pwd
		expect_match "chdir to cwd \\(\"/proc/self/fd/$fd\"\\) set in config\\.json failed: " "$ERROR"
		fd=$((fd + 1))
	done
	ln -s /proc/self/fd/7 b/rootfs/link
	ln -s /proc/1/cwd b/rootfs/link2
	for link in /link /link2 /link/.. /proc/self/cwd; do
		expect_status 255 hind exec --cwd "$link" "$ID" pwd
		expect_match 'chdir to cwd ' "$ERROR"
	done
}

test_program_of_exec_has_stdio_alone()
{
	bundle_new b
	args sleep 1000
	create
	expect_status 0 hind start "$ID"
	expect_status 0 hind exec "$ID" payload fds 7< / 8< /etc 9< /proc
	expect_lines 3 "$OUTPUT"
	expect_no_match '^([3-9]|[0-9]{2,}) ' "$OUTPUT"
}
