# CVE-2026-30892: exec --user, misread, became user 0.

setup()
{
	bundle_new b
	args sleep 1000
	create
	expect_status 0 hind start "$ID"
}

test_ids_are_what_is_written()
{
	for user in 0 1 7 65534 4294967294; do
		expect_status 0 hind exec -u "$user" "$ID" payload status Uid Gid
		expect_eq "Uid:	$user	$user	$user	$user
Gid:	0	0	0	0" "$OUTPUT" "$user"
		expect_status 0 hind exec -u "$user:2" "$ID" payload status Uid Gid
		expect_eq "Uid:	$user	$user	$user	$user
Gid:	2	2	2	2" "$OUTPUT" "$user:2"
		expect_status 0 hind exec -u "2:$user" "$ID" payload status Gid
		expect_eq "Gid:	$user	$user	$user	$user" "$OUTPUT" "2:$user"
	done
}

test_everything_else_is_refused()
{
	for user in '' ' ' ' 1' '1 ' +1 -1 --1 1x x1 0x1 1.0 1e0 : 1: :1 1:x 1:2:3 1::2 1:-2 root root:root 1,2; do
		expect_status 255 hind exec --user="$user" "$ID" payload status Uid
		expect_eq "hind: --user \"$user\": it is written UID or UID:GID, in digits, below 4294967295; \`hind exec ID id -u NAME\` tells the number that a container has for a name" "$ERROR"
		expect_eq '' "$OUTPUT"
	done
	for gid in '' -1 1x staff 4294967295; do
		expect_status 255 hind exec --additional-gids="$gid" "$ID" true
		expect_match "^hind: --additional-gids \"$gid\": " "$ERROR"
	done
}
