# CVE-2026-41579 (runc), CVE-2026-47766 (crun): /dev of the image is a link to the host, where ptmx was removed and links and
# device nodes were made.
# covers: device

setup()
{
	bundle_new b '.root.readonly=false'
	mkdir -p host/pts
	echo decoy > host/ptmx
	echo decoy > host/null
	rm -rf b/rootfs/dev
}

host_is_untouched()
{
	expect_eq 'null ptmx pts' "$(ls -A host | tr '\n' ' ' | sed 's/ $//')" "$1: names on the host"
	expect_eq 'decoy decoy' "$(cat host/null) $(cat host/ptmx)" "$1: files of the host"
	expect_eq '' "$(ls -A host/pts)" "$1: host/pts"
}

each_link() # COMMAND...
{
	for target in "$PWD/host" "../../../../../../../../../../..$PWD/host" "../../host"; do
		rm -rf b/rootfs/dev
		ln -s "$target" b/rootfs/dev
		"$@"
		host_is_untouched "$target"
	done
}

run_any()
{
	capture run
	note "status $STATUS: $ERROR"
}

test_without_a_mount_on_dev()
{
	config '.mounts|=map(select(.destination|startswith("/dev")|not))'
	args true
	each_link run_any
}

# The devices are made where the container sees its /dev, so the program has them.
test_devices_are_made_inside()
{
	config '.mounts|=map(select(.destination|startswith("/dev")|not))'
	ln -s "$PWD/host" b/rootfs/dev
	run_sh 'stat -c %t:%T /dev/null; readlink /dev/ptmx'
	expect_eq "1:3
pts/ptmx" "$OUTPUT"
	host_is_untouched link
}

test_with_mounts_on_dev()
{
	args true
	each_link run_any
}

create_and_start()
{
	create
	hind start "$ID"
	hind delete --force "$ID"
}

test_created_and_started()
{
	args sleep 100
	each_link create_and_start
}

test_configured_devices()
{
	config '.mounts|=map(select(.destination|startswith("/dev")|not))' \
		'.linux.devices=[{path:"/dev/null",type:"c",major:1,minor:3,uid:7},{path:"/dev/pts/node",type:"c",major:1,minor:5}]'
	args true
	each_link run_any
}
