# list
# covers: list/--{format,quiet} hind/--root

test_nothing()
{
	expect_status 0 hind list -f json
	expect_eq '[]' "$OUTPUT"
	expect_status 0 hind list -q
	expect_eq '' "$OUTPUT"
	expect_status 0 hind list
	expect_match '^ID +PID +STATUS +BUNDLE +CREATED +OWNER$' "$OUTPUT"
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

# Columns are as wide as what stands in them, and the last one is the owner of the container's directory.
test_table_of_long_and_short()
{
	need_root 'the owner is changed'
	bundle_new b
	args sleep 1000
	create
	long=$ID-that-is-longer-than-a-column-of-twenty-letters-is-wide
	hind create --bundle "$BUNDLE" "$long" > long.log 2>&1 < /dev/null
	expect_status 0 hind list
	expect_lines 1 "$(printf '%s\n' "$OUTPUT" | awk '{ print index($0, NR == 1 ? "STATUS" : "created") }' | sort -u)" columns
	expect_match "^$long +[0-9]+ +created +$BUNDLE +[^ ]+ +root$" "$OUTPUT"
	chown 12345 "$HIND_ROOT/$long"
	expect_eq 'root 12345' "$(hind list -f json | jq -r 'map(.owner)|join(" ")')"
}

test_one_that_cannot_be_read_does_not_hide_the_others()
{
	bundle_new b
	args sleep 1000
	create
	first=$ID
	create
	cp "$HIND_ROOT/$first/state.json" keep
	echo '{' > "$HIND_ROOT/$first/state.json"
	expect_status 1 hind list
	expect_match "^$ID +[0-9]+ +created" "$OUTPUT"
	expect_lines 1 "$ERROR"
	expect_match "$first" "$ERROR"
	cp keep "$HIND_ROOT/$first/state.json"
}

test_wrong_use()
{
	expect_error 'xml' hind list -f xml
	expect_error 'list takes no' hind list something
}
