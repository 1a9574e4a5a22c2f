# linux.resources.devices: v1's lists, v2's eBPF program
# covers: linux.resources.devices[].{allow,type,major,minor,access}

deny='{allow:false, access:"rwm"}'

# A device number without a driver: the cgroup is asked first, so an access that it lets through ends in "No such device".
open_stray() # of $BUNDLE, for reading and for writing
{
	config '.root.readonly=false' '.process.capabilities|=map_values((. // [])+["CAP_MKNOD"])'
	run_sh 'mknod /tmp/stray c 241 7
		(true < /tmp/stray) 2>&1 | sed "s/^/read /"
		(true >> /tmp/stray) 2>&1 | sed "s/^/write /"'
}
through='No such device'
denied='Operation not permitted'

test_default_devices_work()
{
	bundle_new b ".linux.resources.devices=[$deny]"
	run_sh 'true < /dev/null; true > /dev/null; true < /dev/full; ls /dev/pts
		head -c 1 /dev/zero | wc -c; head -c 1 /dev/urandom | wc -c; head -c 1 /dev/random | wc -c'
	expect_eq 3 "$(printf '%s\n' "$OUTPUT" | grep -cx 1)" 'bytes read'
}

test_other_devices_are_denied()
{
	need_root 'to make devices'
	bundle_new b ".linux.resources.devices=[$deny]"
	open_stray
	expect_match "^read .*$denied" "$OUTPUT"
	expect_match "^write .*$denied" "$OUTPUT"
}

test_allowed_device()
{
	need_root 'to make devices'
	bundle_new b ".linux.resources.devices=[$deny, {allow:true, type:\"c\", major:241, minor:7, access:\"r\"}]"
	open_stray
	expect_match "^read .*$through" "$OUTPUT"
	expect_match "^write .*$denied" "$OUTPUT"
}

test_allowed_by_wildcard()
{
	need_root 'to make devices'
	bundle_new b ".linux.resources.devices=[$deny, {allow:true, type:\"c\", major:241, access:\"rw\"}]"
	open_stray
	expect_match "^read .*$through" "$OUTPUT"
	expect_match "^write .*$through" "$OUTPUT"
}

# A rule for reading all devices is not one for all access, as v1's files would take it.
test_wildcard_with_less_than_all_access()
{
	need_root 'to make devices'
	bundle_new b ".linux.resources.devices=[$deny, {allow:true, type:\"a\", access:\"r\"}]"
	open_stray
	expect_match "^read .*$through" "$OUTPUT"
	expect_match "^write .*$denied" "$OUTPUT"
}

test_all_but_one()
{
	need_root 'to make devices'
	bundle_new b '.linux.resources.devices=[{allow:true, access:"rwm"},
		{allow:false, type:"c", major:241, minor:7, access:"w"}]'
	open_stray
	expect_match "^read .*$through" "$OUTPUT"
	expect_match "^write .*$denied" "$OUTPUT"
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
