# CVE-2020-15257: a socket in the abstract namespace was there for every container that shares the host's network.
# covers: launch_opts

# In a network namespace of its own, so that nobody else's sockets are counted; the container shares it, as the host's.
test_no_abstract_socket()
{
	bundle_new b '.linux.namespaces|=map(select(.type!="network"))' '.process.terminal=true' \
		'.hooks={poststart:[{path:"/bin/true"}],createRuntime:[{path:"/bin/true"}]}' '.mounts|=map(select(.type!="sysfs"))' \
		'.linux.maskedPaths|=map(select(startswith("/sys")|not))' '.linux.readonlyPaths|=map(select(startswith("/sys")|not))'
	args sleep 1000
	id_new
	# shellcheck disable=SC2016
	cat > try <<- 'EOF'
		"$4/console" console.sock > console.log 2>&1 &
		while [ ! -S console.sock ]; do sleep 0.02; done
		"$1" --root "$2" create --bundle b --console-socket console.sock "$3" > create.log 2>&1 < /dev/null || { cat create.log; exit 1; }
		cat /proc/net/unix
		"$1" --root "$2" start "$3"
		cat /proc/net/unix
		nsenter -t "$("$1" --root "$2" state "$3" | jq .pid)" -m /bin/busybox cat /proc/1/net/unix
		"$1" --root "$2" delete --force "$3"
		wait
	EOF
	expect_status 0 unshare --net sh -e try "$HIND" "$HIND_ROOT" "$ID" "$(dirname "$PAYLOAD")"
	expect_match 'Inode Path' "$OUTPUT" 'the list of sockets'
	expect_match 'start$' "$OUTPUT" "hind's own socket, which has a place"
	expect_no_match ' @' "$OUTPUT"
}
