# needs: dockerd containerd iptables
# tests/engines/docker_options.sh: what docker run can ask for
# shellcheck source=tests/engines/parts/docker_daemon.sh
. "$TESTS/engines/parts/docker_daemon.sh"

engine_start()
{
	docker_start
}

engine_stop()
{
	nothing_left
}

case_end()
{
	remove_all
}

# One census of everything that the runtime sets, as docker asks for it without options.
test_what_a_container_is_by_default()
{
	expect_status 0 box --rm --hostname host box sh -c 'payload status Uid Gid Groups CapInh CapPrm CapEff CapBnd CapAmb Seccomp NoNewPrivs
		payload fds | sed "s,pipe:.*,pipe,"; payload rlimits; payload signals; payload affinity
		cat /proc/self/oom_score_adj; umask; pwd; hostname; payload environment
		ls -ln /dev /dev/pts | sed "s/ [A-Z][a-z][a-z] .*:[0-9][0-9] / /"'
	same census "$OUTPUT"
	expect_match 'CapEff:.00000000a80425fb' "$OUTPUT"
	expect_match 'Seccomp:.2' "$OUTPUT"
}

# Everything but the cgroups, which are one mount more or less, and the names of the layers.
test_mounts()
{
	expect_status 0 box --rm box sh -c "awk '{ print \$5, \$6 }' /proc/self/mountinfo | grep -v -e ^/proc/ -e ^/sys/fs/cgroup -e ^/sys/firmware | sort"
	same mounts "$OUTPUT"
	expect_status 0 box --rm box sh -c 'for i in acpi kcore keys timer_list sysrq-trigger irq bus fs; do
		echo "$i: $(ls /proc/$i/* 2> /dev/null | head -n 3) $(head -c 1 /proc/$i 2>&1) $( { : > /proc/$i; } 2>&1)"
	done'
	same 'below /proc' "$OUTPUT"
	expect_eq '' "$(box --rm box cat /proc/keys /proc/timer_list)"
	expect_eq '' "$(box --rm box ls /sys/firmware)"
}

test_capabilities()
{
	same drop "$(box --rm --cap-drop all box payload status CapInh CapPrm CapEff CapBnd CapAmb)"
	expect_status 0 box --rm --cap-drop all --cap-add chown --cap-add net_raw box payload status CapEff CapBnd
	expect_eq 2 "$(printf '%s' "$OUTPUT" | grep -c 0000000000002001)"
	same 'of a user' "$(box --rm --user 1000 --cap-add net_admin box payload status CapInh CapPrm CapEff CapBnd CapAmb)"
}

# runc ends where root lacks a capability; the specification has the runtime warn and go on.
test_privileged()
{
	expect_status 0 box --rm --privileged box sh -c 'payload status CapEff Seccomp; ls /dev | wc -l; mount -t tmpfs tmpfs /mnt && echo mounted
		touch /sys/fs/cgroup/file 2> /dev/null; [ -w /proc/sys ] && echo writable'
	expect_match 'Seccomp:.0' "$OUTPUT"
	expect_match '^mounted$' "$OUTPUT"
	expect_match '^writable$' "$OUTPUT"
	expect_match '^[3-9][0-9]$|^[1-9][0-9][0-9]$' "$OUTPUT" 'devices'
}

test_security_options()
{
	same no-new-privileges "$(box --rm --security-opt no-new-privileges box payload status NoNewPrivs Seccomp CapEff)"
	expect_match 'Seccomp:.0' "$(box --rm --security-opt seccomp=unconfined box payload status Seccomp)"
	cat > profile.json <<-'EOF'
	{ "defaultAction": "SCMP_ACT_ALLOW", "architectures": ["SCMP_ARCH_X86_64"],
	  "syscalls": [ { "names": ["mkdir", "mkdirat"], "action": "SCMP_ACT_ERRNO", "errnoRet": 99 } ] }
	EOF
	expect_status 1 box --rm --security-opt "seccomp=$PWD/profile.json" box mkdir /tmp/new
	same 'errno of a profile' "$ERROR"
	expect_status 0 box --rm --security-opt systempaths=unconfined box sh -c 'mount | grep -c -e " /proc/[a-z]" || :'
	expect_eq 0 "$OUTPUT" 'mounts below /proc'
	cannot 'a bad profile' 125 box --security-opt seccomp=/nowhere.json box true
}

test_users()
{
	same user "$(box --rm --user user --group-add 77 box id)"
	same ids "$(box --rm --user 12345:678 box id)"
	expect_eq /home/user "$(box --rm --user user --workdir /home/user box sh -c 'cd ~; pwd')"
	expect_eq 1000 "$(box --rm --user user --workdir /new/directory box sh -c 'id -u')"
}

test_read_only_and_tmpfs()
{
	expect_status 1 box --rm --read-only box touch /file
	same 'read-only' "$ERROR"
	expect_status 0 box --rm --read-only --tmpfs /scratch:size=1m,mode=1770 box sh -c 'touch /scratch/file; stat -c %a /scratch; df -k /scratch | tail -n 1'
	same tmpfs "$OUTPUT"
	expect_match '^1770$' "$OUTPUT"
	expect_match '8192' "$(box --rm --shm-size 8m box df -k /dev/shm)"
}

test_volumes()
{
	mkdir dir dir/below
	echo host > dir/file
	chown 1000 dir/file
	expect_status 1 box --rm -v "$PWD/dir:/vol" -v "$PWD/dir/file:/etc/one:ro" -v "$PWD/dir:/new/place/of/it:ro" box sh -c \
		'cat /vol/file /etc/one; stat -c %u /vol/file; echo box > /vol/made; echo no > /etc/one; touch /new/place/of/it/x'
	expect_eq 'host host 1000' "$(printf '%s' "$OUTPUT" | xargs)"
	same 'read-only ones' "$ERROR"
	expect_eq box "$(cat dir/made)"
	docker volume create --driver local vol > out
	box --rm -v vol:/home box touch /home/file
	expect_eq 'file user' "$(box --rm -v vol:/home:ro box ls /home | xargs)" 'with what the image has'
	box --detach --name one -v vol:/vol box sleep 1000
	expect_match file "$(box --rm --volumes-from one box ls /vol)"
	docker rm --force one
	docker volume rm vol
}

# What the host mounts later comes in with rslave, and what a container mounts comes out with rshared.
test_propagation()
{
	mkdir dir
	mount -t tmpfs tmpfs dir
	mount --make-shared dir
	mkdir dir/later dir/made
	box --detach --name one -v "$PWD/dir:/vol:rslave" box sleep 1000
	box --detach --name two -v "$PWD/dir:/vol" box sleep 1000
	mount -t tmpfs tmpfs dir/later
	touch dir/later/file
	expect_eq file "$(docker exec one ls /vol/later)"
	expect_eq '' "$(docker exec two ls /vol/later)"
	box --rm --cap-add sys_admin -v "$PWD/dir:/vol:rshared" box mount -t tmpfs tmpfs /vol/made
	mountpoint -q dir/made || fail 'the mount did not come out'
	remove_all
	umount -R dir
}

test_limits()
{
	box --detach --name one --memory 48m --memory-reservation 24m --cpus 0.5 --cpu-shares 300 --cpuset-cpus 0 --pids-limit 30 \
		--oom-score-adj 500 --ulimit nofile=100:200 --ulimit core=0 box sleep 1000
	_set=
	for _file in memory.limit_in_bytes memory.soft_limit_in_bytes memory.max memory.low cpu.cfs_quota_us cpu.cfs_period_us cpu.shares cpu.max \
		cpu.weight cpuset.cpus pids.max memory.swappiness; do
		_set="$_set $_file=$(cgroup_file one $_file)"
	done
	same cgroup "$_set"
	expect_match "=$((48 << 20)) " "$_set"
	expect_match 'pids.max=30 ' "$_set"
	expect_match 'cpuset.cpus=0 ' "$_set"
	expect_eq '500 100 200 0' "$(docker exec one sh -c 'cat /proc/self/oom_score_adj; ulimit -n; ulimit -Hn; ulimit -c' | xargs)"
	expect_eq 500 "$(cat "/proc/$(inspect one .State.Pid)/oom_score_adj")"
	expect_match 'Cpus_allowed_list:.0$' "$(docker exec one grep Cpus_allowed_list /proc/self/status)"
	docker exec one sh -c 'for i in $(seq 40); do sleep 3 & done' > out 2>&1 && fail 'more than 30 processes'
	expect_match "can't fork" "$(cat out)"
}

test_cgroups()
{
	expect_status 0 box --rm --cgroup-parent /hind-engines/below box cat /proc/self/cgroup
	expect_match '/hind-engines/below/[0-9a-f]{64}$' "$OUTPUT"
	expect_eq '' "$(find /sys/fs/cgroup -path '*hind-engines/below/*' -type d)"
	expect_no_match '[0-9a-f]{64}' "$(box --rm --cgroupns private box cat /proc/self/cgroup)"
	expect_status 1 box --rm box sh -c 'cat /sys/fs/cgroup/pids/pids.current /sys/fs/cgroup/pids.current 2> /dev/null; mkdir /sys/fs/cgroup/pids/x'
	expect_match '^[12]$' "$OUTPUT"
	expect_match 'Read-only file system' "$ERROR"
}

test_devices()
{
	_sh='ls -ln /dev/first | cut -c 1-10; cat /dev/first; echo x > /dev/first'
	expect_status 0 box --rm --device /dev/null:/dev/first:rw box sh -c "$_sh"
	same 'a device' "$OUTPUT $ERROR"
	expect_status 1 box --rm --device /dev/loop-control:/dev/first:r box sh -c ': < /dev/first && echo read; : > /dev/first'
	same 'a device to read' "$OUTPUT $ERROR"
	expect_status 1 box --rm --cap-add mknod box sh -c 'mknod /dev/kmsg c 1 11 && cat /dev/kmsg'
	same 'a device that is not allowed' "$ERROR"
	expect_status 0 box --rm --device-cgroup-rule 'c 1:11 w' box sh -c 'mknod /tmp/kmsg c 1 11 && : > /tmp/kmsg && echo written'
	expect_eq written "$OUTPUT"
}

test_sysctls_and_names()
{
	expect_status 0 box --rm --sysctl net.ipv4.ip_forward=0 --sysctl kernel.msgmax=4096 --hostname name --domainname domain \
		--add-host other:1.2.3.4 --env A='two words' --dns 9.9.9.9 box sh -c \
		'cat /proc/sys/net/ipv4/ip_forward /proc/sys/kernel/msgmax; hostname; cat /proc/sys/kernel/domainname; grep other /etc/hosts; echo "$A"; cat /etc/resolv.conf'
	same 'what is seen' "$OUTPUT"
	expect_match '^4096$' "$OUTPUT"
	expect_match '^name$' "$OUTPUT"
	expect_match '^domain$' "$OUTPUT"
}

test_shared_namespaces()
{
	expect_eq "$(readlink /proc/self/ns/pid)" "$(box --rm --pid host box readlink /proc/self/ns/pid)"
	expect_eq "$(hostname)" "$(box --rm --uts host box hostname)"
	expect_eq "$(readlink /proc/self/ns/ipc)" "$(box --rm --ipc host box readlink /proc/self/ns/ipc)"
	expect_eq "$(readlink /proc/self/ns/net)" "$(docker run --rm --network host box readlink /proc/self/ns/net)"
	sleeper --ipc shareable
	_pid=$(inspect one .State.Pid)
	expect_status 0 docker run --rm --network container:one --pid container:one --ipc container:one box \
		sh -c 'for i in net pid ipc; do readlink /proc/self/ns/$i; done; ps -o args'
	for _ns in net pid ipc; do
		expect_match "^$_ns:" "$OUTPUT"
		expect_match "$(readlink "/proc/$_pid/ns/$_ns" | tr -d '[]')" "$(printf '%s' "$OUTPUT" | tr -d '[]')"
	done
	expect_match '^sleep 1000$' "$OUTPUT"
}

test_entrypoint_and_workdir()
{
	expect_eq '/tmp a b' "$(box --rm --entrypoint sh --workdir /tmp box -c 'echo $(pwd) $0 $1' a b)"
	expect_eq /made/by/docker "$(box --rm --workdir /made/by/docker box pwd)"
}

# Many of them side by side in one container: as images of real services ask.
test_everything_at_once()
{
	expect_status 0 docker run --rm --read-only --tmpfs /tmp --init --user 1000:1000 --cap-drop all --security-opt no-new-privileges \
		--memory 32m --pids-limit 20 --cpus 0.5 --ulimit nofile=64:64 --workdir /tmp --hostname h --network bridge box \
		sh -c 'touch file; id -u; hostname; payload status CapEff NoNewPrivs Seccomp; ulimit -n; cat /proc/1/comm'
	same all "$OUTPUT"
}
