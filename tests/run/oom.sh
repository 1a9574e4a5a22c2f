# process.oomScoreAdj
# covers: process.oomScoreAdj

test_score_is_set()
{
	bundle_new b '.process.oomScoreAdj=500'
	run_sh 'cat /proc/self/oom_score_adj'
	expect_eq 500 "$OUTPUT"
}

test_score_in_a_user_namespace()
{
	bundle_new b '.process.oomScoreAdj=501' '.linux.namespaces+=[{type:"user"}]' \
		'.linux.uidMappings=[{containerID:0,hostID:100000,size:65536}]' '.linux.gidMappings=.linux.uidMappings'
	run_sh 'cat /proc/self/oom_score_adj'
	expect_eq 501 "$OUTPUT"
}

test_without_it_the_score_is_inherited()
{
	bundle_new b
	args cat /proc/self/oom_score_adj
	id_new
	expect_status 0 hind_by sh -c 'echo 321 > /proc/self/oom_score_adj; exec "$0" "$@"' -- run --bundle "$BUNDLE" "$ID"
	expect_eq 321 "$OUTPUT"
}

test_our_own_score_stays()
{
	before=$(cat /proc/self/oom_score_adj)
	bundle_new b '.process.oomScoreAdj=700'
	args true
	create
	expect_eq "$before" "$(cat /proc/self/oom_score_adj)"
	expect_eq 700 "$(cat "/proc/$(pid_of "$ID")/oom_score_adj")"
}

test_lower_than_we_may_is_told()
{
	bundle_new b '.process.oomScoreAdj=-998'
	id_new
	expect_error 'process\.oomScoreAdj: -998 is below the current value and lowering it needs CAP_SYS_RESOURCE, which this process lacks' \
		hind_by setpriv --bounding-set -sys_resource --inh-caps -sys_resource -- create --bundle "$BUNDLE" "$ID"
	expect_status 1 hind state "$ID"
}

test_out_of_range_is_refused()
{
	bundle_new b '.process.oomScoreAdj=1001'
	expect_refused 'config\.json:[0-9]+:[0-9]+: \.process\.oomScoreAdj: 1001 is not between -1000 and 1000'
}
