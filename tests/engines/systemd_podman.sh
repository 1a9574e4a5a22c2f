# needs: podman conmon catatonit
# manager: systemd
# tests/engines/systemd_podman.sh: podman whose containers are scopes, pods slices and health checks timers of systemd
# shellcheck source=tests/engines/parts/containers.sh
. "$TESTS/engines/parts/containers.sh"

engine_start()
{
	containers_conf
	image_import
}

engine_stop()
{
	podman pod rm --all --force --time 0
	nothing_left
}

case_end()
{
	podman pod rm --all --force --time 0
	remove_all
}

box() # [OPTION...] CMD...: without network, which costs most of the time
{
	podman run --network none "$@"
}

scope() # CONTAINER: its unit
{
	echo "libpod-$(inspect "$1" .Id).scope"
}

cgroup_of() # CONTAINER: of its first process
{
	sed -n 's/^0:://p' "/proc/$(inspect "$1" .State.Pid)/cgroup"
}

control_files() # CONTAINER
{
	for _file in memory.max memory.swap.max cpu.max pids.max cpuset.cpus; do
		echo "$_file $(cat "/sys/fs/cgroup$(cgroup_of "$1")/$_file")"
	done
}

# All that a session of podman has, on one container; a reload must undo none of it.
test_life_in_a_scope()
{
	expect_status 42 box --rm box sh -c 'echo out; echo err >&2; exit 42'
	expect_eq 'out err' "$OUTPUT $ERROR"
	box --detach --name c --memory 64m --cpus 0.5 --pids-limit 20 --cpuset-cpus 0 box sh -c 'echo ready; sleep 1000'
	_scope=$(scope c)
	expect_eq "/machine.slice/$_scope" "$(cgroup_of c)"
	expect_eq "$(printf '%s\n' 67108864 20 500ms 0 yes)" \
		"$(systemctl show --value -p MemoryMax -p TasksMax -p CPUQuotaPerSecUSec -p AllowedCPUs -p Delegate "$_scope" | sed '/^$/d' | in_order)"
	control_files c > before
	expect_match '^memory.max 67108864$' "$(cat before)"
	expect_match '^pids.max 20$' "$(cat before)"
	expect_match '^cpu.max 50000 100000$' "$(cat before)"
	systemctl daemon-reload
	expect_eq "$(cat before)" "$(control_files c)" 'after daemon-reload'
	expect_status 5 podman exec c sh -c 'echo inside; exit 5'
	expect_eq inside "$OUTPUT"
	expect_match '[1-9][0-9.]*[kM]B / 67.11MB 1 [0-9.]+%$' "$(within 60 podman stats --no-stream --format '{{.MemUsage}} {{.PIDs}} {{.CPUPerc}}' c)"
	podman update --memory 96m --cpus 0.25 c
	expect_eq 100663296 "$(systemctl show --value -p MemoryMax "$_scope")" 'MemoryMax after the update'
	systemctl daemon-reload
	expect_match '^memory.max 100663296$' "$(control_files c)"
	expect_match '^cpu.max 25000 100000$' "$(control_files c)"
	podman pause c
	systemctl daemon-reload
	expect_eq paused "$(inspect c .State.Status)"
	podman unpause c
	within 60 podman stop --time 1 c
	expect_eq 137 "$(inspect c .State.ExitCode)"
	expect_eq inactive "$(systemctl is-active "$_scope" || :)"
}

# `systemctl show` has an order of its own.
in_order()
{
	cat > shown
	for _value in 67108864 20 500ms 0 yes; do
		grep -x -e "$_value" shown || echo "no $_value in: $(xargs < shown)"
	done
}

test_terminal()
{
	expect_status 3 pty podman run --rm -it --network none box sh -c 'tty; [ -t 0 ] && [ -t 2 ] && echo yes; exit 3'
	expect_match '^/dev/pts/0.?$' "$OUTPUT"
	expect_match '^yes.?$' "$OUTPUT"
}

# conmon has a scope of its own, or stays where podman was called.
test_scope_of_conmon()
{
	box --detach --name c box sleep 1000
	_conmon=$(inspect c .State.ConmonPid)
	expect_eq "0::/machine.slice/libpod-conmon-$(inspect c .Id).scope" "$(cat "/proc/$_conmon/cgroup")"
	box --detach --name d --cgroups no-conmon box sleep 1000
	expect_eq "$(cat /proc/self/cgroup)" "$(cat "/proc/$(inspect d .State.ConmonPid)/cgroup")"
	expect_eq "/machine.slice/$(scope d)" "$(cgroup_of d)"
}

# Of a process beside the first: when the last is killed, systemd removes the cgroup, and conmon may come too late to read its
# memory.events. It leaves its marker in the directory that it was called from, and podman looks in the container's.
test_out_of_memory_is_told()
{
	podman create --network none --name c --memory 32m --memory-swap 32m box sh -c 'payload hog 100; sleep 5; exit 9'
	cd "$(inspect c .StaticDir)"
	expect_status 9 podman start --attach c
	cd "$CASE_DIR/work"
	expect_eq true "$(inspect c .State.OOMKilled)"
}

test_slice_of_the_parent()
{
	box --detach --name c --cgroup-parent engines-below.slice --memory 64m box sleep 1000
	expect_eq "/engines.slice/engines-below.slice/$(scope c)" "$(cgroup_of c)"
	expect_eq engines-below.slice "$(systemctl show --value -p Slice "$(scope c)")"
	expect_match '^memory.max 67108864$' "$(control_files c)"
	podman rm --force --time 0 c
	systemctl stop engines.slice
	expect_status any box --rm --cgroup-parent /no/slice box true
}

test_pod_is_a_slice()
{
	podman pod create --name p --memory 128m --share net > out
	podman run --detach --pod p --name c --memory 64m box sleep 1000
	_slice=machine-libpod_pod_$(podman pod inspect --format '{{.ID}}' p).slice
	expect_eq "/machine.slice/$_slice/$(scope c)" "$(cgroup_of c)"
	expect_eq 134217728 "$(cat "/sys/fs/cgroup/machine.slice/$_slice/memory.max")"
	expect_eq 67108864 "$(cat "/sys/fs/cgroup/machine.slice/$_slice/$(scope c)/memory.max")"
	systemctl daemon-reload
	expect_eq 134217728 "$(cat "/sys/fs/cgroup/machine.slice/$_slice/memory.max")" 'after daemon-reload'
	podman pod rm --force --time 0 p
	expect_eq inactive "$(systemctl is-active "$_slice" || :)"
}

is_health() # CONTAINER WORD: for wait_for
{
	[ "$(inspect "$1" .State.Health.Status)" = "$2" ]
}

# Nobody runs the check but systemd, by a timer that podman makes.
test_health_by_a_timer()
{
	box --detach --name c --health-cmd 'test -e /tmp/well' --health-interval 2s --health-retries 1 --health-timeout 60s box sleep 1000
	expect_match "^$(inspect c .Id)" "$(systemctl list-timers --plain --no-legend | grep -o "$(inspect c .Id)[^ ]*" | head -n 1)"
	wait_for is_health c unhealthy
	podman exec c touch /tmp/well
	wait_for is_health c healthy
	podman rm --force --time 0 c
	wait_for no_timer
}

no_timer()
{
	! systemctl list-timers --all --plain --no-legend | grep -E '[0-9a-f]{64}'
}

is_over() # UNIT: for wait_for
{
	! systemctl is-active "$1" > /dev/null
}

# The service's own cgroup is the container's parent, so its limits and its end are the service's.
test_split_inside_a_service()
{
	systemd-run --quiet --unit engines-split --property Delegate=yes --property Type=exec \
		podman run --rm --name c --network none --cgroups split --memory 64m box sleep 1000
	wait_for is_state c running
	expect_match '^/system.slice/engines-split.service/' "$(cgroup_of c)"
	expect_match '^memory.max 67108864$' "$(control_files c)"
	systemctl daemon-reload
	expect_eq yes "$(podman exec c echo yes)"
	within 60 podman stop --time 0 c
	wait_for is_over engines-split.service
	expect_eq '' "$(podman ps --all --quiet)"
	# podman passes the 137 on.
	systemctl reset-failed engines-split.service
}

test_generated_unit()
{
	podman create --network none --name c --memory 64m box sh -c 'trap "exit 0" TERM; while :; do sleep 0.1; done' > out
	podman generate systemd --new --name --stop-timeout 5 c > unit
	podman rm c
	cp unit /run/systemd/system/container-c.service
	systemctl daemon-reload
	systemctl start container-c.service
	expect_eq active "$(systemctl is-active container-c.service)"
	expect_eq "$(inspect c .State.ConmonPid)" "$(systemctl show --value -p MainPID container-c.service)"
	expect_match '^memory.max 67108864$' "$(control_files c)"
	within 60 systemctl restart container-c.service
	expect_eq running "$(inspect c .State.Status)"
	within 60 systemctl stop container-c.service
	expect_eq inactive "$(systemctl is-active container-c.service || :)"
	expect_eq '' "$(podman ps --all --quiet)"
	rm /run/systemd/system/container-c.service
	systemctl daemon-reload
}

test_build()
{
	printf 'FROM localhost/box\nRUN cat /proc/self/cgroup > /cgroup && echo built > /result\n' > Containerfile
	podman build -q --isolation oci --network none --tag localhost/built . > out
	expect_eq built "$(box --rm localhost/built cat /result)"
	podman rmi localhost/built > out
}

systemd_is_up() # CONTAINER: for wait_for
{
	[ "$(podman exec "$1" systemctl is-active basic.target)" = active ]
}

# The guest's own system is the image: systemd inside, which makes cgroups of its own below the scope.
test_systemd_inside()
{
	mkdir tree
	mount --bind / tree
	box --detach --name c --systemd always --rootfs "$PWD/tree:O" /sbin/init systemd.unit=basic.target
	wait_for systemd_is_up c
	expect_match "^/machine.slice/$(scope c)(/|$)" "$(cgroup_of c)"
	expect_eq '0::/init.scope' "$(podman exec c cat /proc/1/cgroup)"
	podman exec c systemd-run --quiet --wait --pipe --property MemoryMax=32M cat /proc/self/cgroup > inside
	expect_match '^0::/system.slice/run-.*\.service$' "$(cat inside)"
	systemctl daemon-reload
	expect_eq yes "$(podman exec c echo yes)"
	within 60 podman stop --time 40 c
	podman rm c
	umount tree
}
