# --systemd-cgroup on a host with cgroup v1, which has hierarchies that no scope of systemd's is in

test_it_is_refused()
{
	! cgroup_v2 || skip 'this machine has cgroup v2 alone'
	command -v python3 > python.log || skip 'no python3'
	bundle_new b
	mount -t tmpfs run /run
	mkdir /run/systemd
	python3 "$TESTS/fake_systemd.py" /run/systemd/private &
	wait_for test -S /run/systemd/private
	id_new
	expect_error '--cgroup-manager systemd needs cgroup v2 alone, and this host has cgroup v1 hierarchies; use --cgroup-manager cgroupfs' \
		hind --systemd-cgroup create --bundle "$BUNDLE" "$ID"
	wait
	umount /run
	expect_status 1 hind state "$ID"
	expect_no_leak
}
