# process.user
# covers: process.user.{uid,gid,umask,additionalGids} annotation:run.oci.keep_original_groups

test_ids_and_groups()
{
	bundle_new b '.process.user={uid:1000,gid:1001,additionalGids:[5,60000]}'
	args payload status Uid Gid Groups
	expect_status 0 run
	expect_match '^Uid:	1000	1000	1000	1000$' "$OUTPUT"
	expect_match '^Gid:	1001	1001	1001	1001$' "$OUTPUT"
	expect_match '^Groups:	5 60000 ?$' "$OUTPUT"
}

test_groups_of_the_caller_are_dropped()
{
	bundle_new b
	args payload status Groups
	id_new
	expect_status 0 hind_by setpriv --groups 5,6 -- run --bundle "$BUNDLE" "$ID"
	expect_match '^Groups:	 ?$' "$OUTPUT"
}

test_groups_of_the_caller_are_kept_where_asked_for()
{
	need_root 'he has the groups of /etc/group'
	bundle_new b '.annotations={"run.oci.keep_original_groups":"1"}'
	args payload status Groups
	id_new
	expect_status 0 hind_by setpriv --groups 5,6 -- run --bundle "$BUNDLE" "$ID"
	expect_match '^Groups:	5 6 ?$' "$OUTPUT"
}

test_largest_id()
{
	need_root 'ids beyond the subordinate ones'
	bundle_new b '.process.user={uid:4294967294,gid:4294967294}'
	args payload status Uid Gid
	expect_status 0 run
	expect_match '^Uid:	4294967294	4294967294	4294967294	4294967294$' "$OUTPUT"
}

test_umask()
{
	bundle_new b '.process.user.umask=63'
	args payload self
	expect_status 0 run
	expect_match '^umask 077$' "$OUTPUT"
}

test_umask_is_022_by_default_whatever_the_caller_has()
{
	bundle_new b
	args payload self
	umask 0007
	expect_status 0 run
	umask 0022
	expect_match '^umask 022$' "$OUTPUT"
}

test_umask_with_more_bits_is_refused()
{
	bundle_new b '.process.user.umask=512'
	expect_refused 'config\.json:[0-9]+:[0-9]+: \.process\.user\.umask: '
}

test_user_may_not_do_what_root_may()
{
	bundle_new b '.process.user={uid:1000,gid:1000}'
	echo secret > b/rootfs/root/secret
	chmod 600 b/rootfs/root/secret
	run_sh 'cat /root/secret 2>&1 || echo refused'
	expect_match '^refused$' "$OUTPUT"
}
