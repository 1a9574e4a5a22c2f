# needs: podman conmon socat
# tests/engines/podman_limits.sh: podman's options that limit, hide and mount, as root
# shellcheck source=tests/engines/parts/containers.sh
. "$TESTS/engines/parts/containers.sh"

engine_start()
{
	containers_conf
	image_import
}

engine_stop()
{
	nothing_left
}

case_end()
{
	remove_all
}

box() # [OPTION...] CMD...: without network, which costs most of the time
{
	podman run --network none "$@"
}

# What a limit really is: the first file that there is, of the cgroup of the container's first process.
limit() # CONTAINER CONTROLLER V1_FILE V2_FILE
{
	_pid=$(inspect "$1" .State.Pid)
	if cgroup_v2; then
		cat "/sys/fs/cgroup$(sed -n 's/^0:://p' "/proc/$_pid/cgroup")/$4"
	else
		cat "/sys/fs/cgroup/$2$(sed -nE "s/^[0-9]+:([^:]*,)?$2(,[^:]*)?://p" "/proc/$_pid/cgroup")/$3"
	fi
}

test_memory_limit()
{
	box --detach --name c --memory 64m box sleep 1000
	expect_eq 67108864 "$(limit c memory memory.limit_in_bytes memory.max)"
	expect_eq 67108864 "$(inspect c .HostConfig.Memory)"
}

test_cpu_limits()
{
	box --detach --name c --cpus 0.5 --cpuset-cpus 1 box sleep 1000
	same quota "$(limit c cpu cpu.cfs_quota_us cpu.max)"
	expect_match '^50000( |$)' "$(limit c cpu cpu.cfs_quota_us cpu.max)"
	expect_eq 1 "$(limit c cpuset cpuset.cpus cpuset.cpus.effective)"
	expect_eq 1 "$(sed -n 's/^Cpus_allowed_list:\t//p' "/proc/$(inspect c .State.Pid)/status")"
	box --detach --name d --cpu-shares 512 box sleep 1000
	same weight "$(limit d cpu cpu.shares cpu.weight)"
}

test_pids_limit()
{
	box --detach --name c --pids-limit 10 box sleep 1000
	expect_eq 10 "$(limit c pids pids.max pids.max)"
	expect_status any box --rm --pids-limit 5 box sh -c 'for i in 1 2 3 4 5 6 7 8; do sleep 1 & done; wait'
	expect_match "can't fork" "$ERROR"
}

test_blkio_weight_and_reservation()
{
	box --detach --name c --memory 64m --memory-reservation 32m box sleep 1000
	expect_eq 33554432 "$(limit c memory memory.soft_limit_in_bytes memory.low)"
}

test_out_of_memory_is_told()
{
	podman create --network none --name c --memory 32m --memory-swap 32m box payload hog 100
	# On cgroup v1 conmon leaves its marker in the directory that it was called from, and podman looks in the container's.
	cd "$(inspect c .StaticDir)"
	expect_status 137 podman start --attach c
	cd "$CASE_DIR/work"
	expect_eq true "$(inspect c .State.OOMKilled)"
	expect_eq 137 "$(inspect c .State.ExitCode)"
	same 'what is told' "$OUTPUT $ERROR $(podman inspect c | jq -c '.[0].State | [.Status, .OOMKilled, .ExitCode, .Error]')"
}

test_update()
{
	box --detach --name c --memory 64m box sleep 1000
	podman update --memory 96m --cpus 0.25 c
	expect_eq 100663296 "$(limit c memory memory.limit_in_bytes memory.max)"
	expect_match '^25000( |$)' "$(limit c cpu cpu.cfs_quota_us cpu.max)"
}

test_cgroup_parent()
{
	box --detach --name c --cgroup-parent /own/branch box sleep 1000
	_id=$(inspect c .Id)
	expect_match "/own/branch/libpod-$_id" "$(cat "/proc/$(inspect c .State.Pid)/cgroup")"
	podman rm --force --time 0 c
	expect_eq '' "$(find /sys/fs/cgroup -name "libpod-$_id")"
}

test_cgroups_disabled()
{
	box --detach --name c --cgroups disabled box sleep 1000
	expect_no_match libpod "$(cat "/proc/$(inspect c .State.Pid)/cgroup")"
	expect_eq disabled "$(inspect c .HostConfig.Cgroups)"
	within 20 podman stop --time 0 c
}

test_no_conmon_cgroup()
{
	box --detach --name c --cgroups no-conmon box sleep 1000
	expect_match libpod "$(cat "/proc/$(inspect c .State.Pid)/cgroup")"
}

test_cgroup_namespace()
{
	expect_match '^[0-9]+:[a-z,]+:/$' "$(box --rm --cgroupns private box cat /proc/self/cgroup)"
	expect_match libpod "$(box --rm --cgroupns host box cat /proc/self/cgroup)"
	box --rm --cgroupns private box ls /sys/fs/cgroup > inside
	[ -s inside ] || fail 'nothing is mounted'
}

test_capabilities()
{
	same default "$(box --rm box payload status CapInh CapPrm CapEff CapBnd CapAmb)"
	expect_match '^CapEff:.0000000000000000$' "$(box --rm --cap-drop ALL box payload status CapEff)"
	expect_match '^CapEff:.0000000000001000$' "$(box --rm --cap-drop ALL --cap-add NET_ADMIN box payload status CapEff)"
	same user "$(box --rm --user 1000 box payload status CapInh CapPrm CapEff CapBnd CapAmb)"
	same 'user, added' "$(box --rm --user 1000 --cap-add NET_RAW box payload status CapInh CapPrm CapEff CapBnd CapAmb)"
}

test_privileged()
{
	expect_status 0 box --rm --privileged box sh -c 'ls /dev/null /dev/fuse && mount -t tmpfs tmpfs /mnt && cat /proc/kcore | head -c 1 | wc -c'
	same 'capabilities' "$(box --rm --privileged box payload status CapEff)"
}

test_no_new_privileges()
{
	expect_match '^NoNewPrivs:.1$' "$(box --rm --security-opt no-new-privileges box payload status NoNewPrivs)"
	expect_match '^NoNewPrivs:.0$' "$(box --rm box payload status NoNewPrivs)"
}

test_seccomp()
{
	expect_match '^Seccomp:.2$' "$(box --rm box payload status Seccomp)"
	expect_match '^Seccomp:.0$' "$(box --rm --security-opt seccomp=unconfined box payload status Seccomp)"
	cat > profile.json <<-'EOF'
	{ "defaultAction": "SCMP_ACT_ALLOW", "syscalls": [
	  { "names": [ "mkdir", "mkdirat" ], "action": "SCMP_ACT_ERRNO", "errnoRet": 95 } ] }
	EOF
	expect_status 1 box --rm --security-opt seccomp=profile.json box mkdir /tmp/x
	expect_match 'Operation not supported|Not supported' "$ERROR"
	expect_status any box --rm box unshare -m true
	same 'unshare by the default profile' "$ERROR"
}

test_masked_paths()
{
	expect_eq 0 "$(box --rm box sh -c 'cat /proc/keys /proc/timer_list | wc -c')"
	expect_eq '' "$(box --rm box ls /sys/firmware)"
	expect_status any box --rm box sh -c 'echo x > /proc/sys/kernel/hostname'
	expect_match 'Read-only file system' "$ERROR"
	expect_ne 0 "$(box --rm --security-opt unmask=ALL box sh -c 'cat /proc/keys /proc/timer_list | wc -c')"
	expect_status 0 box --rm --security-opt mask=/etc/passwd box wc -c /etc/passwd
	expect_eq '0 /etc/passwd' "$OUTPUT"
}

test_read_only()
{
	expect_status any box --rm --read-only box touch /file
	expect_match 'Read-only file system' "$ERROR"
	box --rm --read-only box sh -c 'touch /tmp/a /run/b /dev/shm/c'
	expect_status any box --rm --read-only --read-only-tmpfs=false box touch /tmp/a
}

test_tmpfs()
{
	expect_match 'tmpfs .*size=1024k' "$(box --rm --tmpfs /scratch:size=1m,mode=700 box grep /scratch /proc/mounts)"
	expect_eq 'drwx------' "$(box --rm --tmpfs /scratch:size=1m,mode=700 box sh -c 'ls -ld /scratch | cut -c 1-10')"
	expect_eq 'user:x:0:0' "$(box --rm --tmpfs /home box sh -c 'ls /home/user > /dev/null && echo user:x:0:0')" 'tmpcopyup'
}

test_volumes()
{
	mkdir dir
	echo text > dir/file
	expect_eq text "$(box --rm -v "$PWD/dir:/vol:ro" box cat /vol/file)"
	expect_status any box --rm -v "$PWD/dir:/vol:ro" box touch /vol/new
	box --rm -v "$PWD/dir:/vol" box touch /vol/new
	[ -e dir/new ] || fail 'nothing was written'
	box --rm -v "$PWD/dir:/vol:z" box touch /vol/labelled
	box --rm --user 1000 -v "$PWD/dir:/vol:U" box touch /vol/owned
	expect_eq 1000 "$(stat -c %u dir/owned)"
	expect_eq 1000 "$(stat -c %u dir)"
	box --rm -v "$PWD/dir/file:/etc/one:ro" box cat /etc/one
	expect_match ' /vol .*(noexec|nosuid)' "$(box --rm -v "$PWD/dir:/vol:noexec,nosuid" box cat /proc/mounts)"
}

test_named_volumes()
{
	podman volume create data > out
	box --rm -v data:/vol box sh -c 'echo kept > /vol/file'
	expect_eq kept "$(box --rm -v data:/other box cat /other/file)"
	# What the image has there is copied to a new volume.
	box --rm -v fresh:/etc box grep user /etc/passwd
	box --rm -v /anonymous box touch /anonymous/file
	podman volume rm data fresh > out
	box --rm --mount type=tmpfs,target=/t,tmpfs-size=1m box touch /t/file
	box --name first -v shared:/vol box sh -c 'echo from first > /vol/file'
	expect_eq 'from first' "$(box --rm --volumes-from first box cat /vol/file)"
	podman rm first > out
	podman volume rm shared > out
}

test_propagation()
{
	mkdir dir
	mount -t tmpfs tmpfs dir
	mount --make-shared dir
	mkdir dir/later
	box --detach --name c -v "$PWD/dir:/vol:rslave" box sh -c 'until [ -e /vol/later/file ]; do sleep 0.1; done'
	mount -t tmpfs tmpfs dir/later
	touch dir/later/file
	expect_eq 0 "$(within 20 podman wait c)"
	umount dir/later
	umount dir
}

test_image_and_overlay_volumes()
{
	mkdir dir
	echo lower > dir/file
	expect_eq 'upper' "$(box --rm -v "$PWD/dir:/vol:O" box sh -c 'echo upper > /vol/file; cat /vol/file')"
	expect_eq lower "$(cat dir/file)"
	expect_match payload "$(box --rm --mount type=image,source=localhost/box,target=/img box ls /img/bin)"
	podman image mount localhost/box > mounted
	expect_eq yes "$(box --rm --rootfs "$(cat mounted):O" sh -c 'touch /new && echo yes')"
	podman image unmount localhost/box > mounted
	expect_eq yes "$(box --rm --rootfs "$ROOTFS" echo yes)"
}

test_secrets()
{
	printf 'well kept' | podman secret create word -
	expect_eq 'well kept' "$(box --rm --secret word box cat /run/secrets/word)"
	expect_eq 'well kept' "$(box --rm --secret word,type=env,target=WORD box sh -c 'echo "$WORD"')"
	expect_eq '-r--r----- 0 0' "$(box --rm --secret word,mode=0440 box stat -c '%A %u %g' /run/secrets/word)"
	podman secret rm word
}

test_user_and_groups()
{
	expect_eq '1000 1000' "$(box --rm --user user box sh -c 'echo $(id -u) $(id -g)')"
	expect_match '^Groups:.5 6' "$(box --rm --user 1234:5 --group-add 6 box payload status Groups)"
	same home "$(box --rm --user user box sh -c 'echo $HOME')"
	same 'home of nobody known' "$(box --rm --user 4321 box sh -c 'echo $HOME')"
	same umask "$(box --rm --umask 0077 box sh -c umask)"
}

test_user_namespaces()
{
	echo 'containers:1000000:1000000' > /etc/subuid
	echo 'containers:1000000:1000000' > /etc/subgid
	box --detach --name c --userns auto box sleep 1000
	same map "$(cat "/proc/$(inspect c .State.Pid)/uid_map")"
	expect_match '^ +0 +1000000 ' "$(cat "/proc/$(inspect c .State.Pid)/uid_map")"
	expect_eq 0 "$(podman exec c id -u)"
	expect_eq '0 200000 5000' "$(box --rm --uidmap 0:200000:5000 --gidmap 0:200000:5000 box cat /proc/self/uid_map | xargs)"
	expect_eq 'root' "$(box --rm --uidmap 0:200000:5000 box stat -c %U /etc/passwd)"
	box --detach --name d --userns container:c box sleep 1000
	expect_eq "$(readlink "/proc/$(inspect c .State.Pid)/ns/user")" "$(readlink "/proc/$(inspect d .State.Pid)/ns/user")"
}

test_devices()
{
	expect_match '^c.* 10, 229' "$(box --rm --device /dev/fuse:/dev/mine:r box ls -l /dev/mine)"
	expect_status any box --rm --device /dev/fuse:/dev/mine:r box sh -c ': > /dev/mine'
	expect_status any box --rm box sh -c 'mknod /tmp/fuse c 10 229 && : < /tmp/fuse'
	same nodes "$(box --rm box ls /dev)"
}

test_sysctl_and_names()
{
	expect_eq 2000 "$(box --rm --sysctl net.core.somaxconn=2000 box cat /proc/sys/net/core/somaxconn)"
	expect_eq 'inner' "$(box --rm --hostname inner box hostname)"
	expect_eq "$(hostname)" "$(box --rm --uts host box hostname)"
	expect_match '^10.1.2.3.other' "$(podman run --rm --add-host other:10.1.2.3 box cat /etc/hosts)"
	expect_match '2048' "$(box --rm --shm-size 2m box df -k /dev/shm)"
}

test_ulimits()
{
	expect_eq 500 "$(box --rm --ulimit nofile=500:600 --ulimit nproc=100:100 box sh -c 'ulimit -n')"
	# Beyond what root may without CAP_SYS_RESOURCE; podman passes on what the runtime says.
	if ! grep -q '^CapEff:.*1ffffffffff' /proc/self/status; then
		expect_status 126 box --rm --ulimit nofile=500000:500000 --ulimit nproc=100:100 box true
	fi
}

test_environment_and_directory()
{
	same environment "$(box --rm --hostname h --env A=1 --env B='two words' box env | sort)"
	expect_eq /tmp "$(box --rm --workdir /tmp box pwd)"
	expect_eq 'a b' "$(box --rm --entrypoint '["echo", "a"]' box b)"
}

test_namespaces_of_others()
{
	box --detach --name c box sleep 1000
	_pid=$(inspect c .State.Pid)
	for _kind in pid ipc uts network; do
		case $_kind in network) _file=net ;; *) _file=$_kind ;; esac
		expect_eq "$(readlink "/proc/$_pid/ns/$_file")" \
			"$(podman run --rm --$_kind container:c box readlink /proc/self/ns/$_file)" "$_kind"
		expect_eq "$(readlink "/proc/self/ns/$_file")" \
			"$(podman run --rm --$_kind host box readlink /proc/self/ns/$_file)" "$_kind of the host"
	done
}

test_timezone_and_labels()
{
	expect_eq 'UTC' "$(box --rm --tz UTC box date +%Z)"
	box --detach --name c --label a=b --annotation x.y=z box sleep 1000
	expect_eq b "$(podman inspect --format '{{index .Config.Labels "a"}}' c)"
	expect_eq z "$(podman inspect --format '{{index .Config.Annotations "x.y"}}' c)"
}

test_hooks()
{
	mkdir hooks
	cat > hook.sh <<-'EOF'
	#!/bin/sh
	cat > "$1"
	EOF
	chmod 755 hook.sh
	cat > hooks/record.json <<-EOF
	{ "version": "1.0.0", "when": { "always": true }, "stages": [ "prestart", "poststop" ],
	  "hook": { "path": "$PWD/hook.sh", "args": [ "hook.sh", "$PWD/state" ] } }
	EOF
	podman --hooks-dir "$PWD/hooks" run --network none --name c box true
	expect_match '"(status|id)"' "$(cat state)"
	expect_match "$(inspect c .Id)" "$(cat state)"
}

test_preserve_fds()
{
	echo passed > file
	expect_eq passed "$(box --rm --preserve-fds 1 box sh -c 'cat <&3' 3< file)"
}

test_sd_notify()
{
	box --detach --name c --sdnotify conmon box sleep 1000
	expect_eq running "$(inspect c .State.Status)"
}

test_sd_notify_of_the_container()
{
	socat -u "UNIX-RECV:$PWD/notify" - > got &
	wait_for test -S notify
	NOTIFY_SOCKET=$PWD/notify podman run --detach --network none --sdnotify container --name c box \
		payload notify READY=1 STATUS=up - - - - - - - -
	wait_for grep -q READY=1 got
	same message "$(grep -o READY=1 got)"
}

test_checkpoint()
{
	[ -n "$CRIU" ] || skip "no criu that works here: ${CRIU_MISSING:-none is installed}"
	box --detach --name c box sh -c 'i=0; while :; do i=$((i + 1)); echo $i; sleep 0.1; done'
	wait_for logs_have c 5
	within 30 podman container checkpoint c
	expect_eq exited "$(inspect c .State.Status)"
	within 30 podman container restore c
	expect_eq running "$(inspect c .State.Status)"
	_last=$(podman logs c | tail -n 1)
	wait_for logs_have c "^$((_last + 3))$"
	podman container checkpoint --export "$PWD/c.tar.gz" c
	podman rm c
	within 30 podman container restore --import "$PWD/c.tar.gz" --name d
	expect_eq running "$(inspect d .State.Status)"
}
