# linux.devices and the default devices
# covers: linux.devices[].{type,path,major,minor,fileMode,uid,gid}
# covers: host_device

setup()
{
	bundle_new b '.root.readonly=false'
}

defaults='null 666 0 0 1:3
zero 666 0 0 1:5
full 666 0 0 1:7
random 666 0 0 1:8
urandom 666 0 0 1:9
tty 666 0 0 5:0'

list='cd /dev; for n in null zero full random urandom tty; do stat -c "%n %a %u %g %t:%T" $n; done'

test_default_devices_and_links()
{
	need_root 'to make devices'
	umask 077
	run_sh "$list"
	umask 022
	expect_eq "$defaults" "$OUTPUT"
	run_sh 'cd /dev; for n in fd stdin stdout stderr ptmx; do echo $n $(readlink $n); done; echo x > null; head -c 2 zero | wc -c; { echo > full; } 2>&1 || :; head -c 3 urandom | wc -c; ls fd/ > null && echo list'
	expect_match '^fd /proc/self/fd$' "$OUTPUT"
	expect_match '^stderr /proc/self/fd/2$' "$OUTPUT"
	expect_match '^ptmx pts/ptmx$' "$OUTPUT"
	expect_match 'No space left' "$OUTPUT"
	expect_match '^list$' "$OUTPUT"
	expect_match '^3$' "$OUTPUT"
}

test_configured_devices()
{
	need_root 'to make devices'
	config '.linux.devices=[
		{path:"/dev/one",type:"c",major:1,minor:3,fileMode:416,uid:7,gid:8},
		{path:"/dev/deep/er/two",type:"u",major:1,minor:5},
		{path:"/disk",type:"b",major:7,minor:0,fileMode:25008},
		{path:"/dev/fifo",type:"p",fileMode:438,uid:9},
		{path:"/dev/null",type:"c",major:1,minor:3,fileMode:384,uid:5}]'
	run_sh 'stat -c "%n %a %u %g %t:%T %F" /dev/one /dev/deep/er/two /disk /dev/fifo /dev/null'
	expect_eq "/dev/one 640 7 8 1:3 character special file
/dev/deep/er/two 666 0 0 1:5 character special file
/disk 660 0 0 7:0 block special file
/dev/fifo 666 9 0 0:0 fifo
/dev/null 600 5 0 1:3 character special file" "$OUTPUT"
}

# A root that has its devices already, without a mount on /dev: they are used as they are.
test_devices_of_the_image()
{
	need_root 'to make devices'
	config '.mounts|=map(select(.destination|startswith("/dev")|not))'
	mknod -m 640 b/rootfs/dev/null c 1 3
	chown 3:4 b/rootfs/dev/null
	ln -s somewhere b/rootfs/dev/fd
	mknod b/rootfs/dev/ptmx c 5 2
	run_sh 'cd /dev; stat -c "%n %a %u %g %t:%T" null zero ptmx; readlink fd'
	expect_eq "null 640 3 4 1:3
zero 666 0 0 1:5
ptmx 644 0 0 5:2
somewhere" "$OUTPUT"
	# A second time everything is there.
	run_sh 'stat -c %t:%T /dev/zero'
	expect_eq 1:5 "$OUTPUT"
}

# Where unprivileged tools unpacked an image, empty files stand for devices.
test_empty_files_in_place_of_devices()
{
	config '.mounts|=map(select(.destination|startswith("/dev")|not))'
	for name in null zero full random urandom tty; do
		: > "b/rootfs/dev/$name"
	done
	run_sh 'cd /dev; stat -c "%n %t:%T" null zero; echo x > null; cat null'
	expect_eq "null 1:3
zero 1:5" "$OUTPUT"
	[ ! -s b/rootfs/dev/null ] || fail "the image's file was written to"
}

test_something_else_in_the_place_of_a_device()
{
	need_root 'to make devices'
	config '.mounts|=map(select(.destination|startswith("/dev")|not))'
	mknod b/rootfs/dev/null c 1 5
	expect_error 'device /dev/null: .*another device' run
	rm b/rootfs/dev/null
	mkdir b/rootfs/dev/null
	expect_error 'device /dev/null: .*directory' run
}

test_bound_dev_is_left_alone()
{
	mkdir dev
	mknod -m 666 dev/null c 1 3
	config '.mounts|=map(select(.destination|startswith("/dev")|not))' \
		".mounts=[{destination:\"/dev/\",type:\"bind\",source:\"$PWD/dev\",options:[\"rbind\"]}]+.mounts"
	run_sh 'ls -A /dev'
	expect_eq null "$OUTPUT"
	expect_eq null "$(ls -A dev)"
}

# There mknod is refused, and the host's nodes are bound.
test_in_a_user_namespace()
{
	chmod 755 . b
	config '.linux.namespaces+=[{type:"user"}]' '.linux.uidMappings=[{containerID:0,hostID:100000,size:65536}]' \
		'.linux.gidMappings=.linux.uidMappings' '.linux.devices=[{path:"/dev/fifo",type:"p",fileMode:384}]'
	run_sh 'cd /dev; for n in null zero full random urandom tty; do stat -c "%n %t:%T" $n; done; echo x > null; head -c 3 zero | wc -c; stat -c "%a %u %F" fifo; grep " /dev/null " /proc/self/mountinfo'
	expect_match '^null 1:3$' "$OUTPUT"
	expect_match '^tty 5:0$' "$OUTPUT"
	expect_match '^3$' "$OUTPUT"
	expect_match '^600 0 fifo$' "$OUTPUT"
	expect_match ' /dev/null rw,nosuid,noexec' "$OUTPUT"
}

test_configured_device_in_a_user_namespace()
{
	chmod 755 . b
	config '.linux.namespaces+=[{type:"user"}]' '.linux.uidMappings=[{containerID:0,hostID:100000,size:65536}]' \
		'.linux.gidMappings=.linux.uidMappings'
	config '.linux.devices=[{path:"/dev/no-such-device",type:"c",major:241,minor:7}]'
	expect_error 'linux\.devices\[0\]: device /dev/no-such-device: .*host.*no such file' run
	config '.linux.devices=[{path:"/dev/null",type:"c",major:241,minor:7}]'
	expect_error "the host's /dev/null is not the character device 241:7" run
}

# The host has it under its own name, or has another there.
test_configured_device_of_another_name_in_a_user_namespace()
{
	chmod 755 . b
	config '.linux.namespaces+=[{type:"user"}]' '.linux.uidMappings=[{containerID:0,hostID:100000,size:65536}]' \
		'.linux.gidMappings=.linux.uidMappings' \
		'.linux.devices=[{path:"/dev/other",type:"c",major:1,minor:5},{path:"/dev/null",type:"c",major:1,minor:7}]'
	run_sh 'stat -c "%n %t:%T %F" /dev/other /dev/null'
	expect_eq "/dev/other 1:5 character special file
/dev/null 1:7 character special file" "$OUTPUT"
}

test_wrong_devices()
{
	config '.linux.devices=[{path:"dev/x",type:"c",major:1,minor:3},{path:"/dev/y",type:"b"},{path:"/",type:"p"}]'
	id_new
	expect_status 1 hind create --bundle "$BUNDLE" "$ID"
	expect_match 'config\.json:[0-9]+:[0-9]+: \.?linux\.devices\[0\]\.path: .*absolute' "$ERROR"
	expect_match 'linux\.devices\[1\]: .*major and minor' "$ERROR"
	expect_match 'linux\.devices\[2\]\.path: .*names no file' "$ERROR"
}
