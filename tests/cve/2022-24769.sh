# CVE-2022-24769, CVE-2022-27649, CVE-2022-29162: containers had inheritable capabilities, so that a file with inheritable ones of its
# own gave a user privileges.
# covers: caps

test_no_inheritable_by_default()
{
	bundle_new b
	expect_eq null "$(jq .process.capabilities.inheritable b/config.json)"
	args payload status
	expect_status 0 run
	expect_match '^CapInh:	0000000000000000$' "$OUTPUT"
	expect_match '^CapAmb:	0000000000000000$' "$OUTPUT"
	for options in '' '--cap-add NET_ADMIN' '--cap-add ALL' '--privileged' '--user 1000:1000 --cap-add NET_ADMIN'; do
		# shellcheck disable=SC2086
		expect_status 0 hind run $options NOIMG grep CapInh /proc/self/status
		expect_match '^CapInh:	0000000000000000$' "$OUTPUT" "with $options"
	done
}

# What one more for an exec was in CVE-2022-27650.
test_no_inheritable_for_exec()
{
	bundle_new b
	args sleep 1000
	create
	expect_status 0 hind start "$ID"
	for user in 0:0 1000:1000; do
		for cap in NET_ADMIN ALL; do
			expect_status 0 hind exec --cap "$cap" -u "$user" "$ID" grep CapInh /proc/self/status
			expect_match '^CapInh:	0000000000000000$' "$OUTPUT" "--cap $cap -u $user"
		done
	done
}

# The caller's do not pass.
test_inheritable_of_the_caller()
{
	bundle_new b
	args payload status
	id_new
	expect_status 0 hind_by setpriv --inh-caps +chown,+kill -- run --bundle "$BUNDLE" "$ID"
	expect_match '^CapInh:	0000000000000000$' "$OUTPUT"
}
