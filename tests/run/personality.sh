# linux.personality
# covers: linux.personality.{domain,flags}

test_linux32_tells_of_another_machine()
{
	bundle_new b '.linux.personality={domain:"LINUX32"}'
	run_sh 'payload self; uname -m'
	expect_match '^personality 0x8$' "$OUTPUT"
	if [ "$(uname -m)" = x86_64 ]; then
		expect_match '^i686$' "$OUTPUT"
	fi
}

# What our caller had set does not pass.
test_linux_resets_what_was_inherited()
{
	bundle_new b
	args payload self
	id_new
	expect_status 0 hind_by setarch --addr-no-randomize -- run --bundle "$BUNDLE" "$ID"
	expect_match '^personality 0x40000$' "$OUTPUT"
	config '.linux.personality={domain:"LINUX"}'
	expect_status 0 hind_by setarch --addr-no-randomize -- run --bundle "$BUNDLE" "$ID"
	expect_match '^personality 0x0$' "$OUTPUT"
}

test_flags_and_other_domains_are_refused()
{
	bundle_new b '.linux.personality={domain:"LINUX",flags:["ADDR_NO_RANDOMIZE"]}'
	expect_refused '\.linux\.personality\.flags\[0\]: "ADDR_NO_RANDOMIZE" is no flag: the specification defines none'
	config '.linux.personality={}'
	expect_refused '\.linux\.personality\.domain: "" is neither LINUX nor LINUX32'
	config '.linux.personality={domain:"BSD"}'
	expect_refused '\.linux\.personality\.domain: '
}
