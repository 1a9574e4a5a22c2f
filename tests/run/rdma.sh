# linux.resources.rdma: what the host lacks is told
# covers: linux.resources.rdma.{hcaHandles,hcaObjects}

setup()
{
	bundle_new b '.linux.resources.rdma={"no_such_hca":{"hcaHandles":2,"hcaObjects":200}}'
}

test_device_that_is_not_there()
{
	need_root 'systemd hands users no rdma'
	if has_controller rdma || grep -qsw rdma /sys/fs/cgroup/unified/cgroup.controllers; then
		expect_refused 'linux\.resources\.rdma\.no_such_hca: write "no_such_hca hca_handle=2 hca_object=200" to .*/rdma\.max: .*; the host has no such RDMA device'
	else
		expect_refused 'linux\.resources\.rdma\.no_such_hca: the host has no rdma controller'
	fi
	expect_no_leak
}

test_limit_of_nothing()
{
	config '.linux.resources.rdma.no_such_hca={}'
	expect_refused 'linux\.resources\.rdma\.no_such_hca: neither hcaHandles nor hcaObjects is set'
}
