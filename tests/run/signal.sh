# Signals: the program finds none ignored and none blocked, whatever its caller left.

test_nothing_is_ignored_or_blocked()
{
	bundle_new b
	args payload signals
	(
		trap '' PIPE HUP TERM USR1 CHLD
		expect_status 0 run
		expect_eq '' "$OUTPUT"
	)
}

test_created_container_has_none_either()
{
	bundle_new b
	args sleep 1000
	(
		trap '' PIPE HUP USR2
		create
		expect_status 0 hind start "$ID"
		status=$(cat "/proc/$(pid_of "$ID")/status")
		expect_match '^SigIgn:	0000000000000000$' "$status"
		expect_match '^SigBlk:	0000000000000000$' "$status"
		expect_status 0 hind kill "$ID" KILL
		wait_for is_status "$ID" stopped
	)
}
