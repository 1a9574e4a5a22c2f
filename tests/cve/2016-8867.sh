# CVE-2016-8867: ambient capabilities that nobody asked for stayed with a user who is not root.
# covers: caps

facts()
{
	expect_status 0 run
	for set in Inh Prm Eff Amb; do
		printf '%s\n' "$OUTPUT" | sed -n "s/^Cap$set:	//p"
	done > sets
	SETS=$(tr '\n' ' ' < sets)
}

none='0000000000000000'
kill='0000000000000020'

test_a_user_has_none_without_ambient()
{
	bundle_new b '.process.user={uid:1000,gid:1000}' \
		'.process.capabilities={bounding:["CAP_KILL"],permitted:["CAP_KILL"],effective:["CAP_KILL"],inheritable:["CAP_KILL"],ambient:[]}'
	args payload status
	facts
	expect_eq "$kill $none $none $none " "$SETS"
}

test_ambient_is_what_was_asked_for()
{
	bundle_new b '.process.user={uid:1000,gid:1000}' \
		'.process.capabilities={bounding:["CAP_KILL","CAP_CHOWN"],permitted:["CAP_KILL","CAP_CHOWN"],effective:["CAP_KILL"],inheritable:["CAP_KILL"],ambient:["CAP_KILL"]}'
	args payload status
	facts
	expect_eq "$kill $kill $kill $kill " "$SETS"
}

# The caller's own are none of the container's.
test_ambient_of_the_caller()
{
	bundle_new b '.process.user={uid:1000,gid:1000}' '.process.capabilities={bounding:["CAP_KILL"],permitted:["CAP_KILL"]}'
	args payload status
	id_new
	expect_status 0 hind_by setpriv --inh-caps +kill,+chown --ambient-caps +kill,+chown -- run --bundle "$BUNDLE" "$ID"
	expect_match "^CapAmb:	$none\$" "$OUTPUT"
	expect_match "^CapInh:	$none\$" "$OUTPUT"
	expect_match "^CapPrm:	$none\$" "$OUTPUT"
}
