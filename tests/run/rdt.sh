# linux.intelRdt. Few machines have resctrl; what does not need it is shown here and in tests/unit/rdt_group.c.
# covers: linux.intelRdt.{closID,schemata,l3CacheSchema,memBwSchema,enableMonitoring}
# covers: update/--{l3-cache-schema,mem-bw-schema}

setup()
{
	bundle_new b
	args true
}

test_without_resctrl_it_is_told()
{
	grep -q ' - resctrl ' /proc/self/mountinfo && skip 'this machine has resctrl'
	config '.linux.intelRdt={closID:"group"}'
	expect_refused 'rdt: linux\.intelRdt: no resctrl file system is mounted here'
}

# The record says what delete has to remove: a directory stands in for resctrl.
test_delete_removes_what_was_made()
{
	need_root "the host's resctrl"
	mkdir -p resctrl/mine resctrl/others/mon_groups
	create
	jq ".rdt={mountDir:\"$PWD/resctrl\",group:\"mine\",made:true}" "$HIND_ROOT/$ID/state.json" > new
	cp new "$HIND_ROOT/$ID/state.json"
	hind delete --force "$ID"
	[ ! -e resctrl/mine ] || fail 'the group is still there'
	create
	mkdir "resctrl/others/mon_groups/$ID"
	jq ".rdt={mountDir:\"$PWD/resctrl\",group:\"others\",monitoring:true}" "$HIND_ROOT/$ID/state.json" > new
	cp new "$HIND_ROOT/$ID/state.json"
	hind delete --force "$ID"
	[ ! -e "resctrl/others/mon_groups/$ID" ] || fail 'the monitoring group is still there'
	[ -d resctrl/others ] || fail 'a group that was there before is gone'
}

test_group_on_real_resctrl()
{
	mount=$(sed -n 's/.* \([^ ]*\) [^ ]* - resctrl .*/\1/p' /proc/self/mountinfo | head -n 1)
	[ -n "$mount" ] || skip 'no resctrl on this machine: the CPU or the kernel lacks it'
	line=$(grep -o 'L3:.*\|MB:.*' "$mount/schemata" | head -n 1)
	config ".linux.intelRdt={schemata:[\"$line\"],enableMonitoring:true}"
	create
	expect_match "^$(pid_of "$ID")\$" "$(cat "$mount/$ID/tasks")"
	expect_match "^$(pid_of "$ID")\$" "$(cat "$mount/$ID/mon_groups/$ID/tasks")"
	hind delete --force "$ID"
	[ ! -e "$mount/$ID" ] || fail 'the group is still there'
}

test_wrong_values_are_refused()
{
	config '.linux.intelRdt={closID:"a/b",schemata:["L3","L3:0=f\nMB:0=10"]}'
	expect_refused '\.linux\.intelRdt\.closID: "a/b" is no name for a resctrl group'
	expect_refused '\.linux\.intelRdt\.schemata\[0\]: "L3" is no line of a schemata file'
	expect_refused '\.linux\.intelRdt\.schemata\[1\]: holds a newline'
	config '.linux.intelRdt={memBwSchema:"L3:0=1"}'
	expect_refused '\.linux\.intelRdt\.memBwSchema: "L3:0=1" does not have the form of'
	config '.linux.intelRdt={l3CacheSchema:"L3",enableMonitoring:"yes"}'
	expect_refused '\.linux\.intelRdt\.enableMonitoring: '
	config '.linux.intelRdt={closID:"info"}'
	expect_refused '\.linux\.intelRdt\.closID: "info" is no name'
}

test_update_writes_the_schemata()
{
	need_root "the host's resctrl"
	mkdir -p resctrl/mine resctrl/others
	: > resctrl/mine/schemata
	echo 'MB:0=50' > resctrl/others/schemata
	create
	expect_error 'l3-cache-schema: the container has no resctrl group' hind update --l3-cache-schema L3:0=f "$ID"
	cp "$HIND_ROOT/$ID/state.json" state.json
	jq ".rdt={mountDir:\"$PWD/resctrl\",group:\"mine\",made:true}" state.json > "$HIND_ROOT/$ID/state.json"
	hind update --l3-cache-schema L3:0=f --mem-bw-schema MB:0=20 "$ID"
	expect_eq 'L3:0=f MB:0=20 ' "$(tr '\n' ' ' < resctrl/mine/schemata)"
	jq ".rdt={mountDir:\"$PWD/resctrl\",group:\"others\"}" state.json > "$HIND_ROOT/$ID/state.json"
	expect_error 'mem-bw-schema: the resctrl group others is there already, and its schemata are not "mb:0=20"' \
		hind update --mem-bw-schema MB:0=20 "$ID"
	cp state.json "$HIND_ROOT/$ID/state.json"
}
