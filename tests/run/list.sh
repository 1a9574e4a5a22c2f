# list
# covers: list/--{format,quiet} hind/--root

test_nothing()
{
	expect_status 0 hind list -f json
	expect_eq '[]' "$OUTPUT"
	expect_status 0 hind list -q
	expect_eq '' "$OUTPUT"
	expect_status 0 hind list
	expect_match '^ID +PID +STATUS +BUNDLE +CREATED' "$OUTPUT"
	expect_lines 1 "$OUTPUT"
}

test_root_that_does_not_exist()
{
	expect_status 0 "$HIND" --root "$PWD/nothing" list -f json
	expect_eq '[]' "$OUTPUT"
	[ ! -e nothing ] || fail "list makes its root"
}

test_every_container_with_its_status()
{
	bundle_new b
	args sleep 1000
	create
	first=$ID
	create
	second=$ID
	expect_status 0 hind start "$second"
	expect_status 0 hind list --format json
	echo "$OUTPUT" > list.json
	expect_eq 2 "$(jq length list.json)"
	expect_eq created "$(jq -r --arg id "$first" '.[]|select(.id==$id).status' list.json)"
	expect_eq running "$(jq -r --arg id "$second" '.[]|select(.id==$id).status' list.json)"
	expect_eq "$(pid_of "$second")" "$(jq -r --arg id "$second" '.[]|select(.id==$id).pid' list.json)"
	expect_status 0 hind list -q
	expect_eq "$first
$second" "$(echo "$OUTPUT" | sort)"
	expect_status 0 hind list
	expect_lines 3 "$OUTPUT"
	expect_match "^$second +[1-9][0-9]* +running +$BUNDLE +20" "$OUTPUT"
}

test_wrong_use()
{
	expect_error 'xml' hind list -f xml
	expect_error 'list takes no' hind list something
}
