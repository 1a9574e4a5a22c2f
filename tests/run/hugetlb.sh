# linux.resources.hugepageLimits: what is over the limit is refused to mmap(2)
# covers: linux.resources.hugepageLimits[].{pageSize,limit}

POOL=/sys/kernel/mm/hugepages/hugepages-2048kB

setup()
{
	[ -d $POOL ] || skip 'this machine has no huge pages of 2 MiB'
	has_hugetlb || skip 'this host has no hugetlb controller'
	bundle_new b
}

has_hugetlb()
{
	has_controller hugetlb || grep -qsw hugetlb /sys/fs/cgroup/unified/cgroup.controllers
}

# CMD while six more huge pages than before are there; expectations come after it, since the pool is the machine's.
with_pages() # CMD...
{
	_before=$(cat $POOL/nr_hugepages)
	echo $((_before + 6)) > $POOL/nr_hugepages
	_free=$(cat $POOL/free_hugepages)
	capture "$@"
	echo "$_before" > $POOL/nr_hugepages
	[ "$_free" -ge 6 ] || skip "only $_free of 6 huge pages can be had here"
}

test_limit_holds()
{
	need_root 'systemd hands users no hugetlb'
	args payload huge 4
	with_pages run
	expect_eq '4 huge pages' "$OUTPUT" "without a limit ($ERROR)"
	config '.linux.resources.hugepageLimits=[{pageSize:"2MB", limit:4194304}]'
	with_pages run
	expect_eq '2 huge pages: Cannot allocate memory' "$OUTPUT" "with the limit ($ERROR)"
}

# systemd knows no such controller, and goes over what it has enabled.
test_limit_holds_after_daemon_reload()
{
	need_root 'systemd hands users no hugetlb'
	[ -S /run/systemd/private ] || skip 'pid 1 of this machine is not systemd'
	cgroup_v2 || skip 'systemd of this machine has cgroup v1'
	CGROUP_MANAGER=systemd
	config '.linux.resources.hugepageLimits=[{pageSize:"2MB", limit:4194304}]' '.root.readonly=false'
	args sh -c 'until [ -e /tmp/go ]; do sleep 0.1; done; payload huge 4'
	create
	hind start "$ID"
	systemctl daemon-reload
	with_pages reads_pages
	expect_eq '2 huge pages: Cannot allocate memory' "$(cat container.log)" "$ERROR"
}

reads_pages()
{
	touch b/rootfs/tmp/go
	wait_for grep -q pages container.log
}

test_size_that_is_not_there()
{
	need_root 'systemd hands users no hugetlb'
	config '.linux.resources.hugepageLimits=[{pageSize:"512GB", limit:4194304}]'
	expect_refused 'linux\.resources\.hugepageLimits\[0\]\.limit: .*hugetlb\.512GB.*this machine has no huge pages of that size'
}
