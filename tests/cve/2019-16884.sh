# CVE-2019-16884: with a volume over /proc, a security label was written to a file of that, and the program ran without it.
# covers: lsm, sysctl

# What is at /proc looks like a procfs, as far as anything is written there.
setup()
{
	mkdir -p fake/self/attr/apparmor fake/thread-self/attr/apparmor fake/sys/kernel
	for file in self/attr/exec self/attr/current self/attr/apparmor/exec thread-self/attr/exec thread-self/attr/apparmor/exec \
		sys/kernel/msgmax; do
		: > "fake/$file"
	done
	bundle_new b '.linux.maskedPaths=[]' '.linux.readonlyPaths=[]' '.linux.sysctl={"kernel.msgmax":"4321"}'
	args sleep 1000
}

expect_in_force() # nothing came to the volume, all to the kernel
{
	create
	expect_eq '' "$(find fake -type f -size +0)" 'files of the volume that were written'
	expect_eq 4321 "$(nsenter --target "$(pid_of "$ID")" --ipc cat /proc/sys/kernel/msgmax)" 'kernel.msgmax'
	expect_status 0 hind start "$ID"
}

test_directory()
{
	config ".mounts|=map(if .destination==\"/proc\" then {destination:\"/proc\",type:\"bind\",source:\"$PWD/fake\",options:[\"bind\"]} else . end)"
	expect_in_force
}

# An image can bring it, too, where nothing is mounted.
test_directory_of_the_image()
{
	config '.mounts|=map(select(.destination!="/proc"))'
	rmdir b/rootfs/proc
	mv fake b/rootfs/proc
	ln -s b/rootfs/proc fake
	expect_in_force
	expect_eq '' "$(find fake/ -type f -size +0)" 'files of the image that were written'
}

test_tmpfs()
{
	config '.mounts|=map(if .destination=="/proc" then {destination:"/proc",type:"tmpfs",source:"tmpfs"} else . end)'
	expect_in_force
	expect_eq '' "$(find "/proc/$(pid_of "$ID")/root/proc" -mindepth 1)" 'what is in the tmpfs'
}

# The mount over what is written comes after a procfs that is one.
test_file_over_the_attribute()
{
	config ".mounts+=[{destination:\"/proc/sys/kernel/msgmax\",type:\"bind\",source:\"$PWD/fake/sys/kernel/msgmax\",options:[\"bind\"]}]"
	expect_in_force
}

test_label()
{
	[ "$(cat /sys/module/apparmor/parameters/enabled 2> /dev/null)" = Y ] || skip 'AppArmor is not enabled on this machine'
	command -v apparmor_parser > parser || skip 'apparmor_parser is not installed'
	[ -d /sys/kernel/security/apparmor ] || mount -t securityfs securityfs /sys/kernel/security
	printf 'profile %s flags=(attach_disconnected,mediate_deleted) { file, capability, network, mount, signal, }\n' "$PREFIX-volume" > profile
	apparmor_parser -rK profile
	config ".mounts|=map(if .destination==\"/proc\" then {destination:\"/proc\",type:\"bind\",source:\"$PWD/fake\",options:[\"bind\"]} else . end)" \
		".process.apparmorProfile=\"$PREFIX-volume\""
	expect_in_force
	expect_match "^$PREFIX-volume " "$(cat "/proc/$(pid_of "$ID")/attr/current")" 'the profile of the program'
	expect_status 0 hind exec --detach --pid-file "$PWD/pid" "$ID" sleep 1000
	expect_match "^$PREFIX-volume " "$(cat "/proc/$(cat pid)/attr/current")" 'the profile of an exec'
	expect_eq '' "$(find fake -type f -size +0)" 'files of the volume that were written'
	hind delete --force "$ID"
	apparmor_parser -R profile
}
