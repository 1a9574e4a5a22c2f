# CVE-2025-52881, CVE-2019-16884: writes below /proc that landed elsewhere, because /proc was not what it seemed.
# covers: procfs

# With something else on the container's /proc, values still arrive in the kernel.
test_values_do_not_go_through_the_containers_proc()
{
	bundle_new b '.mounts|=map(if .destination=="/proc" then {destination:"/proc",type:"tmpfs",source:"tmpfs"} else . end)' \
		'.linux.sysctl={"net.ipv4.ip_default_ttl":"99"}' '.process.oomScoreAdj=123' '.linux.maskedPaths=[]' \
		'.linux.readonlyPaths=[]'
	create
	pid=$(pid_of "$ID")
	expect_eq 99 "$(nsenter -n -t "$pid" cat /proc/sys/net/ipv4/ip_default_ttl)"
	expect_eq 123 "$(cat "/proc/$pid/oom_score_adj")"
}

# Files of the host's /proc that were mounted over take nothing either, where we may have a procfs of our own.
test_values_do_not_go_through_the_hosts_proc()
{
	bundle_new b '.linux.sysctl={"kernel.domainname":"arrived"}'
	echo untouched > decoy
	mount --bind decoy /proc/sys/kernel/domainname
	create
	umount /proc/sys/kernel/domainname
	expect_eq untouched "$(cat decoy)"
	expect_eq arrived "$(nsenter -u -t "$(pid_of "$ID")" cat /proc/sys/kernel/domainname)"
}
