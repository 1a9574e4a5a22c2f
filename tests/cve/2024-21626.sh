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

# While a container waits for `start`, it holds no directory of the host that the container could reach by /proc/1.
test_waiting_init_holds_no_directory_of_the_host()
{
	bundle_new b
	create 7< / 8< /etc
	pid=$(pid_of "$ID")
	for fd in "/proc/$pid/fd"/*; do
		target=$(readlink "$fd")
		case $target in
		socket:* | pipe:* | anon_inode:* | /dev/null | "$PWD/container.log") ;;
		/*) [ ! -d "$fd" ] || expect_eq "$(stat -fc %T "$fd")" proc "directory $target is open as ${fd##*/}" ;;
		esac
	done
}
