# shellcheck shell=dash
# What the files on Docker share: its daemons as Debian's units start them, and the image.

# shellcheck source=tests/engines/parts/ctr.sh
. "$TESTS/engines/parts/ctr.sh"

# /etc/docker/daemon.json is the one that contrib offers. Debian's limits on files are beyond a root without
# CAP_SYS_RESOURCE, whatever runtime sets them.
docker_files()
{
	# A docker that somebody put there would come before the package's.
	rm -f /usr/local/bin/docker /usr/local/bin/dockerd /usr/local/bin/containerd
	export DOCKER_CONFIG="$SESSION/docker"
	unset DOCKER_HOST DOCKER_BUILDKIT
	mkdir -p /etc/docker "$DOCKER_CONFIG"
	cp "$TESTS/../contrib/docker/daemon.json" /etc/docker/
	session_dir /var/lib/containerd
	rm -f /etc/containerd/config.toml
}

docker_start() # [DOCKERD_OPTION...]
{
	docker_files
	session_dir /var/lib/docker
	containerd_start
	dockerd_start "$@"
	docker import --change 'CMD ["sh"]' "$IMAGE_TAR" box
}

dockerd_start() # [OPTION...]
{
	dockerd --containerd /run/containerd/containerd.sock --default-ulimit nofile=1024:1024 --storage-driver overlay2 \
		--exec-opt "native.cgroupdriver=$CGROUP_MANAGER" "$@" \
		>> "$SESSION/dockerd.log" 2>&1 < /dev/null &
	echo $! > "$SESSION/dockerd.pid"
	wait_for docker_answers
}

docker_answers()
{
	kill -0 "$(cat "$SESSION/dockerd.pid")" || fail "dockerd: $(tail -n 3 "$SESSION/dockerd.log")"
	docker info > "$SESSION/info" 2>&1
}

# Where each look costs a program's start, and the engine itself takes its time.
eventually() # CMD...: polls until CMD succeeds, 60 s at least
{
	_looks=200
	until "$@"; do
		_looks=$((_looks - 1))
		[ "$_looks" -gt 0 ] || fail "waited 60 s in vain for: $*"
		sleep 0.3
	done
}

dockerd_stop() # [SIGNAL]
{
	kill "-${1:-TERM}" "$(cat "$SESSION/dockerd.pid")"
	wait_for is_gone "$(cat "$SESSION/dockerd.pid")"
}

# Containers that need no network start in half the time.
box() # [OPTION...] CMD...
{
	docker run --network none "$@"
}

sleeper() # [OPTION...]: a container `one` that does nothing
{
	box --detach --name one "$@" box sleep 1000
}

remove_all()
{
	_all=$(docker ps --all --quiet)
	[ -z "$_all" ] || echo "$_all" | xargs docker rm --force --volumes
}

inspect() # CONTAINER FORMAT
{
	docker inspect --format "{{$2}}" "$1"
}

is_state() # CONTAINER STATUS: for wait_for
{
	[ "$(inspect "$1" .State.Status)" = "$2" ]
}

logs_have() # CONTAINER REGEX: for wait_for
{
	docker logs "$1" 2>&1 | grep -Eq -e "$2"
}

cgroup_file() # CONTAINER FILE: of the session's hierarchies
{
	_id=$(inspect "$1" .Id)
	for _file in "/sys/fs/cgroup/${2%%.*}/docker/$_id/$2" "/sys/fs/cgroup/docker/$_id/$2" \
		"/sys/fs/cgroup/system.slice/docker-$_id.scope/$2"; do
		[ ! -e "$_file" ] || cat "$_file"
	done
}

# Exit status and what the engine makes of the failure are what scripts see.
cannot() # WHAT STATUS CMD...
{
	_what=$1 _wanted=$2
	shift 2
	expect_status "$_wanted" "$@"
	same "$_what" "$STATUS $(error_without_names "$ERROR")"
	# Nobody may read the runtime's JSON.
	expect_no_match '"(level|msg)"' "$ERROR"
}

# For engine_stop. What a runtime keeps of a container that is gone would stay for good.
nothing_left()
{
	remove_all
	docker_is_gone
}

docker_is_gone()
{
	for _dir in /run/docker/runtime-*/* /run/node?/runtime-*/*; do
		[ ! -d "$_dir" ] || expect_eq '' "$(ls "$_dir")" "left in $_dir"
	done
	expect_eq '' "$(find /sys/fs/cgroup -mindepth 3 -type d -regextype posix-extended -regex '.*/(docker-)?[0-9a-z]{25,64}(\.scope)?')" 'cgroups left'
	expect_eq '' "$(grep -E '/merged|/run/docker/netns' /proc/self/mountinfo | grep -v 'netns/default' || :)" 'mounts left'
	state_is_gone
}
