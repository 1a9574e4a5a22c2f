# process.ioPriority: ioprio_get(2) tells class << 13 | level
# covers: process.ioPriority.{class,priority}

test_each_class()
{
	need_root 'CAP_SYS_NICE'
	bundle_new b '.process.ioPriority={class:"IOPRIO_CLASS_BE",priority:6}'
	args payload self
	expect_status 0 run
	expect_match "^ioprio $((2 << 13 | 6))\$" "$OUTPUT"
	config '.process.ioPriority={class:"IOPRIO_CLASS_IDLE"}'
	expect_status 0 run
	expect_match "^ioprio $((3 << 13))\$" "$OUTPUT"
	setpriv --dump | grep -q 'sys_nice' || skip 'root of this machine lacks CAP_SYS_NICE, which IOPRIO_CLASS_RT needs'
	config '.process.ioPriority={class:"IOPRIO_CLASS_RT",priority:2}'
	expect_status 0 run
	expect_match "^ioprio $((1 << 13 | 2))\$" "$OUTPUT"
}

test_in_a_user_namespace()
{
	need_root 'CAP_SYS_NICE'
	setpriv --dump | grep -q 'sys_nice' || skip 'root of this machine lacks CAP_SYS_NICE, which IOPRIO_CLASS_RT needs'
	bundle_new b '.linux.namespaces+=[{type:"user"}]' '.linux.uidMappings=[{containerID:0,hostID:100000,size:65536}]' \
		'.linux.gidMappings=.linux.uidMappings' '.process.ioPriority={class:"IOPRIO_CLASS_RT",priority:1}'
	args payload self
	expect_status 0 run
	expect_match "^ioprio $((1 << 13 | 1))\$" "$OUTPUT"
}

test_without_the_capability_it_is_told()
{
	need_root 'it is called by root here'
	bundle_new b '.process.ioPriority={class:"IOPRIO_CLASS_RT",priority:1}' 'del(.process.capabilities)' \
		'del(.linux.resources)' '.mounts=[{destination:"/proc",type:"proc"}]' '.linux.maskedPaths=[]' '.linux.readonlyPaths=[]'
	id_new
	expect_error 'process\.ioPriority: IOPRIO_CLASS_RT needs CAP_SYS_NICE of the first user namespace' \
		unshare --user --map-root-user --mount "$HIND" --root "$HIND_ROOT" --cgroup-manager disabled create --bundle "$BUNDLE" "$ID"
}

test_wrong_values_are_refused()
{
	bundle_new b '.process.ioPriority={class:"IOPRIO_CLASS_BE",priority:8}'
	expect_refused '\.process\.ioPriority\.priority: 8 is not between 0 and 7'
	config '.process.ioPriority={class:"IOPRIO_CLASS_NONE",priority:-1}'
	expect_refused '\.process\.ioPriority\.class: '
}
