# A system call that hind relies on is refused: by an old kernel (ENOSYS), or by the seccomp filter of a sandbox around it (EPERM).
# Either hind finds another way that gives the same container, or it says which call it misses. Never is anything left out.
# timeout: 300

# What it builds on, and what it has another way for.
CALLS='openat2 open_tree move_mount fsopen fsconfig fsmount mount_setattr clone3 close_range pidfd_open pidfd_send_signal
	statx memfd_create execveat pivot_root keyctl seccomp unshare setns'

setup()
{
	mkdir dir
	touch dir/file
	bundle_new b '.linux.seccomp={defaultAction:"SCMP_ACT_ALLOW",syscalls:[{names:["chroot"],action:"SCMP_ACT_ERRNO"}]}' \
		".mounts+=[{destination:\"/mnt\",type:\"bind\",source:\"$PWD/dir\",options:[\"rbind\",\"rro\",\"nosuid\"]}]"
	# shellcheck disable=SC2016
	args sh -c 'grep -E "^(Cap|NoNewPrivs|Seccomp:|NSpid|Groups|Uid)" /proc/self/status | sed "s/^Seccomp:.*2/Seccomp: on/"
		cut -d" " -f4-6 /proc/self/mountinfo | sed "s#/[^ ]*/dir /mnt#DIR /mnt#" | sort
		cat /proc/keys /proc/timer_list | wc -c; ls /proc/acpi /sys/firmware; ls /proc/self/fd | wc -l
		for file in /etc/x /mnt/x /proc/sys/kernel/domainname; do (echo x > $file) 2>&1 || :; done
		chroot / true 2>&1 || :; for ns in cgroup net; do readlink /proc/self/ns/$ns | cut -d: -f1; done; cat /proc/net/dev | wc -l'
}

without() # CALLS ERRNO CMD...
{
	"$(dirname "$PAYLOAD")/without" "$@"
}

refuse_each() # ERRNO
{
	expect_status 0 run
	whole=$OUTPUT
	refused=0
	for call in $CALLS; do
		id_new
		capture hind_by timeout -k 2 30 "$(dirname "$PAYLOAD")/without" "$call" "$1" -- run --bundle "$BUNDLE" "$ID" < /dev/null
		if [ "$STATUS" -eq 0 ]; then
			note "$call: another way"
			expect_eq "$whole" "$OUTPUT" "the container without $call"
			expect_eq '' "$ERROR" "what is said without $call"
		else
			note "$call: $ERROR"
			refused=$((refused + 1))
			expect_eq 1 "$STATUS" "status without $call"
			expect_lines 1 "$ERROR" "errors without $call"
			expect_match "$call" "$ERROR" "what is said without $call"
			expect_eq '' "$OUTPUT" "what ran without $call"
		fi
		expect_status 0 hind delete --force "$ID"
		expect_no_leak "without $call"
	done
	[ "$refused" -gt 5 ] || fail 'hardly any was refused'
}

test_calls_that_the_kernel_does_not_know()
{
	refuse_each 38
}

test_calls_that_a_sandbox_refuses()
{
	refuse_each 1
}

# All that is newer than mount(2) at once.
test_a_kernel_of_old()
{
	id_new
	expect_error 'Linux 5\.|openat2|fsopen|clone3' hind_by without openat2,open_tree,move_mount,fsopen,fsconfig,fsmount,mount_setattr,clone3,close_range,pidfd_open 38 -- \
		run --bundle "$BUNDLE" "$ID"
	expect_no_leak
}

# Its processes are known by handles: without those nothing is done to a container, and nothing is done to somebody else.
test_containers_without_pidfds()
{
	args sleep 1000
	create
	expect_status 0 hind start "$ID"
	pid=$(pid_of "$ID")
	expect_error pidfd_open hind_by without pidfd_open 38 -- kill "$ID" KILL
	expect_error pidfd_open hind_by without pidfd_open 38 -- delete --force "$ID"
	expect_error 'signal' hind_by without pidfd_send_signal 38 -- kill "$ID" KILL
	expect_eq running "$(status_of "$ID")"
	expect_eq sleep "$(cat "/proc/$pid/comm")"
	expect_status 0 hind delete --force "$ID"
}

# A container that fails half-way is killed and reaped, however.
test_undo_without_pidfds()
{
	config '.hooks={createRuntime:[{path:"/bin/false"}]}'
	id_new
	expect_error 'hooks: ' hind_by timeout 20 "$(dirname "$PAYLOAD")/without" pidfd_send_signal 38 -- create --bundle "$BUNDLE" "$ID"
	expect_no_leak
}
