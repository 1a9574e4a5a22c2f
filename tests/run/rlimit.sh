# process.rlimits
# covers: process.rlimits[].{type,soft,hard}

test_values_are_exact()
{
	bundle_new b '.process.rlimits=[{type:"RLIMIT_NOFILE",soft:100,hard:200},{type:"RLIMIT_CORE",soft:0,hard:0},{type:"RLIMIT_STACK",soft:1048576,hard:2097152},{type:"RLIMIT_CPU",soft:1000,hard:2000}]'
	args payload rlimits
	expect_status 0 run
	expect_match '^7 100 200$' "$OUTPUT"
	expect_match '^4 0 0$' "$OUTPUT"
	expect_match '^3 1048576 2097152$' "$OUTPUT"
	expect_match '^0 1000 2000$' "$OUTPUT"
}

test_what_is_not_listed_is_inherited()
{
	bundle_new b 'del(.process.rlimits)'
	args payload rlimits
	(
		ulimit -n 1234
		expect_status 0 run
		expect_match '^7 1234 1234$' "$OUTPUT"
	)
}

# The set-up itself opens more files and makes processes: the limits are for the program.
test_limits_do_not_hit_the_set_up()
{
	bundle_new b '.process.rlimits=[{type:"RLIMIT_NOFILE",soft:4,hard:4},{type:"RLIMIT_MEMLOCK",soft:0,hard:0}]'
	args payload rlimits
	expect_status 0 run
	expect_match '^7 4 4$' "$OUTPUT"
	config '.process.rlimits=[{type:"RLIMIT_FSIZE",soft:0,hard:0},{type:"RLIMIT_NPROC",soft:0,hard:0}]'
	args true
	expect_status 0 run
}

test_soft_limit_is_raised_to_the_hard_one()
{
	bundle_new b '.process.rlimits=[{type:"RLIMIT_NOFILE",soft:900,hard:1000}]'
	args payload rlimits
	(
		ulimit -Sn 64
		expect_status 0 run
		expect_match '^7 900 1000$' "$OUTPUT"
	)
}

test_hard_limit_is_raised_where_we_may()
{
	need_root "limits above the caller's"
	bundle_new b '.process.rlimits=[{type:"RLIMIT_NOFILE",soft:300,hard:400}]' '.linux.namespaces+=[{type:"user"}]' \
		'.linux.uidMappings=[{containerID:0,hostID:100000,size:65536}]' '.linux.gidMappings=.linux.uidMappings'
	args payload rlimits
	capture setpriv --dump
	printf '%s\n' "$OUTPUT" | grep -q 'sys_resource' || skip 'root of this machine lacks CAP_SYS_RESOURCE'
	(
		ulimit -n 256
		expect_status 0 run
		expect_match '^7 300 400$' "$OUTPUT"
	)
}

test_hard_limit_that_cannot_be_raised_is_told()
{
	bundle_new b '.process.rlimits=[{type:"RLIMIT_NOFILE",soft:300,hard:400}]'
	id_new
	(
		ulimit -n 256
		expect_error 'process\.rlimits\[0\]: RLIMIT_NOFILE hard limit 400 is above the current 256 and raising it needs CAP_SYS_RESOURCE, which this process lacks$' \
			hind_by setpriv --bounding-set -sys_resource --inh-caps -sys_resource -- create --bundle "$BUNDLE" "$ID"
	)
	expect_status 1 hind state "$ID"
}

test_wrong_limits_are_refused()
{
	bundle_new b '.process.rlimits=[{type:"RLIMIT_CPU",soft:2,hard:1},{type:"RLIMIT_CPU",soft:1,hard:1}]'
	expect_refused '\.process\.rlimits\[0\]\.soft: 2 is above the hard limit 1'
	expect_refused '\.process\.rlimits\[1\]\.type: a second RLIMIT_CPU'
	config '.process.rlimits=[{type:"RLIMIT_NOPE",soft:1,hard:1}]'
	expect_refused '\.process\.rlimits\[0\]\.type: '
}
