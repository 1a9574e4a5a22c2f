# shellcheck shell=dash
# What podman and buildah share as root: their configuration as an administrator writes it, and the image.

# The runtime of the session is the default. Debian's limits on files and processes are beyond a root without
# CAP_SYS_RESOURCE, whatever runtime sets them.
containers_conf()
{
	session_dir /var/lib/containers
	mkdir -p /etc/containers/containers.conf.d
	cp "$TESTS/../contrib/podman/hind.conf" /etc/containers/containers.conf.d/
	cat > /etc/containers/containers.conf <<-EOF
	[containers]
	default_ulimits = ["nofile=1024:1024", "nproc=1000:1000"]
	[engine]
	cgroup_manager = "$CGROUP_MANAGER"
	events_logger = "file"
	# conmon stays for so many seconds after an exec by the API (300).
	exit_command_delay = 1
	runtime = "$RUNTIME_NAME"
	[network]
	network_backend = "netavark"
	EOF
	cat > /etc/containers/storage.conf <<-EOF
	[storage]
	driver = "overlay"
	graphroot = "/var/lib/containers/storage"
	runroot = "/run/containers/storage"
	EOF
}

image_import() # [TAR]
{
	podman import -q --change 'CMD=["sh"]' --change ENV=PATH=/usr/sbin:/usr/bin:/sbin:/bin "${1:-$IMAGE_TAR}" localhost/box
}

# The error of an engine without what names the runtime and the container, and each runtime's own way to the reason.
error_without_names() # TEXT
{
	printf '%s\n' "$1" | sed -E "s/$RUNTIME_NAME: //g; s/[0-9a-f]{64}/ID/g
		s/((runc create|exec) failed: )?unable to start container process: //; s/init: program: //"
}

# What the engine itself says where a configuration is wrong: the runtimes have words of their own for the reason.
error_without_reason() # TEXT
{
	printf '%s\n' "$1" | sed -E 's/(OCI runtime error: ).*/\1/; s/[0-9a-f]{64}/ID/g'
}

inspect() # CONTAINER FORMAT
{
	podman inspect --format "{{$2}}" "$1"
}

is_state() # CONTAINER STATUS: for wait_for
{
	[ "$(inspect "$1" .State.Status)" = "$2" ]
}

# Prints what HOST's port 80 says, which may not listen yet: sh -c "$HEAR" HOST
HEAR='for i in $(seq 100); do nc -w 5 "$0" 80 && exit; sleep 0.1; done; exit 1'

logs_have() # CONTAINER REGEX: for wait_for
{
	podman logs "$1" 2>&1 | grep -Eq -e "$2"
}

# Twice, as one that another depends on (its user namespace, say) may come first.
remove_all()
{
	podman rm --all --force --time 0 || podman rm --all --force --time 0
}

# For engine_stop. What a runtime keeps of a container that is gone would stay for good.
nothing_left()
{
	remove_all
	processes_gone
	expect_eq '' "$(podman ps --all --quiet)" containers
	processes_gone
	for _dir in /run/hind /run/runc; do
		[ ! -d "$_dir" ] || expect_eq '' "$(ls "$_dir")" "left in $_dir"
	done
	expect_eq '' "$(find /sys/fs/cgroup -type d -name 'libpod-*')" 'cgroups left'
	expect_eq '' "$(grep -E 'overlay-containers|/merged' /proc/self/mountinfo || :)" 'mounts left'
	units_gone
}

# conmon's last act is a podman that cleans up: it may be at it still.
processes_gone()
{
	wait_for sh -c '! ps -e -o comm= | grep -Eq "conmon|podman|buildah|payload|sleep"'
}
