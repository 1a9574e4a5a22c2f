# CVE-2026-88264, CVE-2026-88265: without a mount on /dev, the image's own /dev/console and /dev/null led to files of the host.
# covers: terminal

setup()
{
	bundle_new b '.mounts|=map(select(.destination!="/dev" and .destination!="/dev/shm" and .destination!="/dev/mqueue"))'
	echo secret > host
	chmod 600 host
	mkdir -p b/rootfs/dev/pts
}

terminal()
{
	config '.process.terminal=true'
	args true
	id_new
	STATUS=0
	timeout 20 script -qec "'$HIND' --root '$HIND_ROOT' run --bundle '$BUNDLE' '$ID'" /dev/null > out 2>&1 || STATUS=$?
}

test_console_that_is_a_link_is_neither_followed_nor_made()
{
	ln -s "$PWD/new" b/rootfs/dev/console
	terminal
	expect_ne 0 "$STATUS" status
	[ ! -e new ] || fail 'a file of the host was made'
	rm b/rootfs/dev/console
	ln -s "$PWD/host" b/rootfs/dev/console
	terminal
	expect_ne 0 "$STATUS" status
	expect_match 'neither a file nor a character device' "$(cat out)"
	expect_eq 'secret 0 600' "$(cat host) $(stat -c '%u %a' host)"
}

test_console_that_is_missing_or_a_file_is_used()
{
	terminal
	expect_eq 0 "$STATUS" "status: $(cat out)"
	terminal
	expect_eq 0 "$STATUS" "status: $(cat out)"
}

test_null_that_is_a_link_gives_nothing_away()
{
	ln -s "$PWD/host" b/rootfs/dev/null
	config '.process.user={uid:1000,gid:1000}' '.root.readonly=true'
	args true
	id_new
	hind run --bundle "$BUNDLE" "$ID" > out 2>&1 < /dev/null || note "run: $(cat out)"
	expect_eq 'secret 0 600' "$(cat host) $(stat -c '%u %a' host)"
	expect_eq 0 "$(stat -c %u /dev/null)" 'owner of /dev/null'
}
