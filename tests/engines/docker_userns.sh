# needs: dockerd containerd iptables
# tests/engines/docker_userns.sh: docker with every container in a user namespace (userns-remap)
# shellcheck source=tests/engines/parts/docker_daemon.sh
. "$TESTS/engines/parts/docker_daemon.sh"

engine_start()
{
	echo 'dockremap:200000:65536' > /etc/subuid
	echo 'dockremap:300000:65536' > /etc/subgid
	grep -q dockremap /etc/passwd || echo 'dockremap:x:990:990::/:/bin/false' >> /etc/passwd
	grep -q dockremap /etc/group || echo 'dockremap:x:990:' >> /etc/group
	docker_start --userns-remap default
}

engine_stop()
{
	nothing_left
}

case_end()
{
	remove_all
}

test_ids_are_mapped()
{
	sleeper
	_pid=$(inspect one .State.Pid)
	expect_eq '0 200000 65536' "$(xargs < "/proc/$_pid/uid_map")"
	expect_eq '0 300000 65536' "$(xargs < "/proc/$_pid/gid_map")"
	expect_eq '200000 300000' "$(stat -c '%u %g' "/proc/$_pid")"
	expect_ne "$(readlink /proc/self/ns/user)" "$(readlink "/proc/$_pid/ns/user")"
	same status "$(docker exec one payload status Uid Gid Groups CapInh CapPrm CapEff CapBnd CapAmb Seccomp NoNewPrivs)"
	expect_eq '0 /' "$(docker exec one sh -c 'echo $(id -u) $(pwd)')"
	expect_eq 201000 "$(docker exec --detach --user user one sleep 1001 && wait_for user_sleeps && stat -c %u "/proc/$(pgrep -f 'sleep 1001')")"
}

user_sleeps()
{
	pgrep -f 'sleep 1001' > pid
}

test_files_and_devices()
{
	mkdir dir
	chown 200000:300000 dir
	expect_status 0 box --rm -v "$PWD/dir:/vol" --tmpfs /scratch box sh -c \
		'touch /vol/file /scratch/file /file; stat -c "%u %g" /vol/file /scratch/file /file /bin/sh; echo x > /dev/null; head -c 1 /dev/zero | wc -c; ls -ln /dev | wc -l'
	same files "$OUTPUT"
	expect_eq '200000 300000' "$(stat -c '%u %g' dir/file)"
	expect_status any box --rm -v /etc:/vol box touch /vol/new
	same 'a file of the host' "$ERROR"
}

test_network_and_limits()
{
	expect_status 0 docker run --rm --memory 32m --pids-limit 20 --sysctl net.ipv4.ip_forward=0 box sh -c 'ip -o -4 addr show eth0 | wc -l; cat /proc/sys/net/ipv4/ip_forward; ls /sys/class/net | wc -l'
	same network "$OUTPUT"
	expect_status 3 pty docker run --rm -it --network none box sh -c 'tty; exit 3'
	expect_match '^/dev/pts/0' "$OUTPUT"
	# One may stay outside.
	expect_eq '0 0 4294967295' "$(box --rm --userns host box cat /proc/self/uid_map | xargs)"
}
