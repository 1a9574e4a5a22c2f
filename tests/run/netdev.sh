# linux.netDevices. The "host" is a network namespace of the case's own, with both ends of a veth pair.
# covers: linux.netDevices.name

setup()
{
	need_root 'network devices of the host'
	: > netns
	unshare --net="$PWD/netns" true
	outside ip link add v0 mtu 1400 address 02:00:00:00:00:77 type veth peer name v1
	outside ip link set v1 up
	outside ip link set v0 up
	outside ip address add 10.9.0.1/24 broadcast 10.9.0.255 dev v0
	outside ip address add 10.9.1.1/32 dev v0
	outside ip address add fd00:9::1/64 nodad dev v0
	bundle_new b
}

outside() # CMD...
{
	nsenter --net="$PWD/netns" "$@"
}

create_outside()
{
	id_new
	hind_by outside -- create --bundle "$BUNDLE" "$ID" > container.log 2>&1 < /dev/null || fail "create: $(cat container.log)"
}

inside() # CMD...: in the container's network namespace, with the host's programs
{
	nsenter --net="/proc/$(pid_of "$ID")/ns/net" "$@"
}

done_outside()
{
	umount netns
}

test_moved_with_its_attributes()
{
	config '.linux.netDevices={"v0":{}}'
	args sleep 100
	create_outside
	expect_status 1 outside ip link show v0
	expect_status 0 inside ip address show v0
	expect_match '<.*[<,]UP[,>].* mtu 1400 ' "$OUTPUT"
	expect_match 'link/ether 02:00:00:00:00:77 ' "$OUTPUT"
	expect_match 'inet 10\.9\.0\.1/24 brd 10\.9\.0\.255 scope global v0' "$OUTPUT"
	expect_match 'inet 10\.9\.1\.1/32 scope global v0' "$OUTPUT"
	expect_match 'inet6 fd00:9::1/64 scope global' "$OUTPUT"
	expect_status 0 inside busybox ping -c 1 -W 2 10.9.0.1
	done_outside
}

test_renamed()
{
	config '.linux.netDevices={"v0":{"name":"eth7"}}' '.linux.sysctl={"net.ipv4.conf.eth7.forwarding":"1"}'
	args sh -c 'ip address show dev eth7; cat /proc/sys/net/ipv4/conf/eth7/forwarding; ip link show v0'
	id_new
	expect_status 2 hind_by outside -- run --bundle "$BUNDLE" "$ID"
	expect_match 'inet 10\.9\.0\.1/24 .* eth7$' "$OUTPUT"
	expect_match '^1$' "$OUTPUT"
	expect_match "can't find device 'v0'" "$ERROR"
	done_outside
}

test_several_and_a_swap_of_names()
{
	config '.linux.netDevices={"v0":{"name":"v1"},"v1":{"name":"v0"}}'
	args sh -c 'cat /sys/class/net/v1/address; ip link show v0'
	id_new
	expect_status 0 hind_by outside -- run --bundle "$BUNDLE" "$ID"
	expect_match '^02:00:00:00:00:77$' "$OUTPUT"
	done_outside
}

test_into_a_namespace_that_is_joined()
{
	: > other
	unshare --net="$PWD/other" true
	config ".linux.namespaces|=map(select(.type!=\"network\"))+[{type:\"network\",path:\"$PWD/other\"}]" '.linux.netDevices={"v0":{"name":"a0"}}'
	args true
	create_outside
	expect_status 0 nsenter --net="$PWD/other" ip address show a0
	expect_match 'inet 10\.9\.0\.1/24' "$OUTPUT"
	hind delete --force "$ID"
	# The namespace is not the container's own, and neither is what it has got.
	expect_status 0 nsenter --net="$PWD/other" ip address show a0
	umount other
	done_outside
}

test_with_a_user_namespace()
{
	config '.linux.namespaces+=[{type:"user"}]' '.linux.uidMappings=[{containerID:0,hostID:100000,size:65536}]' \
		'.linux.gidMappings=.linux.uidMappings' '.linux.netDevices={"v0":{"name":"eth0"}}'
	args ip address show eth0
	id_new
	expect_status 0 hind_by outside -- run --bundle "$BUNDLE" "$ID"
	expect_match 'inet 10\.9\.0\.1/24' "$OUTPUT"
	done_outside
}

# A virtual interface would go under with the namespace that it was moved into.
test_put_back_when_a_later_step_fails()
{
	config '.linux.netDevices={"v0":{"name":"eth7"},"v1":{"name":"eth8"}}'
	args no-such-program
	outside ip link set v1 down
	outside ip address show dev v0 | sed -E '1s/^[0-9]+: //;/valid_lft/d;/fe80:/d;s/qdisc [a-z]* //;s/ state [A-Z]* / /' > before
	id_new
	expect_status 1 hind_by outside -- create --bundle "$BUNDLE" "$ID"
	expect_match 'no-such-program' "$ERROR"
	outside ip address show dev v0 | sed -E '1s/^[0-9]+: //;/valid_lft/d;/fe80:/d;s/qdisc [a-z]* //;s/ state [A-Z]* / /' > after
	expect_eq "$(cat before)" "$(cat after)"
	expect_no_match '[<,]UP[,>]' "$(outside ip link show v1)"
	done_outside
}

test_what_cannot_be_moved_is_told()
{
	config '.linux.netDevices={"nosuch0":{}}'
	id_new
	expect_error 'linux\.netDevices\.nosuch0: the host has no such network interface$' \
		hind_by outside -- create --bundle "$BUNDLE" "$ID"
	config '.linux.netDevices={"v1":{"name":"e1"},"v0":{"name":"lo"}}'
	expect_error "linux\.netDevices\.v0: the container's network namespace has an interface lo already\$" \
		hind_by outside -- create --bundle "$BUNDLE" "$ID"
	config '.linux.netDevices={"lo":{"name":"lo9"}}'
	expect_error 'linux\.netDevices\.lo: an interface of its kind cannot be moved: .*invalid argument' \
		hind_by outside -- create --bundle "$BUNDLE" "$ID"
	expect_status 0 outside ip link show v1
	expect_status 1 hind state "$ID"
	config ".linux.namespaces|=map(select(.type!=\"network\"))+[{type:\"network\",path:\"$PWD/netns\"}]" '.linux.netDevices={"v0":{}}'
	expect_error "linux\.netDevices: the container's network namespace is the one that hind runs in" \
		hind_by outside -- create --bundle "$BUNDLE" "$ID"
	done_outside
}

test_wrong_values_are_refused()
{
	config '.linux.netDevices={"a/b":{},"e0":{"name":"much-too-long-a-name"},"e1":{"name":"x"},"e2":{"name":"x"},"e%d":{}}'
	expect_refused '\.linux\.netDevices\.a/b: "a/b" is no name that a network interface can have'
	expect_refused '\.linux\.netDevices\.e0: "much-too-long-a-name" is no name'
	expect_refused '\.linux\.netDevices\.e2: would be called x inside, as linux\.netDevices\.e1'
	expect_refused '\.linux\.netDevices\.e%d: '
	config '.linux.netDevices={"v0":{}}' '.linux.namespaces|=map(select(.type!="network"))'
	expect_refused '\.linux\.netDevices: needs a network namespace in linux\.namespaces'
	done_outside
}
