# The five capability sets, as the program has them.
# covers: process.capabilities.{bounding,permitted,effective,inheritable,ambient}

setup()
{
	bundle_new b '.process.noNewPrivileges=false'
	args payload status CapInh CapPrm CapEff CapBnd CapAmb
}

set_of() # NAME: the mask as hexadecimal digits
{
	printf '%s\n' "$OUTPUT" | sed -n "s/^$1:[^0-9a-f]*//p"
}

test_each_set_is_as_configured()
{
	config '.process.capabilities={"bounding":["CAP_KILL","CAP_CHOWN","CAP_SETUID"],"permitted":["CAP_KILL","CAP_CHOWN"],
		"effective":["CAP_KILL"],"inheritable":["CAP_CHOWN"],"ambient":[]}' '.process.user={"uid":1000,"gid":1000}'
	expect_status 0 run
	# A program without file capabilities, executed by who is not root, keeps its ambient set alone.
	expect_eq 0000000000000000 "$(set_of CapPrm)" permitted
	expect_eq 0000000000000000 "$(set_of CapEff)" effective
	expect_eq 0000000000000001 "$(set_of CapInh)" inheritable
	expect_eq 00000000000000a1 "$(set_of CapBnd)" bounding
	expect_eq 0000000000000000 "$(set_of CapAmb)" ambient
}

test_root_gets_what_is_bounded()
{
	config '.process.capabilities={"bounding":["CAP_KILL","CAP_CHOWN"],"permitted":["CAP_KILL","CAP_CHOWN"],
		"effective":["CAP_KILL","CAP_CHOWN"]}'
	expect_status 0 run
	expect_eq 0000000000000021 "$(set_of CapPrm)" permitted
	expect_eq 0000000000000021 "$(set_of CapEff)" effective
	expect_eq 0000000000000000 "$(set_of CapInh)" inheritable
	expect_eq 0000000000000021 "$(set_of CapBnd)" bounding
}

test_ambient_reaches_another_user()
{
	config '.process.capabilities={"bounding":["CAP_NET_BIND_SERVICE"],"permitted":["CAP_NET_BIND_SERVICE"],
		"effective":["CAP_NET_BIND_SERVICE"],"inheritable":["CAP_NET_BIND_SERVICE"],"ambient":["CAP_NET_BIND_SERVICE"]}' \
		'.process.user={"uid":1000,"gid":1000}'
	expect_status 0 run
	expect_eq 0000000000000400 "$(set_of CapEff)" effective
	expect_eq 0000000000000400 "$(set_of CapAmb)" ambient
}

test_ambient_that_cannot_be()
{
	config '.process.capabilities={"bounding":["CAP_KILL"],"permitted":["CAP_KILL"],"effective":["CAP_KILL"],"ambient":["CAP_KILL"]}'
	expect_status 0 run
	expect_eq 0000000000000000 "$(set_of CapAmb)" ambient
	expect_eq 0000000000000020 "$(set_of CapEff)" effective
	expect_eq '' "$ERROR" 'as root, who has it all the same'
	config '.process.user={"uid":1000,"gid":1000}'
	expect_status 0 run
	expect_eq 0000000000000000 "$(set_of CapEff)" effective
	expect_match 'warning: .*ambient holds what permitted and inheritable do not both: CAP_KILL' "$ERROR"
}

test_none_at_all()
{
	config 'del(.process.capabilities)'
	expect_status 0 run
	for name in CapInh CapPrm CapEff CapBnd CapAmb; do
		expect_eq 0000000000000000 "$(set_of "$name")" "$name"
	done
}

test_they_hold()
{
	config '.process.capabilities={"bounding":[],"permitted":[],"effective":[]}' '.root.readonly=false'
	run_sh 'touch /f; chown 1000 /f 2>&1 || echo refused'
	expect_match 'refused' "$OUTPUT"
	config '.process.capabilities={"bounding":["CAP_CHOWN"],"permitted":["CAP_CHOWN"],"effective":["CAP_CHOWN"]}'
	run_sh 'chown 1000 /f && stat -c %u /f'
	expect_eq 1000 "$OUTPUT"
}

test_name_unknown_to_the_kernel_is_a_warning()
{
	config '.process.capabilities={"bounding":["CAP_KILL","CAP_OF_TOMORROW"],"permitted":["CAP_KILL"],"effective":["CAP_KILL"]}'
	expect_status 0 run
	expect_match 'warning: .*CAP_OF_TOMORROW' "$ERROR"
	expect_eq 0000000000000020 "$(set_of CapEff)"
}

# GHSA-f3fp-gc8g-vw66 and its kin: a default with inheritable capabilities gives them to every program with file capabilities.
test_nothing_is_inheritable_by_default()
{
	expect_status 0 run
	expect_eq 0000000000000000 "$(set_of CapInh)"
	expect_eq 0000000000000000 "$(set_of CapAmb)"
}

# Nobody can pass on what he lacks: said once, by name, and the container starts without.
test_what_the_caller_lacks_is_a_warning()
{
	need_root 'in the user namespace that he gets he lacks nothing'
	config '.process.capabilities={"bounding":["CAP_KILL","CAP_SYS_RESOURCE"],"permitted":["CAP_KILL","CAP_SYS_RESOURCE"],
		"effective":["CAP_KILL","CAP_SYS_RESOURCE"]}'
	id_new
	expect_status 0 hind_by setpriv --bounding-set -sys_resource --inh-caps -sys_resource -- run --bundle "$BUNDLE" "$ID"
	expect_match 'warning: process\.capabilities: left out, as this process lacks them: CAP_SYS_RESOURCE$' "$ERROR"
	expect_lines 1 "$ERROR"
	expect_eq 0000000000000020 "$(set_of CapEff)" effective
	expect_eq 0000000000000020 "$(set_of CapPrm)" permitted
	expect_eq 0000000000000020 "$(set_of CapBnd)" bounding
}

# The root of a user namespace has them there.
test_in_a_user_namespace_none_is_lacking()
{
	config '.process.capabilities={"bounding":["CAP_SYS_RESOURCE"],"permitted":["CAP_SYS_RESOURCE"],"effective":["CAP_SYS_RESOURCE"]}' \
		'.linux.namespaces+=[{type:"user"}]' '.linux.uidMappings=[{containerID:0,hostID:100000,size:65536}]' '.linux.gidMappings=.linux.uidMappings'
	id_new
	expect_status 0 hind_by setpriv --bounding-set -sys_resource --inh-caps -sys_resource -- run --bundle "$BUNDLE" "$ID"
	expect_eq '' "$ERROR"
}
