# process.noNewPrivileges
# covers: process.noNewPrivileges exec/--no-new-privs

test_set_where_asked_for()
{
	bundle_new b '.process.noNewPrivileges=true'
	args payload self
	expect_status 0 run
	expect_match '^no_new_privs 1$' "$OUTPUT"
}

test_unset_otherwise()
{
	bundle_new b 'del(.process.noNewPrivileges)'
	args payload self
	expect_status 0 run
	expect_match '^no_new_privs 0$' "$OUTPUT"
}

test_set_user_id_bits_do_not_count()
{
	bundle_new b '.process.noNewPrivileges=true' '.process.user={uid:1000,gid:1000}'
	cp b/rootfs/bin/payload b/rootfs/bin/root
	to_user b/rootfs/bin/root
	chmod 4755 b/rootfs/bin/root
	args root status Uid
	expect_status 0 run
	expect_match '^Uid:	1000	1000	1000	1000$' "$OUTPUT"
	config '.process.noNewPrivileges=false'
	expect_status 0 run
	expect_match '^Uid:	1000	0	0	0$' "$OUTPUT"
}

test_exec_sets_it_for_itself()
{
	bundle_new b '.process.noNewPrivileges=false'
	args sleep 100
	create
	hind start "$ID"
	expect_status 0 hind exec --no-new-privs "$ID" payload self
	expect_match '^no_new_privs 1$' "$OUTPUT"
	expect_status 0 hind exec "$ID" payload self
	expect_match '^no_new_privs 0$' "$OUTPUT"
}
