# needs: podman conmon catatonit
# tests/engines/podman.sh: podman as root

engine_start()
{
	session_dir /var/lib/containers
	mkdir -p /etc/containers/containers.conf.d
	cp "$TESTS/../contrib/podman/hind.conf" /etc/containers/containers.conf.d/
	cat > /etc/containers/containers.conf <<-EOF
	[containers]
	default_ulimits = ["nofile=1024:1024", "nproc=1000:1000"]
	[engine]
	cgroup_manager = "cgroupfs"
	events_logger = "file"
	runtime = "$RUNTIME_NAME"
	[network]
	network_backend = "netavark"
	EOF
	podman import -q "$IMAGE_TAR" box
}

case_end()
{
	podman rm --all --force --time 0
}

test_exit_status()
{
	expect_status 42 podman run --rm box sh -c 'exit 42'
	expect_status 143 podman run --rm box sh -c "exit 143"
	same error "$ERROR"
}
