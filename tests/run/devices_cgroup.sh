# linux.resources.devices: v1's lists, v2's eBPF program

deny='{allow:false, access:"rwm"}'

test_default_devices_work()
{
	bundle_new b ".linux.resources.devices=[$deny]"
	run_sh 'true < /dev/null; true > /dev/null; head -c 1 /dev/zero | wc -c; head -c 1 /dev/urandom | wc -c; true < /dev/full; ls /dev/pts'
	expect_match '^1
1' "$OUTPUT"
}

# 1:11 is /dev/kmsg, which a container has no business with.
test_other_devices_are_denied()
{
	bundle_new b ".linux.resources.devices=[$deny]" '.process.capabilities.bounding+=["CAP_MKNOD"]' \
		'.process.capabilities.effective+=["CAP_MKNOD"]' '.process.capabilities.permitted+=["CAP_MKNOD"]' \
		'.root.readonly=false'
	run_sh 'mknod /tmp/kmsg c 1 11; if true < /tmp/kmsg; then echo open; else echo denied; fi 2>&1'
	expect_match 'denied' "$OUTPUT"
	expect_match '[Oo]peration not permitted' "$OUTPUT"
}

test_allowed_device()
{
	bundle_new b ".linux.resources.devices=[$deny, {allow:true, type:\"c\", major:1, minor:11, access:\"r\"}]" \
		'.process.capabilities.bounding+=["CAP_MKNOD"]' '.process.capabilities.effective+=["CAP_MKNOD"]' \
		'.process.capabilities.permitted+=["CAP_MKNOD"]' '.root.readonly=false'
	run_sh 'mknod /tmp/kmsg c 1 11; true < /tmp/kmsg && echo read; (true > /tmp/kmsg) 2>&1 || echo no write'
	expect_match '^read$' "$OUTPUT"
	expect_match '^no write$' "$OUTPUT"
}

# A rule for reading all devices is not one for all access, as v1's files would take it.
test_wildcard_with_less_than_all_access()
{
	bundle_new b ".linux.resources.devices=[$deny, {allow:true, type:\"a\", access:\"r\"}]" \
		'.process.capabilities.bounding+=["CAP_MKNOD"]' '.process.capabilities.effective+=["CAP_MKNOD"]' \
		'.process.capabilities.permitted+=["CAP_MKNOD"]' '.root.readonly=false'
	run_sh 'mknod /tmp/kmsg c 1 11; true < /tmp/kmsg && echo read; (true > /tmp/kmsg) 2>&1 || echo no write'
	expect_match '^read$' "$OUTPUT"
	expect_match '^no write$' "$OUTPUT"
}

test_v1_list()
{
	cgroup_v2 && skip 'v2 has no list to read'
	bundle_new b ".linux.resources.devices=[$deny, {allow:true, type:\"b\", major:7, access:\"rw\"}]"
	create
	list=$(cat "$(cgroup_dir devices "$ID")/devices.list")
	expect_match '^b 7:\* rw$' "$list"
	expect_match '^c 1:3 rwm$' "$list"
	expect_no_match '^a ' "$list"
}

test_no_rules_no_limits()
{
	cgroup_v2 && skip 'v2 has no list to read'
	bundle_new b '.linux.resources.devices=[]'
	create
	expect_eq 'a *:* rwm' "$(cat "$(cgroup_dir devices "$ID")/devices.list")"
}

test_bad_access_is_refused()
{
	bundle_new b '.linux.resources.devices=[{allow:true, type:"c", access:"rx"}]'
	expect_refused 'config\.json:[0-9]+:[0-9]+: \.linux\.resources\.devices\[0\]\.access: '
}
