# CVE-2025-24965 (crun): a file that the runtime makes in the root file system was a link there, and was made on the host, as root.
# covers: mount, device, terminal

setup()
{
	mkdir outside
	echo host > outside/there
	bundle_new b '.root.readonly=false'
}

untouched() # WHAT
{
	expect_eq there "$(ls -A outside)" "$1: what is outside"
	expect_eq host "$(cat outside/there)" "$1: the host's file"
	expect_eq '644 0 0' "$(stat -c '%a %u %g' outside/there)" "$1: the host's file"
}

# Files and directories for mount points, by the whole path and by a part of it.
test_mount_points()
{
	echo own > own
	mkdir dir
	for link in "$PWD/outside/new" "$PWD/outside/there" ../../../../../../../../../../../..//"$PWD/outside/new"; do
		ln -sfn "$link" b/rootfs/etc/link
		ln -sfn "$PWD/outside" b/rootfs/place
		for destination in /etc/link /place/file /place/sub/file; do
			config '.mounts|=map(select(.destination|startswith("/etc/link") or startswith("/place")|not))' \
				".mounts+=[{destination:\"$destination\",type:\"bind\",source:\"$PWD/own\",options:[\"bind\"]}]"
			args true
			capture run
			untouched "$destination by $link"
			config ".mounts[-1].source=\"$PWD/dir\""
			capture run
			untouched "$destination by $link, a directory"
			rm -rf "b/rootfs/${PWD#/}"
		done
	done
}

# Device nodes, the links of /dev, its console: with no mount on /dev they are made in the image.
test_what_is_made_in_dev()
{
	for name in null zero tty console ptmx fd stdin stdout stderr core pts shm mqueue fuse; do
		ln -sfn "$PWD/outside/$name" "b/rootfs/dev/$name"
	done
	ln -sfn "$PWD/outside/there" b/rootfs/dev/full
	config '.mounts|=map(select(.destination!="/dev"))' '.linux.devices=[{path:"/dev/fuse",type:"c",major:10,minor:229,uid:5,gid:5},{path:"/dev/full",type:"c",major:1,minor:7,uid:5,gid:5}]'
	args true
	capture run
	untouched 'without a mount on /dev'
	config '.process.terminal=true'
	id_new
	capture hind_pty run --bundle "$BUNDLE" "$ID"
	untouched 'with a terminal'
}

# What tmpcopyup copies goes into the tmpfs, wherever its links lead.
test_copies()
{
	mkdir b/rootfs/data
	ln -s "$PWD/outside/there" b/rootfs/data/file
	ln -s "$PWD/outside" b/rootfs/data/dir
	config '.mounts+=[{destination:"/data",type:"tmpfs",source:"tmpfs",options:["tmpcopyup"]}]'
	run_sh 'readlink /data/file /data/dir; { cat /data/file; } 2>&1 || :'
	expect_no_match '^host$' "$OUTPUT"
	untouched tmpcopyup
}
