# linux.sysctl
# covers: linux.sysctl

test_values_are_set()
{
	bundle_new b '.linux.sysctl={"net.ipv4.ip_forward":"1","kernel.shmmax":"123456","net/ipv4/ip_default_ttl":"77","fs.mqueue.msg_max":"20"}'
	run_sh 'cat /proc/sys/net/ipv4/ip_forward /proc/sys/kernel/shmmax /proc/sys/net/ipv4/ip_default_ttl /proc/sys/fs/mqueue/msg_max'
	expect_eq '1
123456
77
20' "$OUTPUT"
}

test_several_numbers_in_one_value()
{
	bundle_new b '.linux.sysctl={"kernel.sem":"250 256000 32 1024","net.ipv4.ping_group_range":"0 1000"}'
	run_sh 'cat /proc/sys/kernel/sem /proc/sys/net/ipv4/ping_group_range'
	expect_match '^250	256000	32	1024$' "$OUTPUT"
	expect_match '^0	1000$' "$OUTPUT"
}

test_interface_by_either_separator()
{
	bundle_new b '.linux.sysctl={"net.ipv4.conf.lo.forwarding":"1","net/ipv4/conf/default/forwarding":"1"}'
	run_sh 'cat /proc/sys/net/ipv4/conf/lo/forwarding /proc/sys/net/ipv4/conf/default/forwarding'
	expect_eq '1
1' "$OUTPUT"
}

test_host_keeps_its_values()
{
	before=$(cat /proc/sys/kernel/shmmax /proc/sys/net/ipv4/ip_default_ttl)
	bundle_new b '.linux.sysctl={"kernel.shmmax":"123456","net.ipv4.ip_default_ttl":"77"}'
	run_sh true
	expect_eq "$before" "$(cat /proc/sys/kernel/shmmax /proc/sys/net/ipv4/ip_default_ttl)"
}

test_domainname()
{
	need_root "a file of the host's root"
	bundle_new b '.linux.sysctl={"kernel.domainname":"by.sysctl"}'
	run_sh 'cat /proc/sys/kernel/domainname'
	expect_eq by.sysctl "$OUTPUT"
}

test_in_a_joined_namespace()
{
	need_root "namespaces of root's processes"
	bundle_new first
	create
	first=$ID
	bundle_new b ".linux.namespaces|=map(if .type==\"network\" then .path=\"/proc/$(pid_of "$first")/ns/net\" else . end)" \
		'.linux.sysctl={"net.ipv4.ip_default_ttl":"78"}'
	run_sh true
	expect_eq 78 "$(nsenter -n -t "$(pid_of "$first")" cat /proc/sys/net/ipv4/ip_default_ttl)"
}

test_joining_ones_own_namespace_does_not_help()
{
	before=$(cat /proc/sys/net/ipv4/ip_default_ttl)
	bundle_new b '.linux.namespaces|=map(if .type=="network" then .path="/proc/self/ns/net" else . end)' \
		'.linux.sysctl={"net.ipv4.ip_default_ttl":"79"}' '.mounts|=map(select(.type!="sysfs"))'
	expect_refused 'linux\.sysctl\.net\.ipv4\.ip_default_ttl: the network namespace to join is hind.s own'
	expect_eq "$before" "$(cat /proc/sys/net/ipv4/ip_default_ttl)"
}

test_what_the_kernel_refuses()
{
	bundle_new b '.linux.sysctl={"net.ipv4.ip_forward":"many"}'
	expect_refused 'linux\.sysctl\.net\.ipv4\.ip_forward: write "many": invalid argument$'
	config '.linux.sysctl={"net.ipv4.nope":"1"}'
	expect_refused 'linux\.sysctl\.net\.ipv4\.nope: this kernel has no such parameter'
}

test_what_would_change_the_host_is_refused()
{
	bundle_new b
	for key in kernel.core_pattern vm.swappiness kernel.shm fs.file-max; do
		config ".linux.sysctl={\"$key\":\"1\"}"
		expect_refused "config\\.json:[0-9]+:[0-9]+: \\.linux\\.sysctl\\.$key: belongs to no namespace"
	done
	config '.linux.sysctl={"kernel.hostname":"x"}'
	expect_refused 'is set by the property hostname'
}
