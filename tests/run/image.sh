# IMAGE of hind run: the host's root, directories, and the overlay over them
# covers: root.readonly
# covers: mount_overlay

shortcut() # [FLAG...] IMAGE CMD...
{
	id_new
	expect_status 0 hind run --name "$ID" "$@"
}

test_host_root()
{
	for name in NOIMG noimg /; do
		shortcut "$name" sh -c 'echo $$; cat /etc/passwd'
		expect_eq "1
$(cat /etc/passwd)" "$OUTPUT" "$name"
	done
	shortcut NOIMG ls -alh /
	expect_match ' etc$' "$OUTPUT"
}

test_host_is_not_written_to()
{
	shortcut NOIMG sh -c "echo x > /etc/$PREFIX; rm /etc/passwd; echo y > /etc/hostname; mkdir /srv/$PREFIX; ls /etc/$PREFIX"
	expect_eq "/etc/$PREFIX" "$OUTPUT" 'inside'
	[ ! -e "/etc/$PREFIX" ] && [ ! -e "/srv/$PREFIX" ] && [ -e /etc/passwd ] || fail 'the host has changed'
	expect_ne y "$(cat /etc/hostname)"
}

test_next_container_starts_anew()
{
	shortcut NOIMG sh -c 'echo x > /etc/left-behind'
	shortcut NOIMG sh -c 'ls /etc/left-behind 2>&1 || :'
	expect_match 'No such file' "$OUTPUT"
}

test_host_temporary_directories_are_covered()
{
	touch "/tmp/$PREFIX" "/var/tmp/$PREFIX"
	mkdir -p /run/hind
	touch /run/hind/x
	shortcut NOIMG sh -c 'ls -A /tmp /var/tmp /run; stat -c "%a %n" /tmp /var/tmp /run; echo x > /tmp/y; cat /tmp/y'
	rm "/tmp/$PREFIX" "/var/tmp/$PREFIX" /run/hind/x
	expect_no_match "$PREFIX" "$OUTPUT"
	expect_no_match '^hind$' "$OUTPUT"
	expect_match '^1777 /tmp$' "$OUTPUT"
	expect_match '^1777 /var/tmp$' "$OUTPUT"
	expect_match '^755 /run$' "$OUTPUT"
	expect_match '^x$' "$OUTPUT"
	[ ! -e /tmp/y ] || fail '/tmp/y was written on the host'
}

test_other_mounts_of_the_host_are_read_only()
{
	mount -t tmpfs tmpfs /srv
	mkdir "/srv/a b"
	mount -t tmpfs tmpfs "/srv/a b"
	touch /srv/outer "/srv/a b/inner"
	shortcut NOIMG sh -c 'ls /srv "/srv/a b"; touch /srv/x "/srv/a b/y" 2>&1 || :'
	umount "/srv/a b" /srv
	expect_match '^outer$' "$OUTPUT"
	expect_match '^inner$' "$OUTPUT"
	expect_match '/srv/x.*Read-only' "$OUTPUT"
	expect_match '/srv/a b/y.*Read-only' "$OUTPUT"
}

connect() # PATH: prints what comes of it
{
	shortcut NOIMG perl -MSocket -e 'socket(S, PF_UNIX, SOCK_STREAM, 0); print connect(S, sockaddr_un($ARGV[0])) ? "connected" : $!' "$1"
}

test_host_sockets_are_out_of_reach()
{
	mount -t tmpfs tmpfs /srv
	for path in /run/hind/x.sock /srv/x.sock "/var/lib/$PREFIX.sock"; do
		perl -MSocket -e 'socket(S, PF_UNIX, SOCK_STREAM, 0); bind(S, sockaddr_un($ARGV[0])) or die; listen(S, 1); sleep 30' \
			"$path" &
		listener=$!
		wait_for [ -S "$path" ]
		connect "$path"
		kill "$listener"
		wait "$listener" || :
		rm "$path"
		expect_ne connected "$OUTPUT" "$path"
	done
	umount /srv
}

test_directory()
{
	rootfs_new image
	shortcut image sh -c 'echo x > /etc/new; rm /etc/group; ls /etc'
	expect_match '^new$' "$OUTPUT"
	expect_no_match '^group$' "$OUTPUT"
	[ ! -e image/etc/new ] && [ -e image/etc/group ] || fail 'the image has changed'
}

test_directory_written_through()
{
	rootfs_new image
	shortcut --no-overlay image sh -c 'echo x > /etc/new'
	expect_eq x "$(cat image/etc/new)"
	shortcut --no-overlay --read-only image sh -c 'touch /etc/other 2>&1 || :'
	expect_match 'Read-only' "$OUTPUT"
}

test_host_written_through()
{
	shortcut --no-overlay NOIMG sh -c "echo x > '$PWD/written'; ls /run/hind 2>&1 || :; cat /proc/1/comm"
	expect_eq x "$(cat written)"
	expect_match 'No such file' "$OUTPUT" '/run is covered'
	shortcut --no-overlay --read-only NOIMG sh -c "touch '$PWD/again' 2>&1 || :"
	expect_match 'Read-only' "$OUTPUT"
}

test_mounts_below_a_directory_are_read_only()
{
	rootfs_new image
	mount -t tmpfs tmpfs image/mnt
	touch image/mnt/here
	shortcut image sh -c 'ls /mnt; touch /mnt/x 2>&1 || :'
	umount image/mnt
	expect_match '^here$' "$OUTPUT"
	expect_match 'Read-only' "$OUTPUT"
}

test_odd_names()
{
	for name in 'a:b' 'a,b' 'a\b' 'a b' 'a"b'; do
		rootfs_new "$name"
		shortcut "./$name" sh -c 'echo x > /new; cat /new'
		expect_eq x "$OUTPUT" "$name"
		[ ! -e "$name/new" ] || fail "$name was written to"
	done
}

test_root_directory_keeps_owner_and_mode()
{
	need_root 'owners beyond the subordinate ids'
	rootfs_new image
	chmod 0751 image
	chown 5:6 image
	shortcut image stat -c '%a %u %g' /
	expect_eq '751 5 6' "$OUTPUT"
}

test_what_is_written_counts_against_the_memory_limit()
{
	has_controller memory || skip 'no memory controller'
	id_new
	expect_status any hind run --name "$ID" -m 16m NOIMG sh -c 'exec dd if=/dev/zero of=/big bs=1M count=64'
}

test_resolver_of_the_host_comes_with_its_network()
{
	rootfs_new image
	shortcut --network host image cat /etc/resolv.conf
	expect_eq "$(cat /etc/resolv.conf)" "$OUTPUT"
	[ ! -e image/etc/resolv.conf ] || fail 'the image has changed'
	ln -s ../run/resolve/stub image/etc/resolv.conf
	shortcut --network host image cat /etc/resolv.conf
	expect_eq "$(cat /etc/resolv.conf)" "$OUTPUT" 'through a link to nowhere'
	rm image/etc/resolv.conf
	ln -s /../../../../../../etc/hostname image/etc/resolv.conf
	shortcut --network host --no-overlay image true
	expect_ne '' "$(cat /etc/hostname)" 'the host file of that name'
}

test_killed_hind_leaves_no_mount()
{
	need_root 'it is called by root here'
	id_new
	before=$(grep -c '' /proc/self/mountinfo)
	hind_by exec -- run --name "$ID" NOIMG sleep 1000 &
	pid=$!
	wait_for is_status "$ID" running
	kill -9 "$pid"
	wait "$pid" || :
	expect_eq "$before" "$(grep -c '' /proc/self/mountinfo)" 'mounts'
	hind delete --force "$ID"
	expect_status 1 hind state "$ID"
}

test_overlay_in_a_bundle_of_ones_own()
{
	bundle_new b
	root=$BUNDLE/rootfs
	rootfs_new lower
	config '.root.readonly=false' ".mounts=[
		{destination:\"/\", type:\"tmpfs\", source:\"tmpfs\"},
		{destination:\"/\", type:\"overlay\", source:\"overlay\", options:[
			\"lowerdir=$PWD/lower\", \"upperdir=$root/a/upper\", \"workdir=$root/a/work\"]}]+.mounts"
	run_sh 'echo x > /new; cat /new'
	expect_eq x "$OUTPUT"
	[ ! -e lower/new ] && [ ! -e b/rootfs/new ] && [ ! -e b/rootfs/a ] || fail 'something was written on the host'
	config "(.mounts[1].options[1])=\"upperdir=$PWD/nowhere\""
	expect_error 'mounts\[1\].*overlay' run
	[ ! -e nowhere ] || fail 'a directory was made outside of the root'
}

test_container_directory_holds_a_bundle()
{
	id_new
	expect_status 0 hind run -d --name "$ID" NOIMG sleep 1000
	expect_eq sleep "$(jq -r '.process.args[0]' "$HIND_ROOT/$ID/config.json")"
	expect_eq "$HIND_ROOT/$ID" "$(hind state "$ID" | jq -r .bundle)"
	hind delete --force "$ID"
	[ ! -e "$HIND_ROOT/$ID" ] || fail 'the directory is still there'
}

test_wrong_images()
{
	touch file
	expect_error 'image "none": no such file or directory' hind run none true
	expect_error 'image "file": images in files are not read yet: unpack it' hind run file true
	expect_error 'image "": give a directory' hind run '' true
	expect_no_leak
}
