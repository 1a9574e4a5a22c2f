# CVE-2016-3697, CVE-2026-46680: a numeric user that is taken for a name of the image's passwd, or for "leave as it is".
# covers: user

test_number_is_not_looked_up_as_a_name()
{
	bundle_new b '.process.user={uid:1000,gid:1000}' '.process.env=["PATH=/bin"]'
	printf '1000:x:0:0:root:/root:/bin/sh\n' > b/rootfs/etc/passwd
	args payload status Uid
	expect_status 0 run
	expect_match '^Uid:	1000	1000	1000	1000$' "$OUTPUT"
}

test_minus_one_is_no_user()
{
	bundle_new b
	for id in 4294967295 4294967296 -1; do
		config ".process.user={uid:$id,gid:0}"
		expect_refused '\.process\.user\.uid: '
		config ".process.user={uid:0,gid:$id}"
		expect_refused '\.process\.user\.gid: '
		config ".process.user={uid:0,gid:0,additionalGids:[$id]}"
		expect_refused '\.process\.user\.additionalGids\[0\]: '
	done
}

test_number_of_exec_is_not_looked_up_as_a_name()
{
	bundle_new b
	printf '1000:x:0:0:root:/root:/bin/sh\n4294967296:x:0:0::/:/bin/sh\n' > b/rootfs/etc/passwd
	args sleep 1000
	create
	expect_status 0 hind start "$ID"
	expect_status 0 hind exec --user 1000 "$ID" payload status Uid
	expect_eq 'Uid:	1000	1000	1000	1000' "$OUTPUT"
	for user in 4294967295 4294967296 -1 18446744073709551616 1000:4294967295; do
		expect_status 255 hind exec --user "$user" "$ID" payload status Uid
		expect_match "^hind: --user \"$user\": " "$ERROR"
		expect_eq '' "$OUTPUT"
	done
}
