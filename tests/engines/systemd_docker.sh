# needs: dockerd containerd iptables
# manager: systemd
# tests/engines/systemd_docker.sh: docker's containers as scopes of systemd
# shellcheck source=tests/engines/parts/docker_daemon.sh
. "$TESTS/engines/parts/docker_daemon.sh"

engine_start()
{
	docker_start
	expect_match 'Cgroup Driver: systemd' "$(cat "$SESSION/info")"
}

engine_stop()
{
	nothing_left
}

case_end()
{
	remove_all
}

scope() # CONTAINER: its unit
{
	echo "docker-$(inspect "$1" .Id).scope"
}

shows() # CONTAINER PROPERTY: of its unit, as systemd sees it
{
	systemctl show --value --property "$2" "$(scope "$1")"
}

limits() # CONTAINER
{
	echo "$(cgroup_file "$1" memory.max) $(cgroup_file "$1" cpu.max) $(cgroup_file "$1" pids.max) $(cgroup_file "$1" cpuset.cpus)"
}

test_life_in_a_scope()
{
	expect_status 42 box --rm box sh -c 'echo out; echo err >&2; exit 42'
	expect_eq 'out err' "$OUTPUT $ERROR"
	sleeper --memory 64m --cpus 0.5 --pids-limit 20 --cpuset-cpus 0
	expect_eq "0::/system.slice/$(scope one)" "$(cat "/proc/$(inspect one .State.Pid)/cgroup")"
	expect_eq '67108864 500ms 20 0 yes' "$(shows one MemoryMax) $(shows one CPUQuotaPerSecUSec) $(shows one TasksMax) $(
	)$(shows one AllowedCPUs) $(shows one Delegate)"
	expect_eq '67108864 50000 100000 20 0' "$(limits one)"
	systemctl daemon-reload
	expect_eq '67108864 50000 100000 20 0' "$(limits one)" 'after daemon-reload'
	expect_status 5 docker exec one sh -c 'echo inside; exit 5'
	expect_eq inside "$OUTPUT"
	docker update --memory 96m --memory-swap 96m --cpus 0.25 --pids-limit 30 one
	systemctl daemon-reload
	expect_eq '100663296 25000 100000 30 0' "$(limits one)" 'after an update and daemon-reload'
	docker pause one
	systemctl daemon-reload
	expect_eq paused "$(inspect one .State.Status)"
	docker unpause one
	_scope=$(scope one)
	within 60 docker stop --time 1 one
	expect_eq 137 "$(inspect one .State.ExitCode)"
	expect_eq inactive "$(systemctl is-active "$_scope" || :)"
}

# Of a process beside the first: when the last is killed, systemd removes the cgroup, and the shim may come too late to read its
# memory.events.
test_out_of_memory_is_told()
{
	expect_status 9 box --name one --memory 16m --memory-swap 16m box sh -c 'payload hog 64; sleep 5; exit 9'
	expect_eq true "$(inspect one .State.OOMKilled)"
}

test_slice_of_the_parent()
{
	sleeper --cgroup-parent engines-below.slice --memory 64m
	expect_eq "0::/engines.slice/engines-below.slice/$(scope one)" "$(cat "/proc/$(inspect one .State.Pid)/cgroup")"
	expect_eq '67108864 engines-below.slice' "$(shows one MemoryMax) $(shows one Slice)"
	docker rm --force one
	systemctl stop engines.slice
	cannot 'a parent that is no slice' 125 box --cgroup-parent /no/slice box true
}
