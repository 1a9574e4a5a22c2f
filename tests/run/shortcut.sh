# hind run IMAGE CMD: the shortcut. covers: run, run_flags, run_env, run_user, run_volume, run_isolation, run_limit, run_device
# timeout: 90
# covers: run/--{cgroup-parent,cpus,memory,memory-limit-bytes,pids-limit}

# A directory as image, beside NOIMG: it needs no host program inside.
setup()
{
	rootfs_new img
}

shortcut() # ARG...: hind run with a name that belongs to this case
{
	id_new
	hind run --name "$ID" "$@"
}

test_alone_as_pid_1()
{
	for image in NOIMG noimg / img "$PWD/img"; do
		expect_status 0 shortcut "$image" sh -c 'echo $$; ls -d /proc/[0-9]* | grep -v "^/proc/1$" | wc -l'
		expect_eq 1 "$(echo "$OUTPUT" | sed -n 1p)" "pid in $image"
		[ "$(echo "$OUTPUT" | sed -n 2p)" -le 3 ] || fail "$image shows the host's processes: $OUTPUT"
	done
	expect_no_leak
}

test_shell_on_a_terminal()
{
	cat > input <<'END'
test "$$" = 1 && echo pid "is 1"
hostname | grep -qx "$(cat /proc/sys/kernel/hostname)" && echo name "is mine"
ps | grep -c '[0-9] .*sh'
exit 5
END
	id_new
	expect_status 5 hind_pty run --name "$ID" -it NOIMG /bin/sh < input
	expect_match 'pid is 1' "$OUTPUT"
	expect_match 'name is mine' "$OUTPUT"
	expect_no_leak
}

test_terminal_is_real()
{
	id_new
	expect_status 0 hind_pty run --name "$ID" -ti img sh -c 'tty; test -t 0 && test -t 1 && test -t 2 && echo all three'
	expect_match '/dev/(pts/0|console)' "$OUTPUT"
	expect_match '^all three' "$OUTPUT"
}

test_ls_of_the_host()
{
	id_new
	expect_status 0 hind_pty run --name "$ID" -it NOIMG /bin/ls -alh
	expect_match ' etc' "$OUTPUT"
	expect_match ' usr' "$OUTPUT"
}

test_status_is_passed_on()
{
	expect_status 42 shortcut img sh -c 'exit 42'
	expect_status 139 shortcut img payload fault
}

test_own_hostname()
{
	before=$(uname -n)
	expect_status 0 shortcut img hostname
	expect_ne "$before" "$OUTPUT"
	expect_status 0 shortcut --hostname box img hostname
	expect_eq box "$OUTPUT"
	expect_eq "$before" "$(uname -n)"
}

test_writes_are_thrown_away()
{
	expect_status 0 shortcut NOIMG sh -c "echo x > /$PREFIX-file; cat /$PREFIX-file"
	expect_eq x "$OUTPUT"
	[ ! -e "/$PREFIX-file" ] || fail "it is on the host"
	expect_status 0 shortcut img sh -c 'echo x > /file; rm /etc/passwd'
	[ ! -e img/file ] && [ -e img/etc/passwd ] || fail "the image has changed"
}

test_no_overlay_writes_through()
{
	expect_status 0 shortcut --no-overlay img sh -c 'echo x > /file'
	expect_eq x "$(cat img/file)"
}

test_hosts_other_mounts_are_read_only()
{
	mkdir "$PWD/img/sub"
	mount -t tmpfs tmpfs img/sub
	echo host > img/sub/file
	expect_status 0 shortcut img sh -c 'cat /sub/file; echo x > /sub/file || echo refused'
	umount img/sub
	expect_match '^host' "$OUTPUT"
	expect_match '^refused' "$OUTPUT"
}

test_environment_directory_and_user()
{
	expect_status 0 shortcut -e A=b --env C=d -w /tmp -u 1000:1000 img sh -c 'echo $A $C $(pwd) $(id -u):$(id -g) $HOME'
	expect_eq 'b d /tmp 1000:1000 /home/user' "$OUTPUT"
}

test_volume()
{
	mkdir data
	echo host > data/file
	to_user data
	expect_status 0 shortcut -v "$PWD/data:/mnt" img sh -c 'cat /mnt/file; echo new > /mnt/new'
	expect_eq host "$OUTPUT"
	expect_eq new "$(cat data/new)"
	expect_status any shortcut -v "$PWD/data:/mnt:ro" img sh -c 'echo no > /mnt/no'
	[ ! -e data/no ] || fail "a read-only volume was written to"
}

test_tmpfs_and_read_only()
{
	expect_status 0 shortcut --read-only --tmpfs /mnt img sh -c 'echo x > /mnt/f && cat /mnt/f; echo y > /etc/f || echo refused'
	expect_match '^x' "$OUTPUT"
	expect_match '^refused' "$OUTPUT"
}

test_network()
{
	expect_status 0 shortcut img ls /sys/class/net
	expect_eq lo "$OUTPUT"
	host=$(readlink /proc/self/ns/net)
	expect_status 0 shortcut --network host img payload namespaces
	expect_match "^net $(echo "$host" | sed 's/[][]/\\&/g')$" "$OUTPUT"
}

test_limits_are_read_back()
{
	id_new
	expect_status 0 hind run -d --name "$ID" -m 32m --cpus 0.5 --pids-limit 40 --cpuset-cpus 0 img sleep 100
	if cgroup_v2; then
		dir=$(cgroup_dir memory "$ID")
		expect_eq 33554432 "$(cat "$dir/memory.max")"
		expect_eq '50000 100000' "$(cat "$dir/cpu.max")"
		expect_eq 40 "$(cat "$dir/pids.max")"
		expect_eq 0 "$(cat "$dir/cpuset.cpus")"
	else
		expect_eq 33554432 "$(cat "$(cgroup_dir memory "$ID")/memory.limit_in_bytes")"
		expect_eq 50000 "$(cat "$(cgroup_dir cpu "$ID")/cpu.cfs_quota_us")"
		expect_eq 40 "$(cat "$(cgroup_dir pids "$ID")/pids.max")"
		expect_eq 0 "$(cat "$(cgroup_dir cpuset "$ID")/cpuset.cpus")"
	fi
	expect_status 0 hind kill "$ID" KILL
	wait_for is_status "$ID" stopped
	expect_status 0 hind delete "$ID"
}

# The two commands of the README's first page, as people type them.
test_stress_beyond_its_memory()
{
	command -v stress > out || skip "stress is not installed"
	id_new
	expect_status any hind_pty run --name "$ID" -ti --memory-limit-bytes=1024000 noimg stress --vm-bytes 800m --vm-keep -m 1 -t 5
	expect_match 'memory limit of (1024000|102[0-9]{4}) bytes killed [1-9][0-9]* process.*peak: [1-9][0-9]* bytes' "$OUTPUT$ERROR"
	expect_no_leak
}

test_stress_within_its_memory()
{
	command -v stress > out || skip "stress is not installed"
	id_new
	hind_pty run --name "$ID" -ti --memory-limit-bytes=2024000 noimg stress --vm-bytes 1m --vm-keep -m 1 -t 2 > log 2>&1 &
	wait_for is_status "$ID" running 2> log.state
	if cgroup_v2; then
		limit=$(cat "$(cgroup_dir memory "$ID")/memory.max")
	else
		limit=$(cat "$(cgroup_dir memory "$ID")/memory.limit_in_bytes")
	fi
	# The kernel rounds down to whole pages.
	expect_eq $((2024000 / 4096 * 4096)) "$limit"
	wait $! || fail "stress: status $?: $(cat log)"
	expect_match 'successful run completed' "$(cat log)"
	expect_no_leak
}

test_cpuset()
{
	expect_status 0 shortcut --cpuset-cpus=1 img payload affinity
	expect_eq 1 "$OUTPUT"
}

test_dry_run_prints_and_makes_nothing()
{
	expect_status 0 shortcut --dry-run -m 64m -e A=b img sh -c 'exit 1'
	echo "$OUTPUT" > dry.json
	expect_eq 67108864 "$(jq .linux.resources.memory.limit dry.json)"
	expect_eq '["sh","-c","exit 1"]' "$(jq -c .process.args dry.json)"
	expect_no_leak
}

test_what_it_prints_is_a_bundle()
{
	bundle_new b
	expect_status 0 shortcut --dry-run --network host img echo hello
	echo "$OUTPUT" > b/config.json
	expect_status 0 hind --strict validate b
}

test_detached_and_named()
{
	id_new
	expect_status 0 hind run -d --name "$ID" img sleep 1000
	expect_eq "$ID" "$OUTPUT"
	expect_eq running "$(status_of "$ID")"
	expect_error 'already exists' hind run --name "$ID" img true
	expect_status 0 hind delete --force "$ID"
	expect_no_leak
}

test_name_of_its_own()
{
	parent=/$PREFIX-parent wrong=$PREFIX.slice
	[ "${CGROUP_MANAGER:-}" != systemd ] || parent=$(echo "$PREFIX-parent.slice" | tr - _) wrong=/$PREFIX
	expect_error '^hind: --cgroup-parent ".*": (it is a path such|for systemd it is a slice)' \
		hind run --cgroup-parent "$wrong" img true
	expect_status 0 hind run --cgroup-parent "$parent" img cat /proc/sys/kernel/hostname
	[ "${CGROUP_MANAGER:-}" != systemd ] || systemctl stop "$parent"
	rmdir "/sys/fs/cgroup$parent" /sys/fs/cgroup/*"$parent" 2> /dev/null || :
	expect_status 0 hind list -q
	expect_eq '' "$OUTPUT"
}

test_stdin_only_when_asked_for()
{
	echo words > input
	expect_status 0 shortcut img cat < input
	expect_eq '' "$OUTPUT"
	expect_status 0 shortcut -i img cat < input
	expect_eq words "$OUTPUT"
}

test_capabilities()
{
	expect_status 0 shortcut img payload status CapBnd CapEff CapInh NoNewPrivs Seccomp
	expect_match '^CapBnd:.00000000a80425fb$' "$OUTPUT"
	expect_match '^CapEff:.00000000a80425fb$' "$OUTPUT"
	expect_match '^CapInh:.0000000000000000$' "$OUTPUT"
	expect_match '^NoNewPrivs:.0$' "$OUTPUT"
	expect_match '^Seccomp:.2$' "$OUTPUT"
	expect_status 0 shortcut --cap-drop ALL --cap-add NET_BIND_SERVICE img payload status CapEff
	expect_match '^CapEff:.0000000000000400$' "$OUTPUT"
	expect_status 0 shortcut --security-opt no-new-privileges --security-opt seccomp=unconfined img payload status NoNewPrivs Seccomp
	expect_match '^NoNewPrivs:.1$' "$OUTPUT"
	expect_match '^Seccomp:.0$' "$OUTPUT"
}

test_default_seccomp_refuses()
{
	# mount, unshare(CLONE_NEWUSER), keyctl, bpf: refused by the filter or for want of a capability
	for call in '165 0 0 0 0 0' '272 0x10000000' '321 0 0 0'; do
		[ "$(uname -m)" = x86_64 ] || break
		# shellcheck disable=SC2086
		expect_status 0 shortcut img payload syscall $call
		expect_eq 'errno 1' "$OUTPUT" "system call $call"
	done
}

test_entrypoint()
{
	expect_status 0 shortcut --entrypoint echo img a b
	expect_eq 'a b' "$OUTPUT"
}

test_options_of_an_image_need_one()
{
	bundle_new b
	args true
	expect_error 'run --memory needs an image and a command' hind run --bundle "$BUNDLE" --memory 64m "$PREFIX-1"
	expect_error 'run --env needs an image' hind run --env A=b "$PREFIX-1"
	expect_error 'run NOIMG needs a command' hind run -it NOIMG
	expect_error 'run noimg needs a command' hind run noimg
	expect_status 0 hind run --bundle "$BUNDLE" --keep=false "$PREFIX-1"
}

test_wrong_flags_are_named()
{
	for flag in '--memory x' '--cpus 0' '--cpu-quota-us 1' '--pids-limit x' '--network bridge' '--cap-add NOTHING' '-u nobody:x:y' \
		'-v relative' '--ulimit nofile' '--workdir relative' '--security-opt x=y'; do
		# shellcheck disable=SC2086
		expect_status 1 hind run $flag img true
		expect_match "$(echo "$flag" | sed -E 's/^-u .*/--user/; s/^-v .*/--volume/; s/ .*//')" "$ERROR" "error of $flag"
		expect_lines 1 "$ERROR"
	done
	expect_error 'no such file or directory|no image' hind run nothing-here true
	expect_no_leak
}
