# CVE-2022-0811: a value with a separator in it set a second, unchecked parameter of the host.

setup()
{
	before=$(cat /proc/sys/kernel/core_pattern)
	bundle_new b
}

untouched()
{
	expect_eq "$before" "$(cat /proc/sys/kernel/core_pattern)" 'kernel.core_pattern'
}

test_plus_separates_nothing()
{
	config '.linux.sysctl={"kernel.shm_rmid_forced":"1+kernel.core_pattern=|/bin/evil"}'
	expect_refused 'linux\.sysctl\.kernel\.shm_rmid_forced: write .*: invalid argument$'
	untouched
}

test_line_breaks_are_refused()
{
	config '.linux.sysctl={"kernel.shm_rmid_forced":"1\nkernel.core_pattern=|/bin/evil"}'
	expect_refused '\.linux\.sysctl\.kernel\.shm_rmid_forced: the value has a line break in it'
	untouched
}

test_names_that_lead_elsewhere_are_refused()
{
	for key in kernel.core_pattern kernel/core_pattern net/../kernel/core_pattern net.//.kernel.core_pattern \
		/kernel/core_pattern net/ipv4/../../kernel/core_pattern user/../kernel/core_pattern; do
		config ".linux.sysctl={\"$key\":\"|/bin/evil\"}"
		expect_refused '\.linux\.sysctl\..*: (is no name of a kernel parameter|belongs to no namespace)'
		untouched
	done
}
