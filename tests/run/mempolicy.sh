# linux.memoryPolicy, as /proc/self/numa_maps has it of the stack
# covers: linux.memoryPolicy.{mode,nodes,flags}

setup()
{
	[ -e /proc/self/numa_maps ] || skip 'this kernel has no memory nodes (CONFIG_NUMA)'
	bundle_new b
}

stack_policy()
{
	run_sh 'grep stack /proc/self/numa_maps'
	OUTPUT=$(printf '%s\n' "$OUTPUT" | cut -d ' ' -f 2)
}

test_each_mode()
{
	stack_policy
	expect_eq default "$OUTPUT"
	config '.linux.memoryPolicy={mode:"MPOL_BIND",nodes:"0"}'
	stack_policy
	expect_match '^bind(=[a-z]+)?:0$' "$OUTPUT"
	config '.linux.memoryPolicy={mode:"MPOL_INTERLEAVE",nodes:"0"}'
	stack_policy
	expect_match '^interleave:0$' "$OUTPUT"
	config '.linux.memoryPolicy={mode:"MPOL_PREFERRED",nodes:"0"}'
	stack_policy
	expect_match '^prefer:0$' "$OUTPUT"
	config '.linux.memoryPolicy={mode:"MPOL_PREFERRED_MANY",nodes:"0"}'
	stack_policy
	expect_match '^prefer \(many\):0$|^prefer$' "$OUTPUT"
	config '.linux.memoryPolicy={mode:"MPOL_DEFAULT",nodes:""}'
	stack_policy
	expect_eq default "$OUTPUT"
}

# Nodes that are empty, or not there, are legal for the modes that take none.
test_empty_nodes()
{
	config '.linux.memoryPolicy={mode:"MPOL_LOCAL",nodes:""}'
	stack_policy
	expect_eq local "$OUTPUT"
	config '.linux.memoryPolicy={mode:"MPOL_LOCAL"}'
	stack_policy
	expect_eq local "$OUTPUT"
	config '.linux.memoryPolicy={mode:"MPOL_PREFERRED",nodes:""}'
	stack_policy
	expect_eq local "$OUTPUT"
}

test_flags()
{
	config '.linux.memoryPolicy={mode:"MPOL_BIND",nodes:"0",flags:["MPOL_F_STATIC_NODES"]}'
	stack_policy
	expect_match '^bind=static:0$' "$OUTPUT"
	config '.linux.memoryPolicy.flags=["MPOL_F_RELATIVE_NODES"]'
	stack_policy
	expect_match '^bind=relative:0$' "$OUTPUT"
}

test_children_inherit_it()
{
	config '.linux.memoryPolicy={mode:"MPOL_INTERLEAVE",nodes:"0"}' '.process.user={uid:1000,gid:1000}'
	run_sh 'sh -c "grep stack /proc/self/numa_maps; true"'
	expect_match ' interleave:0 ' "$OUTPUT"
}

test_nodes_that_are_not_there_are_told()
{
	[ ! -e /sys/devices/system/node/node1000 ] || skip 'this machine has a node 1000'
	config '.linux.memoryPolicy={mode:"MPOL_BIND",nodes:"1000"}'
	expect_refused 'mempolicy: linux\.memoryPolicy: MPOL_BIND with nodes "1000": none of them has memory'
}

test_wrong_values_are_refused()
{
	config '.linux.memoryPolicy={nodes:"0"}'
	expect_refused '\.linux\.memoryPolicy\.mode: "" is no memory policy'
	config '.linux.memoryPolicy={mode:"MPOL_BIND",nodes:""}'
	expect_refused '\.linux\.memoryPolicy\.nodes: MPOL_BIND needs nodes'
	config '.linux.memoryPolicy={mode:"MPOL_LOCAL",nodes:"0"}'
	expect_refused '\.linux\.memoryPolicy\.nodes: MPOL_LOCAL takes no nodes'
	config '.linux.memoryPolicy={mode:"MPOL_BIND",nodes:"0-x"}'
	expect_refused '\.linux\.memoryPolicy\.nodes: "0-x" is no list of numbers, as 0-3,7 is'
	config '.linux.memoryPolicy={mode:"MPOL_BIND",nodes:"0-99999"}'
	expect_refused '\.linux\.memoryPolicy\.nodes: "0-99999" has a number above 1023'
	config '.linux.memoryPolicy={mode:"MPOL_INTERLEAVE",nodes:"0",flags:["MPOL_F_STATIC_NODES","MPOL_F_RELATIVE_NODES","MPOL_F_NUMA_BALANCING"]}'
	expect_refused '\.linux\.memoryPolicy\.flags: MPOL_F_STATIC_NODES and MPOL_F_RELATIVE_NODES exclude each other'
	expect_refused '\.linux\.memoryPolicy\.flags: MPOL_F_NUMA_BALANCING is for MPOL_BIND and MPOL_PREFERRED_MANY'
}

test_exec_has_the_same()
{
	config '.linux.memoryPolicy={mode:"MPOL_INTERLEAVE",nodes:"0"}'
	args sleep 100
	create
	hind start "$ID"
	expect_status 0 hind exec "$ID" grep stack /proc/self/numa_maps
	expect_match ' interleave:0 ' "$OUTPUT"
}
