# process.apparmorProfile, process.selinuxLabel, linux.mountLabel
# covers: process.{apparmorProfile,selinuxLabel} linux.mountLabel annotation:run.oci.mount_context_type
# covers: exec/--{apparmor,process-label}

setup()
{
	bundle_new b
}

has_apparmor()
{
	[ "$(cat /sys/module/apparmor/parameters/enabled 2> cat.error || :)" = Y ]
}

has_selinux()
{
	grep -q selinuxfs /proc/filesystems
}

test_without_apparmor_a_profile_is_refused()
{
	has_apparmor && skip 'this machine has AppArmor'
	config '.process.apparmorProfile="container-default"'
	expect_refused 'lsm: process\.apparmorProfile: "container-default" cannot be enforced: AppArmor is not enabled on this host'
}

test_without_selinux_labels_are_refused()
{
	has_selinux && skip 'this machine has SELinux'
	config '.process.selinuxLabel="system_u:system_r:container_t:s0"'
	expect_refused 'lsm: process\.selinuxLabel: "system_u:system_r:container_t:s0" cannot be enforced: SELinux is not enabled on this host'
	config 'del(.process.selinuxLabel)' '.linux.mountLabel="system_u:object_r:container_file_t:s0"'
	expect_refused 'lsm: linux\.mountLabel: "system_u:object_r:container_file_t:s0" cannot be enforced: SELinux'
}

# Engines write these where nothing is wanted.
test_empty_labels_and_unconfined_are_nothing()
{
	config '.process.apparmorProfile="unconfined"' '.process.selinuxLabel=""' '.linux.mountLabel=""'
	args true
	expect_status 0 run
	expect_eq '' "$ERROR"
	config '.process.apparmorProfile=""'
	expect_status 0 run
}

test_flags_of_exec()
{
	if has_apparmor || has_selinux; then
		skip 'this machine has a security module that would take the label'
	fi
	args sleep 100
	create
	hind start "$ID"
	expect_status 255 hind exec --apparmor box "$ID" true
	expect_match 'process\.apparmorProfile: "box" cannot be enforced: AppArmor is not enabled' "$ERROR"
	expect_status 255 hind exec --process-label a:b:c "$ID" true
	expect_match 'process\.selinuxLabel: "a:b:c" cannot be enforced: SELinux is not enabled' "$ERROR"
}

test_wrong_values_are_refused()
{
	config '.process.selinuxLabel="a\nb"' '.annotations={"run.oci.mount_context_type":"somecontext"}'
	expect_refused '\.process\.selinuxLabel: holds a newline'
	expect_refused '\.annotations\.run\.oci\.mount_context_type: "somecontext" is none of context, fscontext, defcontext and rootcontext'
}

test_apparmor_profile_is_in_force()
{
	has_apparmor || skip 'AppArmor is not enabled on this machine'
	command -v apparmor_parser > parser || skip 'apparmor_parser is not installed'
	mounted=
	if [ ! -d /sys/kernel/security/apparmor ]; then
		mount -t securityfs securityfs /sys/kernel/security
		mounted=/sys/kernel/security
	fi
	printf 'profile %s flags=(attach_disconnected,mediate_deleted) { file, capability, network, mount, signal, deny /etc/passwd r, }\n' "$PREFIX-profile" > profile
	apparmor_parser -rK profile
	config ".process.apparmorProfile=\"$PREFIX-profile\""
	run_sh 'cat /proc/self/attr/apparmor/current; cat /etc/passwd 2>&1 || :'
	confined=$OUTPUT
	config '.process.apparmorProfile="unconfined"'
	run_sh 'cat /proc/self/attr/apparmor/current'
	unconfined=$OUTPUT
	apparmor_parser -RK profile
	config ".process.apparmorProfile=\"$PREFIX-profile\""
	id_new
	expect_status 1 hind create --bundle "$BUNDLE" "$ID"
	[ -z "$mounted" ] || umount "$mounted"
	expect_match "^$PREFIX-profile \\(enforce\\)\$" "$confined"
	expect_match "can't open '/etc/passwd': Permission denied" "$confined"
	expect_eq unconfined "$unconfined"
	expect_match "process\\.apparmorProfile: \"$PREFIX-profile\" is not loaded" "$ERROR"
}

# Where no policy is loaded, SELinux knows its initial labels alone and gives every program the same; but what the next execve
# is to bring stands in /proc.
test_selinux_label_is_in_force()
{
	has_selinux || skip 'SELinux is not enabled on this machine'
	label=unlabeled
	[ ! -e /sys/fs/selinux/policy ] || label=$(tr -d '\0' < /proc/self/attr/current)
	config ".process.selinuxLabel=\"$label\""
	create
	expect_eq "$label" "$(tr -d '\0' < "/proc/$(pid_of "$ID")/attr/exec")"
	expect_eq '' "$(tr -d '\0' < "/proc/$(pid_of "$ID")/attr/keycreate")" 'for later keys'
	hind start "$ID"
	# Only a policy knows which labels there are not.
	[ -e /sys/fs/selinux/policy ] || return 0
	config '.process.selinuxLabel="no-such-label"'
	expect_refused 'process\.selinuxLabel: '
}
