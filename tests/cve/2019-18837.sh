# CVE-2019-18837: a mount point that the image holds as a link to the host was created on the host.
# covers: mount

setup()
{
	bundle_new b '.root.readonly=false'
	mkdir host
	echo content > file
}

test_file_behind_an_absolute_link()
{
	ln -s "$PWD/host/made" b/rootfs/etc/resolv.conf
	config ".mounts+=[{destination:\"/etc/resolv.conf\",type:\"bind\",source:\"$PWD/file\",options:[\"bind\"]}]"
	run_sh 'cat /etc/resolv.conf'
	expect_eq content "$OUTPUT"
	expect_eq '' "$(ls -A host)" 'what was made on the host'
	[ -f "b/rootfs$PWD/host/made" ] || fail 'the mount point is not where the container sees it'
}

test_directory_behind_a_relative_link()
{
	ln -s "../../../../../../../../../../../..$PWD/host/made" b/rootfs/opt
	config '.mounts+=[{destination:"/opt",type:"tmpfs",source:"tmpfs"}]'
	run_sh 'stat -f -c %T /opt'
	expect_eq tmpfs "$OUTPUT"
	expect_eq '' "$(ls -A host)" 'what was made on the host'
}

test_parents_behind_a_link()
{
	ln -s "$PWD/host" b/rootfs/var
	config '.mounts+=[{destination:"/var/lib/deep",type:"tmpfs",source:"tmpfs"}]'
	run_sh 'stat -f -c %T /var/lib/deep'
	expect_eq tmpfs "$OUTPUT"
	expect_eq '' "$(ls -A host)" 'what was made on the host'
}

test_masks_and_devices_behind_a_link()
{
	mkdir host/secret
	echo x > host/secret/file
	ln -s "$PWD/host" b/rootfs/var
	config '.linux.maskedPaths=["/var/secret"]' '.linux.readonlyPaths=["/var/secret"]' \
		'.linux.devices=[{path:"/var/node",type:"c",major:1,minor:3,fileMode:438}]'
	run_sh 'stat -c %t:%T /var/node'
	expect_eq 1:3 "$OUTPUT"
	expect_eq secret "$(ls -A host)"
}
