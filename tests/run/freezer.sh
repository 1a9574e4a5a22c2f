# Containers whose cgroup stands still: they can be killed and deleted none the less

freeze() # of the container $ID, by hand
{
	if cgroup_v2; then
		echo 1 > "$(cgroup_dir freezer "$ID")/cgroup.freeze"
		wait_for grep -q 'frozen 1' "$(cgroup_dir freezer "$ID")/cgroup.events"
	else
		echo FROZEN > "$(cgroup_dir freezer "$ID")/freezer.state"
		wait_for grep -q FROZEN "$(cgroup_dir freezer "$ID")/freezer.state"
	fi
}

setup()
{
	bundle_new b
	args sh -c 'sleep 1000 & sleep 1000 & wait'
	create
	hind start "$ID"
	wait_for has_children
}

has_children()
{
	[ "$(wc -l < "$(cgroup_dir freezer "$ID")/cgroup.procs")" -eq 3 ]
}

test_state_is_paused()
{
	freeze
	expect_eq paused "$(status_of "$ID")"
}

test_frozen_container_is_deleted_by_force()
{
	freeze
	expect_status 0 hind delete --force "$ID"
	expect_status 1 hind state "$ID"
}

test_kill_all_reaches_the_frozen()
{
	freeze
	expect_status 0 hind kill --all "$ID" KILL
	wait_for is_status "$ID" stopped
	expect_status 0 hind delete "$ID"
}
