# needs: podman conmon slirp4netns newuidmap setpriv
# tests/engines/podman_rootless.sh: podman of a user without privileges
# shellcheck source=tests/engines/parts/containers.sh
. "$TESTS/engines/parts/containers.sh"

engine_start()
{
	echo 'engineer:x:2000:2000::/home/engineer:/bin/sh' >> /etc/passwd
	echo 'engineer:x:2000:' >> /etc/group
	echo 'engineer:*:19000:0:99999:7:::' >> /etc/shadow
	echo 'engineer:100000:65536' > /etc/subuid
	echo 'engineer:100000:65536' > /etc/subgid
	session_dir /home/engineer
	mkdir -p /home/engineer/.config/containers/containers.conf.d
	own_device tun /dev/net/tun 10 200
	own_device fuse /dev/fuse 10 229
	cp "$TESTS/../contrib/podman/hind.conf" /home/engineer/.config/containers/containers.conf.d/
	cat > /home/engineer/.config/containers/containers.conf <<-EOF
	[containers]
	default_ulimits = ["nofile=1024:1024", "nproc=10000:10000"]
	[engine]
	cgroup_manager = "$CGROUP_MANAGER"
	events_logger = "file"
	runtime = "$RUNTIME_NAME"
	[network]
	default_rootless_network_cmd = "slirp4netns"
	EOF
	cp "$IMAGE_TAR" /home/engineer/image.tar
	IMAGE_TAR=/home/engineer/image.tar
	chown -R 2000:2000 /home/engineer
	if by_systemd; then
		systemctl start user@2000.service
	else
		mkdir -p /run/user/2000
		chown 2000:2000 /run/user/2000
		chmod 700 /run/user/2000
	fi
	image_import
}

engine_stop()
{
	podman rm --all --force --time 0
	expect_eq '' "$(podman ps --all --quiet)" containers
	for _dir in /run/user/2000/hind /run/user/2000/runc; do
		[ ! -d "$_dir" ] || expect_eq '' "$(ls "$_dir")" "left in $_dir"
	done
	expect_eq '' "$(ls -A /run/hind 2> /dev/null || :)" "left in root's directory"
	processes_gone
	if by_systemd; then
		expect_eq '' "$(as_user systemctl --user list-units --plain --no-legend 'libpod*')" 'units of the user left'
		expect_eq '' "$(as_user systemctl --user list-units --plain --no-legend --failed)" 'failed units of the user'
		systemctl stop user@2000.service
		units_gone
	fi
}

# A node that the user may open, mounted over the machine's own.
own_device() # NAME PATH MAJOR MINOR
{
	mkdir -p "$SESSION/devices"
	mknod -m 666 "$SESSION/devices/$1" c "$3" "$4"
	mount --bind "$SESSION/devices/$1" "$2"
}

as_user() # CMD...: as a login of the user would run it
{
	(
		cd /home/engineer
		exec setpriv --reuid 2000 --regid 2000 --clear-groups env -i HOME=/home/engineer USER=engineer LC_ALL=C TERM=linux \
			PATH=/usr/local/bin:/usr/bin:/bin XDG_RUNTIME_DIR=/run/user/2000 \
			DBUS_SESSION_BUS_ADDRESS=unix:path=/run/user/2000/bus "$@"
	)
}

podman() # ARG...
{
	as_user podman "$@"
}

# Each case works in a directory of the user's.
setup_work()
{
	WORK=/home/engineer/work
	rm -rf "$WORK"
	mkdir "$WORK"
	chown 2000:2000 "$WORK"
}

case_end()
{
	remove_all
}

box() # [OPTION...] CMD...: without network, which costs most of the time
{
	podman run --network none "$@"
}

test_run()
{
	expect_status 42 box --rm box sh -c 'echo out; echo err >&2; exit 42'
	expect_eq out "$OUTPUT"
	expect_eq err "$ERROR"
	expect_eq '0 0' "$(box --rm box sh -c 'echo $(id -u) $(id -g)')"
	expect_eq "$(printf '0 2000 1\n1 100000 65536')" "$(box --rm box sh -c 'while read -r a b c; do echo $a $b $c; done < /proc/self/uid_map')"
	same status "$(box --rm box payload status CapInh CapPrm CapEff CapBnd CapAmb Seccomp NoNewPrivs)"
}

test_the_runtime_is_the_one_under_test()
{
	box --detach --name c box sleep 1000
	expect_eq "$RUNTIME_NAME" "$(inspect c .OCIRuntime)"
	expect_eq 2000 "$(stat -c %u "/proc/$(inspect c .State.Pid)")"
	! on_hind || expect_eq "$(podman ps -q --no-trunc)" "$(as_user hind list -q)"
}

test_stdin()
{
	head -c 300000 /dev/urandom > bytes
	box --rm -i box cat < bytes > out
	cmp bytes out
}

test_terminal()
{
	_as='setpriv --reuid 2000 --regid 2000 --clear-groups env HOME=/home/engineer XDG_RUNTIME_DIR=/run/user/2000'
	cd /home/engineer
	# shellcheck disable=SC2086
	expect_status 3 pty $_as podman run --rm -it --network none box sh -c 'tty; exit 3'
	expect_match '^/dev/pts/0' "$OUTPUT"
}

test_life()
{
	box --detach --name c box sh -c 'trap "exit 7" TERM; echo ready; while :; do sleep 0.1; done'
	wait_for logs_have c ready
	expect_match 'sh -c' "$(podman top c args)"
	podman_stop c
	expect_eq 7 "$(inspect c .State.ExitCode)"
	podman start c
	wait_for is_state c running
	podman kill c
	expect_eq 137 "$(podman wait c)"
}

podman_stop()
{
	podman stop --time 15 "$1"
}

test_stop_without_a_pid_namespace()
{
	box --detach --pid host --name c box sh -c 'sleep 1234 & wait'
	wait_for sh -c '[ "$(ps -e -o args= | grep -c "^sleep 1234")" = 1 ]'
	capture podman stop --time 1 c
	same status "$STATUS"
	wait_for is_state c exited
	# Without a cgroup nobody knows what belongs to the container: runc leaves it, too.
	same 'left over' "$(ps -e -o args= | grep -c '^sleep 1234' || :)"
	kill $(ps -e -o pid= -o args= | sed -n 's/^ *\([0-9]*\) sleep 1234$/\1/p') 2> /dev/null || :
}

test_exec()
{
	box --detach --name c box sleep 1000
	expect_status 5 podman exec c sh -c 'echo out; exit 5'
	expect_eq out "$OUTPUT"
	expect_eq '7' "$(podman exec --user 7 c id -u)"
	expect_status 127 podman exec c nowhere
	same 'status of an exec' "$(podman exec c payload status CapInh CapPrm CapEff CapBnd CapAmb)"
}

test_keep_id()
{
	setup_work
	as_user sh -c 'echo mine > work/file'
	expect_eq 2000 "$(box --rm --userns keep-id box id -u)"
	expect_eq mine "$(box --rm --userns keep-id -v "$WORK:/vol" box cat /vol/file)"
	box --rm --userns keep-id -v "$WORK:/vol" box touch /vol/new
	expect_eq 2000 "$(stat -c %u "$WORK/new")"
	expect_eq 0 "$(box --rm --userns keep-id --user 0 box id -u)"
}

test_users()
{
	expect_eq 1000 "$(box --rm --user user box id -u)"
	box --detach --name c --user 7 box sleep 1000
	expect_eq 100006 "$(stat -c %u "/proc/$(inspect c .State.Pid)")"
	expect_eq '0 1 5' "$(box --rm --uidmap 0:1:5 --gidmap 0:1:5 box cat /proc/self/uid_map | xargs | cut -d ' ' -f 1,2,3 | sed 's/^0 [0-9]* 5$/0 1 5/')"
	expect_match 'Groups:.*5' "$(box --rm --group-add 5 box payload status Groups)"
}

test_volumes()
{
	setup_work
	as_user sh -c 'echo text > work/file'
	expect_eq text "$(box --rm -v "$WORK:/vol:ro" box cat /vol/file)"
	expect_status any box --rm -v "$WORK:/vol:ro" box touch /vol/new
	box --rm -v "$WORK:/vol" box touch /vol/new
	expect_eq 2000 "$(stat -c %u "$WORK/new")"
	box --rm --user 7 -v "$WORK:/vol:U" box touch /vol/owned
	expect_eq 100006 "$(stat -c %u "$WORK/owned")"
	box --rm -v data:/vol box sh -c 'echo kept > /vol/file'
	expect_eq kept "$(box --rm -v data:/vol box cat /vol/file)"
	podman volume rm data
	box --rm --tmpfs /t --read-only box touch /t/file
	expect_status any box --rm --read-only box touch /file
}

test_network()
{
	expect_match 'tap0' "$(podman run --rm box ip -o addr)"
	podman run --detach --name c --publish 127.0.0.1:8098:80 box sh -c 'while :; do echo hello | nc -l -p 80; done'
	wait_for logs_of_port
	expect_eq "$(readlink /proc/self/ns/net)" "$(podman run --rm --network host box readlink /proc/self/ns/net)"
}

logs_of_port()
{
	[ "$(timeout 3 socat -u TCP:127.0.0.1:8098 - 2> /dev/null)" = hello ]
}

test_user_network()
{
	podman network create own > out
	podman run --detach --name server --network own box sh -c 'while :; do echo hello | nc -l -p 80; done'
	expect_eq hello "$(podman run --rm --network own box sh -c "$HEAR" server)"
	podman rm --force --time 0 server
	podman network rm own
}

test_pod()
{
	podman pod create --name p > out
	podman run --detach --pod p --name c box sh -c 'while :; do echo hello | nc -l -p 80; done'
	expect_eq hello "$(podman run --rm --pod p box sh -c "$HEAR" 127.0.0.1)"
	podman_pod_rm
}

podman_pod_rm()
{
	podman pod rm --force --time 0 p
}

cgroup_of() # CONTAINER: of its first process
{
	sed -n 's/^0:://p' "/proc/$(inspect "$1" .State.Pid)/cgroup"
}

# The user's own systemd has delegated controllers to give.
test_limits_by_systemd()
{
	by_systemd || skip 'containers are not made by systemd here (CGROUP_MANAGER)'
	box --detach --name c --memory 64m --cpus 0.5 --pids-limit 20 box sleep 1000
	_cgroup=$(cgroup_of c)
	expect_match "^/user.slice/user-2000.slice/user@2000.service/user.slice/libpod-$(inspect c .Id).scope(/|$)" "$_cgroup"
	_files="/sys/fs/cgroup$_cgroup/memory.max /sys/fs/cgroup$_cgroup/pids.max /sys/fs/cgroup$_cgroup/cpu.max"
	# shellcheck disable=SC2086
	expect_eq '67108864 20 50000 100000' "$(cat $_files | xargs)"
	as_user systemctl --user daemon-reload
	systemctl daemon-reload
	# shellcheck disable=SC2086
	expect_eq '67108864 20 50000 100000' "$(cat $_files | xargs)" 'after daemon-reload'
	podman update --memory 96m c
	expect_eq 100663296 "$(cat "/sys/fs/cgroup$_cgroup/memory.max")"
	podman pause c
	expect_eq paused "$(inspect c .State.Status)"
	podman unpause c
	expect_status 9 box --rm --memory 32m --memory-swap 32m box sh -c 'payload hog 100; exit 9'
	expect_match 'Killed' "$ERROR"
	expect_status any box --rm --pids-limit 5 box sh -c 'for i in 1 2 3 4 5 6 7 8; do sleep 1 & done; wait'
	expect_match "can't fork" "$ERROR"
}

test_limits_are_refused_or_kept()
{
	# On cgroup v1 nobody gives a cgroup to a user: podman says so itself, or leaves the limit out.
	capture box --name c --memory 64m box true
	same memory "$STATUS"
	capture box --pids-limit 10 box true
	same pids "$STATUS"
}

test_privileged_options()
{
	same privileged "$(box --rm --privileged box payload status CapEff)"
	expect_status any box --rm --cap-drop ALL box chown 1 /tmp
	expect_eq 2000 "$(box --rm --sysctl net.core.somaxconn=2000 box cat /proc/sys/net/core/somaxconn)"
	expect_eq inner "$(box --rm --hostname inner box hostname)"
	printf 'well kept' | podman secret create word - > out
	expect_eq 'well kept' "$(box --rm --secret word box cat /run/secrets/word)"
	podman secret rm word
	expect_match 'podman-init|catatonit' "$(box --rm --init box cat /proc/1/comm)"
	expect_match '/dev/mine' "$(box --rm --device /dev/fuse:/dev/mine box ls /dev/mine)"
}

test_what_cannot_be_run()
{
	for _program in nowhere /bin/nowhere /etc/passwd /bin ''; do
		expect_status any box --rm box "$_program"
		same "'$_program'" "$STATUS"
		expect_no_match '"(level|msg)"' "$ERROR"
	done
}

test_build()
{
	setup_work
	printf 'FROM localhost/box\nRUN echo built > /result && chown 7 /result\nUSER user\nRUN id -u > /tmp/who\n' > "$WORK/Containerfile"
	podman build -q --isolation oci --network none --tag localhost/built "$WORK" > out
	expect_eq "$(printf 'built\n1000')" "$(box --rm localhost/built cat /result /tmp/who)"
	podman rmi localhost/built
}

test_unshare()
{
	expect_eq 0 "$(podman unshare id -u)"
	expect_status 0 podman unshare sh -c 'm=$(podman image mount localhost/box); ls "$m/bin/payload"; podman image unmount localhost/box'
}

test_checkpoint_is_refused()
{
	box --detach --name c box sleep 1000
	expect_status any podman container checkpoint c
	same 'checkpoint' "$ERROR"
}
