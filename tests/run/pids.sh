# linux.resources.pids
# covers: linux.resources.pids.limit

pids_max()
{
	cat "$(cgroup_dir pids "$ID")/pids.max"
}

test_limit()
{
	bundle_new b '.linux.resources.pids.limit=17'
	create
	expect_eq 17 "$(pids_max)"
}

test_no_limit()
{
	bundle_new b '.linux.resources.pids.limit=-1'
	create
	expect_eq max "$(pids_max)"
}

# runtime-spec 1.3: 0 is a limit. The first process lives, and cannot have another.
test_zero()
{
	bundle_new b '.linux.resources.pids.limit=0'
	args sh -c 'echo alive; (echo child); echo end'
	capture run
	expect_match '^alive$' "$OUTPUT"
	expect_no_match '^child$' "$OUTPUT"
}

test_limit_holds()
{
	bundle_new b '.linux.resources.pids.limit=3'
	args sh -c 'sleep 10 & sleep 10 & sleep 10 & sleep 10 & wait'
	capture run
	expect_match "can't fork" "$ERROR"
}
