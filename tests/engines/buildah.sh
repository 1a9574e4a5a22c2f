# needs: podman buildah
# tests/engines/buildah.sh: buildah as root, every RUN of it by the runtime
# shellcheck source=tests/engines/parts/containers.sh
. "$TESTS/engines/parts/containers.sh"

engine_start()
{
	containers_conf
	export BUILDAH_ISOLATION=oci BUILDAH_RUNTIME="$RUNTIME"
	image_import
}

engine_stop()
{
	builds_left_nothing
}

builds_left_nothing()
{
	buildah rm --all
	nothing_left
	expect_eq '' "$(find /sys/fs/cgroup -type d -name 'buildah*')" 'cgroups left'
}

case_end()
{
	buildah rm --all
}

from() # [OPTION...]: a working container in $C
{
	C=$(buildah from --pull-never --network none "$@" localhost/box)
}

run() # [OPTION...] CMD...
{
	buildah run "$@"
}

container_dirs() # of hind
{
	ls /run/hind 2> /dev/null || :
}

test_the_runtime_is_the_one_under_test()
{
	from
	buildah run "$C" -- sh -c 'until [ -e /tmp/go ]; do sleep 0.1; done' > out 2>&1 &
	wait_for sh -c 'ps -e -o args= | grep -q "^sleep 0.1"'
	container_dirs > dirs
	touch "$(buildah mount "$C")/tmp/go"
	wait $!
	if on_hind; then
		expect_match '^buildah-' "$(cat dirs)"
	else
		expect_eq '' "$(cat dirs)"
	fi
	expect_eq '' "$(container_dirs)" 'left over'
}

test_run()
{
	from
	expect_status 0 run "$C" -- sh -c 'echo out; echo err >&2; echo kept > /file'
	expect_eq out "$OUTPUT"
	expect_match err "$ERROR"
	expect_eq kept "$(run "$C" -- cat /file)"
	expect_eq word "$(echo word | run "$C" -- cat)"
}

test_exit_status()
{
	from
	expect_status 0 run "$C" -- true
	expect_status 7 run "$C" -- sh -c 'exit 7'
	for _program in nowhere /bin/nowhere /etc/passwd; do
		expect_status any run "$C" -- "$_program"
		same "$_program" "$STATUS $(error_of_a_run "$ERROR")"
		expect_match "exec: \"$_program\": " "$(error_of_a_run "$ERROR")"
	done
	expect_eq after "$(run "$C" -- echo after)"
}

# The runtime writes to buildah's own stderr, and buildah then says what it makes of that.
error_of_a_run() # TEXT
{
	error_without_names "$1" | sed -E 's/time="[^"]*" level=error msg="(.*)"$/\1/; s/\\"/"/g; s,from [^ ]*/(hind|runc) ,from RUNTIME ,'
}

test_terminal()
{
	from
	expect_status 3 pty buildah run --tty "$C" -- sh -c 'tty; exit 3'
	expect_match '^/dev/pts/0' "$OUTPUT"
	expect_status 1 run "$C" -- tty
}

test_environment_user_directory()
{
	from
	buildah config --env A=1 --workingdir /work --user user "$C"
	expect_eq '1 /work 1000' "$(run "$C" -- sh -c 'echo $A $(pwd) $(id -u)')"
	expect_eq 2 "$(run --env A=2 "$C" -- sh -c 'echo $A')"
	expect_eq '5 6' "$(run --user 5:6 "$C" -- sh -c 'echo $(id -u) $(id -g)')"
	expect_eq /tmp "$(run --workingdir /tmp "$C" -- pwd)"
	same status "$(run "$C" -- payload status CapInh CapPrm CapEff CapBnd CapAmb Seccomp Groups)"
	same 'status with a capability' "$(run --user 0 --cap-add NET_ADMIN --cap-drop CHOWN "$C" -- payload status CapEff CapBnd)"
}

test_volumes_and_mounts()
{
	from
	mkdir dir
	echo text > dir/file
	expect_eq text "$(run -v "$PWD/dir:/vol:ro" "$C" -- cat /vol/file)"
	expect_status any run -v "$PWD/dir:/vol:ro" "$C" -- touch /vol/new
	run -v "$PWD/dir:/vol:rw" "$C" -- touch /vol/new
	[ -e dir/new ] || fail 'nothing was written'
	run --mount type=tmpfs,target=/t "$C" -- grep -q ' /t tmpfs' /proc/mounts
	expect_eq text "$(run --mount "type=bind,source=$PWD/dir,target=/b,ro" "$C" -- cat /b/file)"
}

test_namespaces()
{
	from
	expect_eq lo "$(run "$C" -- ls /sys/class/net)"
	expect_eq "$(readlink /proc/self/ns/net)" "$(run --network host "$C" -- readlink /proc/self/ns/net)"
	expect_eq "$(readlink /proc/self/ns/ipc)" "$(run --ipc host "$C" -- readlink /proc/self/ns/ipc)"
	expect_eq "$(readlink /proc/self/ns/pid)" "$(run --pid host "$C" -- readlink /proc/self/ns/pid)"
	expect_ne "$(readlink /proc/self/ns/mnt)" "$(run "$C" -- readlink /proc/self/ns/mnt)"
	expect_eq inner "$(run --hostname inner "$C" -- hostname)"
}

test_limits()
{
	from --memory 64m --cpuset-cpus 1 --ulimit nofile=100:100 --ulimit nproc=1000:1000 --shm-size 2m
	expect_eq 100 "$(run "$C" -- sh -c 'ulimit -n')"
	expect_match 'Cpus_allowed_list:.1$' "$(run "$C" -- payload status Cpus_allowed_list)"
	expect_match '2048' "$(run "$C" -- df -k /dev/shm)"
	expect_status any run "$C" -- payload hog 100
	same 'out of memory' "$STATUS $ERROR"
}

test_wrong_options()
{
	from
	for _options in '--workingdir /nowhere/at/all' '-v /nowhere:/vol' '--user nobody-knows' '--cap-add NO_SUCH' \
		'-v /etc/passwd:/bin' '-v /etc:/proc/self/x'; do
		STATUS=0
		# shellcheck disable=SC2086
		capture run $_options "$C" -- true
		# Each runtime has its own words for the reason.
		same "$_options" "$STATUS $(error_of_a_run "$ERROR" | sed 's,\(creating container for [^ ]*: \).*,\1,')"
	done
}

test_user_namespace()
{
	C=$(buildah from --pull-never --network none --userns-uid-map 0:200000:5000 --userns-gid-map 0:200000:5000 localhost/box)
	expect_eq '0 200000 5000' "$(run "$C" -- cat /proc/self/uid_map | xargs)"
	expect_eq root "$(run "$C" -- stat -c %U /etc/passwd)"
}

test_containerfile()
{
	cat > Containerfile <<-'EOF'
	FROM localhost/box
	RUN echo one > /one
	RUN [ "sh", "-c", "cat /one > /two" ]
	USER user
	RUN id -u > /tmp/who
	SHELL [ "/bin/sh", "-e", "-c" ]
	RUN false || true; echo went on > /tmp/shell
	HEALTHCHECK CMD true
	EOF
	buildah bud -q --layers --network none --format docker --tag localhost/built . > out
	buildah bud -q --layers --network none --format docker --tag localhost/again . > again
	expect_eq "$(cat out)" "$(cat again)" 'the layers are kept'
	C=$(buildah from --pull-never localhost/built)
	expect_eq "$(printf 'one\n1000\nwent on')" "$(run --network none "$C" -- cat /two /tmp/who /tmp/shell)"
	buildah rm "$C" > out
	buildah rmi localhost/again localhost/built > out
}

test_nobody_talks_in_between()
{
	printf 'FROM localhost/box\nRUN echo one\nUSER user\nRUN echo two\n' > Containerfile
	expect_status 0 buildah bud --network none --iidfile id .
	same output "$(printf '%s\n' "$OUTPUT" | sed -E "s/$(cut -d : -f 2 id)/ID/")"
	expect_no_match "$RUNTIME_NAME" "$ERROR"
}

test_containerfile_that_fails()
{
	printf 'FROM localhost/box\nRUN exit 23\n' > Containerfile
	expect_status any buildah bud --network none .
	same status "$STATUS"
	expect_match 'exit status 23' "$ERROR"
}

test_commit_and_push()
{
	from
	run "$C" -- sh -c 'echo kept > /file'
	buildah commit -q "$C" localhost/changed > out
	buildah push -q localhost/changed "oci-archive:$PWD/changed.tar"
	buildah rmi localhost/changed > out
	C=$(buildah from "oci-archive:$PWD/changed.tar")
	expect_eq kept "$(run --network none "$C" -- cat /file)"
}

test_what_stays_behind_is_ended()
{
	from
	within 50 buildah run "$C" -- sh -c 'sleep 1000 & sleep 1000 & exit 0'
	expect_no_match sleep "$(ps -e -o comm=)"
	expect_eq '' "$(find /sys/fs/cgroup -type d -name 'buildah*')" cgroups
}

# The network is made between create and start. Where that fails, buildah says `delete`, without --force, to a container that was
# never started.
test_network_that_cannot_be_made()
{
	C=$(buildah from --pull-never localhost/box)
	mkdir helpers
	printf '%s\n' '#!/bin/sh' 'cat > /dev/null' 'echo "{\"error\":\"no network today\"}"' 'exit 1' > helpers/netavark
	chmod 755 helpers/netavark
	sed "s|^\[engine\]|&\nhelper_binaries_dir = [\"$PWD/helpers\"]|" /etc/containers/containers.conf > conf
	CONTAINERS_CONF=$PWD/conf expect_status any run "$C" -- true
	expect_match 'no network today' "$ERROR"
	same status "$STATUS"
	wait_for sh -c '[ -z "$(ls /run/hind /run/runc 2> /dev/null | grep buildah)" ]'
	expect_eq '' "$(find /sys/fs/cgroup -type d -name 'buildah*')" 'cgroups left'
}

# buildah listens to signals only a moment after the container has started, and what a shell has put into the background ignores
# SIGINT until then: one that comes too early is lost.
ends_by() # SIGNAL PID: for wait_for
{
	kill -s "$1" "$2" || return 0
	sleep 0.2
	! grep -q '^State:.*[^Z] (' "/proc/$2/status"
}

test_interrupted()
{
	from
	buildah run "$C" -- sh -c 'echo up > /up; sleep 1000' > out 2>&1 &
	_buildah=$!
	wait_for sh -c 'ps -e -o args= | grep -q "^sleep 1000"'
	wait_for ends_by INT $_buildah
	_status=0
	wait $_buildah || _status=$?
	expect_ne 0 "$_status"
	wait_for sh -c '! ps -e -o args= | grep -q "^sleep 1000"'
}
