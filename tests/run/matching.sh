# --regex of kill, delete and list
# covers: delete/--regex kill/--regex list/--regex

setup()
{
	bundle_new b
	args sleep 1000
	create
	one=$ID
	hind start "$one"
	create
	two=$ID
	hind start "$two"
}

test_kill_all_that_match()
{
	expect_status 0 hind kill --regex "^$PREFIX-[0-9]+\$" KILL
	wait_for is_status "$one" stopped
	wait_for is_status "$two" stopped
	expect_status 0 hind kill --regex "$PREFIX" KILL
}

test_kill_no_other()
{
	expect_status 0 hind kill -r "^$two\$" KILL
	wait_for is_status "$two" stopped
	expect_eq running "$(status_of "$one")"
	expect_status 0 hind kill -r '^no-such-container$' KILL
	expect_eq running "$(status_of "$one")"
}

test_delete_goes_on_after_a_failure()
{
	hind kill "$two" KILL
	wait_for is_status "$two" stopped
	expect_error "cannot delete container $one that is not stopped: running" hind delete --regex "^$PREFIX"
	expect_status 1 hind state "$two"
	expect_eq running "$(status_of "$one")"
	expect_status 0 hind delete --force --regex "^$PREFIX"
	expect_status 1 hind state "$one"
	expect_status 0 hind delete --regex "^$PREFIX"
}

test_list_those_that_match()
{
	expect_status 0 hind list -q --regex "^$two\$"
	expect_eq "$two" "$OUTPUT"
	expect_status 0 hind list -f json -r '^no-such-container$'
	expect_eq '[]' "$OUTPUT"
}

test_wrong_expression()
{
	expect_error '\-\-regex "\[": ' hind list --regex '['
	expect_error '\-\-regex "\(": ' hind kill --regex '('
}
