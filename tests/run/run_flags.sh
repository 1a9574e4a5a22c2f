# the shortcut's flags: hind run [flags] IMAGE CMD
# covers: run/--{annotation,dry-run,interactive,name,network,rm,user,volume,label}
# covers: run

setup()
{
	rootfs_new image
}

# hind run with these words, under an id of our own; its output is $OUTPUT.
shortcut() # [FLAG...] IMAGE CMD...
{
	id_new
	expect_status 0 hind run --name "$ID" "$@"
}

in_image() # SCRIPT [FLAG...]
{
	_script=$1
	shift
	shortcut "$@" image sh -c "$_script"
}

test_container_is_alone()
{
	in_image 'echo $$; ls /proc | grep -c "^[0-9]"; pwd; id -u; hostname'
	expect_match "^1$" "$OUTPUT" pid
	expect_match "^/$" "$OUTPUT" 'working directory'
	expect_match "^0$" "$OUTPUT" uid
	expect_match "^$ID$" "$OUTPUT" 'host name'
}

test_id_is_made_when_none_is_given()
{
	expect_status 0 hind run image hostname
	expect_match '^[0-9a-f]{12}$' "$OUTPUT"
}

test_environment()
{
	in_image 'env' -e A=1 -e 'B=two words' -e A=3
	expect_match '^PATH=/usr/local/sbin:' "$OUTPUT"
	expect_match '^HOME=/root$' "$OUTPUT"
	expect_match "^HOSTNAME=$ID\$" "$OUTPUT"
	expect_match '^A=3$' "$OUTPUT"
	expect_match '^B=two words$' "$OUTPUT"
	expect_no_match '^TERM=' "$OUTPUT"
	HIND_TEST_HERE=yes
	export HIND_TEST_HERE
	in_image 'env' -e HIND_TEST_HERE
	expect_match '^HIND_TEST_HERE=yes$' "$OUTPUT"
}

test_exit_status_and_signals_are_passed_on()
{
	id_new
	expect_status 42 hind run --name "$ID" image sh -c 'exit 42'
	# pid 1 cannot be killed from inside, so its child's status is what it passes on
	expect_status 137 hind run --name "$ID" image sh -c 'sh -c "kill -9 \$\$"; exit $?'
}

test_stdin_only_with_i()
{
	id_new
	echo typed | hind run --name "$ID" -i image cat > out
	expect_eq typed "$(cat out)" 'with -i'
	echo typed | hind run --name "$ID" image cat > out
	expect_eq '' "$(cat out)" 'without -i'
}

test_terminal()
{
	id_new
	expect_status 0 hind_pty run --name "$ID" -it "$PWD/image" sh -c 'tty; echo "$TERM"'
	expect_match '/dev/pts/[0-9]+' "$OUTPUT"
	expect_match 'xterm' "$OUTPUT"
	in_image 'tty || echo none'
	expect_match 'none' "$OUTPUT" 'without -t'
}

test_workdir_user_and_entrypoint()
{
	in_image 'pwd' -w /home/user
	expect_eq /home/user "$OUTPUT"
	shortcut -u user:0 image id
	expect_match '^uid=1000\(user\) gid=0\(root\)' "$OUTPUT"
	shortcut -u 1000 --group-add 7 image id -G
	expect_eq '1000 7' "$OUTPUT"
	shortcut --entrypoint echo image a b
	expect_eq 'a b' "$OUTPUT"
	shortcut --umask 027 image sh -c umask
	expect_eq 0027 "$OUTPUT"
}

limit_of() # CONTROLLER V1_FILE V2_FILE: as the container sees it
{
	if cgroup_v2; then
		echo "/sys/fs/cgroup/$3"
	else
		echo "/sys/fs/cgroup/$1/$2"
	fi
}

test_memory_limit()
{
	has_controller memory || skip 'no memory controller'
	file=$(limit_of memory memory.limit_in_bytes memory.max)
	shortcut --memory-limit-bytes=20480000 image cat "$file"
	expect_eq 20480000 "$OUTPUT"
	shortcut -m 32m image cat "$file"
	expect_eq 33554432 "$OUTPUT"
}

test_memory_limit_kills_and_says_so()
{
	has_controller memory || skip 'no memory controller'
	id_new
	expect_status any hind run --name "$ID" -m 20m image sh -c 'a=x; while :; do a=$a$a; done'
	expect_match 'memory.*20971520' "$ERROR"
}

test_cpu_limits()
{
	has_controller cpu || skip 'no cpu controller'
	if cgroup_v2; then
		shortcut --cpu-quota-us=20000 --cpu-period-us=100000 image cat /sys/fs/cgroup/cpu.max
		expect_eq '20000 100000' "$OUTPUT"
	else
		shortcut --cpu-quota-us=20000 --cpu-period-us=100000 image cat /sys/fs/cgroup/cpu/cpu.cfs_quota_us
		expect_eq 20000 "$OUTPUT"
		shortcut --cpus 1.5 image cat /sys/fs/cgroup/cpu/cpu.cfs_quota_us
		expect_eq 150000 "$OUTPUT"
	fi
}

test_cpuset()
{
	has_controller cpuset || skip 'no cpuset controller'
	shortcut --cpuset-cpus=0 image grep Cpus_allowed_list /proc/self/status
	expect_match '[[:space:]]0$' "$OUTPUT"
}

test_pids_limit()
{
	has_controller pids || skip 'no pids controller'
	shortcut --pids-limit 7 image cat "$(limit_of pids pids.max pids.max)"
	expect_eq 7 "$OUTPUT"
}

test_ulimit()
{
	in_image 'ulimit -n; ulimit -Hn' --ulimit nofile=100:200
	expect_eq "100
200" "$OUTPUT"
}

test_capabilities_seccomp_and_no_new_privs()
{
	shortcut image payload status CapInh CapPrm CapEff CapBnd CapAmb Seccomp NoNewPrivs
	expect_match '^CapBnd:.*00000000a80425fb$' "$OUTPUT"
	expect_match '^CapEff:.*00000000a80425fb$' "$OUTPUT"
	expect_match '^CapInh:.*0000000000000000$' "$OUTPUT"
	expect_match '^CapAmb:.*0000000000000000$' "$OUTPUT"
	expect_match '^Seccomp:.*2$' "$OUTPUT"
	expect_match '^NoNewPrivs:.*0$' "$OUTPUT"
	shortcut --cap-drop ALL --cap-add chown --security-opt no-new-privileges --security-opt seccomp=unconfined \
		image payload status CapEff Seccomp NoNewPrivs
	expect_match '^CapEff:.*0000000000000001$' "$OUTPUT"
	expect_match '^Seccomp:.*0$' "$OUTPUT"
	expect_match '^NoNewPrivs:.*1$' "$OUTPUT"
	shortcut -u 1000 image payload status CapEff CapBnd
	expect_match '^CapEff:.*0000000000000000$' "$OUTPUT"
	expect_match '^CapBnd:.*00000000a80425fb$' "$OUTPUT"
}

test_seccomp_profile_of_a_file()
{
	cat > profile <<-'EOF'
	{ "defaultAction": "SCMP_ACT_ALLOW",
	  "syscalls": [ { "names": ["mkdir", "mkdirat"], "action": "SCMP_ACT_ERRNO", "errnoRet": 95 } ] }
	EOF
	in_image 'mkdir /new 2>&1 || :' --security-opt seccomp=profile
	expect_match 'not supported' "$OUTPUT"
}

test_volumes()
{
	mkdir data data/below
	echo content > data/file
	to_user data
	in_image 'cat /mnt/v/file; echo new > /mnt/v/new' -v ./data:/mnt/v
	expect_eq content "$OUTPUT"
	expect_eq new "$(cat data/new)"
	mount -t tmpfs tmpfs data/below
	in_image 'for d in /v /v/below; do touch $d/x 2>&1 || :; done' -v "$PWD/data:/v:ro"
	umount data/below
	expect_lines 2 "$OUTPUT" 'both read-only'
	expect_match '/v/below/x: Read-only file system' "$OUTPUT"
	in_image 'cat /etc/one' --mount "type=bind,source=$PWD/data/file,target=/etc/one,readonly"
	expect_eq content "$OUTPUT"
	[ ! -e image/mnt/v ] && [ ! -e image/etc/one ] || fail 'mount points were made in the image'
}

test_volumes_over_and_below_each_other()
{
	mkdir outer inner
	touch outer/o inner/i
	to_user outer inner
	in_image 'ls /x /x/y' -v ./inner:/x/y -v ./outer:/x
	expect_match '^o$' "$OUTPUT"
	expect_match '^i$' "$OUTPUT"
	in_image 'ls /dev/shm' -v ./outer:/dev/shm
	expect_match '^o$' "$OUTPUT"
}

test_tmpfs_and_shm()
{
	in_image 'stat -f -c %T /scratch; df -k /scratch /dev/shm | tail -n 2' --tmpfs /scratch:size=64k --shm-size 128k
	expect_match '^tmpfs$' "$OUTPUT"
	expect_match ' 64 ' "$OUTPUT"
	expect_match ' 128 ' "$OUTPUT"
}

test_read_only()
{
	in_image 'touch /x 2>&1 || :' --read-only
	expect_match 'Read-only file system' "$OUTPUT"
}

test_network()
{
	in_image 'cat /proc/net/dev | tail -n +3 | cut -d: -f1 | tr -d " "; ip addr show lo'
	expect_match '^lo$' "$OUTPUT"
	expect_lines 1 "$(printf '%s\n' "$OUTPUT" | grep -E '^[a-z0-9]+$')" 'one interface'
	expect_match 'inet 127.0.0.1' "$OUTPUT"
	in_image 'readlink /proc/self/ns/net' --network host
	expect_eq "$(readlink /proc/self/ns/net)" "$OUTPUT"
}

test_host_namespaces()
{
	for pair in pid:pid ipc:ipc uts:uts cgroupns:cgroup; do
		shortcut "--${pair%:*}" host image readlink "/proc/self/ns/${pair#*:}"
		expect_eq "$(readlink "/proc/self/ns/${pair#*:}")" "$OUTPUT" "--${pair%:*} host"
		shortcut image readlink "/proc/self/ns/${pair#*:}"
		expect_ne "$(readlink "/proc/self/ns/${pair#*:}")" "$OUTPUT" "own ${pair#*:}"
	done
}

test_sysctl_and_names()
{
	in_image 'hostname; cat /proc/sys/kernel/domainname /proc/sys/kernel/msgmax' --hostname box --domainname example.test \
		--sysctl kernel.msgmax=1234
	expect_eq "box
example.test
1234" "$OUTPUT"
}

test_devices()
{
	in_image 'ls -l /dev/nothing; echo x > /dev/nothing' --device /dev/null:/dev/nothing
	expect_match '^c.* 1, +3 ' "$OUTPUT"
	[ -z "${HIND_USER:-}" ] || return 0 # whom nobody lets write to the log of the kernel
	in_image '(: > /dev/log-of-the-kernel) 2>&1 && echo opened' --device /dev/kmsg:/dev/log-of-the-kernel:w
	expect_eq opened "$OUTPUT"
	in_image '(: > /dev/log-of-the-kernel) 2>&1 || :' --device /dev/kmsg:/dev/log-of-the-kernel:r
	expect_match 'Operation not permitted' "$OUTPUT"
}

test_privileged()
{
	in_image '(: > /proc/sys/kernel/msgmax) 2>&1 || :; payload status CapEff Seccomp; ls /proc/kcore; test -w /sys/kernel && echo writable' \
		--privileged
	expect_match '^Seccomp:.*0$' "$OUTPUT"
	expect_match '^writable$' "$OUTPUT"
	expect_no_match 'Read-only' "$OUTPUT"
	in_image 'wc -c < /proc/keys; (: > /proc/sys/kernel/msgmax) 2>&1 || :'
	expect_match '^0$' "$OUTPUT" 'masked without it'
	expect_match 'Read-only' "$OUTPUT"
}

test_detached()
{
	id_new
	expect_status 0 hind run -d --name "$ID" image sleep 1000
	expect_eq "$ID" "$OUTPUT"
	wait_for is_status "$ID" running
	hind delete --force "$ID"
}

is_gone() # ID
{
	! hind state "$1" > gone 2>&1
}

test_detached_with_rm_goes_by_itself()
{
	id_new
	expect_status 0 hind run -d --rm --name "$ID" image sleep 0.2
	expect_eq "$ID" "$OUTPUT"
	wait_for is_gone "$ID"
	id_new
	expect_status 0 hind run -d --rm --name "$ID" image sleep 1000
	hind delete --force "$ID"
	wait_for is_gone "$ID"
}

test_relative_root()
{
	expect_status 0 "$HIND" --root state run image echo here
	expect_eq here "$OUTPUT"
	rm -rf state/.seccomp
	rmdir state
}

test_dry_run_makes_nothing()
{
	id_new
	expect_status 0 hind run --dry-run --name "$ID" -m 10m NOIMG true
	printf '%s' "$OUTPUT" > config.json
	expect_eq 10485760 "$(jq .linux.resources.memory.limit config.json)"
	expect_eq true "$(jq -r '.process.args[0]' config.json)"
	expect_status 1 hind state "$ID"
	expect_no_leak
}

test_annotations_are_in_the_state()
{
	id_new
	expect_status 0 hind run -d --annotation com.example.a=1 --label b=2 --name "$ID" image sleep 1000
	expect_eq '1 2' "$(hind state "$ID" | jq -r '.annotations | ."com.example.a" + " " + .b')"
	hind delete --force "$ID"
}

test_wrong_flags_change_nothing()
{
	expect_error 'unknown option --memry: did you mean --memory' hind run --memry 1m image true
	expect_error '--memory "12q": it is a number of bytes' hind run -m 12q image true
	expect_error '--cpus "1,5"' hind run --cpus 1,5 image true
	expect_error '--network "bridge"' hind run --network bridge image true
	expect_error 'no such capability: did you mean SYS_ADMIN' hind run --cap-add SYS_ADMN image true
	expect_error '--volume "data:/x": hind keeps no named volumes' hind run -v data:/x image true
	expect_error '--user "4294967296": a user id is' hind run -u 4294967296 image true
	expect_error "no user \"nobody\"" hind run -u nobody image true
	expect_error 'no such file or directory: an image is' hind run debian true
	expect_error 'images in files are not read yet' hind run image/bin/busybox true
	expect_eq '' "$(hind list -q)" 'containers'
	expect_no_leak
}

# CVE-2016-3697: a name made of digits in the image's passwd is no user.
test_numbers_are_never_names()
{
	rm image/etc/passwd
	printf '1000:x:0:0::/:\n77:x:0:0::/:\n' > image/etc/passwd
	shortcut -u 1000 image id -u
	expect_eq 1000 "$OUTPUT"
	shortcut -u 77:5 image id -u
	expect_eq 77 "$OUTPUT"
}
