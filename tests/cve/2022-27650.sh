# CVE-2022-27650, and CVE-2022-24769 in exec: exec --cap filled the inheritable set.

setup()
{
	bundle_new b '.process.capabilities={bounding:["CAP_KILL"],permitted:["CAP_KILL"],effective:["CAP_KILL"]}'
	args sleep 1000
	create
	expect_status 0 hind start "$ID"
}

sets() # OPTION...: of a program that exec runs, as "Inh Prm Eff Bnd Amb"
{
	expect_status 0 hind exec "$@" "$ID" payload status CapInh CapPrm CapEff CapBnd CapAmb
	OUTPUT=$(printf '%s\n' "$OUTPUT" | sed 's/.*	0*\([0-9a-f]\)/\1/' | tr '\n' ' ')
}

# CAP_KILL is bit 5, CAP_NET_RAW 13, CAP_CHOWN 0.
test_capability_is_added_and_not_inheritable()
{
	sets --cap CAP_NET_RAW --cap chown
	expect_eq '0 2021 2021 2021 0 ' "$OUTPUT"
	sets
	expect_eq '0 20 20 20 0 ' "$OUTPUT" 'without'
}

test_user_other_than_root_has_none_but_by_a_file()
{
	sets --cap CAP_NET_RAW -u 1000
	expect_eq '0 0 0 2020 0 ' "$OUTPUT"
}

# Ambient is what the container has inheritable, and for who would lose it otherwise.
test_ambient_follows_what_is_inheritable()
{
	expect_status 0 hind delete --force "$ID"
	config '.process.capabilities={bounding:["CAP_KILL"],permitted:["CAP_KILL"],effective:["CAP_KILL"],inheritable:["CAP_KILL"]}'
	create
	expect_status 0 hind start "$ID"
	sets --cap KILL --cap NET_RAW -u 1000
	expect_eq '20 20 20 2020 20 ' "$OUTPUT"
	sets --cap KILL
	expect_eq '20 20 20 20 0 ' "$OUTPUT"
}

test_all_is_what_hind_holds()
{
	sets --cap ALL
	expect_eq "$(sed -n 's/^CapBnd:	0*//p' /proc/self/status)" "$(printf %s "$OUTPUT" | cut -d' ' -f 3)"
}

test_unknown_capability_is_refused()
{
	expect_status 255 hind exec --cap NET_ROW "$ID" true
	expect_match '^hind: --cap "NET_ROW": there is no such capability: did you mean NET_RAW' "$ERROR"
}
