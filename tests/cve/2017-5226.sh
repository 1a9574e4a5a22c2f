# CVE-2017-5226: a container without a terminal of its own typed into its caller's by TIOCSTI.

test_callers_terminal_is_not_the_containers()
{
	bundle_new b '.process.terminal=false'
	args payload self
	id_new
	expect_status 0 hind_pty run --bundle "$BUNDLE" "$ID"
	expect_match '^pid 1' "$OUTPUT"
	expect_match '^sid 1' "$OUTPUT"
}

test_nothing_can_be_typed_into_it()
{
	bundle_new b '.process.terminal=false'
	args payload tiocsti 'id'
	id_new
	expect_status any hind_pty run --bundle "$BUNDLE" "$ID"
	expect_match '^TIOCSTI: ' "$OUTPUT"
	expect_no_match 'pushed' "$OUTPUT"
}

test_it_cannot_be_opened_as_the_controlling_one()
{
	bundle_new b '.process.terminal=false'
	args sh -c 'echo x > /dev/tty'
	id_new
	expect_status any hind_pty run --bundle "$BUNDLE" "$ID"
}
