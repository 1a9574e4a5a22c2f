# hostname and domainname
# covers: hostname domainname
# covers: hostname domainname

test_hostname_is_set()
{
	bundle_new b '.hostname="box"'
	run_sh 'hostname; cat /proc/sys/kernel/hostname'
	expect_eq "box
box" "$OUTPUT"
}

test_host_keeps_its_name()
{
	before=$(uname -n)
	bundle_new b '.hostname="box"'
	run_sh 'hostname'
	expect_eq "$before" "$(uname -n)"
}

test_domainname_is_set()
{
	bundle_new b '.domainname="example.test"'
	run_sh 'cat /proc/sys/kernel/domainname'
	expect_eq example.test "$OUTPUT"
}

test_hostname_without_uts_namespace_is_refused()
{
	bundle_new b '.hostname="box"' '.linux.namespaces|=map(select(.type!="uts"))'
	expect_refused '^(hind: )?.*config\.json:[0-9]+:[0-9]+: \.hostname: '
}
